"""What training rows tell of the categories they are in: learned once, looked up after."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evolearn.transformers.formula_language import LARGEST

Column = NDArray[np.float64]
Positions = NDArray[np.intp]

# Means and variances within a category count as if so many rows more had those of all rows:
# what few rows say is mostly chance.
PRIOR_ROWS = 5.0
# Pairs of categories with fewer training rows are not told apart.
FEWEST_ROWS = 5
# So many pairs are told apart at most, the most frequent ones: histogram gradient boosting
# takes 255 categories.
MOST_PAIRS = 250


@dataclass(frozen=True)
class Levels:
    """The categories of a column that training rows have, by their codes.

    Missing ones are a category of their own, and those not seen in training one more.
    """

    codes: Column

    @classmethod
    def of(cls, column: Column) -> "Levels":
        """Return those of the training rows."""
        return cls(np.unique(column[~np.isnan(column)]))

    def __len__(self) -> int:
        return len(self.codes) + 2

    def positions(self, column: Column) -> Positions:
        """Return the category of each row as a position below ``len(self)``."""
        missing, unseen = len(self.codes), len(self.codes) + 1
        found = np.searchsorted(self.codes, column)
        inside = np.minimum(found, max(missing - 1, 0))
        known = self.codes[inside] == column if missing else np.zeros(len(column), bool)
        return np.where(np.isnan(column), missing, np.where(known, inside, unseen))


@dataclass(frozen=True)
class Looked:
    """A number for each category of a column."""

    levels: Levels
    values: Column

    def __call__(self, codes: Column) -> Column:
        """Return the number of each row's category."""
        return self.values[self.levels.positions(codes)]


def frequencies(codes: Column) -> Looked:
    """Learn which share of the training rows each category has."""
    levels = Levels.of(codes)
    counts = np.bincount(levels.positions(codes), minlength=len(levels))
    return Looked(levels, counts / max(len(codes), 1))


def means(numbers: Column, codes: Column) -> Looked:
    """Learn the mean of a number within each category, drawn towards that of all rows."""
    levels = Levels.of(codes)
    values, centre, _ = _within(numbers, levels.positions(codes), len(levels))
    return Looked(levels, _finite(centre + values))


def deviations(numbers: Column, codes: Column) -> Looked:
    """Learn the standard deviation of a number within each category, drawn likewise."""
    levels = Levels.of(codes)
    _, _, spread = _within(numbers, levels.positions(codes), len(levels))
    return Looked(levels, _finite(spread))


def _within(numbers: Column, groups: Positions, n_groups: int) -> tuple[Column, float, Column]:
    """Return, by group, the mean less that of all, that of all, and the standard deviation.

    Missing numbers do not count; without any other all of that is missing.
    """
    known = ~np.isnan(numbers)
    if not known.any():
        nothing = np.full(n_groups, np.nan)
        return nothing, np.nan, nothing
    some, groups = numbers[known], groups[known]
    unit = max(float(np.abs(some).max()), np.finfo(float).tiny)  # squares are finite in it
    centre = float(np.mean(some / unit))
    centred = some / unit - centre
    counts = np.bincount(groups, minlength=n_groups)
    sums = np.bincount(groups, centred, minlength=n_groups)
    own = sums / np.maximum(counts, 1)
    squares = np.bincount(groups, (centred - own[groups]) ** 2, minlength=n_groups)
    weight = counts + PRIOR_ROWS
    variance = (squares + PRIOR_ROWS * np.mean(centred**2)) / weight
    with np.errstate(over="ignore"):
        return unit * (sums / weight), unit * centre, unit * np.sqrt(variance)


def _finite(values: Column) -> Column:
    return np.clip(values, -LARGEST, LARGEST)  # missing stays missing


@dataclass(frozen=True)
class Pairs:
    """The pairs of two columns' categories that training rows have often enough."""

    first: Levels
    second: Levels
    kept: Positions

    @classmethod
    def of(cls, first: Column, second: Column) -> "Pairs":
        """Return those of the training rows."""
        levels = Levels.of(first), Levels.of(second)
        every = cls(*levels, np.empty(0, np.intp))
        pairs, counts = np.unique(every._pairs(first, second), return_counts=True)
        by_count = np.argsort(-counts, kind="stable")[:MOST_PAIRS]
        frequent = by_count[counts[by_count] >= FEWEST_ROWS]
        return cls(*levels, np.sort(pairs[frequent]))

    def __call__(self, first: Column, second: Column) -> Column:
        """Return the code of each row's pair, missing if it is not among them."""
        pairs = self._pairs(first, second)
        if not len(self.kept):
            return np.zeros(len(pairs))  # not every model takes a column of missing values
        found = np.minimum(np.searchsorted(self.kept, pairs), len(self.kept) - 1)
        return np.where(self.kept[found] == pairs, found, np.nan)

    def _pairs(self, first: Column, second: Column) -> Positions:
        return self.first.positions(first) * len(self.second) + self.second.positions(second)
