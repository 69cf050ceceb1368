"""Conversion of the values of a column to floats, category codes or datetime parts."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from evolearn.data.category_labels import match_labels
from evolearn.data.column_values import (
    ColumnValues,
    Numbers,
    Objects,
    is_number,
    label_of,
    labels_of,
)
from evolearn.data.large_integers import exact_number
from evolearn.data.text_columns import Format, is_missing_word, reread
from evolearn.data.time_text import infer_date_format
from evolearn.messages import plain

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


def as_floats(
    column: ColumnValues,
    kind: str,
    where: str,
    frozen: Format | None = None,
    may_be_unreadable: bool = False,
) -> np.ndarray:
    """Convert a column of numbers, datetimes (to seconds) or durations to float64.

    Strings are read in the format `frozen`, or else in another one that reads all of them. They
    must be readable, unless `may_be_unreadable`: then others are missing.
    """
    if isinstance(column, Objects):
        values = reread(column, kind, frozen)
        for i in np.flatnonzero(np.isnan(values)):
            value = column.distinct[i]
            is_string = isinstance(value, str | bytes)
            if not is_missing_word(value) and not (is_string and may_be_unreadable):
                raise ValueError(
                    f"X holds {plain(value)!r} in {where}, which is to be read as {kind}; "
                    "replace such values by missing ones, convert the column, or change its "
                    "entry in kinds."
                )
        return by_code(column, values)
    found = "numeric" if isinstance(column, Numbers) else column.kind
    if kind == found or np.isnan(column.values).all():
        return column.values
    if kind == "datetime" and frozen is not None and isinstance(column, Numbers):
        days = _days_of_digits(column)
        if days is not None:
            return days
    shown = "numbers" if isinstance(column, Numbers) else f"{found} values"
    raise ValueError(
        f"X holds {shown} in {where}, which is to be read as {kind}; convert the column to "
        "what it was in fit, or change its entry in kinds."
    )


def _days_of_digits(column: Numbers) -> np.ndarray | None:
    """Read numbers such as 20201231 as days; None if one of them is no day."""
    objects = _as_objects(column)
    digits = [f"{value:.0f}" if value == int(value) else "" for value in objects.distinct]
    found = infer_date_format(digits)
    return None if found is None or np.isnan(found[1]).any() else by_code(objects, found[1])


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
    return labels_of(column.distinct), column.codes


def as_codes(column: ColumnValues, categories: tuple[Any, ...]) -> np.ndarray:
    """Return the position of each row's category, NaN for missing and unseen ones."""
    column = _as_objects(column)
    codes = {category: float(code) for code, category in enumerate(categories)}
    if categories and not isinstance(categories[0], str):
        keys: list[Any] = [_number_or_none(value) for value in column.distinct]
    else:
        keys = match_labels(labels_of(column.distinct), categories)
    return by_code(column, [codes.get(key, np.nan) for key in keys])


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


def by_code(column: Objects, values: Sequence[float] | np.ndarray) -> np.ndarray:
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
