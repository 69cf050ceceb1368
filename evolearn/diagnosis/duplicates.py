"""Rows that occur more than once."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from evolearn.data import is_sparse
from evolearn.diagnosis.rows import TableRows
from evolearn.results.findings import Finding

# Fewer duplicates than this share of the rows change no error that can be seen.
LEAST_SHARE = 0.005
# Pairs of equal rows, relative to their number if all columns were independent: tables of a
# few categories have equal rows by chance.
MORE_THAN_CHANCE = 5.0
# The factor of the hash: odd, its bits well mixed (that of splitmix64).
ODD = np.uint64(0x9E3779B97F4A7C15)


def find_duplicates(rows: TableRows) -> Iterator[Finding]:
    """Yield a finding if many rows are equal in all columns."""
    matrix = rows.prepared.matrix
    if is_sparse(matrix) or rows.n_rows < 2:
        return
    keys = row_keys(matrix)
    _, first, inverse, counts = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    n_copies = rows.n_rows - len(first)
    pairs = float((counts * (counts - 1.0)).sum())
    if n_copies < LEAST_SHARE * rows.n_rows or pairs < MORE_THAN_CHANCE * _by_chance(matrix):
        return
    differing = rows.target != rows.target[first][inverse]
    n_differing = int(differing.sum())
    found = f"{n_copies:,} of {rows.n_rows:,} rows are copies of another row"
    if n_differing:
        found += f"; {n_differing:,} of them have another target"
    yield Finding(
        "duplicates",
        (),
        f"{found}.",
        "Remove copies, or pass groups with one number for all copies of a row: else they are "
        "on both sides of a split, and the error seems too low.",
    )


def row_keys(matrix: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return a number for each row; equal rows have equal numbers, others hardly ever."""
    keys = np.zeros(len(matrix), dtype=np.uint64)
    factor = ODD
    for column in matrix.T:
        bits = np.ascontiguousarray(column + 0.0).view(np.uint64).copy()  # -0.0 is 0.0
        bits[np.isnan(column)] = 1
        bits ^= bits >> np.uint64(29)
        keys = (keys ^ bits) * factor
        keys ^= keys >> np.uint64(32)
    return keys


def _by_chance(matrix: NDArray[np.float64]) -> float:
    """Return the number of ordered pairs of equal rows if columns were independent."""
    n = len(matrix)
    share = 1.0
    for column in matrix.T:
        counts = np.unique(column, return_counts=True)[1]
        share *= float(((counts / n) ** 2).sum())
    return share * n * (n - 1)
