"""The default catalogue: what evolearn builds pipelines of, as data.

Each component says which others may prepare data for it, what it takes as it is, and how the
time of a fit grows; the seconds come from ``benchmarks/cost_model.py``.
"""

from collections.abc import Mapping

from evolearn.genes.catalogue import PREPARATION
from evolearn.models.boosting_libraries import boosting_components
from evolearn.models.classifiers import CLASSIFIERS
from evolearn.models.regressors import REGRESSORS
from evolearn.pipeline.component import Component

#: The default estimators by task, all of scikit-learn.
ESTIMATORS: Mapping[str, tuple[Component, ...]] = {
    "classification": CLASSIFIERS,
    "regression": REGRESSORS,
}


def default_estimators(task: str) -> tuple[Component, ...]:
    """Return the default estimators, those of installed boosting libraries among them."""
    return (*ESTIMATORS[task], *boosting_components(task))


__all__ = ["ESTIMATORS", "PREPARATION", "default_estimators"]
