"""Screening for relations between columns: crosses, frequencies, groupings by categories.

A table has hundreds of them, and boosted trees find most by themselves. The screening measures
how much of the residuals of boosted trees a relation explains, beyond its own columns, on rows
that the trees were not fitted on; this takes a fraction of a millisecond. The best relations
must then make the trees better on rows that they were not chosen by.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from evolearn.genes.screening.confirmation import (
    FEWEST_ROWS,
    MOST_COLUMNS,
    MOST_TRIED,
    NATIVE,
    Groups,
    Matrix,
    confirmed,
    explained_share,
    group_means,
    grouped,
    halves,
    least_share,
    quick_trees,
    with_known_codes,
)
from evolearn.transformers import KINDS, CategoryRelations, Relation, parse_relation

# Rows of each half, the most categorical and numeric columns that the trees get, and the most
# numbers that are grouped: a second in all.
MOST_ROWS = 2_500
MOST_CATEGORIES, MOST_NUMBERS, MOST_GROUPED = 16, 24, 8


def find_relations(X: Matrix, n_numbers: int, targets: Matrix, seed: int) -> tuple[str, ...]:
    """Return relations between columns that explain a target, best first; mostly none.

    The matrix holds numbers, then codes of categories. Only the first two targets count.
    """
    if len(X) < FEWEST_ROWS or not n_numbers < X.shape[1] <= MOST_COLUMNS:
        return ()
    first, second = halves(X, targets, seed, MOST_ROWS)
    if not first[1].shape[1]:
        return ()
    columns = _Columns.best(*first, n_numbers)
    if not columns.categories:
        return ()
    # One thread: the order of a sum changes its last digits, and results must repeat.
    with threadpool_limits(1):
        choosing = _Part(columns.of(first[0]), first[1], len(columns.numbers))
        judging = _Part(columns.of(second[0]), second[1], len(columns.numbers))
        chosen = _Choice(choosing, choosing.residuals(judging)).run()
        found = confirmed(
            chosen, partial(judging.residuals, choosing), partial(choosing.residuals, judging)
        )
    return tuple(map(columns.named, found))


@dataclass(frozen=True)
class _Columns:
    """Positions of the columns that explain most of the target, best first."""

    numbers: Sequence[int]
    categories: Sequence[int]
    n_numbers: int  # of the whole matrix

    @classmethod
    def best(cls, X: Matrix, targets: Matrix, n_numbers: int) -> "_Columns":
        shares = {}
        for j, column in enumerate(X.T):
            groups = grouped(column, binned=j < n_numbers)
            if np.ptp(groups) > 0:
                shares[j] = explained_share(groups, targets)
        best = sorted(shares, key=lambda j: -shares[j])
        numbers = [j for j in best if j < n_numbers][:MOST_NUMBERS]
        return cls(numbers, [j for j in best if j >= n_numbers][:MOST_CATEGORIES], n_numbers)

    def of(self, X: Matrix) -> Matrix:
        """Return these columns."""
        return X[:, [*self.numbers, *self.categories]]

    def named(self, text: str) -> str:
        """Return a relation between these columns by the positions in the whole matrix."""
        relation = parse_relation(text)
        places = sorted(self.categories[j] - self.n_numbers for j in relation.categories)
        number = self.numbers[relation.number] if relation.number >= 0 else -1
        return str(Relation(relation.kind, tuple(places), number))


@dataclass(frozen=True)
class _Part:
    """Half of the rows."""

    X: Matrix
    targets: Matrix
    n_numbers: int

    def residuals(self, other: "_Part", relations: Sequence[str] = ()) -> Matrix:
        """Return the residuals of the targets under trees fitted on the other rows."""
        n_categorical = self.X.shape[1] - self.n_numbers
        step: Any = CategoryRelations(relations=relations, n_categorical=n_categorical)
        known = with_known_codes(self.X, other.X, self.n_numbers)
        fitted, own = step.fit_transform(other.X), step.transform(known)
        made = sum(not parse_relation(text).is_category for text in relations)
        levels = [len(np.unique(column)) for column in fitted.T]
        are_categories = np.arange(fitted.shape[1]) >= self.n_numbers + made
        trees = quick_trees(are_categories & (np.array(levels) <= NATIVE))
        predictions = [trees.fit(fitted, target).predict(own) for target in other.targets.T]
        return np.asarray(self.targets - np.column_stack(predictions))


@dataclass
class _Choice:
    """Greedy choice of relations, each by the share of the residuals that it explains."""

    part: _Part
    residuals: Matrix
    groups: dict[str, Groups] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)

    def run(self) -> tuple[str, ...]:
        texts = [str(relation) for relation in self._candidates()]
        chosen: list[str] = []
        while len(chosen) < MOST_TRIED:
            self.shares = {}
            scores = {text: self._score(text) for text in texts if text not in chosen}
            # A relation that explains little now will hardly explain more later.
            texts = sorted(scores, key=lambda text: -scores[text])[: 10 * MOST_TRIED]
            if not texts or scores[texts[0]] < least_share(len(self.residuals)):
                break
            chosen.append(texts[0])
            self.residuals = self.residuals - group_means(
                self._groups(texts[0]), self.residuals
            )
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
        """Return the share of residuals that a relation explains beyond its own columns."""
        relation = parse_relation(text)
        own = [f"c{j}" for j in relation.categories]
        own += [f"x{relation.number}"] if relation.number >= 0 else []
        by_columns = sum(max(self._share_of(name), 0.0) for name in own)
        return self._share_of(text) - by_columns

    def _share_of(self, name: str) -> float:
        if name not in self.shares:
            self.shares[name] = explained_share(self._groups(name), self.residuals)
        return self.shares[name]

    def _groups(self, name: str) -> Groups:
        """Return the category or bin of each row, for a column or relation."""
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
