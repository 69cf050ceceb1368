"""Reading of fitted models, with the errors of those that a display cannot be made of."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

# Statuses of candidates that have an error, and of those that were given up as far behind.
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
    """Return for each candidate whether it was "scored", "raced" or has "failed"."""
    statuses = [
        status if status in (SCORED, RACED) else "failed" for status in results["status"]
    ]
    return np.array(statuses, dtype=object)


def estimators_of(results: Mapping[str, Any]) -> NDArray[np.object_]:
    """Return the readable estimator type of each candidate."""
    return np.array([readable(one["estimator"]) for one in results["params"]], dtype=object)


def times_of(results: Mapping[str, Any], name: str, display: str) -> NDArray[np.float64]:
    """Return a column of seconds, NaN for candidates of an earlier run.

    Raises
    ------
    ValueError
        If no time is known.
    """
    seconds = np.asarray(results.get(name, np.nan), dtype=float)
    if np.isnan(seconds).all():
        msg = f"The model does not have the times of its search, which {display} needs."
        raise ValueError(msg)
    return seconds


def readable(name: str) -> str:
    """Return the name of a component or gene as words."""
    return name.replace("_", " ").strip()


def baseline_of(results: Mapping[str, Any]) -> float:
    """Return the error of the baseline, the first candidate that has one; NaN for none."""
    errors = np.asarray(results["fitness"], dtype=float)
    first = np.argmin(np.where(np.isfinite(errors), results["candidate"], np.inf))
    return float(errors[first])


def metric_of(estimator: Any) -> str:
    """Return the name of the metric of a fitted model."""
    return str(getattr(estimator, "metric_name_", ""))


def number(value: float) -> str:
    """Return a number with three significant digits.

    Examples
    --------
    >>> from evolearn.plots.fitted import number
    >>> number(1234.5), number(0.012345), number(3.0)
    ('1,230', '0.0123', '3')
    """
    if not np.isfinite(value):
        return "-"
    if abs(value) >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"
