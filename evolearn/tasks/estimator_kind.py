"""The kind of an estimator, as far as it can be known."""

from typing import Any

from sklearn.utils import get_tags


def estimator_kind(estimator: Any) -> str | None:
    """Return ``"classifier"``, ``"regressor"`` or another kind; None if it does not say.

    Estimators of users need not have scikit-learn's tags.
    """
    try:
        kind = get_tags(estimator).estimator_type
    except (AttributeError, ValueError, TypeError):  # of a class without `BaseEstimator`
        kind = getattr(estimator, "_estimator_type", None)
    return kind


def may_be(estimator: Any, kind: str) -> bool:
    """Whether an estimator is of this kind, or predicts and does not say of which kind."""
    found = estimator_kind(estimator)
    return found == kind or (found is None and hasattr(estimator, "predict"))
