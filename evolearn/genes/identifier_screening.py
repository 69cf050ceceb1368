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
from evolearn.genes.confirmation import (
    FEWEST_ROWS,
    MOST_COLUMNS,
    MOST_TRIED,
    NATIVE,
    grouped,
    halves,
    least_share,
    proved,
    quick_trees,
    share,
)

Matrix = NDArray[np.float64]

# Rows of each half: what has thousands of values needs some of each. Most of the time goes into
# a few boosted trees, which are only fitted where a column may be a code: half a second then.
MOST_ROWS = 10_000
# A column may be a code if it has so many values at least (trees tell fewer apart by
# themselves), and half of the rows have one that so many have.
FEWEST_VALUES, FEWEST_OF_VALUE, SHARE_REPEATED = 16, 3, 0.5
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
    first, second = halves(X, targets, seed, MOST_ROWS)
    choosing, proving = _Part(*first, n_numbers), _Part(*second, n_numbers)
    both = np.vstack([choosing.X, proving.X])[:, :n_numbers]
    repeating = [j for j, column in enumerate(both.T) if _repeats(column)]
    if not repeating or not choosing.targets.shape[1]:
        return ()
    # Sums in another order are other numbers: one thread.
    with threadpool_limits(1):
        left = choosing.missed_by(proving)
        told = {j: _beyond_order(choosing.X[:, j], left) for j in repeating}
        least = least_share(len(left))
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
