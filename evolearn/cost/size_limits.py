"""Components made to the size of a table: no more of anything than is of use there."""

import math
from dataclasses import replace

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from evolearn.genes.catalogue import PROJECTION, TEXT_COMPONENTS
from evolearn.genes.formulas import Expressions
from evolearn.genes.masks import Columns
from evolearn.genes.relations import Relations
from evolearn.models.shared import (
    BOOSTING_PARAMETERS,
    EPOCHS,
    EXACT_BOOSTING_PARAMETERS,
    FOREST_PARAMETERS,
    NETWORK_CONDITIONS,
    NETWORK_PARAMETERS,
)
from evolearn.pipeline.component import PLAIN_SLOTS, Component
from evolearn.pipeline.domains import Domain, Integer
from evolearn.pipeline.problem import Problem

# Estimators of the catalogue that take missing values, but not of sparse data.
TREES = (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
NEIGHBORS = "n_neighbors"
# How many trees there are in the catalogue's boosted trees.
_OF_BOOSTING = BOOSTING_PARAMETERS["max_iter"]
TREE_COUNTS: tuple[tuple[str, Domain], ...] = (
    *((name, _OF_BOOSTING) for name in ("max_iter", "n_estimators", "iterations")),
    ("n_estimators", EXACT_BOOSTING_PARAMETERS["n_estimators"]),
)
FEWEST_TREES = 60
# A forest may take so many bytes: its fold models must be kept until they serve, and read
# again. A full tree has nearly two nodes per row in regression, and about half of that where
# leaves are pure; a node has 64 bytes and 8 per output. Where so few trees are too much still,
# their leaves get more rows.
FOREST_BYTES = 300 * 2**20
FEWEST_TREES_OF_LARGE = 50
# Networks see so many rows in all, each of them once per epoch: on many rows fewer epochs do.
NETWORK_ROWS = 400_000
# A text has no more components than a part of the rows.
ROWS_PER_COMPONENT = 10
# What decomposes or projects holds so many numbers at most, components times columns: 64 MiB.
COMPONENT_NUMBERS = 2**23
# Of more columns, bins and waves make networks that take too long, and splines wide matrices.
MOST_SPREAD_COLUMNS = 100


def imputed(component: Component, problem: Problem) -> Component:
    """Return trees of scikit-learn with an imputer on sparse data: there they take no NaN."""
    own = component.cost is None or not isinstance(component.prototype(), TREES)
    if own or not problem.table.sparse:
        return component
    slots = {**(component.slots or PLAIN_SLOTS), "imputer": PLAIN_SLOTS["imputer"]}
    return replace(component, handles=component.handles - {"missing"}, slots=slots)


def narrow(component: Component, problem: Problem) -> Component:
    """Return a network that does not spread the columns of a wide table."""
    parameters = component.parameters
    wide = problem.table.n_numeric > MOST_SPREAD_COLUMNS
    if not wide or parameters.get("embedding") != NETWORK_PARAMETERS["embedding"]:
        return component
    spread = ("embedding", *NETWORK_CONDITIONS)
    return replace(
        component,
        estimator=component.prototype().set_params(embedding="none"),
        parameters={k: v for k, v in parameters.items() if k not in spread},
        conditions={k: v for k, v in component.conditions.items() if k not in spread},
    )


def with_few_neighbors(component: Component, problem: Problem) -> Component:
    """Return nearest neighbors with no more of them than half of any fold's training rows."""
    domain = component.parameters.get(NEIGHBORS)
    if component.cost is None or not isinstance(domain, Integer):
        return component
    return _with_at_most(component, NEIGHBORS, problem.n_least_rows // 2)


def with_fewer_rounds(component: Component, problem: Problem) -> Component:
    """Return a component with no more trees, or epochs, than are of use on so many rows.

    On a hundred rows a tree takes a millisecond whatever it learns, and four hundred learn no
    more than a hundred.
    """
    trees = max(problem.table.n_rows, FEWEST_TREES)
    nodes = 2.0 if problem.task == "regression" else 1.0
    tree = problem.n_fit_rows * nodes * (64 + 8 * max(problem.n_classes, 1))
    full_trees = max(int(FOREST_BYTES / tree), FEWEST_TREES_OF_LARGE)
    epochs = max(NETWORK_ROWS // problem.n_fit_rows, int(EPOCHS.low))
    most: list[tuple[str, Domain, int]] = [("max_iter", EPOCHS, epochs)]
    most += [(name, domain, trees) for name, domain in TREE_COUNTS]
    most.append(("n_estimators", FOREST_PARAMETERS["n_estimators"], min(trees, full_trees)))
    for name, domain, number in most:
        if component.parameters.get(name) == domain:  # one of the user's stays as it is
            component = _with_at_most(component, name, number)
    return _with_larger_leaves(
        component, math.ceil(FEWEST_TREES_OF_LARGE * tree / FOREST_BYTES)
    )


def _with_larger_leaves(component: Component, n_rows: int) -> Component:
    """Return a forest whose leaves have so many rows at least, others as they are."""
    domain = component.parameters.get("min_samples_leaf")
    if domain != FOREST_PARAMETERS["min_samples_leaf"] or not isinstance(domain, Integer):
        return component
    low = min(n_rows, int(domain.high) - 1)
    larger = replace(domain, low=low, start=max(low, domain.default))
    return replace(component, parameters={**component.parameters, "min_samples_leaf": larger})


def of_few_rows(component: Component, problem: Problem) -> Component:
    """Return what makes columns of text, no more of them than a tenth of the rows.

    And what decomposes sparse columns or projects any, into fewer than they are.
    """
    if component.name in ("truncated_svd", PROJECTION):
        n_columns = problem.n_encoded_columns
        return _with_at_most(
            component, "n_components", min(n_columns - 1, COMPONENT_NUMBERS // n_columns)
        )
    domain = component.parameters.get(TEXT_COMPONENTS)
    if not isinstance(domain, Integer):
        return component
    of_rows = max(problem.n_fit_rows // ROWS_PER_COMPONENT, int(domain.low) + 1)
    widths = (block.width for block in problem.table.texts)
    return _with_at_most(component, TEXT_COMPONENTS, min(of_rows, *widths))


def over_columns(component: Component, problem: Problem) -> Component:
    """Return a component whose formulas, relations and masks are over the table's columns."""
    table = problem.table

    def over(domain: Domain) -> Domain:
        if isinstance(domain, Expressions):
            return replace(domain, n_columns=table.n_numeric)
        if isinstance(domain, Relations):
            n_categories = len(table.cardinalities)
            return replace(domain, n_numbers=table.n_numeric, n_categories=n_categories)
        if isinstance(domain, Columns):
            return replace(domain, n_columns=table.n_numeric + len(table.cardinalities))
        return domain

    parameters = {name: over(domain) for name, domain in component.parameters.items()}
    changed = parameters != component.parameters
    return replace(component, parameters=parameters) if changed else component


def _with_at_most(component: Component, name: str, most: int) -> Component:
    """Return a component whose domain of whole numbers ends at `most`, or above its lowest."""
    domain = component.parameters.get(name)
    if not isinstance(domain, Integer) or most >= domain.high:
        return component  # as it is, or as the user wants it
    high = max(most, int(domain.low) + 1)
    fewer = replace(domain, high=high, start=min(domain.default, high))
    return replace(component, parameters={**component.parameters, name: fewer})
