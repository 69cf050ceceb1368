"""Checks of a target, and its conversion to an array."""

import re
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import type_of_target

from evolearn.data import is_missing
from evolearn.data.number_text import infer_number_format


def as_array(y: Any) -> NDArray[Any]:
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
        msg = "Complex data not supported: y holds complex numbers; pass real ones."
        raise ValueError(msg)
    return np.asarray(column_or_1d(array, warn=True))


def refuse_missing(y: NDArray[Any]) -> None:
    """Raise ValueError if a target has missing values, or infinite ones."""
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


def as_numbers(array: NDArray[Any]) -> NDArray[np.float64]:
    """Return the target as float64; raise ValueError for text, dates and infinity."""
    if array.dtype.kind in "OUSmM":
        try:
            if array.dtype.kind in "mM":
                raise ValueError
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise ValueError(_no_numbers_message(array)) from None
    values = array.astype(np.float64)
    if np.isinf(values).any():
        msg = "Input y contains infinity or a value too large; remove those rows or clip them."
        raise ValueError(msg)
    return values


def _no_numbers_message(array: NDArray[Any]) -> str:
    """Compose an error that names the first value that is no number, and the remedy."""
    values = list(array) if array.dtype.kind in "mM" else array.tolist()
    value = next((one for one in values if not _is_number(one)), values[0])
    found = f"y must hold numbers for a regressor, got {value!r} of type {type(value).__name__}"
    texts = [one for one in values if isinstance(one, str)]
    inferred = infer_number_format(texts) if isinstance(value, str) else None
    if inferred is None or np.isnan(inferred[1]).any():
        return f"{found}; use EvolutionaryClassifier to predict classes."
    strip, series = r".str.replace(r'[^\d.-]', '', regex=True)", "pandas.Series(y)"
    if inferred[0].decimal == ",":
        series += ".str.replace('.', '').str.replace(',', '.')"
        texts = [text.replace(".", "").replace(",", ".") for text in texts]
    stripped = [re.sub(r"[^\d.-]", "", text) for text in texts]
    if all(map(_is_number, stripped)) and [*map(float, stripped)] == inferred[1].tolist():
        remedy = f"for instance with {series}{strip}.astype(float)"
        return f"{found}, a number written as text; convert y first, {remedy}."
    return f"{found}, a number written as text; convert y to floats first."


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def as_labels(y: Any) -> NDArray[Any]:
    """Return class labels as an array that can be sorted: numbers if all of them are."""
    y = as_array(y)
    if y.dtype != object or all(isinstance(value, str) for value in y):
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
