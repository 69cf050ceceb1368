"""Converters of trees and ensembles of trees, to one operator each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from evolearn.export.onnx.graph import ML, Graph
from evolearn.export.onnx.registry import register_converter

# Added to codes of categories: with whole numbers, onnxruntime 1.32 sends some missing
# categories to the wrong branch.
HALF = 0.5


@dataclass
class Trees:
    """The nodes of all trees, as the operator TreeEnsembleRegressor takes them.

    `mode` is the comparison of numbers, `"BRANCH_LEQ"` or `"BRANCH_LT"`: values for which it
    holds go to the left.
    """

    n_outputs: int
    mode: str = "BRANCH_LEQ"
    n_trees: int = 0
    nodes: dict[str, list[Any]] = field(
        default_factory=lambda: {
            "treeids": [],
            "nodeids": [],
            "featureids": [],
            "modes": [],
            "values": [],
            "truenodeids": [],
            "falsenodeids": [],
            "missing_value_tracks_true": [],
        }
    )
    leaves: dict[str, list[Any]] = field(
        default_factory=lambda: {"treeids": [], "nodeids": [], "ids": [], "weights": []}
    )

    def add(
        self,
        features: np.ndarray,
        thresholds: np.ndarray,
        left: np.ndarray,
        right: np.ndarray,
        missing_left: np.ndarray,
        is_leaf: np.ndarray,
        values: np.ndarray,
        outputs: Sequence[int],
    ) -> None:
        """Add a tree whose nodes compare numbers; `values` has a column for each output."""
        n_nodes, tree = len(features), self.n_trees
        self.n_trees += 1
        nodes = self.nodes
        nodes["treeids"] += [tree] * n_nodes
        nodes["nodeids"] += range(n_nodes)
        nodes["featureids"] += np.where(is_leaf, 0, features).tolist()
        nodes["modes"] += ["LEAF" if leaf else self.mode for leaf in is_leaf.tolist()]
        nodes["values"] += np.where(is_leaf, 0.0, thresholds).tolist()
        nodes["truenodeids"] += np.where(is_leaf, 0, left).tolist()
        nodes["falsenodeids"] += np.where(is_leaf, 0, right).tolist()
        nodes["missing_value_tracks_true"] += np.where(is_leaf, 0, missing_left).tolist()
        ends = np.flatnonzero(is_leaf)
        for column, output in enumerate(outputs):
            self.leaves["treeids"] += [tree] * len(ends)
            self.leaves["nodeids"] += ends.tolist()
            self.leaves["ids"] += [output] * len(ends)
            self.leaves["weights"] += values[ends, column].tolist()

    def split_by_category(self, node: int, categories: Sequence[float], first: int) -> None:
        """Send some categories of the last tree's node to its left.

        `node` is its position in the tree, `first` the number of the tree's nodes so far. Each
        category is a comparison of its own, whose branches share their nodes.
        """
        nodes, start = self.nodes, len(self.nodes["nodeids"]) - first
        place = start + node
        rest = nodes["falsenodeids"][place]
        for k, category in enumerate(categories):
            nodes["modes"][place], nodes["values"][place] = "BRANCH_EQ", float(category) + HALF
            if k == len(categories) - 1:
                nodes["falsenodeids"][place] = rest
                break
            nodes["falsenodeids"][place] = len(nodes["nodeids"]) - start
            for name in nodes:
                nodes[name].append(nodes[name][place])
            place = len(nodes["nodeids"]) - 1
            nodes["nodeids"][place] = place - start

    def emit(self, graph: Graph, x: str, n_columns: int) -> str:
        """Add the operator; return the sums of the leaves, (n_samples, n_outputs).

        `x` has `n_columns` columns. Values are compared and summed in double precision; the
        operator rounds the sums to single precision.
        """
        pairs = zip(self.nodes["modes"], self.nodes["featureids"], strict=True)
        of_categories = sorted({feature for mode, feature in pairs if mode == "BRANCH_EQ"})
        if of_categories:
            shift = np.zeros((1, n_columns))
            shift[0, of_categories] = HALF
            x = graph.op("Add", x, shift)
        nodes = {f"nodes_{k}": v for k, v in self.nodes.items() if k != "values"}
        leaves = {f"target_{k}": v for k, v in self.leaves.items() if k != "weights"}
        sums = graph.op(
            "TreeEnsembleRegressor",
            x,
            domain=ML,
            n_targets=self.n_outputs,
            nodes_values_as_tensor=np.array(self.nodes["values"], dtype=np.float64),
            target_weights_as_tensor=np.array(self.leaves["weights"], dtype=np.float64),
            **nodes,
            **leaves,
        )
        return graph.as_double(sums)


def add_scikit_tree(
    trees: Trees, tree: Any, values: np.ndarray, outputs: Sequence[int]
) -> None:
    """Add a tree of scikit-learn with the given values of its nodes."""
    left, right = tree.children_left, tree.children_right
    missing = getattr(tree, "missing_go_to_left", np.zeros(len(left)))
    trees.add(
        tree.feature, tree.threshold, left, right, missing, left == right, values, outputs
    )


def _forest(graph: Graph, model: Any, x: str, members: Sequence[Any], n_outputs: int) -> str:
    trees = Trees(n_outputs)
    for member in members:
        tree = member.tree_
        values = tree.value[:, 0, :]
        if n_outputs > 1:
            values = values / values.sum(axis=1, keepdims=True)
        add_scikit_tree(trees, tree, values / len(members), range(n_outputs))
    # Trees of scikit-learn compare in single precision.
    return trees.emit(graph, graph.through_float(x), model.n_features_in_)


def tree_regressor(graph: Graph, model: Any, x: str) -> str:
    """Convert a tree."""
    return _forest(graph, model, x, [model], 1)


def tree_classifier(graph: Graph, model: Any, x: str) -> str:
    """Convert a tree of shares of classes."""
    return _forest(graph, model, x, [model], len(model.classes_))


def forest_regressor(graph: Graph, model: Any, x: str) -> str:
    """Convert the mean of trees."""
    return _forest(graph, model, x, model.estimators_, 1)


def forest_classifier(graph: Graph, model: Any, x: str) -> str:
    """Convert the mean of trees of shares of classes."""
    return _forest(graph, model, x, model.estimators_, len(model.classes_))


def _exact_boosting(graph: Graph, model: Any, x: str) -> str:
    members = model.estimators_
    trees = Trees(members.shape[1])
    for row in members:
        for output, member in enumerate(row):
            values = model.learning_rate * member.tree_.value[:, 0, :]
            add_scikit_tree(trees, member.tree_, values, [output])
    # The constant that boosting starts from does not depend on the rows.
    start = model._raw_predict_init(np.zeros((1, model.n_features_in_), dtype=np.float32))
    return graph.op(
        "Add", trees.emit(graph, graph.through_float(x), model.n_features_in_), start
    )


def probabilities(graph: Graph, raw: str, n_outputs: int) -> str:
    """Return the probabilities of sums of trees: of two classes there is one sum."""
    if n_outputs == 1:
        return graph.two_classes(graph.op("Sigmoid", raw))
    return graph.softmax(raw)


def exact_regressor(graph: Graph, model: Any, x: str) -> str:
    """Convert boosted trees."""
    return _exact_boosting(graph, model, x)


def exact_classifier(graph: Graph, model: Any, x: str) -> str:
    """Convert boosted trees of classes."""
    return probabilities(graph, _exact_boosting(graph, model, x), model.estimators_.shape[1])


def _histogram_boosting(graph: Graph, model: Any, x: str) -> str:
    x = _ordinal_codes(graph, model, x)
    trees = Trees(model.n_trees_per_iteration_)
    for stage in model._predictors:
        for output, predictor in enumerate(stage):
            _add_predictor(trees, predictor, output)
    start = np.asarray(model._baseline_prediction).reshape(1, -1)
    return graph.op("Add", trees.emit(graph, x, model.n_features_in_), start)


def _ordinal_codes(graph: Graph, model: Any, x: str) -> str:
    """Put the categories first, as positions among those of the training rows."""
    preprocessor = getattr(model, "_preprocessor", None)
    if preprocessor is None:
        return x
    parts = []
    for name, step, columns in preprocessor.transformers_:
        for k, j in enumerate(np.arange(model.n_features_in_)[columns]):
            column = graph.column(x, j)
            if name == "encoder":
                known = np.asarray(step.categories_[k], dtype=np.float64)
                codes = np.arange(len(known), dtype=np.float64)
                column = graph.lookup(column, known, codes, np.nan, np.nan)
            parts.append(column)
    return graph.join(parts)


def _add_predictor(trees: Trees, predictor: Any, output: int) -> None:
    nodes = predictor.nodes
    n_nodes = len(nodes)
    trees.add(
        nodes["feature_idx"],
        nodes["num_threshold"],
        nodes["left"],
        nodes["right"],
        nodes["missing_go_to_left"],
        nodes["is_leaf"].astype(bool),
        nodes["value"][:, None],
        [output],
    )
    n_added = n_nodes
    for node in np.flatnonzero(nodes["is_categorical"]):
        if nodes["is_leaf"][node]:
            continue
        bits = predictor.raw_left_cat_bitsets[nodes["bitset_idx"][node]]
        places = np.arange(256)
        on = (bits[places // 32] >> (places % 32).astype(np.uint32)) & 1
        categories = np.flatnonzero(on).tolist()
        trees.split_by_category(int(node), categories, n_added)
        n_added += max(len(categories) - 1, 0)


def histogram_regressor(graph: Graph, model: Any, x: str) -> str:
    """Convert boosted trees on histograms."""
    raw = _histogram_boosting(graph, model, x)
    if model.loss in ("poisson", "gamma"):
        return graph.op("Exp", raw)
    if model.loss not in ("squared_error", "absolute_error", "quantile"):
        raise graph.refuse(model, f"loss={model.loss!r} is not converted")
    return raw


def histogram_classifier(graph: Graph, model: Any, x: str) -> str:
    """Convert boosted trees of classes on histograms."""
    raw = _histogram_boosting(graph, model, x)
    return probabilities(graph, raw, model.n_trees_per_iteration_)


for _kind, _converter in {
    DecisionTreeRegressor: tree_regressor,
    DecisionTreeClassifier: tree_classifier,
    RandomForestRegressor: forest_regressor,
    RandomForestClassifier: forest_classifier,
    ExtraTreesRegressor: forest_regressor,
    ExtraTreesClassifier: forest_classifier,
    GradientBoostingRegressor: exact_regressor,
    GradientBoostingClassifier: exact_classifier,
    HistGradientBoostingRegressor: histogram_regressor,
    HistGradientBoostingClassifier: histogram_classifier,
}.items():
    register_converter(_kind, _converter)
