"""What columns explain of what boosted trees leave, and the proof that trees need them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

Matrix = NDArray[np.float64]
Groups = NDArray[np.intp]
# What trees leave of the targets of some rows, fitted on others with some columns more.
Missed = Callable[[tuple[Any, ...]], Matrix]

# The targets that are looked at. On fewer rows nothing can be proved, of more columns the
# search would take seconds.
MOST_TARGETS, FEWEST_ROWS, MOST_COLUMNS = 2, 200, 300
# What is made is tried if it explains this share of what trees leave, and so many times what
# noise would by chance; at most so many are.
LEAST_EXPLAINED, ABOVE_NOISE, MOST_TRIED = 0.01, 8.0, 4
# Boosted trees that are quick, and take so many categories as such.
ROUNDS, LEAVES, RATE, NATIVE = 60, 15, 0.12, 255
# Numbers are looked at in so many bins of equal size; means within a group count as if so many
# more rows of it were like all others.
BINS, PRIOR_ROWS = 12, 5.0
# What is tried must save this share of the trees' error, and so many standard errors of what
# it saves; each one after the first must save this much more. On tables of the suite what
# explained less or was less sure made trees worse as often as better.
LEAST_GAIN, SURE, LEAST_MORE = 0.02, 3.0, 0.005
# The share of rows at either end that are drawn in to the next ones for that: few rows with
# very large targets seem to prove anything.
OUTERMOST = 0.01


def halves(
    X: Matrix, targets: Matrix, seed: int, most_rows: int
) -> tuple[tuple[Matrix, Matrix], tuple[Matrix, Matrix]]:
    """Return two halves of drawn rows, with what they are to explain.

    The targets that vary in both, in standard deviations, perhaps none. A column of which a
    half knows nothing is zero in both: trees do not take one of missing values alone.
    """
    drawn = np.random.default_rng(seed).permutation(len(X))[: 2 * most_rows]
    X, targets = X[drawn], targets[drawn, :MOST_TARGETS]
    half = len(drawn) // 2
    targets = targets[:, (np.ptp(targets[:half], 0) > 0) & (np.ptp(targets[half:], 0) > 0)]
    targets = (targets - targets.mean(axis=0)) / targets.std(axis=0)
    missing = np.isnan(X)
    X[:, missing[:half].all(axis=0) | missing[half:].all(axis=0)] = 0.0
    return (X[:half], targets[:half]), (X[half:], targets[half:])


def least_share(n_rows: int) -> float:
    """Return the share of what trees leave that must be explained on so many rows."""
    return max(LEAST_EXPLAINED, ABOVE_NOISE / n_rows)


def quick_trees(are_categories: NDArray[np.bool_]) -> HistGradientBoostingRegressor:
    """Return boosted trees that take a fraction of a second on some thousand rows."""
    return HistGradientBoostingRegressor(
        max_iter=ROUNDS,
        learning_rate=RATE,
        max_leaf_nodes=LEAVES,
        categorical_features=are_categories,
        early_stopping=False,
        random_state=0,
    )


def proved(
    made: tuple[Any, ...], missed: Missed, other_way: Missed
) -> tuple[tuple[Any, ...], float]:
    """Return the first made columns, as far as each makes trees better on rows new to them.

    Parameters
    ----------
    made : tuple
        Made columns, the most promising first.
    missed, other_way : callable
        Takes some of them and returns what trees with these leave: fitted on the rows that
        chose them and judged on others, and the other way round. Some rows alone prove too
        much.

    Returns
    -------
    made : tuple
    gain : float
        Which share of the squared error they save.
    """
    found, _ = _proved(made, missed) if made else ((), 0.0)
    return _proved(found, other_way) if found else ((), 0.0)


def _proved(made: tuple[Any, ...], missed: Missed) -> tuple[tuple[Any, ...], float]:
    without = (missed(()) ** 2).sum(axis=1)
    proof: tuple[tuple[Any, ...], float] = ((), 0.0)
    left = without
    for n_first in range(1, len(made) + 1):
        some = made[:n_first]
        with_them = (missed(some) ** 2).sum(axis=1)
        saved, more = without - with_them, float((left - with_them).mean())
        gain = float(saved.mean() / max(without.mean(), np.finfo(float).tiny))
        typical = np.clip(saved, *np.quantile(saved, [OUTERMOST, 1 - OUTERMOST]))
        sure = typical.mean() > SURE * typical.std() / np.sqrt(len(saved))
        if not sure or gain < LEAST_GAIN or more < LEAST_MORE * without.mean():
            break
        proof, left = (some, gain), with_them
    return proof


def grouped(column: Matrix, *, binned: bool) -> Groups:
    """Return which of the sorted values, or bins, each value is in; missing ones are last."""
    missing = np.isnan(column)
    known = column[~missing]
    if binned:
        edges = (
            np.unique(np.quantile(known, np.arange(1, BINS) / BINS)) if len(known) else known
        )
    else:
        edges = np.unique(known)
    return np.where(missing, len(edges) + 1, np.searchsorted(edges, column, side="right"))


def explained(groups: Groups, left: Matrix) -> Matrix:
    """Return, for each row, the mean of the others in its group, drawn towards zero."""
    counts = np.bincount(groups)[groups]
    sums = np.column_stack([np.bincount(groups, column)[groups] for column in left.T])
    return np.asarray((sums - left) / (counts - 1 + PRIOR_ROWS)[:, None])


def share(groups: Groups, left: Matrix) -> float:
    """Return the share that groups explain of the target of which they explain most."""
    size = (left**2).sum(axis=0)
    missed = ((left - explained(groups, left)) ** 2).sum(axis=0)
    return float((1.0 - missed / np.maximum(size, np.finfo(float).tiny)).max())
