"""Common base of the model families."""

from collections.abc import Iterable, Mapping
from typing import Any

from evolearn.pipeline.component import Component, capped
from evolearn.pipeline.domains import Choice, Domain
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.registry import options_for

CLASSIFICATION, REGRESSION = "classification", "regression"

DENSE = frozenset[str]()
SPARSE = frozenset({"sparse"})

#: Estimators of complete, scaled columns.
SCALED = frozenset({Trait.COMPLETE, Trait.SCALED, Trait.SELECTED})
#: The same, whose columns may be combined.
TRANSFORMED = SCALED | {Trait.TRANSFORMED}
#: Straight lines, which profit from curves made of their columns.
LINEAR = TRANSFORMED | {Trait.LINEAR}

CLASS_WEIGHT = Choice(None, "balanced")
# On a hundred rows a tree takes a millisecond whatever it learns, and four hundred trees learn
# no more than a hundred.
FEWEST_TREES = 60


def family_component(
    name: str,
    estimator: Any,
    parameters: Mapping[str, Domain],
    traits: Iterable[Trait],
    task: str,
    **details: Any,
) -> Component:
    """Return the component of a model family.

    Parameters
    ----------
    name : str
    estimator : estimator or class
    parameters : dict of str to domain
    traits : iterable of Trait
        The estimator's needs, from which the options of the genes follow.
    task : str
    **details
        Further parameters of `Component`.
    """
    return Component(
        name,
        estimator,
        parameters,
        slots=options_for(traits, task),
        user_defined=False,
        **details,
    )


def most_trees(problem: Problem) -> int:
    """Return the largest number of trees that is of use on a table."""
    return max(problem.table.n_rows, FEWEST_TREES)


def capped_where(component: Component, name: str, domain: Domain, most: int) -> Component:
    """Return a component with an upper bound of a parameter, if it has the family's domain."""
    return (
        capped(component, name, most) if component.parameters.get(name) == domain else component
    )
