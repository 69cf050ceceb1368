"""Conversion of the values of a column to floats, category codes or datetime parts."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import numpy as np

from evolearn.data.column_values import (
    ColumnValues,
    Numbers,
    Objects,
    is_number,
    label_of,
    number_of,
    seconds_of,
    time_kind,
)
from evolearn.data.large_integers import exact_number

DATETIME_PARTS = (
    "seconds",
    "year",
    "month",
    "day",
    "day_of_year",
    "weekday",
    "hour",
    "minute",
)


def as_floats(column: ColumnValues, kind: str, where: str) -> np.ndarray:
    """Convert a column of numbers, datetimes (to seconds) or durations to float64."""
    if isinstance(column, Objects):
        return _by_code(column, [_as_float(value, kind, where) for value in column.distinct])
    found = "numeric" if isinstance(column, Numbers) else column.kind
    if kind == found or np.isnan(column.values).all():
        return column.values
    shown = "numbers" if isinstance(column, Numbers) else f"{found} values"
    raise ValueError(
        f"X holds {shown} in {where}, which is to be read as {kind}; convert the column to "
        "what it was in fit, or change its entry in kinds."
    )


def _as_float(value: Any, kind: str, where: str) -> float:
    """Convert one number, datetime or duration, or the text of one of the first two."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    with suppress(ValueError, OverflowError):
        if kind == "numeric" and (isinstance(text, str) or is_number(text)):
            return number_of(text)
        if kind == "datetime" and isinstance(text, str):
            return seconds_of(datetime.fromisoformat(text))
        if time_kind(text) == kind:
            return seconds_of(text)
    raise ValueError(
        f"X holds {value!r} in {where}, which is to be read as {kind}; replace such values by "
        "missing ones, convert the column, or change its entry in kinds."
    )


def learn_categories(column: ColumnValues) -> tuple[str, ...] | tuple[float, ...]:
    """Return the categories of a column: numbers if all of them are, else texts.

    They are sorted, except those of an ordered type, which have its order.
    """
    column = _as_objects(column)
    are_numbers = all(is_number(value) for value in column.distinct)
    keys = map(exact_number if are_numbers else label_of, column.distinct)
    categories: Any = dict.fromkeys(keys)
    return tuple(categories if column.is_ordered else sorted(categories))


def as_labels(column: ColumnValues) -> tuple[list[str], np.ndarray]:
    """Return the distinct texts of a column and each row's position in them, -1 if missing."""
    column = _as_objects(column)
    return [label_of(value) for value in column.distinct], column.codes


def as_codes(column: ColumnValues, categories: tuple[Any, ...]) -> np.ndarray:
    """Return the position of each row's category, NaN for missing and unseen ones."""
    column = _as_objects(column)
    codes = {category: float(code) for code, category in enumerate(categories)}
    if categories and not isinstance(categories[0], str):
        keys: list[Any] = [_number_or_none(value) for value in column.distinct]
    else:
        keys = [label_of(value) for value in column.distinct]
    return _by_code(column, [codes.get(key, np.nan) for key in keys])


def _number_or_none(value: Any) -> float | None:
    """Convert a number, or the text of one, to a float; None for anything else."""
    if is_number(value) or isinstance(value, str | bytes):
        with suppress(ValueError):
            return exact_number(value)
    return None


def _as_objects(column: ColumnValues) -> Objects:
    if isinstance(column, Objects):
        return column
    distinct, codes = np.unique(column.values, return_inverse=True)
    is_present = ~np.isnan(distinct)  # NaN, if there is one, is the last
    codes = np.where(is_present[codes], codes, -1)
    distinct = distinct[is_present]
    if isinstance(column, Numbers) and column.is_boolean:
        distinct = distinct.astype(bool)
    return Objects(codes, distinct.tolist())


def _by_code(column: Objects, values: list[float]) -> np.ndarray:
    """Return the value that belongs to each row's code; NaN for code -1."""
    return np.array([*values, np.nan])[column.codes]


def datetime_parts(
    seconds: np.ndarray, local: np.ndarray, parts: Sequence[str]
) -> list[np.ndarray]:
    """Compute some of the `DATETIME_PARTS` of moments.

    They are given in seconds since 1970 in UTC, and in those that clocks of their time zone
    show, to which the parts of the calendar belong.
    """
    missing = np.isnan(seconds)
    whole = np.floor(np.where(missing, 0, local)).astype(np.int64)
    days = (whole // 86400).astype("datetime64[D]")
    months, years = days.astype("datetime64[M]"), days.astype("datetime64[Y]")
    compute: dict[str, Callable[[], np.ndarray]] = {
        "seconds": lambda: seconds,
        "year": lambda: years.astype(np.int64) + 1970,
        "month": lambda: months.astype(np.int64) % 12 + 1,
        "day": lambda: (days - months).astype(np.int64) + 1,
        "day_of_year": lambda: (days - years).astype(np.int64) + 1,
        "weekday": lambda: (days.astype(np.int64) + 3) % 7,  # 1970 began on a Thursday
        "hour": lambda: whole // 3600 % 24,
        "minute": lambda: whole // 60 % 60,
    }
    return [np.where(missing, np.nan, compute[part]()) for part in parts]
