"""Splitting of rows by scikit-learn's splitters, for all tasks."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import BaseCrossValidator

Indices = NDArray[np.intp]

#: The held-out share where a single split is all that can be afforded.
HOLDOUT_SHARE = 0.2


def test_rows(
    rows: Indices, codes: Indices | None, splitter: Callable[[], BaseCrossValidator]
) -> list[Indices]:
    """Return the scored rows of each fold.

    Parameters
    ----------
    rows : ndarray of int
        The rows that may be scored.
    codes : ndarray of int or None
        Their classes, for stratified splitters.
    splitter : callable
        Makes the splitter; most of them cannot be made for a single row.

    Raises
    ------
    ValueError
        If there is one row or none.
    """
    if len(rows) < 2:
        msg = (
            f"The table has {len(rows)} sample (row) to be scored, n_samples=1 is too few for "
            "cross-validation; pass at least two rows."
        )
        raise ValueError(msg)
    return [rows[np.sort(test)] for _, test in splitter().split(rows, codes)]


def group_splits(
    splitter: BaseCrossValidator, values: NDArray[Any], groups: NDArray[Any]
) -> list[tuple[Indices, Indices]]:
    """Return training and test rows of a splitter that keeps groups together."""
    return list(splitter.split(np.arange(len(values)), values, groups))
