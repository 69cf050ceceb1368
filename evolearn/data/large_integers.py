"""Integers of 54 bits and more, of which float64 does not tell neighbours apart.

Columns of numbers lose nothing if an exact offset, frozen in fit, is subtracted before they
become floats. Numbers that are too far from each other for that are categories.
"""

from numbers import Integral
from typing import Any

import numpy as np

from evolearn.data.column_values import EXACT, ColumnValues, Numbers, Objects, number_of


def integer_of(value: Any) -> int | None:
    """Return the integer that a value is, or that its text gives in digits; else None."""
    if isinstance(value, Integral):
        return int(value)
    text = value.decode(errors="replace") if isinstance(value, bytes) else value
    if isinstance(text, str):
        digits = text.strip()
        is_integer = digits.isascii() and digits.removeprefix("-").isdigit()
        return int(digits) if is_integer and len(digits) < 40 else None
    return None


def exact_number(value: Any) -> float:
    """Convert a number, or its text, to a float, or to an int where a float is not exact."""
    integer = integer_of(value)
    if integer is not None and abs(integer) >= EXACT:
        return integer
    return number_of(value)


def exact_offset(column: ColumnValues) -> int:
    """Return the integer to subtract from numbers, so that floats tell all of them apart.

    It is 0 if floats do so without it, or if nothing helps.
    """
    integers = _colliding(column)
    if not integers or max(integers) - min(integers) > EXACT:
        return 0
    return min(integers)


def need_categories(column: ColumnValues) -> bool:
    """Whether floats do not tell the numbers of a column apart, with any offset."""
    integers = _colliding(column)
    return bool(integers) and max(integers) - min(integers) > EXACT


def shifted(column: ColumnValues, offset: int) -> ColumnValues:
    """Subtract an offset from the numbers of a column."""
    if not offset:
        return column
    if isinstance(column, Numbers):
        rounded = float(offset)
        return Numbers(column.values - rounded - (offset - int(rounded)))
    if not isinstance(column, Objects):
        return column
    values: list[Any] = []
    for value in column.distinct:
        integer = integer_of(value)
        if integer is not None:
            values.append(integer - offset)
        else:
            is_float = isinstance(value, float | np.floating)
            values.append(float(value) - offset if is_float else value)
    return Objects(column.codes, values, column.is_category)


def _colliding(column: ColumnValues) -> set[int]:
    """Return the integers of a column, none if floats tell all of them apart."""
    if not isinstance(column, Objects):
        return set()
    found = (integer_of(value) for value in column.distinct)
    integers = {integer for integer in found if integer is not None}
    if not integers or max(max(integers), -min(integers)) < EXACT:
        return set()
    return integers if len({number_of(one) for one in integers}) < len(integers) else set()
