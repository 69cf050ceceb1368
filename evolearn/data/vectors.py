"""Detection and reading of strings that hold several numbers each.

Examples are coordinates (`52.5,13.4`), points in well-known text (`POINT (7.1 50.2)`), sizes
(`10 x 20 cm`) and ratios (`120/80`). A column is a vector if all of its distinct values but a
few marks, and more than `FEWEST` of them, have the same number of numbers with the same text
around them. Numbers that are separated by spaces alone must have a decimal point. Digits beside
`-`, `.` or a letter before them, or `:` between digits, are no numbers of a vector: they are
those of codes, versions, addresses and times. Southern latitudes and western longitudes
(`12.5° W`) are negative.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from evolearn.data.column_values import ColumnValues, Objects

# Numbers of a vector that are read; longer ones are no vectors.
MOST_NUMBERS = 32
# Minimum number of distinct values, and number of values that are looked at.
FEWEST, SAMPLE = 50, 1_000

_TIMES = re.compile(r"(?<=\d)\s*[xX\u00d7*]\s*(?=\d)")
_NUMBER = re.compile(
    r"(?<![\w.-])(?<!\d:)([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\d_:-])"
    r"(\s*°?\s*[NSEW]\b)?"
)
_ANY_NUMBER = re.compile(r"(?<![\w.-])[-+]\d+(?:\.\d+)?|\d+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_CODE = re.compile(r"[-+]?0\d")


def holds_vectors(column: ColumnValues, most_marks: int) -> bool:
    """Whether a column holds vectors; up to `most_marks` of the sample may be none."""
    if not isinstance(column, Objects) or column.is_category or len(column.distinct) <= FEWEST:
        return False
    distinct = _sample(column.distinct)
    [(shape, count)] = Counter(map(_shape, distinct)).most_common(1)
    return shape is not None and count > FEWEST and count >= len(distinct) - most_marks


def vector_length(column: ColumnValues, *, strict: bool) -> int:
    """Return the number of numbers that most values of a column hold, 1 if they hold none.

    Unless `strict`, all digits are numbers, also those of codes such as `AB-0042`.
    """
    distinct = column.distinct if isinstance(column, Objects) else []
    lengths = Counter(len(numbers_of(value, strict)) for value in _sample(distinct))
    most = max(lengths, key=lambda length: (lengths[length], length), default=1)
    return min(max(most, 1), MOST_NUMBERS)


def vector_numbers(
    column: ColumnValues, positions: Sequence[int], *, strict: bool
) -> list[np.ndarray]:
    """Return the numbers at some positions of each row's vector; NaN where there is none."""
    if not isinstance(column, Objects):
        return [np.full(len(column.values), np.nan) for _ in positions]
    n_numbers = max(positions) + 1
    rows = [numbers_of(value, strict) for value in column.distinct]
    none = [np.nan] * n_numbers
    rows = [row if len(row) >= n_numbers else none for row in rows]
    rows.append(none)  # of code -1
    return [np.array([row[p] for row in rows])[column.codes] for p in positions]


def numbers_of(value: object, strict: bool) -> list[float]:
    """Return the numbers in a string; NaN for those beyond the floats."""
    text = _text(value)
    found = _NUMBER.findall(text) if strict else [(n, "") for n in _ANY_NUMBER.findall(text)]
    signed = [-float(n) if side and side[-1] in "SW" else float(n) for n, side in found]
    return [number if math.isfinite(number) else math.nan for number in signed]


def _sample(distinct: Sequence[object]) -> Sequence[object]:
    return distinct[:: max(1, len(distinct) // SAMPLE)]


def _text(value: object) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    if ";" in text and "." not in text:
        text = _DECIMAL_COMMA.sub(".", text)
    return _TIMES.sub(" x ", text)


def _shape(value: object) -> str | None:
    """Return a value with "#" in place of its numbers, None if it is no vector."""
    if not isinstance(value, str | bytes):
        return None
    text = _text(value)
    numbers = [number for number, _ in _NUMBER.findall(text)]
    if not 2 <= len(numbers) <= MOST_NUMBERS or any(map(_CODE.match, numbers)):
        return None
    shape = "".join(_NUMBER.sub("#", text).split())
    is_bare = not shape.strip("#") and not any("." in number for number in numbers)
    return None if is_bare or any(map(str.isdigit, shape)) else shape
