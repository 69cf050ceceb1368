"""Descriptions of a table: its input columns, and the layout of the numeric matrix."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, get_args

from evolearn.data.text_columns import Format
from evolearn.data.tokens import Tokens


@dataclass(frozen=True)
class ColumnInfo:
    """One column of the user's table, as it was found in fit.

    Attributes
    ----------
    name : str
        The column's name; `"x3"` for the fourth column of an array.
    kind : {"numeric", "categorical", "datetime", "timedelta", "text", "vector", "presence", \
            "drop"}
        Kind that the column is read as; `"drop"` only where the user asked for it. Of a
        `"presence"` column there is a number that is 1 where it has a value, else 0.
    categories : tuple of str or float
        The frozen categories in code order; empty unless `kind` is `"categorical"`.
    parts : tuple of str
        Matrix columns computed from a datetime, such as `("seconds", "month")`, or from a
        vector, whose parts are positions, such as `("0", "1")`; else empty.
    width : int
        Number of matrix columns in which the words of a text are counted; else 0.
    characters : int
        Number of characters that are read of each text; 0 for other kinds.
    tokens : Tokens or None
        Tokens of a text that are counted; None for other kinds.
    zone : str
        Time zone of the calendar parts of a datetime (see `evolearn.data.time_zones`); empty
        for UTC.
    offset : int
        Integer that is subtracted from numbers before they become floats.
    reason : str
        Why the column is dropped; empty for a column that is kept.
    found : bool
        Whether numbers, dates or durations were detected in strings without an entry in
        `kinds`. Other strings are missing values then, like unseen categories.
    text_format : NumberFormat, TimeFormat or None
        The format of numbers, dates or durations in strings; None if there were no strings.
    marks : tuple of str
        Strings among numbers, dates or durations that have a column of codes of their own; see
        `evolearn.data.missing_values`.
    codes_missing : bool
        Whether missing categories have the last code, and only unseen ones are missing.
    """

    name: str
    kind: str
    categories: tuple[str, ...] | tuple[float, ...] = ()
    parts: tuple[str, ...] = ()
    width: int = 0
    characters: int = 0
    tokens: Tokens | None = None
    zone: str = ""
    offset: int = 0
    reason: str = ""
    found: bool = False
    text_format: Format | None = None
    marks: tuple[str, ...] = ()
    codes_missing: bool = False

    def __repr__(self) -> str:
        given = {field.name: getattr(self, field.name) for field in fields(self)[2:]}
        defaults = {field.name: field.default for field in fields(self)[2:]}
        changed = "".join(f", {k}={v!r}" for k, v in given.items() if v != defaults[k])
        return f"ColumnInfo({self.name!r}, {self.kind!r}{changed})"

    @property
    def reading(self) -> str:
        """The kind of the column, and the format of its strings, in words."""
        kind = self.kind if self.text_format is None else f"{self.kind} ({self.text_format})"
        return f"{kind}, marks {', '.join(map(repr, self.marks))}" if self.marks else kind

    @property
    def has_codes(self) -> bool:
        """Whether there is a column of codes, of its categories or of marks."""
        return self.kind == "categorical" or bool(self.marks)

    @property
    def n_codes(self) -> int:
        """Number of different codes; the first one of marks is that of numbers."""
        if self.kind != "categorical":
            return 1 + len(self.marks)
        return len(self.categories) + self.codes_missing

    @property
    def is_kept(self) -> bool:
        """Whether the column has a place in the matrix."""
        return not self.reason

    @property
    def is_numeric(self) -> bool:
        """Whether it becomes numbers, not codes of categories or counts of words."""
        return self.kind not in ("categorical", "text")


def plain_columns(columns: Sequence[ColumnInfo]) -> list[dict[str, Any]]:
    """Return the descriptions of columns as values of built-in types, for saved models."""
    plain = []
    for info in columns:
        values = {field.name: getattr(info, field.name) for field in fields(info)}
        values = {n: list(v) if type(v) is tuple else v for n, v in values.items()}
        text_format = info.text_format
        if text_format is not None:
            values["text_format"] = [type(text_format).__name__, asdict(text_format)]
        if info.tokens is not None:
            values["tokens"] = asdict(info.tokens)
        plain.append(values)
    return plain


def _with_tuples(value: Any) -> Any:
    """Return a value of JSON with tuples in place of lists."""
    if isinstance(value, Mapping):
        return {name: _with_tuples(one) for name, one in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list | tuple) else value


def columns_of_plain(plain: Sequence[Mapping[str, Any]]) -> tuple[ColumnInfo, ...]:
    """Return the descriptions of columns of which `plain_columns` made plain values."""
    columns = []
    for one in plain:
        values = _with_tuples(one)
        if values["text_format"] is not None:
            kind, parts = values["text_format"]
            formats = {one.__name__: one for one in get_args(Format)}
            values["text_format"] = formats[kind](**parts)
        if values["tokens"] is not None:
            values["tokens"] = Tokens(**values["tokens"])
        columns.append(ColumnInfo(**values))
    return tuple(columns)


@dataclass(frozen=True)
class TextBlock:
    """Matrix columns in which the words of a text are counted.

    Their unique name is made of the column's name. It has no two underscores in a row and none
    at an end, for scikit-learn separates names by them.
    """

    name: str
    width: int


@dataclass(frozen=True)
class DateColumns:
    """Matrix columns computed from a datetime; the first one, the seconds, is at `start`.

    The seconds are those of UTC, the parts of the calendar those of the time zone, "" for UTC.
    """

    start: int
    parts: tuple[str, ...]
    zone: str = ""

    def position(self, part: str) -> int:
        """Position of one of the parts in the matrix."""
        return self.start + self.parts.index(part)


@dataclass(frozen=True)
class TableSchema:
    """Layout of the numeric matrix: numbers, then words of texts, then codes of categories.

    Attributes
    ----------
    n_rows : int
    n_numeric : int
        Number of columns of numbers; they come first.
    cardinalities : tuple of int
        Number of categories of each column of codes; these come last.
    names : tuple of str
        Names of all columns of the matrix.
    has_missing : bool
        Whether a number is missing.
    sparse : bool
        Whether the matrix is a CSR matrix; it has numbers only.
    texts : tuple of TextBlock
        Blocks of word counts between numbers and codes, in their order.
    dates : tuple of DateColumns
        Places of the parts of datetimes among the numbers.
    """

    n_rows: int
    n_numeric: int
    cardinalities: tuple[int, ...]
    names: tuple[str, ...]
    has_missing: bool
    sparse: bool
    texts: tuple[TextBlock, ...] = ()
    dates: tuple[DateColumns, ...] = ()

    @property
    def n_columns(self) -> int:
        """Number of columns of the matrix."""
        return self.first_code + len(self.cardinalities)

    @property
    def first_code(self) -> int:
        """Position of the first column of codes."""
        return self.n_numeric + sum(block.width for block in self.texts)


def output_names(columns: Sequence[ColumnInfo], names: Sequence[str]) -> list[str]:
    """Names of the columns of the matrix, given the names of the columns of the table."""
    numbers: list[str] = []
    words: list[str] = []
    codes: list[str] = []
    for info, name in zip(columns, names, strict=True):
        if not info.is_kept:
            continue
        if info.has_codes:
            made = name if info.kind == "categorical" else f"{name}_mark"
            codes.extend(_unique_names([made], taken=[*codes, *names] if info.marks else ()))
        if info.kind == "categorical":
            continue
        if info.kind == "text":
            words.extend(f"{name}_words{i}" for i in range(info.width))
        elif info.kind == "presence":
            numbers.append(f"{name}_present")
        else:
            numbers.extend([f"{name}_{part}" for part in info.parts] or [name])
    return [*_unique_names([*numbers, *words], taken=codes), *codes]


def text_blocks(columns: Sequence[ColumnInfo]) -> tuple[TextBlock, ...]:
    """Blocks of word counts in the matrix."""
    blocks: dict[str, TextBlock] = {}
    for info in columns:
        if info.is_kept and info.kind == "text":
            name = re.sub("__+", "_", info.name).strip("_")
            while name in blocks:
                name += "+"
            blocks[name] = TextBlock(name, info.width)
    return tuple(blocks.values())


def date_columns(columns: Sequence[ColumnInfo]) -> tuple[DateColumns, ...]:
    """Places of the parts of datetimes among the numbers of the matrix."""
    dates, position = [], 0
    for info in columns:
        if info.is_kept and info.is_numeric:
            if info.kind == "datetime":
                dates.append(DateColumns(position, info.parts, info.zone))
            position += max(1, len(info.parts))
    return tuple(dates)


def _unique_names(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Append underscores to names that are taken.

    A column may by chance have the name of a part of a datetime.
    """
    seen, unique = set(taken), []
    for name in names:
        while name in seen:
            name += "_"
        seen.add(name)
        unique.append(name)
    return unique
