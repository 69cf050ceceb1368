"""Formulas as trees of DEAP's genetic programming: grown, mutated, crossed."""

from collections.abc import Sequence
from random import Random
from typing import Any

from deap import gp

from evolearn.genes.formulas import Expressions
from evolearn.search.random_operators import with_random
from evolearn.transformers import OPERATORS

# Shares of what a mutation of a set does: take a formula in, leave one out, or else change one.
MORE, LESS = 0.35, 0.2
# How often a child of two sets also crosses two of their formulas.
CROSSED = 0.5
# So often a move is tried until it gives a formula that is new and short enough.
TRIES = 8


class Trees:
    """The moves of genetic programming on formulas, all drawn from one generator.

    Formulas are texts outside of here and typed trees (strongly typed genetic programming,
    Montana, 1995) inside; those that a move makes too deep or too large are not taken
    (Koza, 1992).

    Parameters
    ----------
    domain : Expressions
        The columns there are and the formulas that are known.
    rng : random.Random
        The only source of randomness.
    columns : sequence of int, default=None
        The columns that trees are made of; None: all.
    """

    def __init__(
        self, domain: Expressions, rng: Random, columns: Sequence[int] | None = None
    ) -> None:
        self.domain = domain
        self._rng = rng
        self._primitives = _primitives(range(domain.n_columns) if columns is None else columns)
        self._grow = with_random(gp.genHalfAndHalf, rng)
        self._cross = with_random(gp.cxOnePoint, rng)
        self._moves = [
            with_random(move, rng)
            for move in (gp.mutUniform, gp.mutNodeReplacement, gp.mutInsert, gp.mutShrink)
        ]

    def grown(self) -> str:
        """Return a formula of random operators over random columns."""
        return str(gp.PrimitiveTree(self._grow(self._primitives, min_=1, max_=2)))

    def mutated(self, text: str) -> str:
        """Return a formula with one part changed; the same one if no move is allowed."""
        for _ in range(TRIES):
            move = self._rng.choice(self._moves)
            tree = self._tree(text)
            if move.__name__ == "mutUniform":
                (tree,) = move(tree, expr=self._branch, pset=self._primitives)
            elif move.__name__ == "mutShrink":
                (tree,) = move(tree)
            else:
                (tree,) = move(tree, pset=self._primitives)
            if self.domain.allows(str(tree)) and str(tree) != text:
                return str(tree)
        return text

    def crossed(self, first: str, second: str) -> str:
        """Return the first formula with a part of the second one in place of one of its own."""
        for _ in range(TRIES):
            child, _ = self._cross(self._tree(first), self._tree(second))
            if self.domain.allows(str(child)) and str(child) != first:
                return str(child)
        return first

    # -- sets of formulas --------------------------------------------------------------------

    def mutated_set(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Return a set with one formula more, one less, or one that is changed."""
        draw = self._rng.random()
        room = len(texts) < self.domain.most
        if not texts or (draw < MORE and room):
            new = self.domain.draw(self._rng) if self._rng.random() < 0.7 else self.grown()
            return self.domain.of([*texts, new])
        position = self._rng.randrange(len(texts))
        if draw < MORE + LESS:
            return tuple(text for i, text in enumerate(texts) if i != position)
        changed = self.mutated(texts[position])
        return self.domain.of(changed if i == position else t for i, t in enumerate(texts))

    def mixed_sets(self, first: Sequence[str], second: Sequence[str]) -> tuple[str, ...]:
        """Return a set of formulas of both, two of which may have been crossed."""
        child = list(self.domain.mix(first, second, self._rng))
        if child and second and self._rng.random() < CROSSED:
            position = self._rng.randrange(len(child))
            child[position] = self.crossed(child[position], self._rng.choice(list(second)))
        return self.domain.of(child)

    def _tree(self, text: str) -> Any:
        return gp.PrimitiveTree.from_string(text, self._primitives)

    def _branch(self, pset: Any, type_: Any) -> Any:
        """Return a new branch for `gp.mutUniform`."""
        return self._grow(pset, min_=0, max_=2, type_=type_)


def _primitives(columns: Sequence[int]) -> Any:
    """Return DEAP's set of the operators and columns that trees are made of."""
    primitives = gp.PrimitiveSetTyped("formula", [float] * len(columns), float)
    primitives.renameArguments(**{f"ARG{i}": f"x{column}" for i, column in enumerate(columns)})
    for name, operator in OPERATORS.items():
        primitives.addPrimitive(operator.apply, [float] * operator.arity, float, name=name)
    return primitives
