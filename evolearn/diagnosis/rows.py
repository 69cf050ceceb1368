"""The rows of a table as the checks read them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.data import PreparedTable, is_sparse
from evolearn.insights.columns import ReadableColumn, readable_columns
from evolearn.tasks.base import Task

Floats = NDArray[np.float64]

# Rows that checks of single columns read, evenly spaced, so that the order of rows stays.
MOST_ROWS = 10_000


@dataclass(frozen=True, eq=False)
class TableRows:
    """A table with its target.

    Attributes
    ----------
    prepared : PreparedTable
    target : ndarray of shape (n_rows,)
        Numbers, or positions of the classes.
    task : Task
    """

    prepared: PreparedTable
    target: NDArray[Any]
    task: Task

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.target)

    @property
    def has_classes(self) -> bool:
        """Whether the target is a class."""
        return self.task.width > 1

    @cached_property
    def readable(self) -> list[ReadableColumn]:
        """The columns of numbers, dates and categories; none of a sparse table."""
        return [] if is_sparse(self.prepared.matrix) else readable_columns(self.prepared)

    @cached_property
    def sample(self) -> NDArray[np.intp]:
        """Positions of at most `MOST_ROWS` rows, in their order."""
        n = min(self.n_rows, MOST_ROWS)
        return np.unique(np.linspace(0, self.n_rows - 1, n).astype(np.intp))

    def values(self, column: ReadableColumn, rows: Any = slice(None)) -> Floats:
        """Return the values of a column, codes of categories, NaN where missing."""
        values: Floats = self.prepared.matrix[rows, column.place]
        return values
