"""Splitting of rows by scikit-learn's splitters, for all tasks."""

from collections.abc import Callable

import numpy as np
from sklearn.model_selection import BaseCrossValidator

from evolearn.tasks.predictions import Indices

#: The held-out share where a single split is all that can be afforded.
HOLDOUT_SHARE = 0.2


def test_rows(
    rows: Indices, codes: Indices | None, splitter: Callable[[], BaseCrossValidator]
) -> list[Indices]:
    """Return those of the rows, which have the classes `codes`, that each fold scores.

    `splitter` makes the splitter: most of them cannot be made for a single row.
    """
    if len(rows) < 2:
        msg = (
            f"The table has {len(rows)} sample (row) to be scored, n_samples=1 is too few for "
            "cross-validation; pass at least two rows."
        )
        raise ValueError(msg)
    return [rows[np.sort(test)] for _, test in splitter().split(rows, codes)]
