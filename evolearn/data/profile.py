"""Facts about the columns of a large matrix, in one pass over small blocks of rows.

Blocks keep the extra memory at a few megabytes whatever the table, and read a matrix in
C order the way it lies in memory.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

# Cells per block: 2 MB of float64, which the second-level cache of usual processors holds.
BLOCK_CELLS = 2**18
# A range that is too small: scikit-learn's trees and quantiles take values within 1e-7 of each
# other for the same. And as a share of the largest value: single precision, in which many
# estimators compute, has some 1,700 numbers there.
SMALL_RANGE, SMALL_SHARE = 1e-5, 1e-4


@dataclass(frozen=True)
class ColumnFacts:
    """What one pass over a matrix tells of each of its columns."""

    lowest: np.ndarray
    highest: np.ndarray
    n_missing: np.ndarray
    fingerprint: np.ndarray
    n_rows: int

    @property
    def is_infinite(self) -> np.ndarray:
        """Columns that hold an infinite value."""
        return (self.n_missing < self.n_rows) & (np.isinf(self.lowest) | np.isinf(self.highest))

    @property
    def varies(self) -> np.ndarray:
        """Columns with two different values, missing ones aside."""
        return self.lowest < self.highest

    @property
    def is_constant(self) -> np.ndarray:
        """Columns with at most one value, missing counted as a value."""
        no_mixture = (self.n_missing == 0) | (self.n_missing == self.n_rows)
        return ~self.varies & no_mixture


def column_facts(matrix: np.ndarray) -> ColumnFacts:
    """Return the facts of each column of a float64 matrix."""
    n_rows, n_columns = matrix.shape
    lowest, highest = np.full(n_columns, np.inf), np.full(n_columns, -np.inf)
    n_missing = np.zeros(n_columns, dtype=np.int64)
    fingerprint = np.zeros(n_columns, dtype=np.uint64)
    step = max(1, BLOCK_CELLS // n_columns)
    for start in range(0, n_rows, step):
        block = matrix[start : start + step]
        np.fmin(lowest, np.fmin.reduce(block, axis=0), out=lowest)
        np.fmax(highest, np.fmax.reduce(block, axis=0), out=highest)
        block = block + 0.0  # a copy, in which -0.0 has become 0.0
        missing = np.isnan(block)
        n_missing += missing.sum(axis=0)
        block[missing] = np.nan  # one bit pattern for all
        fingerprint += _hashed(block, start)
    return ColumnFacts(lowest, highest, n_missing, fingerprint, n_rows)


def _hashed(block: np.ndarray, start: int) -> np.ndarray:
    """Return a hash of each column: its bits times weights of the rows, modulo 2**64.

    Integer arithmetic is exact, so equal columns have equal hashes whatever the block size.
    """
    bits = block.view(np.uint64)
    bits ^= bits >> np.uint64(32)  # small whole numbers have all their bits at the top
    weights = np.arange(start + 1, start + len(block) + 1, dtype=np.uint64)
    # The multipliers of the splitmix64 generator spread consecutive numbers over 64 bits.
    weights *= np.uint64(0x9E3779B97F4A7C15)
    weights ^= weights >> np.uint64(30)
    weights *= np.uint64(0xBF58476D1CE4E5B9)
    weights |= np.uint64(1)
    bits *= weights[:, np.newaxis]
    return bits.sum(axis=0, dtype=np.uint64)


def varies_little(numbers: np.ndarray) -> bool:
    """Tell whether any column varies so little that many estimators would hardly see it.

    Seconds of one day since 1970 do, and lengths in nanometres that are told in metres.
    """
    if not numbers.size:
        return False
    lowest, highest = np.fmin.reduce(numbers, axis=0), np.fmax.reduce(numbers, axis=0)
    size = np.maximum(np.abs(lowest), np.abs(highest))
    with np.errstate(over="ignore"):
        extent = highest - lowest
    little = extent < np.maximum(SMALL_RANGE, SMALL_SHARE * size)
    return bool((little & (extent > 0)).any())


def same_values(matrix: np.ndarray, first: int, second: int) -> bool:
    """Whether two columns are equal in every row, missing values included."""
    return np.array_equal(matrix[:, first], matrix[:, second], equal_nan=True)


def is_sparse(X: Any) -> bool:
    """Whether X is a SciPy sparse matrix or array."""
    return bool(sparse.issparse(X))


def infinite_columns(X: Any) -> list[int]:
    """Return the positions of the columns of a float array or sparse matrix with infinities."""
    if is_sparse(X):
        stored = X.tocoo()
        return [int(j) for j in np.unique(stored.col[np.isinf(stored.data)])]
    infinite = np.zeros(X.shape[1], dtype=bool)
    step = max(1, BLOCK_CELLS // X.shape[1])
    for start in range(0, len(X), step):
        block = X[start : start + step]
        # A finite sum has finite terms; only an infinite or missing one needs the closer look.
        if not np.isfinite(_total(block)):
            infinite |= np.isinf(block).any(axis=0)
    return [int(j) for j in np.flatnonzero(infinite)]


def _total(block: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return float(block.sum(dtype=np.float64))
