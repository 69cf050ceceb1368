"""Statistics of the categories of a column: learned from training rows, then looked up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evolearn.transformers.formula_language import LARGEST, Column

Positions = NDArray[np.intp]

# Number of rows with the mean and variance of all rows that are added to each category: the
# statistics of few rows are mostly chance.
PRIOR_ROWS = 5.0
# Minimum number of training rows of a pair of categories.
FEWEST_ROWS = 5
# Maximum number of pairs, the most frequent ones: histogram gradient boosting takes 255
# categories.
MOST_PAIRS = 250


@dataclass(frozen=True)
class Categories:
    """The codes of a column that occur in training rows, in ascending order.

    Missing values are one more category, codes not seen in training another.
    """

    codes: Column

    @classmethod
    def fit(cls, column: Column) -> "Categories":
        """Learn the codes of the training rows."""
        return cls(np.unique(column[~np.isnan(column)]))

    def __len__(self) -> int:
        return len(self.codes) + 2

    @property
    def unseen(self) -> int:
        """Position of codes that were not seen in training."""
        return len(self.codes) + 1

    def positions(self, column: Column) -> Positions:
        """Return the category of each row as a position below ``len(self)``."""
        missing = len(self.codes)
        nearest = np.minimum(np.searchsorted(self.codes, column), max(missing - 1, 0))
        seen = self.codes[nearest] == column if missing else np.zeros(len(column), bool)
        return np.where(np.isnan(column), missing, np.where(seen, nearest, self.unseen))


@dataclass(frozen=True)
class CategoryStatistic:
    """A number for each category of a column."""

    categories: Categories
    values: Column

    def __call__(self, codes: Column) -> Column:
        """Look up the number of each row's category."""
        return self.values[self.categories.positions(codes)]


def fit_frequencies(codes: Column) -> CategoryStatistic:
    """Learn the share of the training rows in each category."""
    categories = Categories.fit(codes)
    counts = np.bincount(categories.positions(codes), minlength=len(categories))
    return CategoryStatistic(categories, counts / max(len(codes), 1))


def fit_means(numbers: Column, codes: Column) -> CategoryStatistic:
    """Learn the mean of a number within each category, shrunk towards that of all rows."""
    categories, means, _ = _statistics(numbers, codes)
    return CategoryStatistic(categories, means)


def fit_deviations(numbers: Column, codes: Column) -> CategoryStatistic:
    """Learn the standard deviation of a number within each category, shrunk likewise."""
    categories, _, deviations = _statistics(numbers, codes)
    return CategoryStatistic(categories, deviations)


def _statistics(numbers: Column, codes: Column) -> tuple[Categories, Column, Column]:
    """Compute the shrunk means and standard deviations of a number by category.

    Missing numbers do not count. If all are missing, so are the statistics.
    """
    categories = Categories.fit(codes)
    groups, n_groups = categories.positions(codes), len(categories)
    present = ~np.isnan(numbers)
    if not present.any():
        nothing = np.full(n_groups, np.nan)
        return categories, nothing, nothing
    numbers, groups = numbers[present], groups[present]
    unit = max(float(np.abs(numbers).max()), np.finfo(float).tiny)  # squares are finite in it
    mean = float(np.mean(numbers / unit))
    centred = numbers / unit - mean
    counts = np.bincount(groups, minlength=n_groups)
    sums = np.bincount(groups, centred, minlength=n_groups)
    group_means = sums / np.maximum(counts, 1)
    squares = np.bincount(groups, (centred - group_means[groups]) ** 2, minlength=n_groups)
    weight = counts + PRIOR_ROWS
    variance = (squares + PRIOR_ROWS * np.mean(centred**2)) / weight
    with np.errstate(over="ignore"):
        means = unit * mean + unit * (sums / weight)
        deviations = unit * np.sqrt(variance)
    return categories, _clip(means), _clip(deviations)


def _clip(values: Column) -> Column:
    return np.clip(values, -LARGEST, LARGEST)  # missing stays missing


@dataclass(frozen=True)
class Pairs:
    """The frequent pairs of categories of two columns, by their positions."""

    first: Categories
    second: Categories
    frequent: Positions

    @classmethod
    def fit(cls, first: Column, second: Column) -> "Pairs":
        """Learn the pairs of the training rows."""
        categories = Categories.fit(first), Categories.fit(second)
        pairs = cls(*categories, np.empty(0, np.intp))._positions(first, second)
        distinct, counts = np.unique(pairs, return_counts=True)
        by_count = np.argsort(-counts, kind="stable")[:MOST_PAIRS]
        frequent = by_count[counts[by_count] >= FEWEST_ROWS]
        return cls(*categories, np.sort(distinct[frequent]))

    def __call__(self, first: Column, second: Column) -> Column:
        """Return the code of each row's pair; missing if it is not a frequent one."""
        pairs = self._positions(first, second)
        if not len(self.frequent):
            return np.zeros(len(pairs))  # not every model takes a column of missing values
        nearest = np.minimum(np.searchsorted(self.frequent, pairs), len(self.frequent) - 1)
        return np.where(self.frequent[nearest] == pairs, nearest, np.nan)

    def _positions(self, first: Column, second: Column) -> Positions:
        return self.first.positions(first) * len(self.second) + self.second.positions(second)
