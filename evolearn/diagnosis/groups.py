"""Columns whose values name groups of rows that belong together."""

from collections.abc import Iterator

import numpy as np

from evolearn.diagnosis.rows import Floats, TableRows
from evolearn.insights.columns import ReadableColumn
from evolearn.results.findings import Finding

FEWEST_ROWS, FEWEST_GROUPS = 50, 10
# Groups of more rows on average are large categories, which new rows share.
LARGEST_MEAN = 50.0
# A column belongs to the group if it varies within so few groups, and would vary in most of
# them if its values were shuffled.
VARIES, VARIES_BY_CHANCE = 0.05, 0.8
# The fewest columns that are the same within groups.
FEWEST_SHARED = 2


def find_groups(rows: TableRows) -> Iterator[Finding]:
    """Yield a finding for the column whose values share the most other columns."""
    if rows.n_rows < FEWEST_ROWS:
        return
    sample = rows.sample[:0] if not rows.readable else np.arange(rows.n_rows)
    found: list[tuple[int, ReadableColumn, list[str], float]] = []
    rng = np.random.default_rng(0)
    for column in rows.readable:
        codes = _group_codes(rows.values(column, sample), column)
        if codes is None:
            continue
        shared = [
            other.name
            for other in rows.readable
            if other.source != column.source and _is_shared(rows.values(other), codes, rng)
        ]
        if len(shared) >= FEWEST_SHARED:
            size = np.count_nonzero(codes >= 0) / (codes.max() + 1)
            found.append((len(shared), column, shared, size))
    if not found:
        return
    _, column, shared, size = max(found, key=lambda one: (one[0], one[3]))
    others = ", ".join(shared[:5]) + (", ..." if len(shared) > 5 else "")
    yield Finding(
        "groups",
        (column.name,),
        f"All rows of one value ({size:.1f} on average) are the same in {len(shared)} other "
        f"columns ({others}).",
        f"If new rows have other values, pass groups=table[{column.name!r}]: rows of one group "
        "are then never on both sides of a split.",
    )


def _group_codes(values: Floats, column: ReadableColumn) -> np.ndarray | None:
    """Return the group of each row, -1 for none; None if the values name no groups."""
    known = ~np.isnan(values)
    if column.is_date or not known.any():
        return None
    if not column.categories and not np.array_equal(values[known], np.round(values[known])):
        return None
    distinct, inverse = np.unique(values[known], return_inverse=True)
    n_groups, n_known = len(distinct), int(known.sum())
    if not (FEWEST_GROUPS <= n_groups <= n_known / 2 and n_known <= LARGEST_MEAN * n_groups):
        return None
    codes = np.full(len(values), -1)
    codes[known] = inverse
    return codes


def _is_shared(values: Floats, codes: np.ndarray, rng: np.random.Generator) -> bool:
    """Whether a column hardly varies within groups, which shuffled values would do."""
    if _share_varying(values, codes) > VARIES:
        return False
    return _share_varying(rng.permutation(values), codes) >= VARIES_BY_CHANCE


def _share_varying(values: Floats, codes: np.ndarray) -> float:
    """Return the share of the groups of two rows or more in which the values differ."""
    kept = (codes >= 0) & ~np.isnan(values)
    codes, values = codes[kept], values[kept]
    if not len(codes):
        return 0.0
    order = np.lexsort((values, codes))
    codes, values = codes[order], values[order]
    starts = np.flatnonzero(np.append(True, codes[1:] != codes[:-1]))
    ends = np.append(starts[1:], len(codes)) - 1
    several = ends > starts
    if not several.any():
        return 0.0
    return float(np.mean(values[starts[several]] != values[ends[several]]))
