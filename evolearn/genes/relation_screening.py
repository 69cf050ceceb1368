"""Relations worth trying, found before a search by what boosted trees leave unexplained.

There are hundreds of crosses and groupings in a table, and most of them tell nothing that
boosted trees do not find by themselves. So each is asked first how much it explains of what
such trees leave on rows that they were not fitted on, which takes a fraction of a millisecond,
and what it explains beyond its own columns counts. Those that explain most must then make the
trees better, on rows that had no say in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from evolearn.genes.confirmation import (
    FEWEST_ROWS,
    MOST_COLUMNS,
    MOST_TRIED,
    NATIVE,
    explained,
    grouped,
    halves,
    least_share,
    proved,
    quick_trees,
    share,
)
from evolearn.transformers import KINDS, CategoryRelations, Relation, parse_relation

Matrix = NDArray[np.float64]
Groups = NDArray[np.intp]

# Rows of each half, the most telling columns of categories and of numbers that trees are given,
# and how many of the numbers are grouped: a second in all.
MOST_ROWS = 2_500
MOST_CATEGORIES, MOST_NUMBERS, MOST_GROUPED = 16, 24, 8


@dataclass(frozen=True)
class Related:
    """Relations that are of use, the best first; mostly none.

    ``gain`` is which share of the squared error of boosted trees they save, on rows that they
    were not chosen by.
    """

    relations: tuple[str, ...] = ()
    gain: float = 0.0


def relate(X: Matrix, n_numbers: int, targets: Matrix, seed: int) -> Related:
    """Find relations between the columns of a matrix that tell something of a target.

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
    Related
    """
    if len(X) < FEWEST_ROWS or not n_numbers < X.shape[1] <= MOST_COLUMNS:
        return Related()
    first, second = halves(X, targets, seed, MOST_ROWS)
    if not first[1].shape[1]:
        return Related()
    columns = _Columns.telling(*first, n_numbers)
    if not columns.categories:
        return Related()
    # Sums in another order are other numbers: one thread.
    with threadpool_limits(1):
        choosing = _Part(columns.of(first[0]), first[1], len(columns.numbers))
        proving = _Part(columns.of(second[0]), second[1], len(columns.numbers))
        chosen = _Choice(choosing, choosing.missed_by(proving)).run()
        found, gain = proved(
            chosen, partial(proving.missed_by, choosing), partial(choosing.missed_by, proving)
        )
    return Related(tuple(map(columns.named, found)), gain)


@dataclass(frozen=True)
class _Columns:
    """The most telling columns of a matrix, the best first, by their positions in it."""

    numbers: Sequence[int]
    categories: Sequence[int]
    n_numbers: int  # that there are in the matrix

    @classmethod
    def telling(cls, X: Matrix, targets: Matrix, n_numbers: int) -> "_Columns":
        told = {}
        for j, column in enumerate(X.T):
            groups = grouped(column, binned=j < n_numbers)
            if np.ptp(groups) > 0:
                told[j] = share(groups, targets)
        best = sorted(told, key=lambda j: -told[j])
        numbers = [j for j in best if j < n_numbers][:MOST_NUMBERS]
        return cls(numbers, [j for j in best if j >= n_numbers][:MOST_CATEGORIES], n_numbers)

    def of(self, X: Matrix) -> Matrix:
        """Return these columns."""
        return X[:, [*self.numbers, *self.categories]]

    def named(self, text: str) -> str:
        """Return a relation between these columns as one between those of the matrix."""
        relation = parse_relation(text)
        places = sorted(self.categories[j] - self.n_numbers for j in relation.categories)
        number = self.numbers[relation.number] if relation.number >= 0 else -1
        return str(Relation(relation.kind, tuple(places), number))


@dataclass(frozen=True)
class _Part:
    """Some of the rows."""

    X: Matrix
    targets: Matrix
    n_numbers: int

    def missed_by(self, other: "_Part", relations: Sequence[str] = ()) -> Matrix:
        """Return what trees that are fitted on the other rows leave of the targets."""
        n_categorical = self.X.shape[1] - self.n_numbers
        step: Any = CategoryRelations(relations=relations, n_categorical=n_categorical)
        fitted, own = step.fit_transform(other.X), step.transform(self.X)
        made = sum(not parse_relation(text).is_category for text in relations)
        levels = [len(np.unique(column)) for column in fitted.T]
        are_categories = np.arange(fitted.shape[1]) >= self.n_numbers + made
        trees = quick_trees(are_categories & (np.array(levels) <= NATIVE))
        answers = [trees.fit(fitted, target).predict(own) for target in other.targets.T]
        return np.asarray(self.targets - np.column_stack(answers))


@dataclass
class _Choice:
    """Relations chosen one after another by what they explain of what is left."""

    part: _Part
    left: Matrix
    groups: dict[str, Groups] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)

    def run(self) -> tuple[str, ...]:
        texts = [str(relation) for relation in self._candidates()]
        chosen: list[str] = []
        while len(chosen) < MOST_TRIED:
            self.shares = {}
            scores = {text: self._score(text) for text in texts if text not in chosen}
            # Of what explains little now, little is to be expected later.
            texts = sorted(scores, key=lambda text: -scores[text])[: 10 * MOST_TRIED]
            if not texts or scores[texts[0]] < least_share(len(self.left)):
                break
            chosen.append(texts[0])
            self.left = self.left - explained(self._groups(texts[0]), self.left)
        return tuple(chosen)

    def _candidates(self) -> Iterator[Relation]:
        n_categories = self.part.X.shape[1] - self.part.n_numbers
        for first in range(n_categories):
            yield Relation("frequency", (first,))
            for second in range(first + 1, n_categories):
                yield Relation("cross", (first, second))
            for number in range(min(self.part.n_numbers, MOST_GROUPED)):
                for kind in (name for name, kind in KINDS.items() if kind.has_number):
                    yield Relation(kind, (first,), number)

    def _score(self, text: str) -> float:
        """Return what a relation explains of what is left beyond its own columns."""
        relation = parse_relation(text)
        own = [f"c{j}" for j in relation.categories]
        own += [f"x{relation.number}"] if relation.number >= 0 else []
        known = sum(max(self._share_of(name), 0.0) for name in own)
        return self._share_of(text) - known

    def _share_of(self, name: str) -> float:
        if name not in self.shares:
            self.shares[name] = share(self._groups(name), self.left)
        return self.shares[name]

    def _groups(self, name: str) -> Groups:
        """Return which category or bin of a column or relation each row is in."""
        if name not in self.groups:
            values, is_category = self._column(name)
            self.groups[name] = grouped(values, binned=not is_category)
        return self.groups[name]

    def _column(self, name: str) -> tuple[Matrix, bool]:
        """Return the values of a column or relation, and whether they are categories."""
        numbers, codes = np.split(self.part.X, [self.part.n_numbers], axis=1)
        if name[1:].isdecimal():
            is_category = name[0] == "c"
            return (codes if is_category else numbers)[:, int(name[1:])], is_category
        relation = parse_relation(name)
        learned = relation.fit(numbers, codes)
        return relation.values(learned, numbers, codes), relation.is_category
