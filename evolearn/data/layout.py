"""From the columns of a table to the numeric matrix: learned once, then applied as frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evolearn.data.assembly import Texts, assembled
from evolearn.data.containers import (
    column_labels,
    frame_library,
    infinity_message,
    numeric_array,
    raw_columns,
    to_float64,
)
from evolearn.data.frames import read_column
from evolearn.data.kinds import (
    DATETIME_PARTS,
    IDENTIFIER_MIN,
    IDENTIFIER_SHARE,
    KINDS,
    as_codes,
    as_floats,
    as_labels,
    datetime_parts,
    detect_kind,
    holds_strings,
    is_free_text,
    learn_categories,
    unreadable_message,
    without_other_strings,
)
from evolearn.data.profile import (
    ColumnFacts,
    column_facts,
    infinite_columns,
    same_values,
)
from evolearn.data.readings import Reading
from evolearn.data.schema import ColumnInfo
from evolearn.data.texts import text_characters, text_width

CONSTANT = "constant"
MISSING = "all values are missing"
IDENTIFIER = "nearly every value is distinct, like an identifier"
CHOSEN = "dropped by kinds"
# What may be found among strings, unasked.
FOUND = ("numeric", "datetime")


#: The different texts of a column by its position, and for each row which of them.
Labels = dict[int, tuple[list[str], np.ndarray]]


@dataclass(frozen=True, slots=True)
class _Slot:
    """One candidate column of the matrix: of which input column, and which part of it."""

    column: int
    part: str = ""


def place_of(label: Any, table: Any) -> str:
    """Return how an error names a column: by name in a frame, by position in an array."""
    return f"column {label!r}" if frame_library(table) else f"column {label}"


def learn_layout(
    table: Any, kinds: Mapping[Any, str] | None
) -> tuple[tuple[ColumnInfo, ...], np.ndarray]:
    """Learn how to read each column of a table; return that and the matrix it gives."""
    labels = column_labels(table)
    chosen = _chosen_kinds(labels, kinds)
    numbers = None if chosen else numeric_array(table)
    texts: Labels = {}
    if numbers is not None:
        infos = [ColumnInfo(_name(j, labels, table), "numeric") for j in range(len(labels))]
        slots = [_Slot(j) for j in range(len(labels))]
        candidates = to_float64(numbers)
    else:
        infos, slots, candidates, texts = _read_table(table, labels, chosen)
    facts = column_facts(candidates)
    if facts.is_infinite.any():
        infinite = {slots[j].column for j in np.flatnonzero(facts.is_infinite)}
        raise ValueError(infinity_message([place_of(labels[j], table) for j in infinite]))
    infos = _dropped(infos, slots, candidates, facts, chosen)
    infos = _with_widths(infos, facts.n_rows)
    kept = [k for k, slot in enumerate(slots) if _is_in_matrix(infos[slot.column], slot)]
    if not any(infos[slots[k].column].kind == "text" for k in kept):
        matrix = candidates if len(kept) == len(slots) else candidates[:, kept]
        return tuple(infos), np.ascontiguousarray(matrix)
    kinds_kept = [(infos[slots[k].column].kind, candidates[:, k]) for k in kept]
    return tuple(infos), assembled(
        [column for kind, column in kinds_kept if kind not in ("categorical", "text")],
        [Texts(*texts[j], infos[j]) for j in texts if infos[j].is_kept],
        [column for kind, column in kinds_kept if kind == "categorical"],
    )


def apply_layout(table: Any, columns: Sequence[ColumnInfo]) -> np.ndarray:
    """Return the matrix of a table whose columns were learned before."""
    labels = column_labels(table)
    kept = [j for j, info in enumerate(columns) if info.is_kept]
    if all(columns[j].kind == "numeric" for j in kept):
        array = numeric_array(table)
        if array is not None:
            matrix = to_float64(array if len(kept) == len(columns) else array[:, kept])
            _refuse_infinity(matrix, [place_of(labels[j], table) for j in kept])
            return matrix
    return _encoded(table, labels, columns)


def _encoded(table: Any, labels: Sequence[Any], columns: Sequence[ColumnInfo]) -> np.ndarray:
    numbers, texts, codes, places = [], [], [], []
    for label, column, info in zip(labels, raw_columns(table), columns, strict=True):
        if not info.is_kept:
            continue
        where = place_of(label, table)
        reading = _read(column, table, where)
        if info.kind == "categorical":
            codes.append(as_codes(reading, info.categories))
            continue
        if info.kind == "text":
            texts.append(Texts(*as_labels(reading), info))
            continue
        if info.found:
            reading = without_other_strings(reading, info.kind)
        floats = as_floats(reading, info.kind, where)
        made = datetime_parts(floats, info.parts) if info.parts else [floats]
        numbers.extend(made)
        places.extend([where] * len(made))
    matrix = assembled(numbers, texts, codes)
    _refuse_infinity(matrix[:, : len(numbers)], places)
    return matrix


def _refuse_infinity(matrix: np.ndarray, places: Sequence[str]) -> None:
    infinite = infinite_columns(matrix) if matrix.shape[1] else []
    if infinite:
        raise ValueError(infinity_message([places[j] for j in infinite]))


def _name(j: int, labels: Sequence[Any], table: Any) -> str:
    return str(labels[j]) if frame_library(table) else f"x{j}"


def _chosen_kinds(labels: Sequence[Any], kinds: Mapping[Any, str] | None) -> dict[int, str]:
    """Return the user's kinds by position; keys are names, or positions."""
    chosen: dict[int, str] = {}
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
        chosen[positions.get(key, key)] = kind
    return chosen


def _read(column: Any, table: Any, where: str) -> Reading:
    try:
        return read_column(column, table)
    except TypeError as error:  # lists, dicts and arrays have no hash
        raise TypeError(
            unreadable_message(f"values that are no single cells ({error})", where)
        ) from error


def _read_table(
    table: Any, labels: Sequence[Any], chosen: Mapping[int, str]
) -> tuple[list[ColumnInfo], list[_Slot], np.ndarray, Labels]:
    """Read every column; numbers come first, then the codes of categories and of texts."""
    infos: list[ColumnInfo] = []
    texts: Labels = {}
    numbers: list[tuple[_Slot, np.ndarray]] = []
    codes: list[tuple[_Slot, np.ndarray]] = []
    for j, (label, column) in enumerate(zip(labels, raw_columns(table), strict=True)):
        where = place_of(label, table)
        name = _name(j, labels, table)
        if chosen.get(j) == "drop":
            infos.append(ColumnInfo(name, "drop", reason=CHOSEN))
            continue
        reading = _read(column, table, where)
        kind = chosen.get(j) or detect_kind(reading, where)
        if kind in ("categorical", "text"):
            categories = learn_categories(reading)
            codes.append((_Slot(j), as_codes(reading, categories)))
            if j not in chosen and is_free_text(reading, categories):
                kind = "text"
            info = ColumnInfo(name, kind, categories)
            if kind == "text":
                texts[j] = as_labels(reading)
        else:
            found = kind in FOUND and j not in chosen and holds_strings(reading)
            info = ColumnInfo(name, kind, found=found)
            if found:
                reading = without_other_strings(reading, kind)
            floats = as_floats(reading, kind, where)
            numbers.extend(_number_slots(j, kind, floats))
        infos.append(info)
    if not numbers and not codes:
        raise ValueError("kinds drops every column of X; keep at least one.")
    slots, columns = zip(*numbers, *codes, strict=True)
    return infos, list(slots), assembled(columns, [], []), texts


def _with_widths(infos: Sequence[ColumnInfo], n_rows: int) -> list[ColumnInfo]:
    """Return the columns, those of text with the size of their blocks.

    Their categories, by which duplicates are found, are the training texts: they are let go of.
    """
    n_texts = sum(info.kind == "text" and info.is_kept for info in infos)
    width, characters = text_width(n_rows, max(n_texts, 1)), text_characters(n_rows)
    return [
        replace(info, categories=(), width=width, characters=characters)
        if info.kind == "text"
        else info
        for info in infos
    ]


def _number_slots(j: int, kind: str, floats: np.ndarray) -> list[tuple[_Slot, np.ndarray]]:
    if kind != "datetime":
        return [(_Slot(j), floats)]
    slots = [_Slot(j, part) for part in DATETIME_PARTS]
    return list(zip(slots, datetime_parts(floats, DATETIME_PARTS), strict=True))


def _is_in_matrix(info: ColumnInfo, slot: _Slot) -> bool:
    return info.is_kept and (not slot.part or slot.part in info.parts)


def _dropped(
    infos: Sequence[ColumnInfo],
    slots: Sequence[_Slot],
    candidates: np.ndarray,
    facts: ColumnFacts,
    chosen: Mapping[int, str],
) -> list[ColumnInfo]:
    """Return the columns with the reason for each that is left out of the matrix."""
    infos = list(infos)
    first_alike: dict[Any, list[int]] = {}
    order = sorted(range(len(slots)), key=lambda k: slots[k].column)
    for k in order:
        slot, info = slots[k], infos[slots[k].column]
        if slot.part not in ("", "seconds"):
            if facts.varies[k] and (slot.part != "day_of_year" or "year" in info.parts):
                infos[slot.column] = replace(info, parts=(*info.parts, slot.part))
            continue
        if slot.part:
            info = replace(info, parts=("seconds",))
        alike = first_alike.setdefault(
            (info.kind, info.categories, facts.fingerprint[k], facts.lowest[k]), []
        )
        reason = _reason(info, k, facts, keep_identifier=slot.column in chosen)
        twin = next((t for t in alike if same_values(candidates, t, k)), None)
        if not reason and twin is not None:
            reason = f"duplicate of {infos[slots[twin].column].name!r}"
        if not reason:
            alike.append(k)
        infos[slot.column] = replace(info, reason=reason)
    return _with_one_kept(infos)


def _reason(info: ColumnInfo, k: int, facts: ColumnFacts, keep_identifier: bool) -> str:
    if facts.is_constant[k]:
        return MISSING if facts.n_missing[k] == facts.n_rows else CONSTANT
    n_known, n_categories = facts.n_rows - facts.n_missing[k], len(info.categories)
    is_identifier = n_categories > max(IDENTIFIER_MIN, IDENTIFIER_SHARE * n_known)
    is_identifier &= info.kind == "categorical"
    return IDENTIFIER if is_identifier and not keep_identifier else ""


def _with_one_kept(infos: list[ColumnInfo]) -> list[ColumnInfo]:
    """Keep one column after all where nothing would be left: the most telling, the first."""
    if any(info.is_kept for info in infos):
        return infos
    preference = [IDENTIFIER, CONSTANT, MISSING]
    best = min(
        (j for j, info in enumerate(infos) if info.reason in preference),
        key=lambda j: preference.index(infos[j].reason),
    )
    infos[best] = replace(infos[best], reason="")
    return infos
