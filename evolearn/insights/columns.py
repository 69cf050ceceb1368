"""Columns of the numeric matrix in the words of the table: names, bounds, categories."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolearn.data import ColumnInfo, PreparedTable

# Part of a datetime that counts from 1970; others are small numbers, such as months.
SECONDS = "seconds"


@dataclass(frozen=True)
class ReadableColumn:
    """A column of the matrix that can be described by values of the table.

    Attributes
    ----------
    name : str
        Name of the table's column; of a part of a datetime with the name of the part.
    place : int
        Position in the matrix.
    source : int
        Position in the table.
    categories : tuple of str
        Names of the codes; empty for numbers.
    is_date : bool
        Whether the numbers are seconds since 1970.
    offset : int
        Integer that was subtracted from the values.
    """

    name: str
    place: int
    source: int
    categories: tuple[str, ...] = ()
    is_date: bool = False
    offset: int = 0

    def value(self, number: float) -> float | str:
        """Return a number of the matrix as a value of the table; of a date, the day."""
        if not self.is_date:
            return float(number) + self.offset
        return str(np.datetime64(round(number), "s").astype("datetime64[D]"))


def readable_columns(prepared: PreparedTable) -> list[ReadableColumn]:
    """Return the columns of numbers, dates and categories; texts and marks have no values."""
    numbers: list[ReadableColumn] = []
    codes: list[ReadableColumn] = []
    place, code = 0, prepared.schema.first_code
    for source, info in enumerate(prepared.preparer.columns_):
        if not info.is_kept:
            continue
        if info.has_codes:
            if info.kind == "categorical":
                codes.append(_category(info, code, source))
            code += 1
        if info.is_numeric:
            parts = info.parts or ("",)
            numbers += [_number(info, part, place + i, source) for i, part in enumerate(parts)]
            place += len(parts)
    return [one for one in numbers if one.name] + codes


def _number(info: ColumnInfo, part: str, place: int, source: int) -> ReadableColumn:
    is_date = info.kind == "datetime" and part == SECONDS
    name = info.name if not part or is_date else f"{info.name}_{part}"
    if info.kind == "presence":
        name = ""  # whether there is a value, as a number
    return ReadableColumn(name, place, source, is_date=is_date, offset=info.offset)


def _category(info: ColumnInfo, place: int, source: int) -> ReadableColumn:
    names = _names(info.categories)
    return ReadableColumn(info.name, place, source, (*names, *["missing"] * info.codes_missing))


def _names(categories: Sequence[str | float]) -> list[str]:
    return [one if isinstance(one, str) else f"{one:g}" for one in categories]
