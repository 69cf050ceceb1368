"""Screening for numeric columns that identify something: postcodes, products, users.

In such a column the order of the values means little, and trees need a split for every few
values; the mean of the target over the rows of a value says more. Most repeated numbers (ages,
hours, counts) are no identifiers: there the mean says no more than what trees find by the
order. The screening first measures how much of the residuals of boosted trees the values of a
column explain, beyond what its bins explain. The best columns must then make the trees better
on rows that they were not chosen by.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
from sklearn.preprocessing import TargetEncoder
from threadpoolctl import threadpool_limits

from evolearn._compat import seeded_target_encoder
from evolearn.genes.screening.confirmation import (
    FEWEST_ROWS,
    MOST_COLUMNS,
    MOST_TRIED,
    NATIVE,
    Matrix,
    confirmed,
    explained_share,
    grouped,
    halves,
    least_share,
    quick_trees,
    with_known_codes,
)

# Rows of each half: a column with thousands of values needs some rows of each. Most of the time
# goes into a few boosted trees, fitted only where a column may be an identifier: half a second.
MOST_ROWS = 10_000
# A column may be an identifier if it has at least this many values (trees tell fewer apart by
# themselves), and half of the rows have a value that at least so many rows share.
FEWEST_VALUES, FEWEST_OF_VALUE, SHARE_REPEATED = 16, 3, 0.5
# Means over the rows of a value are smoothed as if so many more rows had the overall mean.
SMOOTH = 10.0


def find_identifiers(X: Matrix, n_numbers: int, targets: Matrix, seed: int) -> tuple[int, ...]:
    """Return the numeric columns whose single values explain a target, best first; mostly none.

    The matrix holds numbers, then codes of categories. Only the first two targets count.
    """
    if len(X) < FEWEST_ROWS or not 0 < n_numbers <= X.shape[1] <= MOST_COLUMNS:
        return ()
    first, second = halves(X, targets, seed, MOST_ROWS)
    choosing, judging = _Part(*first, n_numbers), _Part(*second, n_numbers)
    both = np.vstack([choosing.X, judging.X])[:, :n_numbers]
    repeating = [j for j, column in enumerate(both.T) if _repeats(column)]
    if not repeating or not choosing.targets.shape[1]:
        return ()
    # One thread: the order of a sum changes its last digits, and results must repeat.
    with threadpool_limits(1):
        residuals = choosing.residuals(judging)
        shares = {j: _beyond_order(choosing.X[:, j], residuals) for j in repeating}
        least = least_share(len(residuals))
        promising = [j for j in sorted(shares, key=lambda j: -shares[j]) if shares[j] > least]
        return confirmed(
            tuple(promising[:MOST_TRIED]),
            partial(judging.residuals, choosing),
            partial(choosing.residuals, judging),
        )


@dataclass(frozen=True)
class _Part:
    """Half of the rows."""

    X: Matrix
    targets: Matrix
    n_numbers: int

    def residuals(self, other: "_Part", columns: tuple[int, ...] = ()) -> Matrix:
        """Return the residuals of the targets under trees fitted on the other rows.

        The trees also get the target means of some columns.
        """
        levels = np.array([len(np.unique(column)) for column in other.X.T])
        are_categories = (np.arange(len(levels)) >= self.n_numbers) & (levels <= NATIVE)
        trees = quick_trees(np.append(are_categories, np.zeros(len(columns), bool)))
        predictions, known = [], with_known_codes(self.X, other.X, self.n_numbers)
        for target in other.targets.T:
            fitted, own = other.X, known
            if columns:
                encoder = TargetEncoder(target_type="continuous", smooth=SMOOTH)
                encoder.set_params(**seeded_target_encoder(encoder, 0, classification=False))
                means = encoder.fit_transform(fitted[:, columns], target)
                fitted = np.hstack([fitted, means])
                own = np.hstack([own, encoder.transform(own[:, columns])])
            predictions.append(trees.fit(fitted, target).predict(own))
        return np.asarray(self.targets - np.column_stack(predictions))


def _repeats(column: Matrix) -> bool:
    """Whether a column has many values, and most rows share theirs with others."""
    values, counts = np.unique(column[~np.isnan(column)], return_counts=True)
    repeated = counts[counts >= FEWEST_OF_VALUE].sum()
    return len(values) >= FEWEST_VALUES and repeated >= SHARE_REPEATED * len(column)


def _beyond_order(column: Matrix, residuals: Matrix) -> float:
    """Return the share of residuals that values explain, beyond what bins explain."""
    by_order = explained_share(grouped(column, binned=True), residuals)
    return explained_share(grouped(column, binned=False), residuals) - max(by_order, 0.0)
