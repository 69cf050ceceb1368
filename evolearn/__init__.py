"""Evolves machine-learning pipelines behind scikit-learn's interface."""

import evolearn.genes  # noqa: F401, fills the registry
import evolearn.models  # noqa: F401, likewise
from evolearn.data.preparer import ColumnPreparer
from evolearn.estimators.classifier import EvolutionaryClassifier
from evolearn.estimators.regressor import EvolutionaryRegressor
from evolearn.exceptions import EvolearnWarning, SearchError
from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice, Float, Integer
from evolearn.pipeline.search_space import SearchSpace

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
