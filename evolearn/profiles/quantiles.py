"""Sketch of the distribution of a column of numbers."""

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

# Number of points at which the distribution is kept. Differences of shares between two points
# are seen to within 1 / 128.
MOST_POINTS = 129


@dataclass(frozen=True)
class Quantiles:
    """Shares of a column's numbers that are at most as large as some points.

    Attributes
    ----------
    points : tuple of float
        Rising; all distinct values if they are few.
    at_most : tuple of int
        Number of rows with a value of at most each point.
    lowest, highest : float
        Range in all `n_range` rows, which may be more than those of the points.
    n_range : int
    are_whole : bool
        Whether all numbers are whole.
    """

    points: tuple[float, ...]
    at_most: tuple[int, ...]
    lowest: float
    highest: float
    n_range: int
    are_whole: bool

    @classmethod
    def of(cls, values: NDArray[np.float64]) -> Self:
        """Return the sketch of finite numbers; there is at least one."""
        ordered = np.sort(values)
        points = ordered
        if len(ordered) > MOST_POINTS:
            places = np.linspace(0, len(ordered) - 1, MOST_POINTS).round().astype(np.intp)
            distinct = ordered[np.r_[True, ordered[1:] > ordered[:-1]]]
            points = distinct if len(distinct) <= MOST_POINTS else ordered[places]
        points = np.unique(points)
        return cls(
            points=tuple(points.tolist()),
            at_most=tuple(np.searchsorted(ordered, points, side="right").tolist()),
            lowest=float(ordered[0]),
            highest=float(ordered[-1]),
            n_range=len(ordered),
            are_whole=bool((ordered == np.floor(ordered)).all()),
        )

    @property
    def n_rows(self) -> int:
        """Number of rows with a number."""
        return self.at_most[-1]

    def quantile(self, share: float) -> float:
        """Return the lowest point that at least a share of the numbers does not exceed."""
        place = np.searchsorted(self.at_most, share * self.n_rows - 1e-9)
        return self.points[min(int(place), len(self.points) - 1)]

    def distance(self, values: NDArray[np.float64]) -> float:
        """Largest difference of shares from new numbers, that of Kolmogorov and Smirnov."""
        new = np.searchsorted(np.sort(values), self.points, side="right") / len(values)
        old = np.asarray(self.at_most) / self.n_rows
        return float(np.abs(new - old).max(initial=0.0))

    def tail_probability(self, value: float) -> float:
        """Probability that a new number is as far beyond the range as a value.

        The tail is that of Pareto through the maximum and the 90 % quantile, as seen from the
        median; lighter tails have lower probabilities. 1 within the range or where the rows
        are too few.
        """
        if self.lowest <= value <= self.highest:
            return 1.0
        sign = 1.0 if value > self.highest else -1.0
        middle, end = self.quantile(0.5), self.highest if sign > 0 else self.lowest
        inner = self.quantile(0.9 if sign > 0 else 0.1)
        tail_rows = TAIL_SHARE * self.n_range
        if tail_rows < FEWEST_IN_TAIL or end == middle:
            return 1.0
        power = STEEPEST
        if inner not in (middle, end):
            power = math.log(tail_rows) / math.log((end - middle) / (inner - middle))
        elif inner == middle:
            power = 1.0  # nearly all numbers are the same: nothing is known of the tail
        ratio = (value - middle) / (end - middle)
        return float(ratio ** -min(power, STEEPEST)) / self.n_range


# Share of the numbers behind the quantile, the fewest of them, and the steepest tail.
TAIL_SHARE, FEWEST_IN_TAIL, STEEPEST = 0.1, 5, 6.0
