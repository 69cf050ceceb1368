"""Encoding of a table as a numeric matrix: learned in fit, frozen afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from evolearn.data.column_statistics import column_statistics
from evolearn.data.column_values import ColumnValues, Objects
from evolearn.data.containers import (
    column_labels,
    frame_library,
    numeric_array,
    raw_columns,
    refuse_infinity,
)
from evolearn.data.conversion import (
    DATETIME_PARTS,
    as_floats,
    as_labels,
    by_code,
    datetime_parts,
    learn_categories,
)
from evolearn.data.free_text import (
    fill_counts,
    text_characters,
    text_tokens,
    text_width,
)
from evolearn.data.kinds import (
    KINDS,
    ORDERS_OF_DATES,
    detect_kind,
    refuse_complex,
    tokens_if_text,
    unreadable_message,
)
from evolearn.data.large_integers import exact_offset, need_categories, shifted
from evolearn.data.matrix import fill_columns, infinite_columns, within_single_precision
from evolearn.data.missing_values import (
    category_codes,
    is_present,
    learn_marks,
    mark_codes,
    missing_is_a_category,
    only_presence_tells,
)
from evolearn.data.read_columns import read_column
from evolearn.data.schema import ColumnInfo
from evolearn.data.text_columns import MOST_MARKS, TEXT_KINDS, Reading, infer_reading
from evolearn.data.time_zones import local_seconds, zone_of
from evolearn.data.tokens import Tokens
from evolearn.data.uninformative import (
    DROPPED_BY_USER,
    MARK,
    MatrixColumn,
    drop_uninformative,
)
from evolearn.data.unreadable import warn_of_unreadable, warn_of_unseen
from evolearn.data.vectors import holds_vectors, vector_length, vector_numbers
from evolearn.messages import shown
from evolearn.user_warnings import warn

Columns = tuple[ColumnInfo, ...]


class Text(NamedTuple):
    """Distinct texts of a column, and each row's position in them, -1 if missing."""

    labels: list[str]
    codes: np.ndarray
    info: ColumnInfo


def learn_encoding(table: Any, kinds: Mapping[Any, str] | None) -> tuple[Columns, np.ndarray]:
    """Learn how to encode each column of a table; return that and the matrix."""
    labels = column_labels(table)
    user_kinds = _kinds_by_position(labels, kinds)
    numbers = None if user_kinds else numeric_array(table)
    texts: dict[int, tuple[list[str], np.ndarray]] = {}
    if numbers is not None:
        infos = [ColumnInfo(_name(j, labels, table), "numeric") for j in range(len(labels))]
        places = [MatrixColumn(j) for j in range(len(labels))]
        matrix = np.ascontiguousarray(numbers, dtype=np.float64)
    else:
        read, places, matrix = _read_table(table, labels, user_kinds)
        infos, texts = read.infos, read.texts
    statistics = column_statistics(matrix)
    infinite = {places[k].column for k in np.flatnonzero(statistics.is_infinite)}
    refuse_infinity(_place_of(labels[j], table) for j in infinite)
    matrix = within_single_precision(matrix)
    infos = drop_uninformative(infos, places, matrix, statistics, user_kinds)
    infos = _with_text_sizes(infos, statistics.n_rows)
    kept = [k for k, place in enumerate(places) if place.is_kept(infos[place.column])]
    if not any(infos[places[k].column].kind == "text" for k in kept):
        matrix = matrix if len(kept) == len(places) else matrix[:, kept]
        return tuple(infos), np.ascontiguousarray(matrix)
    kinds_of = {k: places[k].part or infos[places[k].column].kind for k in kept}
    return tuple(infos), _assemble(
        [matrix[:, k] for k in kept if kinds_of[k] not in ("categorical", "text", MARK)],
        [Text(*texts[j], infos[j]) for j in texts if infos[j].is_kept],
        [matrix[:, k] for k in kept if kinds_of[k] in ("categorical", MARK)],
    )


def relearn_categories(table: Any, columns: Sequence[ColumnInfo]) -> Columns:
    """Learn the categories of a table whose encoding is given otherwise."""
    labels, raw = column_labels(table), raw_columns(table)
    return tuple(
        replace(info, categories=learn_categories(_read(column, table, label)))
        if info.is_kept and info.kind == "categorical"
        else info
        for label, column, info in zip(labels, raw, columns, strict=True)
    )


def encode(table: Any, columns: Sequence[ColumnInfo], is_new: bool = False) -> np.ndarray:
    """Return the matrix of a table by an encoding that was learned before.

    Where no value of a column can be read the user is warned, if the rows are new ones.
    """
    labels = column_labels(table)
    kept = [j for j, info in enumerate(columns) if info.is_kept]
    plain = all(_is_as_it_is(columns[j]) for j in kept)
    array = numeric_array(table) if plain else None
    if array is None:
        return _encode_columns(table, labels, columns, is_new)
    array = array if len(kept) == len(columns) else array[:, kept]
    matrix = np.ascontiguousarray(array, dtype=np.float64)
    refuse_infinity(_place_of(labels[kept[k]], table) for k in infinite_columns(matrix))
    return np.asarray(within_single_precision(matrix))


def _encode_columns(
    table: Any, labels: Sequence[Any], columns: Sequence[ColumnInfo], is_new: bool
) -> np.ndarray:
    numbers, texts, codes, places = [], [], [], []
    for label, raw, info in zip(labels, raw_columns(table), columns, strict=True):
        if not info.is_kept:
            continue
        column = _read(raw, table, label)
        if info.kind == "categorical":
            codes.append(category_codes(column, info.categories, info.codes_missing))
            if is_new:
                warn_of_unseen(column, codes[-1], info, _place_of(label, table))
        elif info.kind == "text":
            texts.append(Text(*as_labels(column), info))
        else:
            where = _place_of(label, table)
            new = _numbers_of(column, info, where)
            read = new[0]
            if info.marks:
                codes.append(mark_codes(column, new[0], info.marks))
                read = np.where(np.isnan(read), codes[-1], read)
            if is_new and info.found:
                warn_of_unreadable(column, read, info, where)
            numbers.extend(new)
            places.extend([where] * len(new))
    matrix = _assemble(numbers, texts, codes)
    refuse_infinity(places[k] for k in infinite_columns(matrix[:, : len(numbers)]))
    return np.asarray(within_single_precision(matrix))


def _is_as_it_is(info: ColumnInfo) -> bool:
    """Whether a column of numbers is one of the matrix."""
    return info.kind == "numeric" and not info.offset and not info.marks


def _numbers_of(column: ColumnValues, info: ColumnInfo, where: str) -> list[np.ndarray]:
    """Return the matrix columns of numbers that an input column becomes."""
    if info.kind == "presence":
        return [is_present(column).astype(np.float64)]
    if info.kind == "vector":
        positions = [int(part) for part in info.parts]
        return vector_numbers(column, positions, strict=info.found)
    numbers = shifted(column, info.offset)
    floats = as_floats(numbers, info.kind, where, info.text_format, info.found)
    return _columns_of(column, floats, info)


def _columns_of(column: ColumnValues, floats: np.ndarray, info: ColumnInfo) -> list[np.ndarray]:
    """Return the matrix columns of a column that was converted to floats."""
    if info.kind != "datetime":
        return [floats]
    return datetime_parts(floats, local_seconds(column, floats, info.zone), info.parts)


def _assemble(
    numbers: Sequence[np.ndarray], texts: Sequence[Text], codes: Sequence[np.ndarray]
) -> np.ndarray:
    """Build the matrix from columns of numbers, texts and columns of codes."""
    n_rows = len([*numbers, *codes, *(text.codes for text in texts)][0])
    width = sum(text.info.width for text in texts)
    matrix = np.empty((n_rows, len(numbers) + width + len(codes)))
    fill_columns(matrix[:, : len(numbers)], numbers)
    start = len(numbers)
    for text in texts:
        block = matrix[:, start : start + text.info.width]
        info = text.info
        tokens = info.tokens or Tokens()
        fill_counts(block, text.labels, text.codes, info.characters, tokens)
        start += text.info.width
    fill_columns(matrix[:, start:], codes)
    return matrix


def _place_of(label: Any, table: Any) -> str:
    """Name a column in an error: by its name in a frame, by its position in an array."""
    return f"column {label!r}" if frame_library(table) else f"column {label}"


def _name(j: int, labels: Sequence[Any], table: Any) -> str:
    return str(labels[j]) if frame_library(table) else f"x{j}"


def _kinds_by_position(
    labels: Sequence[Any], kinds: Mapping[Any, str] | None
) -> dict[int, str]:
    """Return the user's kinds by position; their keys are names or positions."""
    by_position: dict[int, str] = {}
    positions = {label: j for j, label in enumerate(labels)}
    for key, kind in (kinds or {}).items():
        is_position = isinstance(key, int) and 0 <= key < len(labels)
        if key not in positions and not is_position:
            raise ValueError(
                f"kinds names the column {shown(key)}, which X does not have; use the names of "
                "its columns, or positions counted from 0."
            )
        if kind not in KINDS:
            raise ValueError(
                f"kinds reads column {shown(key)} as {shown(kind)}; choose one of "
                f"{', '.join(KINDS)}."
            )
        by_position[positions.get(key, key)] = kind
    return by_position


def _read(column: Any, table: Any, label: Any) -> ColumnValues:
    try:
        values = read_column(column, table)
    except TypeError as error:  # lists, dicts and arrays have no hash
        found = f"values that are no single cells ({error})"
        raise TypeError(unreadable_message(found, _place_of(label, table))) from error
    refuse_complex(values, _place_of(label, table))
    return values


@dataclass
class _TrainingColumns:
    """Columns of the training table as they are read: of numbers, and of codes behind them.

    The codes are those of categories, of texts and of marks.
    """

    infos: list[ColumnInfo] = field(default_factory=list)
    numbers: list[tuple[MatrixColumn, np.ndarray]] = field(default_factory=list)
    codes: list[tuple[MatrixColumn, np.ndarray]] = field(default_factory=list)
    texts: dict[int, tuple[list[str], np.ndarray]] = field(default_factory=dict)

    def add_strings(self, name: str, kind: str, column: ColumnValues, detected: bool) -> None:
        """Add a column of categories, of texts, or of codes of which only the presence tells.

        The kind is that of the user unless it is detected.
        """
        j, categories, tokens = len(self.infos), learn_categories(column), None
        if kind == "text":
            tokens = text_tokens(as_labels(column)[0])
        elif detected:
            tokens = tokens_if_text(column, categories)
        if tokens is not None:
            kind, self.texts[j] = "text", as_labels(column)
        elif detected and only_presence_tells(column, categories):
            self.infos.append(ColumnInfo(name, "presence"))
            self.numbers.append((MatrixColumn(j), is_present(column).astype(np.float64)))
            return
        apart = kind == "categorical" and missing_is_a_category(column)
        self.codes.append((MatrixColumn(j), category_codes(column, categories, apart)))
        self.infos.append(
            ColumnInfo(name, kind, categories, tokens=tokens, codes_missing=apart)
        )

    def add_numbers(
        self, info: ColumnInfo, column: ColumnValues, reading: Reading | None, where: str
    ) -> None:
        """Add a column that becomes numbers; its strings are read as the reading says."""
        j, info = len(self.infos), _with_all_parts(column, info)
        if reading is None:
            new = _numbers_of(column, info, where)
        else:
            floats = _learned_numbers(column, info.kind, reading, info.found, where)
            new = _columns_of(column, floats, info)
            if info.found and isinstance(column, Objects):
                info = replace(info, marks=learn_marks(column, reading.values))
            if info.marks:
                marks = mark_codes(column, floats, info.marks)
                self.codes.append((MatrixColumn(j, MARK), marks))
        places = [MatrixColumn(j, part) for part in info.parts or ("",)]
        self.numbers.extend(zip(places, new, strict=True))
        self.infos.append(replace(info, parts=()))  # those that vary are not known yet


def _read_table(
    table: Any, labels: Sequence[Any], user_kinds: Mapping[int, str]
) -> tuple[_TrainingColumns, list[MatrixColumn], np.ndarray]:
    """Read every column; return them, and the matrix with the place of each of its columns."""
    read = _TrainingColumns()
    for j, (label, raw) in enumerate(zip(labels, raw_columns(table), strict=True)):
        name, where = _name(j, labels, table), _place_of(label, table)
        if user_kinds.get(j) == "drop":
            read.infos.append(ColumnInfo(name, "drop", reason=DROPPED_BY_USER))
            continue
        column, detected = _read(raw, table, label), j not in user_kinds
        kind, reading = _kind_and_reading(column, where, user_kinds.get(j))
        if kind in ("categorical", "text"):
            read.add_strings(name, kind, column, detected)
            continue
        found = detected and (reading is not None or kind == "vector")
        text_format = None if reading is None else reading.format
        info = ColumnInfo(name, kind, found=found, text_format=text_format)
        read.add_numbers(info, column, reading, where)
    columns = [*read.numbers, *read.codes]
    if not columns:
        raise ValueError("kinds drops every column of X; keep at least one.")
    matrix = _assemble([column for _, column in columns], [], [])
    return read, [place for place, _ in columns], matrix


def _kind_and_reading(
    column: ColumnValues, where: str, user_kind: str | None
) -> tuple[str, Reading | None]:
    """Return the kind of a column, and how its strings are read if they are no categories."""
    if user_kind is None:
        kind, reading = detect_kind(column, where)
        if kind == "categorical" and holds_vectors(column, MOST_MARKS):
            return "vector", None
        too_large = kind == "numeric" and reading is None and need_categories(column)
        return "categorical" if too_large else kind, reading
    order = ORDERS_OF_DATES.get(user_kind, "")
    user_kind = "datetime" if order else user_kind
    if user_kind not in TEXT_KINDS or not isinstance(column, Objects):
        return user_kind, None
    return user_kind, infer_reading(column, user_kind, order)


def _learned_numbers(
    column: ColumnValues, kind: str, reading: Reading, detected: bool, where: str
) -> np.ndarray:
    """Convert a column of the training table whose strings are read to floats."""
    if not isinstance(column, Objects):
        return as_floats(column, kind, where)
    if reading.in_doubt and kind == "datetime":
        shown = next(value for value in column.distinct if isinstance(value, str | bytes))
        warn(
            f"X holds dates such as {shown!r} in {where}, which are read as {reading.format}, "
            "for no date of the column shows whether the day or the month comes first; pass "
            "kinds with 'datetime_day_first' or 'datetime_month_first' for this column."
        )
    if detected:
        return by_code(column, reading.values)
    return as_floats(column, kind, where, reading.format)


def _with_all_parts(column: ColumnValues, info: ColumnInfo) -> ColumnInfo:
    """Describe how a column becomes numbers, with all parts that it could have."""
    if info.kind == "vector":
        length = vector_length(column, strict=info.found)
        return replace(info, parts=tuple(map(str, range(length))))
    if info.kind == "datetime":
        return replace(info, parts=DATETIME_PARTS, zone=zone_of(column))
    has_offset = info.kind == "numeric" and info.text_format is None
    return replace(info, offset=exact_offset(column)) if has_offset else info


def _with_text_sizes(infos: Sequence[ColumnInfo], n_rows: int) -> list[ColumnInfo]:
    """Set the sizes of the blocks of texts.

    The categories of a text, which served to find duplicates, are its training texts; they are
    not kept.
    """
    n_texts = sum(info.kind == "text" and info.is_kept for info in infos)
    width, characters = text_width(n_rows, max(n_texts, 1)), text_characters(n_rows)
    return [
        replace(info, categories=(), width=width, characters=characters)
        if info.kind == "text"
        else info
        for info in infos
    ]
