"""Report of the columns that were left out of the matrix.

All are logged at ``verbose=1``. Identifiers may hold a signal that their detected kind hides: a
word, a number, or the presence of a value. A few of them are read in other ways on a sample of
the rows. Where boosted trees become better by it on both halves, the user is warned.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from threadpoolctl import threadpool_limits

from evolearn.data import ColumnPreparer, column_labels, take_rows
from evolearn.data.uninformative import IDENTIFIER
from evolearn.fit.data import FitData
from evolearn.fit.settings import Settings
from evolearn.genes.screening.confirmation import (
    FEWEST_ROWS,
    confirmed,
    halves,
    quick_trees,
)
from evolearn.results.progress import LOGGER, dropped_line
from evolearn.user_warnings import warn

Matrix = NDArray[np.float64]

# Rows of each half, identifiers that are looked at, columns beside them, and components of
# words: a column takes some tenths of a second.
MOST_ROWS, MOST_IDENTIFIERS, MOST_COLUMNS, COMPONENTS = 1_000, 3, 50, 16
# Seconds; shorter time budgets have no room for it.
SHORTEST_BUDGET = 20.0


def report_dropped_columns(settings: Settings, data: FitData) -> None:
    """Log the columns that were left out, and warn of those that explain the target."""
    if settings.verbose:
        for name, reason in data.prepared.dropped:
            LOGGER.info(dropped_line(name, reason))
    budget = settings.time_budget
    if budget is not None and budget < SHORTEST_BUDGET:
        return
    for name, key, kind in useful_identifiers(data):
        warn(
            f"The column {name!r} was left out ({IDENTIFIER}), but predictions on a sample of "
            f"the rows are better if it is read as {kind!r}. Pass kinds={{{key!r}: {kind!r}}} "
            f"to use it, or kinds={{{key!r}: 'drop'}} to leave it out without this warning."
        )


def useful_identifiers(data: FitData) -> Iterator[tuple[str, Any, str]]:
    """Yield name, key in ``kinds`` and best kind of the identifiers that explain the target."""
    columns = data.prepared.preparer.columns_
    found = [
        j
        for j, info in enumerate(columns)
        if info.reason == IDENTIFIER or (info.kind == "presence" and info.is_kept)
    ]
    counted = np.arange(len(data.target))
    if data.weights is not None:
        counted = np.flatnonzero(data.weights > 0)
    if not found or len(counted) < FEWEST_ROWS:
        return
    rows = np.random.default_rng(data.seed).permutation(counted)[: 2 * MOST_ROWS]
    table, labels = take_rows(data.raw, rows), column_labels(data.raw)
    known, targets = _known_columns(data, rows), data.task.screening_targets(data.target[rows])
    # One thread: the order of a sum changes its last digits, and results must repeat.
    with threadpool_limits(1):
        for j in found[:MOST_IDENTIFIERS]:
            others = {label: "drop" for k, label in enumerate(labels) if k != j}
            for kind in ("vector", "text", "categorical"):
                preparer: Any = ColumnPreparer(kinds={**others, labels[j]: kind})
                new = _as_few_columns(preparer.fit_transform(table), kind, data.seed)
                if new.shape[1] and _explains(known, new, targets, data.seed):
                    yield columns[j].name, labels[j], kind
                    break


def _known_columns(data: FitData, rows: NDArray[np.intp]) -> Matrix:
    """Return numbers and codes of some rows, without the counts of words."""
    schema = data.prepared.schema
    words = np.s_[schema.n_numeric : schema.first_code]
    matrix = np.delete(np.asarray(data.prepared.matrix[rows]), words, axis=1)
    return matrix[:, :MOST_COLUMNS]


def _as_few_columns(read: Matrix, kind: str, seed: int) -> Matrix:
    """Return columns for trees of an identifier that was read as a kind."""
    if kind == "categorical":  # its values hardly repeat, but they may be missing
        return np.isnan(read).astype(np.float64)
    if kind == "vector":
        return read
    if not np.ptp(read, axis=0).any():
        return read[:, :0]
    weighted = TfidfTransformer(sublinear_tf=True).fit_transform(read)
    components = TruncatedSVD(min(COMPONENTS, len(read) - 1), random_state=seed)
    return np.asarray(components.fit_transform(weighted))


def _explains(known: Matrix, new: Matrix, targets: Matrix, seed: int) -> bool:
    """Whether new columns make boosted trees better on both halves of the rows."""
    first, second = halves(np.hstack([known, new]), targets, seed, MOST_ROWS)
    n_known = known.shape[1]

    def residuals(fitted: tuple[Matrix, Matrix], own: tuple[Matrix, Matrix]) -> Any:
        @cache
        def of(extra: tuple[str, ...]) -> Matrix:
            width = None if extra else n_known
            trees = quick_trees(np.zeros(fitted[0][:, :width].shape[1], dtype=bool))
            predictions = [
                trees.fit(fitted[0][:, :width], target).predict(own[0][:, :width])
                for target in fitted[1].T
            ]
            return np.asarray(own[1] - np.column_stack(predictions))

        return of

    if not first[1].shape[1]:
        return False
    return bool(confirmed(("new",), residuals(first, second), residuals(second, first)))
