"""The rows by which genes look for findings before a search."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.data.schema import TableSchema

Matrix = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class ScreeningSample:
    """Rows of the numeric matrix, drawn at random, with the targets to explain.

    They are drawn from `rows`, those with a weight. `targets` returns the targets of some rows
    as numbers, of shape (n_rows, n_targets).
    """

    matrix: Any
    schema: TableSchema
    rows: Rows
    targets: Callable[[Rows], Matrix]
    seed: int

    def numbers(self, most_rows: int) -> tuple[Matrix, Matrix]:
        """Return the numeric columns of at most so many rows, and their targets."""
        rows = self._drawn(most_rows)
        matrix = np.asarray(self.matrix[rows])[:, : self.schema.n_numeric]
        return matrix, self.targets(rows)

    def numbers_and_codes(self, most_rows: int) -> tuple[Matrix, Matrix]:
        """Return numeric columns and category codes of at most so many rows, and targets."""
        rows = self._drawn(most_rows)
        words = np.s_[self.schema.n_numeric : self.schema.first_code]
        return np.delete(np.asarray(self.matrix[rows]), words, axis=1), self.targets(rows)

    def _drawn(self, most_rows: int) -> Rows:
        return np.random.default_rng(self.seed).permutation(self.rows)[:most_rows]
