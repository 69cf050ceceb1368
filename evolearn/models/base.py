"""Needs, tasks and size limits that several model families share."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from evolearn.pipeline.component import Component, capped
from evolearn.pipeline.domains import Choice, Domain
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.model_family import Model
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.resources import Cost

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

#: Losses of forests and trees: the absolute error would take the square of the rows.
TREE_LOSSES = {"poisson": {"criterion": "poisson"}}

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


def tree_limit(name: str, domain: Domain) -> Callable[[Component, Problem], Component]:
    """Return size limits of boosting: no more trees than are of use on a table.

    The parameter of this name counts the trees, and has this domain in the family.
    """
    return partial(_with_most_trees, name=name, domain=domain)


def _with_most_trees(
    component: Component, problem: Problem, *, name: str, domain: Domain
) -> Component:
    return capped_where(component, name, domain, most_trees(problem))


def models_of(
    classifier: Any,
    regressor: Any,
    parameters: Mapping[str, Domain],
    traits: frozenset[Trait],
    cost: Cost,
) -> dict[str, Model]:
    """Return the models of a family whose tasks differ in nothing but the estimator."""
    estimators = {CLASSIFICATION: classifier, REGRESSION: regressor}
    return {task: Model(one, parameters, traits, cost) for task, one in estimators.items()}
