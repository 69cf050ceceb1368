"""Operations on large matrices, in blocks of rows that keep the extra memory small."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from scipy import sparse

# Cells per block: 2 MB of float64, which the second-level cache of usual processors holds.
BLOCK_CELLS = 2**18
# Size up to which numbers stay as they are. The largest of double precision become 6.5e27:
# single precision holds them, and sums of a whole column of them.
LARGEST = 1e25


def block_rows(n_columns: int) -> int:
    """Return the number of rows of a block with `n_columns` columns."""
    return max(1, BLOCK_CELLS // max(n_columns, 1))


def is_sparse(X: Any) -> bool:
    """Whether X is a SciPy sparse matrix or array."""
    return bool(sparse.issparse(X))


def fill_columns(out: np.ndarray, columns: Sequence[np.ndarray]) -> None:
    """Write 1-d arrays into the columns of a matrix."""
    step = block_rows(len(columns))
    for start in range(0, len(out), step):
        block = out[start : start + step]
        for j, column in enumerate(columns):
            block[:, j] = column[start : start + step]


def infinite_columns(X: Any) -> list[int]:
    """Positions of the columns of a float array or sparse matrix that hold infinities."""
    if is_sparse(X):
        stored = X.tocoo()
        return [int(j) for j in np.unique(stored.col[np.isinf(stored.data)])]
    infinite = np.zeros(X.shape[1], dtype=bool)
    step = block_rows(X.shape[1])
    for start in range(0, len(X), step):
        block = X[start : start + step]
        # A finite sum has finite terms: other blocks need no closer look.
        if not np.isfinite(_total(block)):
            infinite |= np.isinf(block).any(axis=0)
    return [int(j) for j in np.flatnonzero(infinite)]


def within_single_precision(X: Any) -> Any:
    """Return a matrix of float64, dense or CSR, whose numbers single precision holds.

    Numbers beyond `LARGEST` become `LARGEST` times one plus the logarithm of their ratio to it:
    their order stays. X itself is returned if there are none.
    """
    if not holds_huge(X):
        return X
    X = X.copy()
    for block in _blocks(X):
        sizes = np.maximum(np.abs(block), LARGEST)  # missing stays missing
        compressed = np.copysign(LARGEST * (1 + np.log(sizes / LARGEST)), block)
        block[...] = np.where(sizes > LARGEST, compressed, block)
    return X


def holds_huge(X: Any) -> bool:
    """Whether a matrix of float64, dense or CSR, holds a number beyond `LARGEST`."""
    return any(map(_has_huge, _blocks(X)))


def _has_huge(block: np.ndarray) -> bool:
    cells = block.ravel()
    with np.errstate(all="ignore"):
        # Where the sum of squares is small, all numbers are; others need a closer look.
        squares = np.dot(cells, cells)
    return not squares <= LARGEST**2 and bool((np.abs(block) > LARGEST).any())


def _blocks(X: Any) -> Iterator[np.ndarray]:
    """Yield blocks of rows of an array, or of the stored numbers of a sparse matrix."""
    cells, step = (X.data, BLOCK_CELLS) if is_sparse(X) else (X, block_rows(X.shape[1]))
    for start in range(0, len(cells), step):
        yield cells[start : start + step]


def _total(block: np.ndarray) -> float:
    with np.errstate(all="ignore"):
        return float(block.sum(dtype=np.float64))
