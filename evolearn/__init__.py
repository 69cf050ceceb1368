"""Evolves machine-learning pipelines behind scikit-learn's interface."""

from evolearn.estimators.classifier import EvolutionaryClassifier
from evolearn.estimators.regressor import EvolutionaryRegressor
from evolearn.exceptions import EvolearnWarning, SearchError
from evolearn.space.components import Component
from evolearn.space.domains import Choice, Float, Integer
from evolearn.space.search_space import SearchSpace
from evolearn.table.preparer import ColumnPreparer

__version__ = "0.1.0.dev0"

__all__ = [
    "Choice",
    "ColumnPreparer",
    "Component",
    "EvolearnWarning",
    "EvolutionaryClassifier",
    "EvolutionaryRegressor",
    "Float",
    "Integer",
    "SearchError",
    "SearchSpace",
]
