"""The domain of relations: sets of crosses, frequencies and groupings by categories."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from evolearn.pipeline.text_sets import TextSet
from evolearn.transformers import KINDS, Relation, parse_relation

#: The slot of relations, and what the catalogue fills it with.
RELATIONS, RELATED, NO_RELATIONS = "relations", "related", "no_relations"

# More new columns than these help few models, and cost all of them time.
MOST_RELATIONS = 8


@dataclass(frozen=True)
class Relations(TextSet):
    """Sets of relations between columns, each written as in `CategoryRelations`.

    Parameters
    ----------
    n_numbers : int, default=0
        The columns of numbers there are: ``x0`` to ``x{n_numbers - 1}``.
    n_categories : int, default=0
        The columns of categories there are: ``c0`` to ``c{n_categories - 1}``.
    found : tuple of str, default=()
        Relations that are known to tell something of the target, the best first.
    gain : float, default=0.0
        Which share of the error of boosted trees these save.
    most : int, default=8
        How many a set may hold.

    Examples
    --------
    >>> from evolearn.genes.relations import Relations
    >>> ("mean(x0 | c1)",) in Relations(n_numbers=1, n_categories=2)
    True
    >>> ("cross(c0, c2)",) in Relations(n_numbers=1, n_categories=2)
    False
    """

    n_numbers: int = 0
    n_categories: int = 0
    found: tuple[str, ...] = ()
    gain: float = 0.0
    most: int = MOST_RELATIONS

    @property
    def known(self) -> tuple[str, ...]:
        """The relations that were found."""
        return self.found

    @property
    def n_sources(self) -> int:
        """The columns of categories."""
        return self.n_categories

    def draw(self, rng: Random) -> str:
        """Return one relation: of those that are known, or of any kind between any columns."""
        if self.found and rng.random() < 0.7:
            return rng.choice(self.found)
        kinds = [
            name
            for name, kind in KINDS.items()
            if kind.n_categories <= self.n_categories
            and (self.n_numbers or not kind.has_number)
        ]
        name = rng.choice(kinds)
        categories = rng.sample(range(self.n_categories), KINDS[name].n_categories)
        number = rng.randrange(self.n_numbers) if KINDS[name].has_number else -1
        return str(Relation(name, tuple(sorted(categories)), number))

    def mutate(self, value: Sequence[str], rng: Random) -> tuple[str, ...]:
        """Return the set with one relation more, one less, or another one in its place."""
        position = rng.randrange(len(value)) if value else 0
        others = [text for i, text in enumerate(value) if i != position]
        if len(value) > 1 and rng.random() < 0.4:
            return tuple(others)
        if not self.n_categories:
            return tuple(value)
        grows = not value or (len(value) < self.most and rng.random() < 0.5)
        return self.of([*(value if grows else others), self.draw(rng)])

    def allows(self, text: Any) -> bool:
        """Tell whether a relation is between columns that there are."""
        if not isinstance(text, str):
            return False
        try:
            relation = parse_relation(text)
        except ValueError:
            return False
        return (
            text == str(relation)
            and relation.number < self.n_numbers
            and max(relation.categories) < self.n_categories
        )
