"""Results of a search as tables, and its progress as log messages."""

from evolearn.results.result_table import History, Leaderboard, ParetoFront

__all__ = ["History", "Leaderboard", "ParetoFront"]
