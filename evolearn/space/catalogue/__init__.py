"""The default catalogue: what evolearn builds pipelines of, as data.

Each component says which others may prepare data for it, what it takes as it is, and how the
time of a fit grows; the seconds come from ``benchmarks/cost_model.py``.
"""

from collections.abc import Mapping

from evolearn.space.catalogue.classifiers import CLASSIFIERS
from evolearn.space.catalogue.preparation import PREPARATION
from evolearn.space.catalogue.regressors import REGRESSORS
from evolearn.space.components import Component

#: The default estimators by task.
ESTIMATORS: Mapping[str, tuple[Component, ...]] = {
    "classification": CLASSIFIERS,
    "regression": REGRESSORS,
}

__all__ = ["ESTIMATORS", "PREPARATION"]
