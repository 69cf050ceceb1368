"""The rules by which a column is read.

Kinds
-----
1. Booleans, integers, floats and decimals of every width and library, nullable ones
   included, and object columns whose values are all numbers or booleans: numeric.
2. Categorical types (pandas `category`, polars `Categorical` and `Enum`, Arrow
   dictionaries): categorical, whatever the values; numeric categories are compared as
   numbers, texts of numbers too, all others by their text. Categories that do not occur do
   not count.
3. Strings, bytes (read as UTF-8), and mixtures of them with numbers or booleans:
   categorical, compared by their text (`1.0` and `1` are "1", `True` is "True"); but text if
   there are more than `IDENTIFIER_MIN` distinct values, at least half of all values, with
   three words or more on average, and at least half of these differ in their words. A word is
   letters between white space, punctuation aside: keys, codes and names have fewer. Where all
   but a few are numbers, or dates as in 4, the others are marks such as `?` or `n/a`, and it
   is numbers or dates with missing values: at most `MOST_MARKS` different marks beside more
   than `IDENTIFIER_MIN` different values. Digits that begin with a zero are codes.
4. Datetimes of any unit and time zone, dates, pandas periods (by their start), and strings
   if all of them are dates in ISO 8601 with hyphens (`2024-05-31`, `2024-05-31 17:00`), as
   tables read from CSV have them (other formats are ambiguous: categories): datetime, made
   into the seconds since 1970 in UTC and, of year, month, day, day of year, weekday (Monday
   is 0), hour and minute (UTC), those that vary in the training rows; the day of year only
   where the year does too, for the seconds say the same otherwise.
5. Durations of any unit and times of day: timedelta, made into seconds.
6. A column without any value is numeric.
7. Whatever else a cell may hold (lists, dicts, arrays, ...) is refused by the column's name.

The user's `kinds` come first: strings read as numeric must hold numbers, strings read as
datetime must be in ISO 8601 format, anything may be read as categorical or as text.

Missing values are None, NaN, NaT, pd.NA and nulls, all alike. Infinities are refused.

Columns left out
----------------
Decided on the training rows, once:

1. constant columns: at most one distinct value, missing counted as a value;
2. exact duplicates of an earlier column of the same kind;
3. identifiers: categorical columns with more than `IDENTIFIER_MIN` categories
   and more than `IDENTIFIER_SHARE` of their values distinct, unless `kinds` names them;
4. if no column would be left: all but the first of the identifiers, or else of the others.

Categories are sorted and frozen: a category not seen in training is a missing value, and so is
a string that is no date where all of them were in training. Of a text its words are counted,
whatever case they are in, in columns that they are hashed into; a missing text has none.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import numpy as np

from evolearn.data.readings import (
    Numbers,
    Reading,
    Times,
    Values,
    is_number,
    label_of,
    number_of,
    seconds_of,
    time_kind,
)
from evolearn.data.texts import is_text

KINDS = ("numeric", "categorical", "datetime", "timedelta", "text", "drop")
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

# Of identifiers and texts: below 50 categories a column of distinct values may be a small
# table's factor; above, with hardly a value that repeats, no category has rows to learn from.
IDENTIFIER_MIN = 50
IDENTIFIER_SHARE = 0.9

# So many different strings beside numbers, or dates, are marks for what is missing. A CSV
# reader makes strings of a column of numbers for a single "?".
MOST_MARKS = 5

_CODE = re.compile(r"0\d.*|.*_.*")  # float takes 1_000
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d([ T].+)?")


def detect_kind(reading: Reading, where: str) -> str:
    """Return the kind of a column by the rules above; `where` names it in errors."""
    if isinstance(reading, Numbers):
        return "numeric"
    if isinstance(reading, Times):
        return reading.kind
    if reading.is_category and reading.distinct:
        return "categorical"
    distinct = reading.distinct
    if all(is_number(value) for value in distinct):
        return "numeric"
    _refuse_complex(distinct, where)
    if all(_is_iso_date(value) for value in distinct):
        return "datetime"
    if all(isinstance(value, str | bytes) or is_number(value) for value in distinct):
        return next((kind for kind in _READS if _has_few_marks(distinct, kind)), "categorical")
    kinds = {time_kind(value) for value in distinct}
    if len(kinds) == 1 and None not in kinds:
        return str(kinds.pop())
    names = ", ".join(sorted({type(value).__name__ for value in distinct}))
    raise TypeError(unreadable_message(f"values of type {names}", where))


def _has_few_marks(distinct: Sequence[Any], kind: str) -> bool:
    n_marks = sum(not _READS[kind](value) for value in distinct)
    return 0 < n_marks <= MOST_MARKS and len(distinct) - n_marks > IDENTIFIER_MIN


def _is_number_text(value: Any) -> bool:
    """Tell whether a value is a finite number, or the text of one that is no code."""
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    if not isinstance(text, str):
        return True
    with suppress(ValueError):
        return math.isfinite(number_of(text)) and _CODE.fullmatch(text.strip()) is None
    return False


def _is_iso_date(value: Any) -> bool:
    if not isinstance(value, str) or _ISO_DATE.fullmatch(value) is None:
        return False
    try:
        seconds_of(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return False
    return True


#: What may be found among strings, and what tells whether one is such a value.
_READS: Mapping[str, Callable[[Any], bool]] = {
    "numeric": _is_number_text,
    "datetime": _is_iso_date,
}


def holds_strings(reading: Reading) -> bool:
    """Tell whether a value of a column is a string."""
    return isinstance(reading, Values) and any(
        isinstance(value, str | bytes) for value in reading.distinct
    )


def without_other_strings(reading: Reading, kind: str) -> Reading:
    """Return a column in which strings that are no numbers, or no dates, are missing."""
    if not isinstance(reading, Values):
        return reading
    reads = _READS[kind]
    kept = [not isinstance(v, str | bytes) or reads(v) for v in reading.distinct]
    if all(kept):
        return reading
    places = np.where(kept, np.cumsum(kept) - 1, -1)
    codes = np.append(places, -1)[reading.codes]
    distinct = [v for v, keep in zip(reading.distinct, kept, strict=True) if keep]
    return Values(codes, distinct, reading.is_category)


def _refuse_complex(distinct: Sequence[Any], where: str) -> None:
    if any(isinstance(value, complex | np.complexfloating) for value in distinct):
        raise ValueError(
            f"Complex data not supported: X holds complex numbers in {where}; pass their real "
            "and imaginary parts as columns of their own."
        )


def unreadable_message(found: str, where: str) -> str:
    """Say that the cells of a column cannot be read, and what to do."""
    return (
        f"X holds {found} in {where}, but the argument must be a table whose columns each "
        "hold strings, or numbers, or dates, or durations; turn the column into such values "
        "or drop it."
    )


def as_floats(reading: Reading, kind: str, where: str) -> np.ndarray:
    """Return a column of numbers, datetimes (in seconds) or durations as float64."""
    if isinstance(reading, Numbers) and kind == "numeric":
        return reading.values
    if isinstance(reading, Times) and kind == reading.kind:
        return reading.values
    if isinstance(reading, Values):
        return _spread(reading, [_converted(value, kind, where) for value in reading.distinct])
    if np.isnan(reading.values).all():
        return reading.values
    found = "numbers" if isinstance(reading, Numbers) else f"{reading.kind} values"
    raise ValueError(
        f"X holds {found} in {where}, which is to be read as {kind}; convert the column to "
        "what it was in fit, or change its entry in kinds."
    )


def _converted(value: Any, kind: str, where: str) -> float:
    """Return one number, moment or duration as a float; texts of the first two are read."""
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


def learn_categories(reading: Reading) -> tuple[str, ...] | tuple[float, ...]:
    """Return the sorted categories of a column: numbers if all of them are, else texts."""
    reading = _as_values(reading)
    if all(is_number(value) for value in reading.distinct):
        return tuple(sorted({number_of(value) for value in reading.distinct}))
    return tuple(sorted({label_of(value) for value in reading.distinct}))


def is_free_text(reading: Reading, categories: Sequence[Any]) -> bool:
    """Whether a column of such categories is text by rule 3 above."""
    if not isinstance(reading, Values) or reading.is_category:
        return False
    n_known = int(np.count_nonzero(reading.codes >= 0))
    return len(categories) > IDENTIFIER_MIN and is_text(categories, n_known)


def as_labels(reading: Reading) -> tuple[list[str], np.ndarray]:
    """Return the texts of a column and for each row which of them, -1 for a missing one."""
    reading = _as_values(reading)
    return [label_of(value) for value in reading.distinct], reading.codes


def as_codes(reading: Reading, categories: tuple[Any, ...]) -> np.ndarray:
    """Return the codes of a column among frozen categories, NaN for missing and unseen."""
    reading = _as_values(reading)
    codes = {category: float(code) for code, category in enumerate(categories)}
    if categories and not isinstance(categories[0], str):
        keys: list[Any] = [_number_or_none(value) for value in reading.distinct]
    else:
        keys = [label_of(value) for value in reading.distinct]
    return _spread(reading, [codes.get(key, np.nan) for key in keys])


def _number_or_none(value: Any) -> float | None:
    """Return a number, or the text of one, as a float."""
    if is_number(value) or isinstance(value, str | bytes):
        with suppress(ValueError):
            return number_of(value)
    return None


def _as_values(reading: Reading) -> Values:
    if isinstance(reading, Values):
        return reading
    distinct, codes = np.unique(reading.values, return_inverse=True)
    is_number_known = ~np.isnan(distinct)  # NaN, if there is one, is the last
    codes = np.where(is_number_known[codes], codes, -1)
    known = distinct[is_number_known]
    if isinstance(reading, Numbers) and reading.is_boolean:
        known = known.astype(bool)
    return Values(codes, known.tolist())


def _spread(reading: Values, values: list[float]) -> np.ndarray:
    """Return for each row the value of its code; the last place stands for code -1."""
    return np.array([*values, np.nan])[reading.codes]


def datetime_parts(seconds: np.ndarray, parts: Sequence[str]) -> list[np.ndarray]:
    """Return those of `DATETIME_PARTS` that are named, of moments in seconds since 1970."""
    missing = np.isnan(seconds)
    whole = np.floor(np.where(missing, 0, seconds)).astype(np.int64)
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
