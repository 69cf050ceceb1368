"""Results of a search as tables, and its progress as log messages."""

from evolearn.pipeline.in_one_line import describe_pipeline
from evolearn.results.result_table import History, Leaderboard, ParetoFront

__all__ = ["History", "Leaderboard", "ParetoFront", "describe_pipeline"]
