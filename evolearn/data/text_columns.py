"""Columns of strings that hold numbers, dates or durations, and the marks among them.

Detection in fit: the format that reads most of the distinct strings is that of the column
(dates come before numbers, these before durations). The strings that it does not read are
marks, which are missing values. Words such as `n/a` or `?` always are. Other marks must be few:

1. at most `MOST_MARKS` beside more than `MANY_VALUES` values, whatever their rows;
2. or at most a tenth as many as the values;
3. or at most a quarter as many, in at most a quarter of the rows;
4. or in at most one of ten rows, and no more than the values.

Rules 2 to 4 need `FEW_VALUES` values. Numbers that name something stay categories: see
`are_codes` in `number_text`.

In predict, strings are read in the format of fit. If there are others, but one format reads all
strings of the new rows without doubt, they are read in that one. It may have another decimal
separator, another order of day and month, or a currency; but no other unit, whose size is not
known.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from evolearn.data.column_values import (
    Objects,
    is_number,
    label_of,
    number_of,
    seconds_of,
    time_kind,
)
from evolearn.data.number_text import (
    UNIT_VALUES,
    NumberFormat,
    are_codes,
    infer_number_format,
)
from evolearn.data.time_text import (
    UNITS_OF_TIME,
    TimeFormat,
    infer_date_format,
    infer_duration_format,
)

Format = NumberFormat | TimeFormat
Inferred = tuple[Format, np.ndarray, bool]

MANY_VALUES, FEW_VALUES = 50, 10
MOST_MARKS = 5
# Minimum number of values beside missing words: `1`, `2` and `?` are categories.
FEWEST_VALUES = 3
# Number of distinct strings that are looked at first, evenly spaced. If no format reads half of
# them, the column holds other strings.
SAMPLE = 200

_DIGIT = re.compile(r"\d")
# Numbers of a list: `1,2` beside `1,2,5` has no decimal comma.
_LIST = re.compile(r"\d+(,\s?\d+){2,}")

_MISSING_WORDS = (
    "|-|--|---|.|..|...|?|??|*|/|na|n/a|n.a.|n.a|n/d|nd|n.d.|#n/a|#na|<na>|nan|-nan|nat|null|"
    "<null>|nil|none|missing|unknown|not available|not applicable|tbd|tba|undefined|\\n|"
    "#value!|#div/0!|#ref!|#name?|#num!|#null!|inf|-inf|+inf|infinity|-infinity"
)
MISSING_WORDS = frozenset(_MISSING_WORDS.split("|"))
_TRUE_WORDS, _FALSE_WORDS = ("true", "yes", "t", "y"), ("false", "no", "f", "n")
_INFER: dict[str, Callable[[Sequence[str]], Any]] = {
    "datetime": infer_date_format,
    "numeric": infer_number_format,
    "timedelta": infer_duration_format,
}


# Kinds that strings may be read as.
TEXT_KINDS = tuple(_INFER)


class Reading(NamedTuple):
    """A format of a column, and its distinct values in it; NaN where it does not read them."""

    format: Format
    values: np.ndarray
    in_doubt: bool


def text_of(value: Any) -> str | None:
    """Text of a string or of bytes; None for other objects."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value) if isinstance(value, str) else None


def is_missing_word(value: Any) -> bool:
    """Whether a value is a string that stands for a missing value in any column."""
    text = text_of(value)
    return text is not None and text.strip().casefold() in MISSING_WORDS


def infer_reading(column: Objects, kind: str, order: str = "") -> Reading | None:
    """Infer the format of the strings of a column for a kind; None if none is of it.

    `order` is that of day and month in dates, where it is known.
    """
    places, texts = _strings_of(column.distinct)
    values = _values_of_objects(column.distinct, kind)
    inferred: Inferred | None = (
        infer_date_format(texts, order) if order else _INFER[kind](texts)
    )
    if inferred is not None:
        values[places] = inferred[1]
        return Reading(inferred[0], values, inferred[2])
    return None if np.isnan(values).all() else Reading(_plain_format(kind), values, False)


def _plain_format(kind: str) -> Format:
    return NumberFormat() if kind == "numeric" else TimeFormat(kind, "")


def _strings_of(distinct: Sequence[Any]) -> tuple[list[int], list[str]]:
    """Return the positions of the strings among objects, and their texts."""
    if set(map(type, distinct)) == {str}:
        return list(range(len(distinct))), list(distinct)
    places = [i for i, value in enumerate(distinct) if isinstance(value, str | bytes)]
    return places, [text_of(distinct[i]) or "" for i in places]


def _values_of_objects(distinct: Sequence[Any], kind: str) -> np.ndarray:
    """Convert numbers, or objects of time of the kind, to floats; NaN for all others."""
    values = np.full(len(distinct), np.nan)
    if set(map(type, distinct)) == {str}:
        return values
    for i, value in enumerate(distinct):
        if kind == "numeric" and is_number(value):
            values[i] = number_of(value)
        elif kind == time_kind(value):
            values[i] = seconds_of(value)
    return values


def detect_reading(column: Objects) -> Reading | None:
    """Detect numbers, dates or durations in a column with strings; None for other strings."""
    others = [value for value in column.distinct if not isinstance(value, str | bytes)]
    kinds = {"numeric" if is_number(value) else time_kind(value) for value in others}
    if len(kinds) > 1 or None in kinds:
        return None
    if not others and not any(map(_DIGIT.search, _strings_of(column.distinct)[1])):
        return None
    found: list[Reading] = []
    for kind in _INFER:
        if kinds <= {kind} and _may_be(column, kind):
            reading = infer_reading(column, kind)
            if reading is not None and _is_accepted(column, reading):
                found.append(reading)
                if not np.isnan(reading.values).any():
                    break
    return max(
        found, key=lambda reading: np.count_nonzero(~np.isnan(reading.values)), default=None
    )


def _may_be(column: Objects, kind: str) -> bool:
    """Whether half of a sample of the values can be read."""
    distinct = column.distinct
    if len(distinct) <= SAMPLE:
        return True
    sample = distinct[:: len(distinct) // SAMPLE]
    _, texts = _strings_of(sample)
    inferred: Inferred | None = _INFER[kind](texts)
    n_unread = len(texts) if inferred is None else np.count_nonzero(np.isnan(inferred[1]))
    return bool(2 * n_unread <= len(sample))


def _is_accepted(column: Objects, reading: Reading) -> bool:
    """Whether the strings that are not read are few enough to be marks."""
    is_value = ~np.isnan(reading.values)
    if isinstance(reading.format, NumberFormat):
        _, numbers = _strings_of([column.distinct[i] for i in np.flatnonzero(is_value)])
        if are_codes(numbers, reading.format):
            return False
    elif reading.format.style == UNITS_OF_TIME and is_value.sum() < UNIT_VALUES:
        return False
    if is_value.all():
        return True
    is_mark = ~is_value & ~np.array([is_missing_word(value) for value in column.distinct])
    if isinstance(reading.format, NumberFormat) and reading.format.decimal == ",":
        _, marks = _strings_of([column.distinct[i] for i in np.flatnonzero(is_mark)])
        if any(map(_LIST.fullmatch, marks)):
            return False
    n_values, n_marks = int(is_value.sum()), int(is_mark.sum())
    if n_marks == 0:
        return n_values >= FEWEST_VALUES
    if n_values > MANY_VALUES and n_marks <= MOST_MARKS:
        return True
    n_rows = np.bincount(column.codes[column.codes >= 0], minlength=len(column.distinct))
    mark_share = n_rows[is_mark].sum() / (n_rows[is_mark].sum() + n_rows[is_value].sum())
    return n_values >= FEW_VALUES and (
        10 * n_marks <= n_values
        or (4 * n_marks <= n_values and mark_share <= 0.25)
        or (n_marks <= n_values and mark_share <= 0.1)
    )


def split_marks(column: Objects, values: np.ndarray) -> Objects:
    """Return the marks of a column as a column of their own, missing where there is a value.

    `values` are those of the distinct values, NaN where they are marks.
    """
    is_mark = np.isnan(values)
    codes = np.where(is_mark, np.cumsum(is_mark) - 1, -1)
    distinct = [label_of(column.distinct[i]) for i in np.flatnonzero(is_mark)]
    return Objects(np.append(codes, -1)[column.codes], distinct)


def reread(column: Objects, kind: str, frozen: Format | None) -> np.ndarray:
    """Convert the distinct values of new rows by the format of fit, or by one that reads all.

    NaN where neither reads a value.
    """
    frozen = frozen or _plain_format(kind)
    places, texts = _strings_of(column.distinct)
    values = _values_of_objects(column.distinct, kind)
    values[places] = frozen.read(texts)
    if not all(is_missing_word(texts[i]) for i in np.flatnonzero(np.isnan(values[places]))):
        read = _other_format([text for text in texts if not is_missing_word(text)], frozen)
        values[places] = values[places] if read is None else read(texts)
    return values


def _other_format(
    texts: Sequence[str], frozen: Format
) -> Callable[[Sequence[str]], np.ndarray] | None:
    """Return the reader of another format that reads all texts without doubt; None if none."""
    if isinstance(frozen, NumberFormat) and all(map(is_truth_word, texts)):
        return lambda words: np.array([truth_of(word) for word in words])
    inferred: Inferred | None = _INFER[frozen.kind](texts)
    if inferred is None or inferred[2]:
        return None
    new = inferred[0]
    if isinstance(new, NumberFormat) and isinstance(frozen, NumberFormat):
        currencies = {frozen.currency, new.currency} - {""}
        if len(currencies) > 1:
            return None
        new = replace(frozen, decimal=new.decimal, currency="".join(currencies))
    return None if np.isnan(new.read(texts)).any() else new.read


def is_truth_word(text: str) -> bool:
    """Whether a text says yes or no."""
    return text.strip().casefold() in (*_TRUE_WORDS, *_FALSE_WORDS)


def truth_of(text: str) -> float:
    """Convert a word for yes or no to 1 or 0; NaN for other words."""
    word = text.strip().casefold()
    return float(word in _TRUE_WORDS) if word in (*_TRUE_WORDS, *_FALSE_WORDS) else np.nan
