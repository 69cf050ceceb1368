"""Relations between the columns of a table: their text, and how they are read.

The text names columns of numbers ``x0``, ``x1`` and so on, and columns of categories ``c0``,
``c1`` and so on, each counted from 0: ``mean(x1 | c2)`` is the mean of the second number within
the third category.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from evolearn.transformers.formula_language import LARGEST
from evolearn.transformers.groupings import Pairs, deviations, frequencies, means

Matrix = NDArray[np.float64]
#: What is learned of a relation: gives values for codes of its categories.
Learned = Callable[..., Matrix]


@dataclass(frozen=True)
class Kind:
    """A kind of relation.

    Attributes
    ----------
    written : str
        Its text, with places for the positions of the number and the categories.
    read : str
        How it is read, with places for their names.
    is_category : bool
        Whether it makes a category; else it makes a number.
    """

    written: str
    read: str
    is_category: bool = False

    @property
    def has_number(self) -> bool:
        """Whether a number is a part of it."""
        return "{number}" in self.written

    @property
    def n_categories(self) -> int:
        """How many categories are a part of it."""
        return self.written.count("c{")


#: What relations there are, by name.
KINDS: Mapping[str, Kind] = {
    "frequency": Kind("frequency(c{first})", "frequency({first})"),
    "cross": Kind("cross(c{first}, c{second})", "{first} x {second}", is_category=True),
    "mean": Kind("mean(x{number} | c{first})", "mean({number} | {first})"),
    "std": Kind("std(x{number} | c{first})", "std({number} | {first})"),
    "deviation": Kind(
        "x{number} - mean(x{number} | c{first})", "{number} - mean({number} | {first})"
    ),
}


def _pattern(written: str) -> re.Pattern[str]:
    """Return what finds the positions in the text of a kind."""
    pattern = re.escape(written)
    for place in ("number", "first", "second"):
        escaped = re.escape(f"{{{place}}}")
        pattern = pattern.replace(escaped, rf"(?P<{place}>\d+)", 1)
        pattern = pattern.replace(escaped, rf"(?P={place})")  # the same one again
    return re.compile(pattern)


_PATTERNS = {name: _pattern(kind.written) for name, kind in KINDS.items()}


@dataclass(frozen=True)
class Relation:
    """A relation: its kind and the columns it is between.

    Parameters
    ----------
    kind : str
        A name of `KINDS`.
    categories : tuple of int
        The positions among the categories; of a cross in ascending order.
    number : int, default=-1
        The position among the numbers, if there is one.

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
        return KINDS[self.kind].written.format(number=self.number, **self._ordered)

    @property
    def is_category(self) -> bool:
        """Whether it makes a category; else it makes a number."""
        return KINDS[self.kind].is_category

    def learned(self, numbers: Matrix, codes: Matrix) -> Learned:
        """Return what training rows tell, for `values`.

        Parameters
        ----------
        numbers : ndarray of shape (n_samples, n_numbers)
        codes : ndarray of shape (n_samples, n_categories)
        """
        first = codes[:, self.categories[0]]
        if self.kind == "cross":
            return Pairs.of(first, codes[:, self.categories[1]])
        if self.kind == "frequency":
            return frequencies(first)
        learn = deviations if self.kind == "std" else means
        return learn(numbers[:, self.number], first)

    def values(self, learned: Learned, numbers: Matrix, codes: Matrix) -> Matrix:
        """Return the values for the rows of two matrices, by what was learned."""
        values = learned(*(codes[:, j] for j in self.categories))
        if self.kind == "deviation":
            return np.clip(numbers[:, self.number], -LARGEST, LARGEST) - values
        return values

    def readable(self, numbers: Sequence[str], categories: Sequence[str]) -> str:
        """Return it as it is read, with the names of the columns."""
        named = {place: str(categories[j]) for place, j in self._ordered.items()}
        number = str(numbers[self.number]) if self.number >= 0 else ""
        return KINDS[self.kind].read.format(number=number, **named)

    @property
    def _ordered(self) -> dict[str, int]:
        return dict(zip(("first", "second"), self.categories, strict=False))


@lru_cache(maxsize=4096)
def parse_relation(text: str) -> Relation:
    """Return the relation that a text stands for.

    Raises
    ------
    ValueError
        If the text is no relation.
    """
    for name, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(text):
            places = {place: int(position) for place, position in found.groupdict().items()}
            number = places.pop("number", -1)
            categories = tuple(places.values())
            if list(categories) == sorted(set(categories)):
                return Relation(name, categories, number)
    known = ", ".join(
        repr(kind.written.format(number=1, first=0, second=2)) for kind in KINDS.values()
    )
    raise ValueError(
        f"A relation is written as one of {known}, where x1 is the second number and c0 the "
        f"first category, those of a cross in ascending order; got {text!r}."
    )
