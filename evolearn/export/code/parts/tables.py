"""The numeric matrix of a table, in exported code."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction import FeatureHasher

from evolearn.data.column_values import is_missing, label_of, seconds_of
from evolearn.data.conversion import datetime_parts
from evolearn.data.time_zones import in_zone
from evolearn.data.tokens import Tokens
from evolearn.data.vectors import numbers_of


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


def floats_of(values):
    """Return values as floats; what is no number is missing."""
    if values.dtype.kind in "fiub":
        return values.astype(np.float64)
    return np.array([number_of_cell(value) for value in values.tolist()])


def number_of_cell(value):
    """Return a cell as a float, NaN if it holds no number."""
    try:
        return np.nan if is_missing(value) else float(value)
    except (TypeError, ValueError):
        return {"true": 1.0, "false": 0.0}.get(str(value).lower(), np.nan)


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
        if not self.offset:
            return floats_of(values)
        # Large integers are shifted while they are exact.
        numbers = [None if is_missing(value) else int(value) for value in values.tolist()]
        return np.array([np.nan if n is None else float(n - self.offset) for n in numbers])


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
            return [None if np.isnan(value) else value for value in floats_of(values).tolist()]
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
        return seconds_of(datetime.fromisoformat(value) if isinstance(value, str) else value)

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
class DurationColumn:
    """A column of durations, which become seconds."""

    name: str
    position: int | None = None
    place = 0

    def learn(self, values):
        """Learn nothing."""

    def read(self, values, learned):
        """Return the seconds."""
        return np.array([np.nan if is_missing(one) else seconds_of(one) for one in values])


@dataclass(frozen=True)
class WrittenColumn:
    """A column of numbers, dates or durations that are written as text in a format.

    Of dates there are `parts` of the calendar. Text in another format is missing.
    """

    name: str
    format: Any
    parts: tuple[str, ...] = ()
    zone: str = ""
    position: int | None = None
    place = 0

    def learn(self, values):
        """Learn nothing."""

    def read(self, values, learned):
        """Return the numbers, or a column for each part."""
        floats = read_texts(values, self.format)
        if not self.parts:
            return floats
        return np.column_stack(datetime_parts(floats, in_zone(floats, self.zone), self.parts))


@dataclass(frozen=True)
class MarkColumn:
    """Marks such as `never` among the values of a `WrittenColumn`, as codes from 1.

    The code is 0 where there is a value.
    """

    name: str
    format: Any
    marks: tuple[str, ...]
    position: int | None = None
    place = 2

    def learn(self, values):
        """Learn nothing."""

    def read(self, values, learned):
        """Return the codes."""
        codes = {mark: code for code, mark in enumerate(self.marks, 1)}
        labels = [None if is_missing(value) else label_of(value) for value in values]
        marks = np.array([codes.get(str(label), np.nan) for label in labels])
        return np.where(np.isnan(read_texts(values, self.format)), marks, 0.0)


def read_texts(values, text_format):
    """Return cells as floats: texts in a format, and numbers or times as they are."""
    texts = list({value for value in values if isinstance(value, str)})
    read = dict(zip(texts, text_format.read(texts), strict=True)) if texts else {}
    convert = float if text_format.kind == "numeric" else seconds_of
    floats = []
    for value in values:
        if isinstance(value, str):
            floats.append(read[value])
        else:
            floats.append(np.nan if is_missing(value) else convert(value))
    return np.array(floats, dtype=np.float64)


@dataclass(frozen=True)
class VectorColumn:
    """A column of texts that hold several numbers each, of which some become columns."""

    name: str
    parts: tuple[int, ...]
    strict: bool = False
    position: int | None = None
    place = 0

    def learn(self, values):
        """Learn nothing."""

    def read(self, values, learned):
        """Return a column for each part; missing where a cell holds fewer numbers."""
        count = max(self.parts) + 1
        rows = [[] if is_missing(one) else numbers_of(one, self.strict) for one in values]
        rows = [row if len(row) >= count else [np.nan] * count for row in rows]
        return np.array([[row[part] for part in self.parts] for row in rows])


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
