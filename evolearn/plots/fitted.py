"""Reading of fitted models, with the errors of those that a display cannot be made of."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from evolearn.results.outcomes import has_failed

# Outcomes of candidates that have an error, and of those that were given up.
SCORED, RACED = "scored", "raced"


def results_of(estimator: Any, display: str) -> Mapping[str, Any]:
    """Return ``cv_results_`` of a fitted model of evolearn with at least one candidate.

    Raises
    ------
    TypeError
        If it is no model of evolearn.
    NotFittedError
        If it is not fitted.
    ValueError
        If its search has evaluated no candidate.
    """
    if not (hasattr(estimator, "fit") and hasattr(estimator, "population_size")):
        msg = (
            f"{display}.from_estimator needs a fitted EvolutionaryClassifier or "
            f"EvolutionaryRegressor, got {type(estimator).__name__}."
        )
        raise TypeError(msg)
    check_is_fitted(estimator, "cv_results_")
    results: Mapping[str, Any] = estimator.cv_results_
    if not len(results["candidate"]):
        msg = f"The search evaluated no candidate: {display} has nothing to show."
        raise ValueError(msg)
    return results


def outcomes_of(results: Mapping[str, Any]) -> NDArray[np.object_]:
    """Return for each candidate whether it was "scored", "raced" or has "failed".

    One that was too slow for the time that there was counts as raced: it was given up.
    """
    statuses = [
        "failed" if has_failed(status) else SCORED if status == SCORED else RACED
        for status in results["status"]
    ]
    return np.array(statuses, dtype=object)


def estimators_of(results: Mapping[str, Any]) -> NDArray[np.object_]:
    """Return the readable estimator type of each candidate."""
    return np.array([readable(one["estimator"]) for one in results["params"]], dtype=object)


def readable(name: str) -> str:
    """Return the name of a component or gene as words."""
    return name.replace("_", " ").strip()


def ensemble_error_of(estimator: Any) -> float:
    """Return the cross-validated error of the ensemble, NaN where there is none."""
    ensemble = estimator.final_model == "ensemble"
    return float(estimator.ensemble_fitness_) if ensemble else np.nan


def metric_of(estimator: Any) -> str:
    """Return the name of the error of a fitted model."""
    return str(estimator.estimate_.error_name)
