"""Statistics of the columns of a matrix, computed in one pass."""

from dataclasses import dataclass

import numpy as np

from evolearn.data.matrix import block_rows

# scikit-learn's trees and quantiles treat values within 1e-7 of each other as equal: a range
# below SMALL_RANGE is too small for them. Below SMALL_SHARE of the largest value the range has
# some 1,700 numbers in single precision, in which many estimators compute.
SMALL_RANGE, SMALL_SHARE = 1e-5, 1e-4


@dataclass(frozen=True)
class ColumnStatistics:
    """Statistics of each column of a matrix, as arrays of one entry per column.

    The lowest and highest value do not count missing ones. The fingerprint is a hash of all
    values: equal columns have equal ones.
    """

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
        """Columns with two different values, missing ones not counted."""
        return self.lowest < self.highest

    @property
    def is_constant(self) -> np.ndarray:
        """Columns with at most one value, missing counted as a value."""
        no_mixture = (self.n_missing == 0) | (self.n_missing == self.n_rows)
        return ~self.varies & no_mixture


def column_statistics(matrix: np.ndarray) -> ColumnStatistics:
    """Compute the statistics of the columns of a float64 matrix."""
    n_rows, n_columns = matrix.shape
    lowest, highest = np.full(n_columns, np.inf), np.full(n_columns, -np.inf)
    n_missing = np.zeros(n_columns, dtype=np.int64)
    fingerprint = np.zeros(n_columns, dtype=np.uint64)
    step = block_rows(n_columns)
    for start in range(0, n_rows, step):
        block = matrix[start : start + step]
        np.fmin(lowest, np.fmin.reduce(block, axis=0), out=lowest)
        np.fmax(highest, np.fmax.reduce(block, axis=0), out=highest)
        block = block + 0.0  # a copy, in which -0.0 has become 0.0
        missing = np.isnan(block)
        n_missing += missing.sum(axis=0)
        block[missing] = np.nan  # one bit pattern for all
        fingerprint += _hashes(block, start)
    return ColumnStatistics(lowest, highest, n_missing, fingerprint, n_rows)


def _hashes(block: np.ndarray, start: int) -> np.ndarray:
    """Hash each column: the sum of its bits times weights of the rows, modulo 2**64.

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
    """Whether any column varies too little for estimators that compute in single precision.

    Examples are the seconds of one day, counted since 1970, and nanometres given in metres.
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
