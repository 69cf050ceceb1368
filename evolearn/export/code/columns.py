"""Columns of a table as descriptions that exported code reads it by."""

from collections.abc import Sequence
from typing import Any

from evolearn.data import ColumnInfo, ColumnPreparer
from evolearn.data.tokens import Tokens
from evolearn.exceptions import CodeExportError
from evolearn.export.code.parts.tables import (
    CategoryColumn,
    DateColumn,
    NumberColumn,
    PresenceColumn,
    TextColumn,
    ZonedDateColumn,
)


def columns_of(preparer: ColumnPreparer, names: Sequence[Any] | None) -> list[Any]:
    """Return the descriptions of the kept columns of a fitted preparer.

    `names` are those of a frame's columns, None for an array, whose columns have positions.

    Raises
    ------
    CodeExportError
        If a column is read in a way that exported code cannot repeat.
    """
    columns = []
    for position, info in enumerate(preparer.columns_):
        if info.is_kept:
            name = info.name if names is None else names[position]
            place = {"position": position} if names is None else {}
            columns.append(_column(info, name, place))
    return columns


def _column(info: ColumnInfo, name: Any, place: dict[str, int]) -> Any:
    if info.marks:
        raise _refused(info, "it holds marks among its values")
    if info.kind == "numeric" and info.text_format is None:
        return NumberColumn(name, info.offset, **place)
    if info.kind == "presence":
        return PresenceColumn(name, **place)
    if info.kind == "categorical":
        return _category(info, name, place)
    if info.kind == "datetime" and info.text_format is None:
        if info.zone:
            return ZonedDateColumn(name, info.parts, zone=info.zone, **place)
        return DateColumn(name, info.parts, **place)
    if info.kind == "text":
        return TextColumn(name, info.width, info.characters, info.tokens or Tokens(), **place)
    raise _refused(info, f"it is read as {info.reading}")


def _category(info: ColumnInfo, name: Any, place: dict[str, int]) -> CategoryColumn:
    are_numbers = bool(info.categories) and not isinstance(info.categories[0], str)
    is_sorted = list(info.categories) == sorted(info.categories)
    order = () if is_sorted else tuple(info.categories)
    return CategoryColumn(name, are_numbers, order, info.codes_missing, **place)


def _refused(info: ColumnInfo, reason: str) -> CodeExportError:
    return CodeExportError(
        f"No code can be written of column {info.name!r}: {reason}, which the code does not "
        "repeat. Convert the column before the fit, or leave it out with kinds."
    )
