"""Encoding of a table as a numeric matrix: learned in fit, frozen afterwards."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from evolearn.data.column_statistics import column_statistics
from evolearn.data.column_values import ColumnValues
from evolearn.data.containers import (
    column_labels,
    frame_library,
    numeric_array,
    raw_columns,
    refuse_infinity,
)
from evolearn.data.conversion import (
    DATETIME_PARTS,
    as_codes,
    as_floats,
    as_labels,
    datetime_parts,
    learn_categories,
)
from evolearn.data.free_text import fill_counts, text_characters, text_width
from evolearn.data.kinds import (
    KINDS,
    detect_kind,
    holds_strings,
    is_free_text,
    unreadable_message,
    without_other_strings,
)
from evolearn.data.matrix import fill_columns, infinite_columns, within_single_precision
from evolearn.data.read_columns import read_column
from evolearn.data.schema import ColumnInfo
from evolearn.data.uninformative import DROPPED_BY_USER, MatrixColumn, drop_uninformative

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
        infos, places, matrix, texts = _read_table(table, labels, user_kinds)
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
    columns = [(infos[places[k].column].kind, matrix[:, k]) for k in kept]
    return tuple(infos), _assemble(
        [column for kind, column in columns if kind not in ("categorical", "text")],
        [Text(*texts[j], infos[j]) for j in texts if infos[j].is_kept],
        [column for kind, column in columns if kind == "categorical"],
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


def encode(table: Any, columns: Sequence[ColumnInfo]) -> np.ndarray:
    """Return the matrix of a table by an encoding that was learned before."""
    labels = column_labels(table)
    kept = [j for j, info in enumerate(columns) if info.is_kept]
    all_numeric = all(columns[j].kind == "numeric" for j in kept)
    array = numeric_array(table) if all_numeric else None
    if array is None:
        return _encode_columns(table, labels, columns)
    array = array if len(kept) == len(columns) else array[:, kept]
    matrix = np.ascontiguousarray(array, dtype=np.float64)
    refuse_infinity(_place_of(labels[kept[k]], table) for k in infinite_columns(matrix))
    return np.asarray(within_single_precision(matrix))


def _encode_columns(
    table: Any, labels: Sequence[Any], columns: Sequence[ColumnInfo]
) -> np.ndarray:
    numbers, texts, codes, places = [], [], [], []
    for label, raw, info in zip(labels, raw_columns(table), columns, strict=True):
        if not info.is_kept:
            continue
        column = _read(raw, table, label)
        if info.kind == "categorical":
            codes.append(as_codes(column, info.categories))
        elif info.kind == "text":
            texts.append(Text(*as_labels(column), info))
        else:
            where = _place_of(label, table)
            if info.found:
                column = without_other_strings(column, info.kind)
            floats = as_floats(column, info.kind, where)
            new = datetime_parts(floats, info.parts) if info.parts else [floats]
            numbers.extend(new)
            places.extend([where] * len(new))
    matrix = _assemble(numbers, texts, codes)
    refuse_infinity(places[k] for k in infinite_columns(matrix[:, : len(numbers)]))
    return np.asarray(within_single_precision(matrix))


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
        fill_counts(block, text.labels, text.codes, text.info.characters)
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
                f"kinds names the column {key!r}, which X does not have; use the names of its "
                "columns, or positions counted from 0."
            )
        if kind not in KINDS:
            raise ValueError(
                f"kinds reads column {key!r} as {kind!r}; choose one of {', '.join(KINDS)}."
            )
        by_position[positions.get(key, key)] = kind
    return by_position


def _read(column: Any, table: Any, label: Any) -> ColumnValues:
    try:
        return read_column(column, table)
    except TypeError as error:  # lists, dicts and arrays have no hash
        found = f"values that are no single cells ({error})"
        raise TypeError(unreadable_message(found, _place_of(label, table))) from error


def _read_table(
    table: Any, labels: Sequence[Any], user_kinds: Mapping[int, str]
) -> tuple[
    list[ColumnInfo], list[MatrixColumn], np.ndarray, dict[int, tuple[list[str], np.ndarray]]
]:
    """Read every column; numbers come first, then the codes of categories and of texts."""
    infos: list[ColumnInfo] = []
    texts = {}
    numbers: list[tuple[MatrixColumn, np.ndarray]] = []
    codes: list[tuple[MatrixColumn, np.ndarray]] = []
    for j, (label, raw) in enumerate(zip(labels, raw_columns(table), strict=True)):
        name, where = _name(j, labels, table), _place_of(label, table)
        if user_kinds.get(j) == "drop":
            infos.append(ColumnInfo(name, "drop", reason=DROPPED_BY_USER))
            continue
        column = _read(raw, table, label)
        kind = user_kinds.get(j) or detect_kind(column, where)
        if kind in ("categorical", "text"):
            categories = learn_categories(column)
            codes.append((MatrixColumn(j), as_codes(column, categories)))
            if j not in user_kinds and is_free_text(column, categories):
                kind = "text"
            if kind == "text":
                texts[j] = as_labels(column)
            infos.append(ColumnInfo(name, kind, categories))
        else:
            found = j not in user_kinds and holds_strings(column)
            if found:
                column = without_other_strings(column, kind)
            floats = as_floats(column, kind, where)
            if kind == "datetime":
                places = [MatrixColumn(j, part) for part in DATETIME_PARTS]
                parts = datetime_parts(floats, DATETIME_PARTS)
                numbers.extend(zip(places, parts, strict=True))
            else:
                numbers.append((MatrixColumn(j), floats))
            infos.append(ColumnInfo(name, kind, found=found))
    if not numbers and not codes:
        raise ValueError("kinds drops every column of X; keep at least one.")
    columns = [*numbers, *codes]
    matrix = _assemble([column for _, column in columns], [], [])
    return infos, [place for place, _ in columns], matrix, texts


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
