"""Rows that have no weight: nothing is learned from them, be it without weights.

Most steps before the estimator take no weights, and would learn from the targets of all rows.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.evaluation.folds import Folds, Indices


def counted_rows(
    weights: NDArray[np.float64] | None, y: NDArray[Any], *, classification: bool
) -> Indices:
    """Return the rows that are learned from.

    Those with a weight, and of classes that have none all rows: no class gets lost.
    """
    counted = np.ones(len(y), dtype=bool) if weights is None else weights > 0
    if classification and not counted.all():
        counted |= ~np.isin(y, y[counted])
    return np.flatnonzero(counted)


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
