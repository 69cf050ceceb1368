"""Probabilities of changes that chance alone makes, if new rows are like those of fit.

All of them hold for any distribution: rows of fit and new rows are then one sample that chance
has divided. They are upper bounds.
"""

import math
from collections.abc import Iterable

from scipy.special import bdtr, bdtrc, kolmogorov

# Probability of a false report of a table, over all of its columns and tests.
FALSE_REPORTS = 0.01


def new_share(n_old: int, n_new: int) -> float:
    """Share of the new rows among all."""
    return n_new / (n_old + n_new)


def count_probability(old: int, n_old: int, new: int, n_new: int) -> float:
    """Probability that numbers of rows of one sort differ as much, in either direction.

    Given their sum, the new ones are binomial; among common sorts they vary less.
    """
    if old + new > (n_old + n_new) / 2:
        old, new = n_old - old, n_new - new
    share, total = new_share(n_old, n_new), old + new
    more = 1.0 if new == 0 else float(bdtrc(new - 1, total, share))
    return min(1.0, 2 * min(more, float(bdtr(new, total, share))))


def only_new_probability(new: int, n_old: int, n_new: int) -> float:
    """Probability that all rows of one sort are new ones."""
    return float(new_share(n_old, n_new) ** new)


def unseen_probability(
    unseen: Iterable[int], old: Iterable[int], n_single: int, n_old: int, n_new: int
) -> float:
    """Probability of new categories with these numbers of rows.

    `old` are the numbers of rows of the categories of fit. Either there are too many new ones
    beside those with a single row in fit, or one of them has too many rows.
    """
    unseen, share = list(unseen), new_share(n_old, n_new)
    many = float(bdtrc(len(unseen) - 1, len(unseen) + n_single, share))
    most = max(unseen)
    frequent = math.fsum(share**count for count in (*unseen, *old) if count >= most)
    return min(1.0, 2 * min(many, frequent))


def distance_probability(distance: float, n_old: int, n_new: int) -> float:
    """Probability that two samples of one distribution have such a distance of shares."""
    size = n_old * n_new / (n_old + n_new)
    return float(kolmogorov(math.sqrt(size) * distance))
