"""A column of any table as it is profiled: numbers or counted labels, and missing values."""

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.data.column_values import ColumnValues, Numbers, Objects, is_number, time_kind
from evolearn.data.conversion import as_floats, as_labels
from evolearn.data.large_integers import shifted
from evolearn.data.read_columns import read_column
from evolearn.data.schema import ColumnInfo
from evolearn.data.text_columns import is_missing_word
from evolearn.data.uninformative import IDENTIFIER
from evolearn.profiles.frequencies import label_key

NUMBER_KINDS = ("numeric", "datetime", "timedelta")
# Rows whose strings are parsed: it takes some microseconds for each.
MOST_PARSED = 2_000
# Longest notation that is kept.
LONGEST_NOTATION = 40

_DIGITS, _LETTERS = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class ColumnReading:
    """The values of a column as they are profiled and compared.

    Attributes
    ----------
    values : str
        Sort of the values: "numbers", "text", "dates" or "durations"; empty if there are none.
    dtype : str
        Type of the column in its library.
    n_rows, n_missing, n_unreadable, n_infinite : int
    numbers : ndarray or None
        The finite numbers: those of the column, seconds, or lengths of texts.
    labels : Counter or None
        Numbers of rows by category.
    notations : Counter or None
        Numbers of rows by notation of the strings: "#" for digits, "a" for letters.
    example : str
        A value that cannot be read; empty if there is none.
    examples : dict of str to str
        A string of each notation.
    """

    values: str
    dtype: str
    n_rows: int
    n_missing: int = 0
    n_unreadable: int = 0
    n_infinite: int = 0
    numbers: NDArray[np.float64] | None = None
    labels: Counter[str] | None = None
    notations: Counter[str] | None = None
    example: str = ""
    examples: dict[str, str] = field(default_factory=dict)


def dtype_of(raw: Any) -> str:
    """Return the type of a raw column in words of its library."""
    return str(getattr(raw, "dtype", getattr(raw, "type", type(raw).__name__)))


def parses_strings(info: ColumnInfo) -> bool:
    """Whether reading the column takes long, because its strings are parsed."""
    return info.text_format is not None or info.kind == "vector"


def has_notations(info: ColumnInfo) -> bool:
    """Whether strings of the column are of few notations, unlike categories and texts."""
    return parses_strings(info) or info.kind == "presence" or info.reason == IDENTIFIER


def read_profiled(raw: Any, table: Any, info: ColumnInfo) -> ColumnReading:
    """Read a raw column of a table as one of fit.

    Raises
    ------
    TypeError, ValueError
        If its cells are no single values, or are values of another sort that cannot be read.
    """
    column = read_column(raw, table)
    reading: dict[str, Any] = {"values": _sort_of(column), "dtype": dtype_of(raw)}
    n_rows = len(column.codes if isinstance(column, Objects) else column.values)
    reading |= {"n_rows": n_rows, "n_missing": int(_is_missing(column, info).sum())}
    if info.kind in NUMBER_KINDS:
        reading |= _numbers(column, info)
    elif info.kind == "categorical" and info.reason != IDENTIFIER:
        labels, codes = as_labels(column)
        reading["labels"] = _counted([label_key(label) for label in labels], codes)
    elif info.kind == "text":
        labels, codes = as_labels(column)
        lengths = np.array([len(label) for label in labels], np.float64)
        reading["numbers"] = lengths[codes[codes >= 0]]
    if isinstance(column, Objects) and has_notations(info):
        reading |= _notations(column, keeps_letters=info.kind == "numeric")
    return ColumnReading(**reading)


def _sort_of(column: ColumnValues) -> str:
    if not isinstance(column, Objects):
        if np.isnan(column.values).all():
            return ""
        return "numbers" if isinstance(column, Numbers) else _TIMES[column.kind]
    sorts = {
        "numbers" if is_number(value) else _TIMES.get(time_kind(value) or "", "text")
        for value in column.distinct[:MOST_PARSED]
    }
    return sorts.pop() if len(sorts) == 1 else "text" if sorts else ""


_TIMES = {"datetime": "dates", "timedelta": "durations"}


def _is_missing(column: ColumnValues, info: ColumnInfo) -> NDArray[np.bool_]:
    """Return a mask of the rows without a value; words for it may be categories."""
    if not isinstance(column, Objects):
        return np.isnan(column.values)
    if info.kind == "categorical":
        return np.asarray(column.codes < 0)
    return np.array([*map(is_missing_word, column.distinct), True])[column.codes]


def _numbers(column: ColumnValues, info: ColumnInfo) -> dict[str, Any]:
    """Return the finite numbers of a column, and the number of values that are none."""
    numbers = as_floats(shifted(column, info.offset), info.kind, "it", info.text_format, True)
    found: dict[str, Any] = {"numbers": numbers[np.isfinite(numbers)]}
    found["n_infinite"] = int(np.isinf(numbers).sum())
    if isinstance(column, Objects):
        is_unread = np.isnan(numbers) & ~_is_missing(column, info)
        found["n_unreadable"] = int(is_unread.sum())
        if is_unread.any():
            found["example"] = str(column.distinct[column.codes[is_unread][0]])
    return found


def _notations(column: Objects, keeps_letters: bool) -> dict[str, Any]:
    """Count notations of strings; letters are kept where they may be units."""
    labels, codes = as_labels(column)
    notations: list[str] = []
    examples: dict[str, str] = {}
    for label in labels:
        notation = _DIGITS.sub("#", label.strip())[:LONGEST_NOTATION]
        notation = notation if keeps_letters else _LETTERS.sub("a", notation)
        notation = "" if is_missing_word(label) else notation
        notations.append(notation)
        examples.setdefault(notation, label)
    counted = _counted(notations, codes)
    del counted[""]
    return {"notations": counted, "examples": examples}


def _counted(labels: list[str], codes: NDArray[np.intp]) -> Counter[str]:
    """Count the rows of each label."""
    counts: Counter[str] = Counter()
    for label, count in zip(
        labels, np.bincount(codes[codes >= 0], minlength=len(labels)).tolist(), strict=True
    ):
        counts[label] += count
    return counts
