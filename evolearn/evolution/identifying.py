"""Numbers that identify something, found before a search: postcodes, products, users.

Where a column of numbers is a code, its order means little, and trees need a split for every
few values. What such a value stands for is better told by the mean of the target over its
rows. Most numbers that repeat are no codes (ages, hours, counts): there it tells no more than
what trees find by the order. So each column is asked first what its values explain of what
boosted trees leave, beyond what its bins explain; the best ones must then make the trees
better, on rows that had no say in it.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import TargetEncoder
from threadpoolctl import threadpool_limits

from evolearn._compat import seeded_target_encoder
from evolearn.evolution.proving import NATIVE, grouped, proved, quick_trees, share

Matrix = NDArray[np.float64]

# Rows of each half: what has thousands of values needs some of each. Most of the time goes into
# a few boosted trees, which are only fitted where a column may be a code: half a second then.
MOST_ROWS, MOST_TARGETS = 10_000, 2
# On fewer rows nothing can be proved, of more columns the search would take seconds.
FEWEST_ROWS, MOST_COLUMNS = 200, 300
# A column may be a code if it has so many values at least (trees tell fewer apart by
# themselves), and half of the rows have one that so many have.
FEWEST_VALUES, FEWEST_OF_VALUE, SHARE_REPEATED = 16, 3, 0.5
# It is tried if its values explain this share of what trees leave, and so many times what
# noise would by chance; at most so many are.
LEAST_EXPLAINED, ABOVE_NOISE, MOST_TRIED = 0.01, 8.0, 4
# Means over the rows of a value count as if so many more rows had that of all.
SMOOTH = 10.0


def identifiers(X: Matrix, n_numbers: int, targets: Matrix, seed: int) -> tuple[int, ...]:
    """Find the columns of numbers whose values, taken for themselves, tell of a target.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_columns)
        Numbers, then codes of categories.
    n_numbers : int
    targets : ndarray of shape (n_samples, n_targets)
        A column per class, or a number; the first two are looked at.
    seed : int

    Returns
    -------
    tuple of int
        Positions among the numbers, the most telling first; mostly none.
    """
    if len(X) < FEWEST_ROWS or not 0 < n_numbers <= X.shape[1] <= MOST_COLUMNS:
        return ()
    drawn = np.random.default_rng(seed).permutation(len(X))[: 2 * MOST_ROWS]
    X, targets = X[drawn], targets[drawn, :MOST_TARGETS]
    half = len(drawn) // 2
    targets = targets[:, (np.ptp(targets[:half], 0) > 0) & (np.ptp(targets[half:], 0) > 0)]
    missing = np.isnan(X)  # trees do not take a column of nothing else
    X[:, missing[:half].all(axis=0) | missing[half:].all(axis=0)] = 0.0
    repeating = [j for j in range(n_numbers) if _repeats(X[:, j])]
    if not repeating or not targets.shape[1]:
        return ()
    targets = (targets - targets.mean(axis=0)) / targets.std(axis=0)
    # Sums in another order are other numbers: one thread.
    with threadpool_limits(1):
        choosing = _Part(X[:half], targets[:half], n_numbers)
        proving = _Part(X[half:], targets[half:], n_numbers)
        left = choosing.missed_by(proving)
        told = {j: _beyond_order(choosing.X[:, j], left) for j in repeating}
        least = max(LEAST_EXPLAINED, ABOVE_NOISE / half)
        promising = [j for j in sorted(told, key=lambda j: -told[j]) if told[j] > least]
        found, _ = proved(
            tuple(promising[:MOST_TRIED]),
            partial(proving.missed_by, choosing),
            partial(choosing.missed_by, proving),
        )
    return found


@dataclass(frozen=True)
class _Part:
    """Some of the rows."""

    X: Matrix
    targets: Matrix
    n_numbers: int

    def missed_by(self, other: "_Part", columns: tuple[int, ...] = ()) -> Matrix:
        """Return what trees that are fitted on the other rows leave of the targets.

        With the means of the target over the values of some columns.
        """
        levels = np.array([len(np.unique(column)) for column in other.X.T])
        are_categories = (np.arange(len(levels)) >= self.n_numbers) & (levels <= NATIVE)
        trees = quick_trees(np.append(are_categories, np.zeros(len(columns), bool)))
        answers = []
        for target in other.targets.T:
            fitted, own = other.X, self.X
            if columns:
                encoder = TargetEncoder(target_type="continuous", smooth=SMOOTH)
                encoder.set_params(**seeded_target_encoder(encoder, 0, classification=False))
                means = encoder.fit_transform(fitted[:, columns], target)
                fitted = np.hstack([fitted, means])
                own = np.hstack([own, encoder.transform(own[:, columns])])
            answers.append(trees.fit(fitted, target).predict(own))
        return np.asarray(self.targets - np.column_stack(answers))


def _repeats(column: Matrix) -> bool:
    """Tell whether most rows have one of many values that others have, too."""
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    repeated = counts[counts >= FEWEST_OF_VALUE].sum()
    return len(values) >= FEWEST_VALUES and repeated >= SHARE_REPEATED * len(column)


def _beyond_order(column: Matrix, left: Matrix) -> float:
    """Return what the values of a column explain of what is left, beyond what bins do."""
    by_order = share(grouped(column, binned=True), left)
    return share(grouped(column, binned=False), left) - max(by_order, 0.0)
