"""The expected size of a residual, as a function of the row and of its prediction."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

from evolearn.recorded_warnings import recorded_warnings

Floats = NDArray[np.float64]

# A forest of some 20 kB. On eleven tables 24 leaves gave intervals of the same width.
N_TREES, MOST_LEAVES, FEWEST_IN_LEAF = 20, 8, 10
# Columns that a split looks at, and rows that are learned from: a tenth of a second in all.
MOST_TRIED, MOST_ROWS = 10, 4_000
# With fewer rows, the differences between the leaves are mostly noise.
FEWEST_ROWS = 100
# Seconds of a tree per row and column that is tried, on a machine that is busy.
SECONDS_PER_NUMBER = 5e-7
# Trees work with single precision.
LARGEST = float(np.finfo(np.float32).max)


def affordable_rows(seconds: float, n_columns: int) -> int:
    """Return the number of rows that `fit_residual_scale` learns from in so many seconds."""
    per_row = N_TREES * min(n_columns, MOST_TRIED) * SECONDS_PER_NUMBER
    return int(min(seconds / per_row, MOST_ROWS))


def fit_residual_scale(
    table: Floats, residuals: Floats, weights: Floats | None, seed: int
) -> tuple[RandomForestRegressor, Floats]:
    """Fit a forest on the square roots of absolute residuals.

    The root keeps a few large residuals from deciding everything.

    Parameters
    ----------
    table : ndarray of shape (n_rows, n_columns)
    residuals : ndarray of shape (n_rows,)
        Differences between the target and out-of-fold predictions.
    weights : ndarray of shape (n_rows,) or None
    seed : int

    Returns
    -------
    forest : RandomForestRegressor
    scale : ndarray of shape (n_rows,)
        The expected size of each residual, of the trees that have not seen the row.
    """
    n_columns = table.shape[1]
    forest = RandomForestRegressor(
        N_TREES,
        max_leaf_nodes=MOST_LEAVES,
        min_samples_leaf=FEWEST_IN_LEAF,
        max_features=min(n_columns, MOST_TRIED),
        oob_score=True,
        random_state=seed,
    )
    with recorded_warnings():  # a row may be seen by every tree
        forest.fit(table, np.sqrt(np.abs(residuals)), weights)
    expected = forest.oob_prediction_
    unseen = expected == 0  # as scikit-learn marks such rows
    if unseen.any():
        expected[unseen] = forest.predict(table[unseen])
    del forest.oob_prediction_  # values of training rows
    return forest, expected**2


def with_prediction(matrix: Any, predictions: Floats) -> Floats:
    """Return a matrix with the predictions as its last column, within single precision."""
    table = np.column_stack([matrix, predictions])
    return np.clip(table, -LARGEST, LARGEST)
