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
from evolearn.messages import shown

# The squares of a regression target must be numbers, and their differences not all zero: errors
# are measured by them. Some room is left for sums over rows.
LARGEST, SMALLEST = 1e150, 1e-150


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
    try:
        array = np.asarray(y)
    except ValueError as error:  # a list of lists of different lengths
        msg = (
            "y must have one value per row, got a list whose entries have different lengths; "
            "pass a list of single values."
        )
        raise ValueError(msg) from error
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
    """Return the target as float64.

    Raises
    ------
    ValueError
        If it holds text, dates, infinity, or values of which the squares are out of range.
    """
    try:
        if array.dtype.kind in "mM":
            raise TypeError
        values = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(_no_numbers(array)) from None
    if np.isinf(values).any():
        msg = "Input y contains infinity or a value too large; remove those rows or clip them."
        raise ValueError(msg)
    size, extent = float(np.abs(values).max(initial=0.0)), _half_range(values)
    if size > LARGEST:
        msg = (
            f"y has values up to {size:.3g}, of which double precision cannot hold the "
            f"squares; divide y by {size:.0e}, or learn its logarithm."
        )
        raise ValueError(msg)
    if 0 < extent < SMALLEST:
        msg = (
            f"The values of y differ by {2 * extent:.3g} at most, of which double precision "
            f"cannot hold the squares; divide y by {2 * extent:.0e}."
        )
        raise ValueError(msg)
    return values


def _half_range(values: NDArray[np.float64]) -> float:
    """Half the difference of the highest and the lowest value, which never overflows."""
    return float(values.max() / 2 - values.min() / 2) if len(values) else 0.0


def _no_numbers(array: NDArray[Any]) -> str:
    """Compose the message on a target that is no array of numbers; it names the first value."""
    values = list(array) if array.dtype.kind in "mM" else array.tolist()
    bad = [i for i, value in enumerate(values) if not _is_number(value)]
    position = bad[0] if bad else 0
    value = values[position]
    found = f"y[{position}] is {shown(value)} of type {type(value).__name__}"
    if isinstance(value, int):
        found = f"y[{position}] is an integer beyond the range of double precision"
        remedy = "divide y, or learn its logarithm"
    elif isinstance(value, str) and (conversion := _conversion(values)):
        remedy = f"a number written as text; {conversion}"
        return f"y must hold numbers for a regressor, but {found}, {remedy}."
    elif array.dtype.kind in "mM":
        remedy = "convert y to numbers, such as seconds"
    elif 0 < len(bad) < len(array):
        remedy = f"correct or remove the rows of no number, {len(bad)} of {len(array)}"
    else:
        remedy = "use EvolutionaryClassifier to predict classes"
    return f"y must hold numbers for a regressor, but {found}; {remedy}."


def _conversion(values: list[Any]) -> str:
    """Return the advice how to convert texts of numbers, "" if they are none."""
    texts = [one for one in values if isinstance(one, str)]
    inferred = infer_number_format(texts)
    if inferred is None or np.isnan(inferred[1]).any():
        return ""
    strip, series = r".str.replace(r'[^\d.-]', '', regex=True)", "pandas.Series(y)"
    if inferred[0].decimal == ",":
        series += ".str.replace('.', '').str.replace(',', '.')"
        texts = [text.replace(".", "").replace(",", ".") for text in texts]
    stripped = [re.sub(r"[^\d.-]", "", text) for text in texts]
    if all(map(_is_number, stripped)) and [*map(float, stripped)] == inferred[1].tolist():
        return f"convert y first, for instance with {series}{strip}.astype(float)"
    return "convert y to floats first"


def _is_number(value: Any) -> bool:
    """Whether a value can be converted to float64."""
    try:
        float(value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def as_labels(y: Any) -> NDArray[Any]:
    """Return class labels as an array that can be sorted: numbers if all of them are."""
    y = as_array(y)
    if y.dtype.kind == "S" or (y.dtype == object and isinstance(y.flat[0], bytes)):
        msg = (
            "Unknown label type: y has labels of the type bytes; decode them, for instance "
            "with pandas.Series(y).str.decode('utf-8')."
        )
        raise ValueError(msg)
    if y.dtype != object or all(isinstance(value, str) for value in y):
        return y
    if all(isinstance(value, (bool, int, float, np.bool_, np.number, Decimal)) for value in y):
        labels = np.array([float(v) if isinstance(v, Decimal) else v for v in y.tolist()])
        if labels.dtype == object:
            msg = (
                "Unknown label type: y has integers of more than 64 bits; pass them as strings."
            )
            raise ValueError(msg)
        return labels
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
