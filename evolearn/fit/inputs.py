"""Checks of everything that comes into ``fit`` beside the table."""

import numbers
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from evolearn.data import is_missing, n_rows


def check_lengths(X: Any, y: Any, groups: Any) -> None:
    """Raise if y or groups have not one entry per row of X."""
    rows = n_rows(X)
    for name, values in (("y", y), ("groups", groups)):
        if values is not None and not hasattr(values, "__len__"):
            msg = (
                f"{name} must have one entry per row of X, got {values!r}; pass an array or a "
                "list."
            )
            raise ValueError(msg)
        if values is not None and len(values) != rows:
            msg = (
                f"Found input variables with inconsistent numbers of samples: X has {rows} "
                f"rows and {name} has {len(values)} entries; pass one entry of {name} per row."
            )
            raise ValueError(msg)


def as_array(y: Any, name: str) -> NDArray[Any]:
    """Return a 1-d array of any array, series, list or Arrow column."""
    if y is None:
        msg = (
            "This estimator requires y to be passed, but the target y is None; "
            "pass the values to predict."
        )
        raise ValueError(msg)
    if hasattr(y, "combine_chunks") and hasattr(y, "to_numpy"):  # an Arrow column
        y = y.to_numpy(zero_copy_only=False) if not hasattr(y, "chunks") else y.to_numpy()
    if hasattr(y, "dtype") and hasattr(y.dtype, "na_value") and hasattr(y, "to_numpy"):
        y = y.to_numpy(dtype=object, na_value=None)  # a nullable dtype of pandas
    array = np.asarray(y)
    if array.dtype.kind == "c":
        msg = f"Complex data not supported: {name} holds complex numbers; pass real ones."
        raise ValueError(msg)
    return np.asarray(column_or_1d(array, warn=True))


def check_classes(y: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the target of a classifier as an array, and its sorted classes.

    Raises
    ------
    ValueError
        If it is continuous, has missing values, or fewer than two classes.
    """
    array = as_array(y, "y")
    _refuse_missing(array)
    array = as_labels(array)
    check_classification_targets(array)
    classes = np.unique(array)
    if len(classes) < 2:
        msg = (
            f"y has only one class, {classes[0]!r}; a classifier needs rows of at least two "
            "classes to learn a difference."
        )
        raise ValueError(msg)
    return array, classes


def check_values(y: Any) -> NDArray[np.float64]:
    """Return the target of a regressor as float64.

    Raises
    ------
    ValueError
        If it holds text, missing values or infinity.
    """
    array = as_array(y, "y")
    _refuse_missing(array)
    if array.dtype.kind in "OUSmM":
        try:
            if array.dtype.kind in "mM":
                raise ValueError
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            msg = (
                f"y must hold numbers for a regressor, got {array[0]!r} of type "
                f"{type(array[0]).__name__}; use EvolutionaryClassifier to predict classes."
            )
            raise ValueError(msg) from None
    values = array.astype(np.float64)
    if np.isinf(values).any():
        msg = "Input y contains infinity or a value too large; remove those rows or clip them."
        raise ValueError(msg)
    return values


def check_weights(sample_weight: Any, rows: int) -> NDArray[np.float64] | None:
    """Return sample weights as float64, None if there are none.

    Raises
    ------
    ValueError
        If they have the wrong shape, are negative, not finite, or all zero.
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, numbers.Real):
        weights = np.full(rows, float(sample_weight))
    else:
        weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (rows,):
        msg = (
            f"sample_weight.shape == {weights.shape}, expected ({rows},); sample_weight must "
            "be 1D array or scalar, with one weight per row."
        )
        raise ValueError(msg)
    if not np.isfinite(weights).all():
        msg = "sample_weight contains NaN or infinity; give every row a finite weight."
        raise ValueError(msg)
    if (weights < 0).any():
        msg = (
            f"Negative values in sample_weight, the lowest is {weights.min():g}; weights must "
            "be zero or more."
        )
        raise ValueError(msg)
    if not weights.any():
        msg = (
            "All values of sample_weight are zero, so that no row counts; "
            "Sample weights must contain at least one non-zero number."
        )
        raise ValueError(msg)
    return weights


def _refuse_missing(y: NDArray[Any]) -> None:
    if y.dtype.kind == "f":
        missing = np.isnan(y)
        if np.isinf(y).any():
            msg = "Input y contains infinity; remove those rows or clip them."
            raise ValueError(msg)
    elif y.dtype == object:
        missing = np.array([is_missing(value) for value in y], dtype=bool)
    else:
        missing = np.zeros(len(y), dtype=bool)
    if missing.any():
        msg = (
            f"Input y contains NaN or None (missing) in {int(missing.sum())} of {len(y)} rows; "
            "remove the rows whose target is not known."
        )
        raise ValueError(msg)


def as_labels(y: Any) -> NDArray[Any]:
    """Return labels as fit reads them."""
    array = as_array(y, "y")
    return _uniform(array) if array.dtype == object else array


def _uniform(y: NDArray[Any]) -> NDArray[Any]:
    """Return object labels as an array that can be sorted: numbers if all of them are."""
    if all(isinstance(value, str) for value in y):
        return y
    if all(isinstance(value, (bool, int, float, np.bool_, np.number, Decimal)) for value in y):
        return np.array([float(v) if isinstance(v, Decimal) else v for v in y.tolist()])
    kinds = sorted({type(value).__name__ for value in y})
    if len(kinds) > 1 or type_of_target(y) == "unknown":
        found = (
            f"y mixes labels of the types {', '.join(kinds)}"
            if len(kinds) > 1
            else f"y has labels of the type {kinds[0]}"
        )
        msg = (
            f"Unknown label type: {found}; make all of them strings, all of them numbers, or "
            "all of them datetime64."
        )
        raise ValueError(msg)
    return y
