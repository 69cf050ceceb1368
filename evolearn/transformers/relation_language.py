"""Relations of categories to other columns: syntax, values and readable form.

Columns of numbers are written ``x0``, ``x1`` and so on, columns of categories ``c0``, ``c1``
and so on: ``mean(x1 | c2)`` is the mean of the second number within the third category.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evolearn.messages import shown
from evolearn.transformers.category_statistics import (
    Pairs,
    fit_deviations,
    fit_frequencies,
    fit_means,
)
from evolearn.transformers.formula_language import LARGEST

Matrix = NDArray[np.float64]
#: A fitted relation: takes the codes of its categories and returns values.
Statistic = Callable[..., Matrix]


@dataclass(frozen=True)
class Kind:
    """A kind of relation.

    `syntax` is a format with the positions of the number and the categories, `readable` one
    with their names. The new column is a category or a number.
    """

    syntax: str
    readable: str
    is_category: bool = False

    @property
    def has_number(self) -> bool:
        """Whether it has a column of numbers."""
        return "{number}" in self.syntax

    @property
    def n_categories(self) -> int:
        """Number of columns of categories in it."""
        return self.syntax.count("c{")


#: The kinds of relations by name.
KINDS: Mapping[str, Kind] = {
    "frequency": Kind("frequency(c{first})", "frequency({first})"),
    "cross": Kind("cross(c{first}, c{second})", "{first} x {second}", is_category=True),
    "mean": Kind("mean(x{number} | c{first})", "mean({number} | {first})"),
    "std": Kind("std(x{number} | c{first})", "std({number} | {first})"),
    "deviation": Kind(
        "x{number} - mean(x{number} | c{first})", "{number} - mean({number} | {first})"
    ),
}


def _pattern(syntax: str) -> re.Pattern[str]:
    """Compile a pattern that finds the positions in a relation."""
    pattern = re.escape(syntax)
    for name in ("number", "first", "second"):
        field = re.escape(f"{{{name}}}")
        pattern = pattern.replace(field, rf"(?P<{name}>\d+)", 1)
        pattern = pattern.replace(field, rf"(?P={name})")  # the same position again
    return re.compile(pattern)


_PATTERNS = {name: _pattern(kind.syntax) for name, kind in KINDS.items()}


@dataclass(frozen=True)
class Relation:
    """A relation: its kind and its columns.

    Parameters
    ----------
    kind : str
        A name of `KINDS`.
    categories : tuple of int
        Positions among the categories; those of a cross in ascending order.
    number : int, default=-1
        Position among the numbers; -1 for relations without a number.

    Examples
    --------
    >>> from evolearn.transformers import parse_relation
    >>> relation = parse_relation("x1 - mean(x1 | c0)")
    >>> relation.readable(["rooms", "price"], ["district"])
    'price - mean(price | district)'
    >>> str(relation)
    'x1 - mean(x1 | c0)'
    """

    kind: str
    categories: tuple[int, ...]
    number: int = -1

    def __str__(self) -> str:
        return KINDS[self.kind].syntax.format(number=self.number, **self._fields)

    @property
    def is_category(self) -> bool:
        """Whether the new column is a category; else it is a number."""
        return KINDS[self.kind].is_category

    def fit(self, numbers: Matrix, codes: Matrix) -> Statistic:
        """Learn the statistic that `values` needs from matrices of training rows."""
        first = codes[:, self.categories[0]]
        if self.kind == "cross":
            return Pairs.fit(first, codes[:, self.categories[1]])
        if self.kind == "frequency":
            return fit_frequencies(first)
        fit = fit_deviations if self.kind == "std" else fit_means
        return fit(numbers[:, self.number], first)

    def values(self, statistic: Statistic, numbers: Matrix, codes: Matrix) -> Matrix:
        """Compute the values of the rows of two matrices from the statistic of `fit`."""
        values = statistic(*(codes[:, j] for j in self.categories))
        if self.kind == "deviation":
            return np.clip(numbers[:, self.number], -LARGEST, LARGEST) - values
        return values

    def readable(self, numbers: Sequence[str], categories: Sequence[str]) -> str:
        """Write it with the names of the columns."""
        named = {field: str(categories[j]) for field, j in self._fields.items()}
        number = str(numbers[self.number]) if self.number >= 0 else ""
        return KINDS[self.kind].readable.format(number=number, **named)

    @property
    def _fields(self) -> dict[str, int]:
        return dict(zip(("first", "second"), self.categories, strict=False))


@lru_cache(maxsize=4096)
def parse_relation(text: str) -> Relation:
    """Parse a relation.

    Raises
    ------
    ValueError
        If the text is no relation.
    """
    for name, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(text):
            positions = {field: int(text) for field, text in found.groupdict().items()}
            number = positions.pop("number", -1)
            categories = tuple(positions.values())
            if list(categories) == sorted(set(categories)):
                return Relation(name, categories, number)
    examples = ", ".join(
        repr(kind.syntax.format(number=1, first=0, second=2)) for kind in KINDS.values()
    )
    raise ValueError(
        f"A relation is written as one of {examples}, where x1 is the second number and c0 the "
        f"first category, those of a cross in ascending order; got {shown(text)}."
    )
