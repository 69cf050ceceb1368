"""Displays of a fitted search, by the conventions of scikit-learn's displays.

``XDisplay.from_estimator(model)`` takes the data out of a fitted model and draws nothing;
``plot`` draws them with matplotlib, which the extra ``plots`` installs; ``frame`` returns them
as a pandas frame.
"""

from evolearn.plots.ensemble import EnsembleDisplay
from evolearn.plots.estimate import EstimateDisplay
from evolearn.plots.families import FamiliesDisplay
from evolearn.plots.generations import GenerationsDisplay
from evolearn.plots.genes import GenesDisplay
from evolearn.plots.lineage import LineageDisplay
from evolearn.plots.made_columns import MadeColumnsDisplay
from evolearn.plots.pareto import ParetoDisplay
from evolearn.plots.search_progress import SearchProgressDisplay
from evolearn.plots.timeline import TimelineDisplay

__all__ = [
    "EnsembleDisplay",
    "EstimateDisplay",
    "FamiliesDisplay",
    "GenerationsDisplay",
    "GenesDisplay",
    "LineageDisplay",
    "MadeColumnsDisplay",
    "ParetoDisplay",
    "SearchProgressDisplay",
    "TimelineDisplay",
]
