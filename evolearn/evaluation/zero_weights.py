"""Rows of zero weight: nothing is learned from them, not even by steps without weights.

Most steps before the estimator take no weights, and would learn from the targets of all rows.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.evaluation.folds import Folds
from evolearn.tasks.base import Indices, Task


def counted_rows(
    weights: NDArray[np.float64] | None, y: NDArray[Any], *, task: Task
) -> Indices:
    """Return the rows that models learn from.

    These are the rows with a weight, and all rows of a class that has none: no class is lost.
    """
    counted = np.ones(len(y), dtype=bool) if weights is None else weights > 0
    return np.flatnonzero(task.training_mask(counted, y))


def training_on(folds: Folds, counted: Indices) -> Folds:
    """Return the folds, training on these rows alone; a fold that has none of them is left out.

    Raises
    ------
    ValueError
        If no fold is left.
    """
    train = [rows[np.isin(rows, counted)] for rows in folds.train]
    kept = [fold for fold, rows in enumerate(train) if len(rows)]
    if not kept:
        msg = "sample_weight is zero for all training rows of cv; pass other weights or splits."
        raise ValueError(msg)
    return Folds(tuple(train[i] for i in kept), tuple(folds.test[i] for i in kept))
