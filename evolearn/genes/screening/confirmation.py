"""Screen candidate features on the residuals of boosted trees, confirm them on other rows."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from evolearn.transformers import KnownCategories

Matrix = NDArray[np.float64]
Groups = NDArray[np.intp]
# Residuals of trees that got some candidate columns, on rows that they were not fitted on.
Residuals = Callable[[tuple[Any, ...]], Matrix]

# Number of targets to explain. On fewer rows nothing can be confirmed, and with more columns
# the screening would take seconds.
MOST_TARGETS, FEWEST_ROWS, MOST_COLUMNS = 2, 200, 300
# A candidate is tried if it explains this share of the residuals, and so many times the share
# that noise would explain by chance; at most so many candidates are tried.
LEAST_EXPLAINED, ABOVE_NOISE, MOST_TRIED = 0.01, 8.0, 4
# Boosted trees that are quick to fit, and the most categories of a column that they accept.
ROUNDS, LEAVES, RATE, NATIVE = 60, 15, 0.12, 255
# Numbers are grouped into this many bins of equal size. Means within a group are shrunk as if
# the group had this many more rows with the overall mean.
BINS, PRIOR_ROWS = 12, 5.0
# A candidate must reduce the squared error of the trees by this share, and by so many standard
# errors of the reduction; each one after the first must add this much. On tables of the suite,
# candidates below these limits made trees worse as often as better.
LEAST_GAIN, SURE, LEAST_MORE = 0.02, 3.0, 0.005
# Share of rows at either end whose reductions are clipped: a few rows with very large targets
# would seem to confirm anything.
OUTERMOST = 0.01


def halves(
    X: Matrix, targets: Matrix, seed: int, most_rows: int
) -> tuple[tuple[Matrix, Matrix], tuple[Matrix, Matrix]]:
    """Return two halves of drawn rows, each with its standardised targets.

    Targets that are constant in one half are left out. A column without a known value in one
    half is set to zero in both: trees accept no column of missing values alone.
    """
    drawn = np.random.default_rng(seed).permutation(len(X))[: 2 * most_rows]
    X, targets = X[drawn], targets[drawn, :MOST_TARGETS]
    half = len(drawn) // 2
    targets = targets[:, (np.ptp(targets[:half], 0) > 0) & (np.ptp(targets[half:], 0) > 0)]
    targets = (targets - targets.mean(axis=0)) / targets.std(axis=0)
    missing = np.isnan(X)
    X[:, missing[:half].all(axis=0) | missing[half:].all(axis=0)] = 0.0
    return (X[:half], targets[:half]), (X[half:], targets[half:])


def with_known_codes(X: Matrix, fitted: Matrix, n_numbers: int) -> Matrix:
    """Return rows in which those codes are missing that the fitted rows lack, as in `predict`.

    Both hold numbers, then codes of categories.
    """
    known: Any = KnownCategories(columns=range(n_numbers, X.shape[1]))
    return np.asarray(known.fit(fitted).transform(X))


def least_share(n_rows: int) -> float:
    """Return the share of the residuals that a candidate must explain on so many rows."""
    return max(LEAST_EXPLAINED, ABOVE_NOISE / n_rows)


def quick_trees(are_categories: NDArray[np.bool_]) -> HistGradientBoostingRegressor:
    """Return boosted trees that fit some thousand rows in a fraction of a second."""
    return HistGradientBoostingRegressor(
        max_iter=ROUNDS,
        learning_rate=RATE,
        max_leaf_nodes=LEAVES,
        categorical_features=are_categories,
        early_stopping=False,
        random_state=0,
    )


def confirmed(
    candidates: tuple[Any, ...], residuals: Residuals, other_way: Residuals
) -> tuple[Any, ...]:
    """Return the first candidates, as far as each makes trees better on new rows.

    `residuals` are those of trees fitted on the rows that the candidates were chosen by, and
    judged on the others; `other_way` swaps the rows. One direction alone confirms too much.
    """
    return _confirmed(_confirmed(candidates, residuals), other_way)


def _confirmed(candidates: tuple[Any, ...], residuals: Residuals) -> tuple[Any, ...]:
    if not candidates:
        return ()
    without = (residuals(()) ** 2).sum(axis=1)
    before, best = without, 0
    for n_first in range(1, len(candidates) + 1):
        errors = (residuals(candidates[:n_first]) ** 2).sum(axis=1)
        saved, added = without - errors, float((before - errors).mean())
        gain = float(saved.mean() / max(without.mean(), np.finfo(float).tiny))
        typical = np.clip(saved, *np.quantile(saved, [OUTERMOST, 1 - OUTERMOST]))
        sure = typical.mean() > SURE * typical.std() / np.sqrt(len(saved))
        if not sure or gain < LEAST_GAIN or added < LEAST_MORE * without.mean():
            break
        before, best = errors, n_first
    return candidates[:best]


def grouped(column: Matrix, *, binned: bool) -> Groups:
    """Return the group of each value: its bin, or its rank among the values; missing last."""
    missing = np.isnan(column)
    known = column[~missing]
    if binned:
        edges = (
            np.unique(np.quantile(known, np.arange(1, BINS) / BINS)) if len(known) else known
        )
    else:
        edges = np.unique(known)
    return np.where(missing, len(edges) + 1, np.searchsorted(edges, column, side="right"))


def group_means(groups: Groups, residuals: Matrix) -> Matrix:
    """Return, for each row, the shrunken mean of the other rows in its group."""
    counts = np.bincount(groups)[groups]
    sums = np.column_stack([np.bincount(groups, column)[groups] for column in residuals.T])
    return np.asarray((sums - residuals) / (counts - 1 + PRIOR_ROWS)[:, None])


def explained_share(groups: Groups, residuals: Matrix) -> float:
    """Return the share of variance that groups explain, of the target they explain best."""
    size = (residuals**2).sum(axis=0)
    unexplained = ((residuals - group_means(groups, residuals)) ** 2).sum(axis=0)
    return float((1.0 - unexplained / np.maximum(size, np.finfo(float).tiny)).max())
