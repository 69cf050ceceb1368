"""Evolves machine-learning pipelines behind scikit-learn's interface."""

import evolearn.genes  # noqa: F401, fills the registry
import evolearn.models  # noqa: F401, likewise
from evolearn._version import __version__
from evolearn.data.preparer import ColumnPreparer
from evolearn.diagnosis.diagnose import diagnose
from evolearn.estimators.classifier import EvolutionaryClassifier
from evolearn.estimators.regressor import EvolutionaryRegressor
from evolearn.exceptions import EvolearnWarning, OnnxExportError, SearchError
from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice, Float, Integer
from evolearn.pipeline.search_space import SearchSpace

__all__ = [
    "Choice",
    "ColumnPreparer",
    "Component",
    "EvolearnWarning",
    "EvolutionaryClassifier",
    "EvolutionaryRegressor",
    "Float",
    "Integer",
    "OnnxExportError",
    "SearchError",
    "SearchSpace",
    "__version__",
    "diagnose",
]
