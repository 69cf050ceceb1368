"""Columns of a table as descriptions that exported code reads it by."""

from collections.abc import Sequence
from typing import Any

from evolearn.data import ColumnInfo, ColumnPreparer
from evolearn.data.time_zones import OWN
from evolearn.data.tokens import Tokens
from evolearn.exceptions import CodeExportError
from evolearn.export.code.parts.tables import (
    CategoryColumn,
    DateColumn,
    DurationColumn,
    MarkColumn,
    NumberColumn,
    PresenceColumn,
    TextColumn,
    VectorColumn,
    WrittenColumn,
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
            if info.marks:
                columns.append(MarkColumn(name, info.text_format, info.marks, **place))
    return columns


def _column(info: ColumnInfo, name: Any, place: dict[str, int]) -> Any:
    """Return the description of a column, without its marks."""
    if info.zone == OWN:
        raise CodeExportError(
            f"No code can be written of column {info.name!r}: its dates are in several time "
            "zones. Convert them to one before the fit, or leave the column out with kinds."
        )
    if info.text_format is not None:
        return WrittenColumn(name, info.text_format, info.parts, info.zone, **place)
    if info.kind == "categorical":
        return _category(info, name, place)
    if info.kind == "datetime" and info.zone:
        return ZonedDateColumn(name, info.parts, zone=info.zone, **place)
    if info.kind == "datetime":
        return DateColumn(name, info.parts, **place)
    if info.kind == "text":
        return TextColumn(name, info.width, info.characters, info.tokens or Tokens(), **place)
    if info.kind == "vector":
        return VectorColumn(name, tuple(map(int, info.parts)), info.found, **place)
    if info.kind == "numeric":
        return NumberColumn(name, info.offset, **place)
    return {"presence": PresenceColumn, "timedelta": DurationColumn}[info.kind](name, **place)


def _category(info: ColumnInfo, name: Any, place: dict[str, int]) -> CategoryColumn:
    are_numbers = bool(info.categories) and not isinstance(info.categories[0], str)
    is_sorted = list(info.categories) == sorted(info.categories)
    order = () if is_sorted else tuple(info.categories)
    return CategoryColumn(name, are_numbers, order, info.codes_missing, **place)
