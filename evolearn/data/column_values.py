"""The values of one column of any table: numbers, times, or distinct objects with codes.

The columns of all libraries are reduced to these three forms. Missing values of every kind
(None, NaN, NaT, pd.NA, null) are NaN, or the code -1.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from numbers import Integral, Number, Real
from typing import Any

import numpy as np

# Ticks per second of datetime64 and timedelta64 in units of a second and finer.
_TICKS_PER_SECOND = {
    "s": 1,
    "ms": 10**3,
    "us": 10**6,
    "ns": 10**9,
    "ps": 10**12,
    "fs": 10**15,
    "as": 10**18,
}
_EPOCH = datetime(1970, 1, 1)
# From here on float64 does not tell neighbouring integers apart.
EXACT = 2**53


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers or booleans as float64."""

    values: np.ndarray
    is_boolean: bool = False


@dataclass(frozen=True, slots=True)
class Times:
    """A column of datetimes (seconds since 1970 in UTC) or durations (seconds).

    `kind` is `"datetime"` or `"timedelta"`, `zone` the time zone of datetimes, "" for naive
    ones and for UTC.
    """

    values: np.ndarray
    kind: str
    zone: str = ""


@dataclass(frozen=True, slots=True)
class Objects:
    """A column of other Python objects: the distinct ones, and the code of each row.

    With `is_ordered` the distinct ones are in the order that their type gives them.
    """

    codes: np.ndarray
    distinct: list[Any]
    is_category: bool = False
    is_ordered: bool = False


ColumnValues = Numbers | Times | Objects


def read_array(column: np.ndarray) -> ColumnValues:
    """Read a 1-d NumPy array."""
    kind = column.dtype.kind
    if is_beyond_floats(column):
        distinct, codes = np.unique(column, return_inverse=True)
        return Objects(codes, distinct.tolist())
    if kind in "fiub":
        return Numbers(np.asarray(column, dtype=np.float64), is_boolean=kind == "b")
    if kind in "mM":
        return Times(read_seconds(column), "datetime" if kind == "M" else "timedelta")
    if kind == "c":
        return Objects(np.zeros(len(column), dtype=np.intp), [complex(column[0])])
    if kind in "US":
        distinct, codes = np.unique(column, return_inverse=True)
        return Objects(codes, distinct.tolist())
    return read_objects(column.tolist())


def read_objects(
    objects: list[Any], factorized: Callable[[], tuple[np.ndarray, list[Any]]] | None = None
) -> ColumnValues:
    """Read a column of Python objects; `factorized` is the library's own `factorize`."""
    types = set(map(type, objects))
    if types <= {float, int, type(None)}:
        with suppress(OverflowError):  # integers beyond the floats are read one by one
            numbers = np.array(objects, dtype=np.float64)
            if int not in types or not are_inexact(numbers):
                return Numbers(numbers)
    if types & {bool, np.bool_} and types & {str, bytes}:
        # 1, 1.0 and True are equal as keys of a dictionary, but beside text each is the
        # category of its own text: labels are made before objects are compared.
        return Objects(*factorize([None if is_missing(v) else label_of(v) for v in objects]))
    if datetime in types and any(getattr(value, "fold", 0) for value in objects):
        return _each_for_itself(objects)
    codes, distinct = factorized() if factorized else factorize(objects)
    return Objects(codes, distinct)


def _each_for_itself(objects: list[Any]) -> Objects:
    """Read moments of an hour that clocks show twice: they differ, but are equal to Python."""
    is_present = np.array([not is_missing(value) for value in objects])
    codes = np.where(is_present, np.cumsum(is_present) - 1, -1)
    return Objects(codes, [value for value in objects if not is_missing(value)])


def factorize(objects: list[Any]) -> tuple[np.ndarray, list[Any]]:
    """Return a code for each object, -1 for missing ones, and the distinct objects."""
    table: dict[Any, int] = {}
    codes = np.fromiter(
        (table.setdefault(value, len(table)) for value in objects), np.intp, len(objects)
    )
    positions = np.full(len(table) + 1, -1)
    distinct: list[Any] = []
    for value, code in table.items():
        if not is_missing(value):
            positions[code] = len(distinct)
            distinct.append(value)
    return positions[codes], distinct


def is_beyond_floats(array: np.ndarray) -> bool:
    """Whether an array holds integers that float64 does not tell from their neighbours."""
    if array.dtype.kind not in "iu" or array.dtype.itemsize < 8 or not array.size:
        return False
    return bool(array.max() >= EXACT or array.min() <= -EXACT)


def are_inexact(floats: np.ndarray) -> bool:
    """Whether floats, made of integers, may be equal for integers that are not."""
    with np.errstate(invalid="ignore"):
        return bool((np.abs(floats) >= EXACT).any())


def is_missing(value: Any) -> bool:
    """Whether a Python object stands for a missing value."""
    # pd.NA has no truth value, nor has its comparison with itself.
    return value is None or type(value).__name__ == "NAType" or bool(value != value)


def is_number(value: Any) -> bool:
    """Whether a Python object is a real number or a boolean."""
    return isinstance(value, Real | Decimal | bool | np.bool_)


def number_of(value: Any) -> float:
    """Convert a number, or the text of a number, to a float."""
    try:
        return float(value)
    except OverflowError:  # an integer beyond the floats
        return np.inf if value > 0 else -np.inf


def label_of(value: Any) -> str:
    """Text of a category in a column that is not all numbers."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, str | bool | np.bool_) or not isinstance(value, Number):
        return str(value)
    if isinstance(value, Integral):
        return str(int(value))
    number = number_of(value)
    return str(int(number)) if number.is_integer() else repr(number)


def labels_of(values: list[Any]) -> list[str]:
    """Texts of categories, see `label_of`; a list of strings is returned as it is."""
    return values if set(map(type, values)) == {str} else [label_of(v) for v in values]


def time_kind(value: Any) -> str | None:
    """Return `"datetime"` or `"timedelta"` for a Python or NumPy object of that kind."""
    if isinstance(value, np.datetime64 | date):
        return "datetime"
    return "timedelta" if isinstance(value, np.timedelta64 | timedelta | time) else None


def seconds_of(value: Any) -> float:
    """Convert a date, datetime (naive ones are UTC), duration or time of day to seconds."""
    if isinstance(value, np.datetime64 | np.timedelta64):
        return float(read_seconds(np.array([value]))[0])
    nanoseconds = getattr(value, "nanosecond", getattr(value, "nanoseconds", 0))
    if isinstance(value, datetime):
        naive = value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)
        value = naive - _EPOCH
    elif isinstance(value, date):
        value = value - _EPOCH.date()
    elif isinstance(value, time):
        value = timedelta(
            0, value.hour * 3600 + value.minute * 60 + value.second, value.microsecond
        )
    whole = value.days * 86400 + value.seconds
    return whole + (value.microseconds * 1000 + nanoseconds) / 1e9


def seconds_of_ticks(ticks: np.ndarray, missing: np.ndarray, unit: str) -> np.ndarray:
    """Convert whole numbers of ticks of a time unit to seconds.

    Whole seconds and the rest are converted separately, so that the same moment gives the same
    float in every unit.
    """
    if unit == "D":
        ticks, unit = ticks * 86400, "s"
    per_second = _TICKS_PER_SECOND[unit]
    whole, rest = np.divmod(ticks, per_second)
    seconds = whole + rest / per_second
    seconds[missing] = np.nan
    return seconds


def read_seconds(column: np.ndarray) -> np.ndarray:
    """Convert an array of datetime64 or timedelta64 to seconds."""
    unit, step = np.datetime_data(column.dtype)
    if unit not in _TICKS_PER_SECOND:
        unit = "s"
    if step != 1 or column.dtype != np.dtype(f"{column.dtype.kind}8[{unit}]"):
        column = column.astype(f"{column.dtype.kind}8[{unit}]")
    ticks = np.ascontiguousarray(column).view(np.int64)
    return seconds_of_ticks(ticks, np.isnat(column), unit)
