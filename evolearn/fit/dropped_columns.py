"""Report of the columns that were left out of the matrix.

All are logged at ``verbose=1``, as are categories that hardly repeat. Identifiers may hold a
signal that their detected kind hides: a word, a number, or the presence of a value. A few of
them are read in other ways on a sample of the rows. Where boosted trees become better by it on
both halves, the user is warned.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from threadpoolctl import threadpool_limits

from evolearn.data import ColumnPreparer, column_labels, take_rows
from evolearn.data.kinds import IDENTIFIER_MIN
from evolearn.data.uninformative import IDENTIFIER
from evolearn.fit.data import FitData
from evolearn.fit.settings import Settings
from evolearn.genes.screening.confirmation import (
    FEWEST_ROWS,
    confirmed,
    halves,
    quick_trees,
)
from evolearn.results.progress import LOGGER, dropped_line, rare_categories_line
from evolearn.user_warnings import warn

Matrix = NDArray[np.float64]
Half = tuple[Matrix, Matrix]  # columns and targets

# Rows of each half, columns beside the identifiers, and components of words.
MOST_ROWS, MOST_COLUMNS, COMPONENTS = 600, 50, 16
# Words that are in fewer rows, or not in this share of them, tell nothing of other rows.
LEAST_ROWS, LEAST_SHARE = 5, 0.01
# Minimum share of distinct values among those of categories that hardly repeat.
RARE_SHARE = 0.5
# Identifiers that are looked at, and seconds of the time budget for each. It takes about a
# third of a second.
MOST_IDENTIFIERS, SECONDS_PER_IDENTIFIER = 3, 10.0


def report_dropped_columns(settings: Settings, data: FitData) -> None:
    """Log the columns that were left out, and warn of those that explain the target."""
    if settings.logs:
        for name, reason in data.prepared.dropped:
            LOGGER.info(dropped_line(name, reason))
        for name, n_categories, n_values in rare_categories(data):
            LOGGER.info(rare_categories_line(name, n_categories, n_values))
    most = MOST_IDENTIFIERS
    if settings.time_budget is not None:
        most = min(most, int(settings.time_budget / SECONDS_PER_IDENTIFIER))
    for name, key, kind in useful_identifiers(data, most):
        warn(
            f"The values of the column {name!r} are left out ({IDENTIFIER}), but predictions "
            f"on a sample of the rows are better if it is read as {kind!r}. Pass "
            f"kinds={{{key!r}: {kind!r}}} to use it, or kinds={{{key!r}: 'drop'}} to leave it "
            "out without this warning."
        )


def rare_categories(data: FitData) -> Iterator[tuple[str, int, int]]:
    """Yield name, number of categories and number of values of columns that hardly repeat.

    They are no identifiers yet, but most of their values have a single row.
    """
    kept = [info for info in data.prepared.preparer.columns_ if info.is_kept and info.has_codes]
    for j, info in enumerate(kept, start=data.prepared.schema.first_code):
        n_categories = len(info.categories)
        if info.kind == "categorical" and n_categories > IDENTIFIER_MIN:
            n_values = int(np.count_nonzero(data.prepared.matrix[:, j] < n_categories))
            if n_categories > RARE_SHARE * n_values:
                yield info.name, n_categories, n_values


def useful_identifiers(data: FitData, most: int) -> Iterator[tuple[str, Any, str]]:
    """Yield name, key in ``kinds`` and best kind of the identifiers that explain the target.

    The first `most` identifiers are looked at.
    """
    columns = data.prepared.preparer.columns_
    found = [
        j
        for j, info in enumerate(columns)
        if info.reason == IDENTIFIER or (info.kind == "presence" and info.is_kept)
    ]
    counted = np.arange(len(data.target))
    if data.weights is not None:
        counted = np.flatnonzero(data.weights > 0)
    if not found[:most] or len(counted) < FEWEST_ROWS:
        return
    rows = np.random.default_rng(data.seed).permutation(counted)[: 2 * MOST_ROWS]
    table, labels = take_rows(data.raw, rows), column_labels(data.raw)
    targets = data.task.screening_targets(data.target[rows])
    judge = _Judge(_known_columns(data, rows), targets, data.seed)
    # One thread: the order of a sum changes its last digits, and results must repeat.
    with threadpool_limits(1):
        for j in found[:most]:
            others = {label: "drop" for k, label in enumerate(labels) if k != j}
            for kind in ("vector", "text", "categorical"):
                preparer: Any = ColumnPreparer(kinds={**others, labels[j]: kind})
                new = _as_few_columns(preparer.fit_transform(table), kind, data.seed)
                if judge.confirms(new):
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
    n_rows = np.count_nonzero(read, axis=0)
    least = max(LEAST_ROWS, LEAST_SHARE * len(read))
    read = read[:, (n_rows >= least) & (n_rows <= len(read) - least)]
    if read.shape[1] <= COMPONENTS:
        return read
    weighted = TfidfTransformer(sublinear_tf=True).fit_transform(read)
    components: Any = TruncatedSVD(COMPONENTS, random_state=seed)
    return np.asarray(components.fit_transform(weighted))


class _Judge:
    """Judge of new columns: boosted trees with and without them, on two halves of the rows."""

    def __init__(self, known: Matrix, targets: Matrix, seed: int) -> None:
        self._known, self._targets, self._seed = known, targets, seed
        self._without: dict[bool, Matrix] = {}

    def confirms(self, new: Matrix) -> bool:
        """Whether new columns make the trees better on both halves."""
        new = new[:, np.fmin.reduce(new, axis=0) < np.fmax.reduce(new, axis=0)]
        if not new.shape[1]:
            return False
        both = np.hstack([self._known, new])
        first, second = halves(both, self._targets, self._seed, MOST_ROWS)
        if not first[1].shape[1]:
            return False
        residuals = partial(self._residuals, first, second, False)
        other_way = partial(self._residuals, second, first, True)
        return bool(confirmed(("new",), residuals, other_way))

    def _residuals(
        self, fitted: Half, own: Half, is_other_way: bool, columns: tuple[str, ...]
    ) -> Matrix:
        if columns:
            return _residuals(fitted, own)
        if is_other_way not in self._without:
            n_known = self._known.shape[1]
            fitted, own = (fitted[0][:, :n_known], fitted[1]), (own[0][:, :n_known], own[1])
            self._without[is_other_way] = _residuals(fitted, own)
        return self._without[is_other_way]


def _residuals(fitted: Half, own: Half) -> Matrix:
    trees = quick_trees(np.zeros(fitted[0].shape[1], dtype=bool))
    predictions = [trees.fit(fitted[0], target).predict(own[0]) for target in fitted[1].T]
    return np.asarray(own[1] - np.column_stack(predictions))
