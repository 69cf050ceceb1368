"""Genetic programming of formulas: trees that are grown, mutated and crossed with DEAP."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from deap import gp

from evolearn.search.random_operators import with_random
from evolearn.transformers import OPERATORS

# Number of attempts at an operator until it gives a formula that is new and short enough.
TRIES = 8


class FormulaTrees:
    """Variation operators of formulas, all drawn from one generator.

    Formulas are texts outside and typed trees inside (strongly typed genetic programming,
    Montana, 1995). Results that are too deep or too large are rejected (Koza, 1992).

    Formulas are made of the given columns. `allows` says whether a formula, as text, may be a
    result.
    """

    def __init__(
        self, columns: Sequence[int], allows: Callable[[str], bool], rng: Random
    ) -> None:
        self._allows = allows
        self._rng = rng
        self._primitives = _primitives(columns)
        self._grow = with_random(gp.genHalfAndHalf, rng)
        self._cross = with_random(gp.cxOnePoint, rng)
        self._mutations = [
            with_random(mutation, rng)
            for mutation in (gp.mutUniform, gp.mutNodeReplacement, gp.mutInsert, gp.mutShrink)
        ]

    def grow(self) -> str:
        """Return a formula of random operators over random columns.

        The last of several tries if none is allowed.
        """
        for _ in range(TRIES):
            text = str(gp.PrimitiveTree(self._grow(self._primitives, min_=1, max_=2)))
            if self._allows(text):
                break
        return text

    def mutate(self, text: str) -> str:
        """Return a formula with one part changed; the same one if no result is allowed."""
        for _ in range(TRIES):
            mutation = self._rng.choice(self._mutations)
            tree = self._tree(text)
            if mutation.__name__ == "mutUniform":
                (tree,) = mutation(tree, expr=self._branch, pset=self._primitives)
            elif mutation.__name__ == "mutShrink":
                (tree,) = mutation(tree)
            else:
                (tree,) = mutation(tree, pset=self._primitives)
            if self._allows(str(tree)) and str(tree) != text:
                return str(tree)
        return text

    def cross(self, first: str, second: str) -> str:
        """Return the first formula with a part of the second one in place of one of its own."""
        for _ in range(TRIES):
            child, _ = self._cross(self._tree(first), self._tree(second))
            if self._allows(str(child)) and str(child) != first:
                return str(child)
        return first

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
