"""Evolves machine-learning pipelines behind scikit-learn's interface."""

import evolearn.genes  # noqa: F401, fills the registry
import evolearn.models  # noqa: F401, likewise
from evolearn._version import __version__
from evolearn.data.preparer import ColumnPreparer
from evolearn.diagnosis.diagnose import diagnose
from evolearn.estimators.classifier import EvolutionaryClassifier
from evolearn.estimators.regressor import EvolutionaryRegressor
from evolearn.exceptions import (
    CodeExportError,
    EvolearnWarning,
    ModelFileError,
    OnnxExportError,
    SearchError,
)
from evolearn.export.saving import load_model as load
from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice, Float, Integer
from evolearn.pipeline.search_space import SearchSpace

__all__ = [
    "Choice",
    "CodeExportError",
    "ColumnPreparer",
    "Component",
    "EvolearnWarning",
    "EvolutionaryClassifier",
    "EvolutionaryRegressor",
    "Float",
    "Integer",
    "ModelFileError",
    "OnnxExportError",
    "SearchError",
    "SearchSpace",
    "__version__",
    "diagnose",
    "load",
]
