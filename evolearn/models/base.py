"""Needs, tasks and size limits that several model families share."""

from evolearn.pipeline.component import Component, capped
from evolearn.pipeline.domains import Choice, Domain
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.problem import Problem

CLASSIFICATION, REGRESSION = "classification", "regression"

SPARSE = frozenset({"sparse"})

#: Estimators of complete, scaled columns.
SCALED = frozenset({Trait.COMPLETE, Trait.SCALED, Trait.SELECTED})
#: The same, whose columns may be combined.
TRANSFORMED = SCALED | {Trait.TRANSFORMED}
#: Straight lines, which profit from curves made of their columns.
LINEAR = TRANSFORMED | {Trait.LINEAR}
#: Models that are trained on a standardised target.
SCALED_TARGET = frozenset({Trait.SCALED_TARGET})

CLASS_WEIGHT = Choice(None, "balanced")
# On a hundred rows a tree takes a millisecond whatever it learns, and four hundred trees learn
# no more than a hundred.
FEWEST_TREES = 60


def most_trees(problem: Problem) -> int:
    """Return the largest number of trees that is of use on a table."""
    return max(problem.table.n_rows, FEWEST_TREES)


def capped_where(component: Component, name: str, domain: Domain, most: int) -> Component:
    """Return a component with an upper bound of a parameter, if it has the family's domain."""
    own = component.parameters.get(name) == domain
    return capped(component, name, most) if own else component


class TreeLimit:
    """Size limits of boosting: no more trees than are of use on a table.

    Parameters
    ----------
    name : str
        The parameter that counts the trees.
    domain : Domain
        The family's domain of it.
    """

    def __init__(self, name: str, domain: Domain) -> None:
        self._name, self._domain = name, domain

    def __call__(self, component: Component, problem: Problem) -> Component:
        """Return the component adapted to a table."""
        return capped_where(component, self._name, self._domain, most_trees(problem))
