"""The numeric matrix of a table, in exported code."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction import FeatureHasher

from evolearn.data.column_values import is_missing, label_of, seconds_of
from evolearn.data.conversion import datetime_parts
from evolearn.data.time_zones import in_zone
from evolearn.data.tokens import Tokens


class TableReader(TransformerMixin, BaseEstimator):
    """Numeric matrix of a table: numbers, then counts of words, then codes of categories.

    A table is a data frame, a dictionary of columns by name, or an array.
    """

    def __init__(self, columns) -> None:
        self.columns = columns

    def fit(self, X, y=None):
        """Learn the categories of the columns."""
        self.learned_ = [column.learn(column_of(X, column)) for column in self.columns]
        return self

    def transform(self, X):
        """Return the matrix, of shape (n_samples, n_features_out)."""
        blocks = [
            (column.place, column.read(column_of(X, column), learned))
            for column, learned in zip(self.columns, self.learned_, strict=True)
        ]
        blocks.sort(key=lambda block: block[0])
        return np.column_stack([values for _, values in blocks])


def column_of(table, column):
    """Return the values of a column as an array."""
    if isinstance(table, np.ndarray):
        return table[:, column.position]
    return np.asarray(table[column.name])


def numbers_of(values):
    """Return values as floats; what is no number is missing."""
    if values.dtype.kind in "fiub":
        return values.astype(np.float64)
    return np.array([number_of_cell(value) for value in values.tolist()])


def number_of_cell(value):
    """Return a cell as a float, NaN if it holds no number."""
    try:
        return np.nan if is_missing(value) else float(value)
    except (TypeError, ValueError):
        return np.nan


@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers."""

    name: str
    offset: int = 0
    position: int | None = None
    place = 0

    def learn(self, values):
        """Learn nothing."""

    def read(self, values, learned):
        """Return the numbers."""
        if self.offset:  # large integers are shifted while they are exact
            values = values - self.offset
        return numbers_of(values)


@dataclass(frozen=True)
class PresenceColumn:
    """A column of which it only matters whether there is a value."""

    name: str
    position: int | None = None
    place = 0

    def learn(self, values):
        """Learn nothing."""

    def read(self, values, learned):
        """Return 1 where there is a value, else 0."""
        return np.array([float(not is_missing(value)) for value in values.tolist()])


@dataclass(frozen=True)
class CategoryColumn:
    """A column of categories, which become positions in their sorted list.

    Missing categories and those that were not seen in fit are missing; with `codes_missing` the
    missing ones are a category of their own. `order` gives the categories another order.
    """

    name: str
    are_numbers: bool = False
    order: tuple[Any, ...] = ()
    codes_missing: bool = False
    position: int | None = None
    place = 2

    def learn(self, values):
        """Return the code of each category."""
        found = set(self.labels(values)) - {None}
        known = [label for label in self.order if label in found]
        categories = known + sorted(found.difference(known))
        return {label: float(code) for code, label in enumerate(categories)}

    def read(self, values, learned):
        """Return the code of each row's category."""
        missing = float(len(learned)) if self.codes_missing else np.nan
        return np.array(
            [
                missing if label is None else learned.get(label, np.nan)
                for label in self.labels(values)
            ]
        )

    def labels(self, values):
        """Return the category of each row, None where it is missing."""
        if self.are_numbers:
            return [None if np.isnan(value) else value for value in numbers_of(values).tolist()]
        return [None if is_missing(value) else label_of(value) for value in values.tolist()]


@dataclass(frozen=True)
class DateColumn:
    """A column of dates: seconds since 1970, and parts of the calendar."""

    name: str
    parts: tuple[str, ...]
    position: int | None = None
    place = 0

    def learn(self, values):
        """Learn nothing."""

    def read(self, values, learned):
        """Return a column for each part."""
        seconds = np.array([self.seconds(value) for value in values])
        return np.column_stack(datetime_parts(seconds, self.local(seconds), self.parts))

    def seconds(self, value):
        """Return the seconds since 1970 of a cell, such as `2020-12-31` or a datetime."""
        if is_missing(value):
            return np.nan
        return seconds_of(np.datetime64(value, "us") if isinstance(value, str) else value)

    def local(self, seconds):
        """Return the seconds that clocks show."""
        return seconds


@dataclass(frozen=True)
class ZonedDateColumn(DateColumn):
    """A column of dates whose parts of the calendar are those of a time zone."""

    zone: str = ""

    def local(self, seconds):
        """Return the seconds that clocks in the time zone show."""
        return in_zone(seconds, self.zone)


@dataclass(frozen=True)
class TextColumn:
    """A column of texts, whose words are counted in columns that they are hashed into."""

    name: str
    width: int
    characters: int
    tokens: Tokens
    position: int | None = None
    place = 1

    def learn(self, values):
        """Learn nothing."""

    def read(self, values, learned):
        """Return the counts, of shape (n_samples, width)."""
        hasher = FeatureHasher(self.width, input_type="string", alternate_sign=False)
        texts = ["" if is_missing(value) else label_of(value) for value in values.tolist()]
        words = (list(self.tokens.of(text[: self.characters])) for text in texts)
        return hasher.transform(words).toarray()
