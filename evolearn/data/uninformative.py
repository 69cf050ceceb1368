"""Detection of columns that carry no information and are left out of the matrix.

Decided once, on the training rows:

1. constant columns: at most one distinct value, missing counted as a value;
2. exact duplicates of an earlier column of the same kind, marks included;
3. identifiers: categorical columns with more than `IDENTIFIER_MIN` categories and more than
   `IDENTIFIER_SHARE` of their values distinct, unless the user's `kinds` name them. If some
   rows have no value, a number says which; see `missing_values`;
4. if no column would be left, the first of the identifiers is kept, or else of the others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evolearn.data.column_statistics import ColumnStatistics, same_values
from evolearn.data.kinds import IDENTIFIER_MIN
from evolearn.data.missing_values import IDENTIFIER_SHARE
from evolearn.data.schema import ColumnInfo

CONSTANT = "constant"
MISSING = "all values are missing"
IDENTIFIER = "nearly every value is distinct, like an identifier"
PRESENCE = f"{IDENTIFIER}; a number says whether there is a value"
DROPPED_BY_USER = "dropped by kinds"
#: The part of a column of numbers or times that holds codes of its marks.
MARK = "mark"


@dataclass(frozen=True, slots=True)
class MatrixColumn:
    """A column of the matrix: the input column that it is made of, and which part of it."""

    column: int
    part: str = ""

    def is_kept(self, info: ColumnInfo) -> bool:
        """Whether it stays in the matrix, given the description of its input column."""
        return info.is_kept and (self.part in ("", MARK) or self.part in info.parts)


def drop_uninformative(
    infos: Sequence[ColumnInfo],
    places: Sequence[MatrixColumn],
    matrix: np.ndarray,
    statistics: ColumnStatistics,
    user_kinds: Mapping[int, str],
) -> list[ColumnInfo]:
    """Set the reason of each input column to drop, and the parts of datetimes that vary.

    `places` has an entry for each column of `matrix`, which holds all columns that could be
    kept; `statistics` are those of the matrix. `user_kinds` are the user's, by position.
    """
    infos = list(infos)
    candidates: dict[Any, list[int]] = {}  # columns that may be equal, by their fingerprint
    marks = {place.column: k for k, place in enumerate(places) if place.part == MARK}
    for k in sorted(range(len(places)), key=lambda k: places[k].column):
        place, info = places[k], infos[places[k].column]
        if place.part == MARK:
            continue
        if info.kind == "vector":
            infos[place.column] = _with_number(info, place.part, statistics, k)
            continue
        if place.part not in ("", "seconds"):
            if statistics.varies[k] and (place.part != "day_of_year" or "year" in info.parts):
                infos[place.column] = replace(info, parts=(*info.parts, place.part))
            continue
        if place.part:
            info = replace(info, parts=("seconds",))
        name = (info.kind, info.categories, info.marks)
        key = (*name, statistics.fingerprint[k], statistics.lowest[k])
        similar = candidates.setdefault(key, [])
        reason = _reason(info, k, statistics, keep_identifier=place.column in user_kinds)
        equal = (other for other in similar if same_values(matrix, other, k))
        twin = next((i for i in equal if _same_marks(matrix, marks, places, i, k)), None)
        if not reason and twin is not None:
            reason = f"duplicate of {infos[places[twin].column].name!r}"
        if not reason:
            similar.append(k)
        infos[place.column] = replace(info, reason=reason)
    return _with_one_kept(infos)


def _same_marks(
    matrix: np.ndarray,
    marks: Mapping[int, int],
    places: Sequence[MatrixColumn],
    first: int,
    second: int,
) -> bool:
    """Whether two columns of numbers or times have the same marks in the same rows.

    `marks` has the positions in the matrix of the codes of marks, by input column.
    """
    one, other = (marks.get(places[k].column) for k in (first, second))
    return one is None or other is None or same_values(matrix, one, other)


def _with_number(
    info: ColumnInfo, part: str, statistics: ColumnStatistics, k: int
) -> ColumnInfo:
    """Add a number that varies to the parts of a vector, which is constant without any."""
    if not statistics.varies[k] and (part != "0" or statistics.is_constant[k]):
        return info if info.parts else replace(info, reason=CONSTANT)
    return replace(info, parts=(*info.parts, part), reason="")


def _reason(
    info: ColumnInfo, k: int, statistics: ColumnStatistics, keep_identifier: bool
) -> str:
    n_missing = statistics.n_missing[k]
    if statistics.is_constant[k]:
        return MISSING if n_missing == statistics.n_rows else CONSTANT
    n_distinct = max(IDENTIFIER_MIN, IDENTIFIER_SHARE * (statistics.n_rows - n_missing))
    is_identifier = info.kind == "categorical" and len(info.categories) > n_distinct
    return IDENTIFIER if is_identifier and not keep_identifier else ""


def _with_one_kept(infos: list[ColumnInfo]) -> list[ColumnInfo]:
    """Keep the most informative column, the first of equal ones, if none would be left."""
    if any(info.is_kept for info in infos):
        return infos
    preference = [IDENTIFIER, CONSTANT, MISSING]
    best = min(
        (j for j, info in enumerate(infos) if info.reason in preference),
        key=lambda j: preference.index(infos[j].reason),
    )
    parts = ("0",) if infos[best].kind == "vector" else infos[best].parts
    infos[best] = replace(infos[best], reason="", parts=parts)
    return infos
