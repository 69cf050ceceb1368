"""Decision trees and forests of them."""

import math
from collections.abc import Mapping
from dataclasses import replace

from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from evolearn.genes.encoder import ENCODER, ORDINAL, TARGET_MEAN
from evolearn.models.base import (
    CLASS_WEIGHT,
    CLASSIFICATION,
    REGRESSION,
    TREE_LOSSES,
    capped_where,
    most_trees,
)
from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice, Domain, Float, Integer
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.model_family import Model, ModelFamily, PortfolioEntry
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.resources import Cost, Footprint
from evolearn.tasks import get_task

HANDLES = frozenset({"missing", "sparse"})
TRAITS = frozenset({Trait.THRESHOLDS, Trait.LOSSES})

FOREST_PARAMETERS: Mapping[str, Domain] = {
    "n_estimators": Integer(50, 400, log=True, start=150),
    "max_features": Float(0.1, 1.0, start=0.5),
    "min_samples_leaf": Integer(1, 40, log=True, start=1),
    "max_depth": Choice(None, 6, 10, 16),
}
_UNITS = {"n_estimators": (150, 1.0), "max_features": (0.5, 0.7), "min_samples_leaf": (1, -0.2)}
# A node has 64 bytes and 8 per class, and full trees have nearly two nodes per row.
FOREST_FOOTPRINT = Footprint(0.5, of_each={"n_estimators": 144.0})
# Largest size of a forest: its fold models must be kept until they serve, and read again. A
# full tree has nearly two nodes per row in regression, and about half of that where leaves are
# pure. Where even the fewest trees take more, their leaves get more rows.
FOREST_BYTES, FEWEST_TREES = 300 * 2**20, 50


def tree_limits(component: Component, problem: Problem) -> Component:
    """Return trees that get an imputer on sparse data, where they accept no missing values."""
    if not problem.table.sparse:
        return component
    return replace(component, handles=component.handles - {"missing"})


def forest_limits(component: Component, problem: Problem) -> Component:
    """Return a forest of bounded size: fewer trees and, if need be, larger leaves."""
    component = tree_limits(component, problem)
    nodes = problem.n_fit_rows * get_task(problem.task).nodes_per_row
    tree_bytes = nodes * (64 + 8 * max(problem.n_classes, 1))
    full_trees = max(int(FOREST_BYTES / tree_bytes), FEWEST_TREES)
    component = capped_where(
        component,
        "n_estimators",
        FOREST_PARAMETERS["n_estimators"],
        min(most_trees(problem), full_trees),
    )
    leaf = FOREST_PARAMETERS["min_samples_leaf"]
    if component.parameters.get("min_samples_leaf") != leaf or not isinstance(leaf, Integer):
        return component
    low = min(math.ceil(FEWEST_TREES * tree_bytes / FOREST_BYTES), int(leaf.high) - 1)
    larger = replace(leaf, low=low, start=max(low, leaf.default))
    return component.with_domains(min_samples_leaf=larger)


_TREE_PARAMETERS: dict[str, Domain] = {
    "max_leaf_nodes": Integer(4, 500, log=True, start=32),
    "min_samples_leaf": Integer(1, 50, log=True, start=5),
}
_CRITERION = Choice("gini", "entropy")

# The baseline of classification.
DECISION_TREE = ModelFamily(
    "decision_tree",
    {
        CLASSIFICATION: Model(
            DecisionTreeClassifier(max_leaf_nodes=32),
            {**_TREE_PARAMETERS, "criterion": _CRITERION},
            TRAITS,
            Cost(0.006, rows=1.1),
        ),
        REGRESSION: Model(
            DecisionTreeRegressor(max_leaf_nodes=32),
            _TREE_PARAMETERS,
            TRAITS,
            Cost(0.004, rows=1.1),
        ),
    },
    {
        "handles": HANDLES,
        "footprint": Footprint(0.5),
        "size_limits": tree_limits,
        "losses": TREE_LOSSES,
    },
    portfolio={CLASSIFICATION: (PortfolioEntry(0),)},
    aliases=("tree", "cart"),
)

_FOREST_DETAILS = {
    "handles": HANDLES,
    # The larger of two branches, to which each tree sends values that are missing for the first
    # time, may end at the lowest or highest ones; many trees together do not.
    "new_missing": True,
    "complexity": 6.0,
    "footprint": FOREST_FOOTPRINT,
    "size_limits": forest_limits,
    "losses": TREE_LOSSES,
}
_CLASSIFIER_PARAMETERS = {
    **FOREST_PARAMETERS,
    "class_weight": CLASS_WEIGHT,
    "criterion": _CRITERION,
}

_FOREST_COST = Cost(0.3, rows=1.15, columns=0.9, units=_UNITS)
RANDOM_FOREST = ModelFamily(
    "random_forest",
    {
        CLASSIFICATION: Model(
            RandomForestClassifier, _CLASSIFIER_PARAMETERS, TRAITS, _FOREST_COST
        ),
        REGRESSION: Model(RandomForestRegressor, FOREST_PARAMETERS, TRAITS, _FOREST_COST),
    },
    _FOREST_DETAILS,
    portfolio={
        CLASSIFICATION: (
            PortfolioEntry(
                17, {"n_estimators": 200, "max_features": 0.3, "criterion": "entropy"}
            ),
        ),
        REGRESSION: (PortfolioEntry(20, {"n_estimators": 200, "max_features": 0.4}),),
    },
    aliases=("rf", "forest"),
)

_EXTRA_COST = Cost(0.22, rows=0.95, columns=0.7, units=_UNITS)
EXTRA_TREES = ModelFamily(
    "extra_trees",
    {
        CLASSIFICATION: Model(
            ExtraTreesClassifier, _CLASSIFIER_PARAMETERS, TRAITS, _EXTRA_COST
        ),
        REGRESSION: Model(ExtraTreesRegressor, FOREST_PARAMETERS, TRAITS, _EXTRA_COST),
    },
    _FOREST_DETAILS,
    portfolio={
        CLASSIFICATION: (
            PortfolioEntry(
                3, {"n_estimators": 200, "min_samples_leaf": 1, "max_features": 0.5}
            ),
            PortfolioEntry(
                15, {"n_estimators": 300, "min_samples_leaf": 3}, {ENCODER: TARGET_MEAN}
            ),
        ),
        REGRESSION: (
            PortfolioEntry(
                2, {"n_estimators": 200, "min_samples_leaf": 1, "max_features": 0.7}
            ),
            PortfolioEntry(
                24, {"n_estimators": 150, "max_features": 0.7}, {ENCODER: TARGET_MEAN}
            ),
        ),
    },
    # Large leaves: the few rows of a small table are seen for the second time.
    stacking=PortfolioEntry(
        1, {"n_estimators": 100, "min_samples_leaf": 5, "max_features": 0.5}, {ENCODER: ORDINAL}
    ),
    aliases=("extremely randomized trees", "forest"),
)
