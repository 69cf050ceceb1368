"""The rules by which the kind of a column is found.

Kinds
-----
1. Numeric: booleans, integers, floats and decimals of every width and library, nullable ones
   included, and object columns whose values are all numbers or booleans.
2. Categorical: categorical types (pandas `category`, polars `Categorical` and `Enum`, Arrow
   dictionaries), whatever the values. Numeric categories are compared as numbers, texts of
   numbers too, all others by their text. Categories that do not occur do not count.
3. Strings, bytes (read as UTF-8), and mixtures of them with numbers or booleans are
   categorical, compared by their text (`1.0` and `1` are "1", `True` is "True"), with two
   exceptions. First, they are text if there are more than `IDENTIFIER_MIN` distinct values, at
   least half of all values, with three words or more on average, and at least half of these
   differ in their words. A word is letters between white space, without punctuation: keys,
   codes and names have fewer. Second, where all values but a few are numbers, or dates as in 4,
   the others are marks such as `?` or `n/a`, and the column holds numbers or dates with missing
   values. It may have at most `MOST_MARKS` different marks beside more than `IDENTIFIER_MIN`
   different values. Digits that begin with a zero are codes, not numbers.
4. Datetime: datetimes of any unit and time zone, dates, pandas periods (by their start), and
   strings if all of them are dates in ISO 8601 with hyphens (`2024-05-31`,
   `2024-05-31 17:00`), as tables read from CSV have them. Other formats are ambiguous and make
   categories. Datetimes become the seconds since 1970 in UTC and, of year, month, day, day of
   year, weekday (Monday is 0), hour and minute (UTC), those that vary in the training rows; the
   day of year only where the year varies too, for otherwise it repeats the seconds.
5. Timedelta: durations of any unit and times of day, which become seconds.
6. A column without any value is numeric.
7. Whatever else a cell may hold (lists, dicts, arrays, ...) is refused by the column's name.

The user's `kinds` come first: strings read as numeric must hold numbers, strings read as
datetime must be in ISO 8601 format, anything may be read as categorical or as text.

Missing values are None, NaN, NaT, pd.NA and nulls, all alike. Infinities are refused; finite
numbers beyond 1e25 are compressed, in their order.

Categories are sorted and frozen: a category not seen in training is a missing value, and so is
a string that is no date where all of them were in training. The words of a text are counted
regardless of case, in columns that they are hashed into; a missing text has none.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import numpy as np

from evolearn.data.column_values import (
    ColumnValues,
    Numbers,
    Objects,
    Times,
    is_number,
    number_of,
    seconds_of,
    time_kind,
)
from evolearn.data.free_text import is_text

KINDS = ("numeric", "categorical", "datetime", "timedelta", "text", "drop")

# Minimum number of distinct values of identifiers and texts. With fewer, a column of distinct
# values may be a factor of a small table; with more, and hardly a value that repeats, no
# category has rows to learn from.
IDENTIFIER_MIN = 50

# Maximum number of different strings beside numbers, or dates, that are marks for missing
# values. A single "?" makes a CSV reader return a column of numbers as strings.
MOST_MARKS = 5

_CODE = re.compile(r"0\d.*|.*_.*")  # float takes 1_000
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([ T].+)?")


def detect_kind(column: ColumnValues, where: str) -> str:
    """Find the kind of a column by the rules above; `where` names it in errors.

    Text is found later, among the categorical columns: see `is_free_text`.
    """
    if isinstance(column, Numbers):
        return "numeric"
    if isinstance(column, Times):
        return column.kind
    if column.is_category and column.distinct:
        return "categorical"
    distinct = column.distinct
    if all(is_number(value) for value in distinct):
        return "numeric"
    if any(isinstance(value, complex | np.complexfloating) for value in distinct):
        raise ValueError(
            f"Complex data not supported: X holds complex numbers in {where}; pass their real "
            "and imaginary parts as columns of their own."
        )
    if all(_is_iso_date(value) for value in distinct):
        return "datetime"
    if all(isinstance(value, str | bytes) or is_number(value) for value in distinct):
        found = (kind for kind in _VALUE_TESTS if _has_few_marks(distinct, kind))
        return next(found, "categorical")
    kinds = {time_kind(value) for value in distinct}
    if len(kinds) == 1 and None not in kinds:
        return str(kinds.pop())
    names = ", ".join(sorted({type(value).__name__ for value in distinct}))
    raise TypeError(unreadable_message(f"values of type {names}", where))


def _has_few_marks(distinct: Sequence[Any], kind: str) -> bool:
    n_marks = sum(not _VALUE_TESTS[kind](value) for value in distinct)
    return 0 < n_marks <= MOST_MARKS and len(distinct) - n_marks > IDENTIFIER_MIN


def _is_number_text(value: Any) -> bool:
    """Whether a value is a finite number, or the text of one that is no code."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        return True
    with suppress(ValueError):
        return math.isfinite(number_of(text)) and _CODE.fullmatch(text.strip()) is None
    return False


def _is_iso_date(value: Any) -> bool:
    with suppress(ValueError, OverflowError):
        if isinstance(value, str) and _ISO_DATE.fullmatch(value):
            seconds_of(datetime.fromisoformat(value))
            return True
    return False


#: Kinds that may be found among strings, each with the test of one value.
_VALUE_TESTS: Mapping[str, Callable[[Any], bool]] = {
    "numeric": _is_number_text,
    "datetime": _is_iso_date,
}


def holds_strings(column: ColumnValues) -> bool:
    """Whether a column has a string among its values."""
    return isinstance(column, Objects) and any(
        isinstance(value, str | bytes) for value in column.distinct
    )


def without_other_strings(column: ColumnValues, kind: str) -> ColumnValues:
    """Replace strings that are no numbers, or no dates, by missing values."""
    if not isinstance(column, Objects):
        return column
    is_kept = _VALUE_TESTS[kind]
    kept = [not isinstance(v, str | bytes) or is_kept(v) for v in column.distinct]
    if all(kept):
        return column
    places = np.where(kept, np.cumsum(kept) - 1, -1)
    codes = np.append(places, -1)[column.codes]
    distinct = [v for v, keep in zip(column.distinct, kept, strict=True) if keep]
    return Objects(codes, distinct, column.is_category)


def unreadable_message(found: str, where: str) -> str:
    """Compose the message of an error about cells that cannot be read."""
    return (
        f"X holds {found} in {where}, but the argument must be a table whose columns each "
        "hold strings, or numbers, or dates, or durations; turn the column into such values "
        "or drop it."
    )


def is_free_text(column: ColumnValues, categories: Sequence[Any]) -> bool:
    """Whether a column of these categories is text by rule 3 above."""
    if not isinstance(column, Objects) or column.is_category:
        return False
    n_values = int(np.count_nonzero(column.codes >= 0))
    return len(categories) > IDENTIFIER_MIN and is_text(categories, n_values)
