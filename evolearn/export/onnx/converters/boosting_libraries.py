"""Converters of LightGBM, XGBoost and CatBoost, from the text forms of their trees."""

import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evolearn.export.onnx.converters.trees import Trees, probabilities
from evolearn.export.onnx.graph import Graph
from evolearn.export.onnx.registry import register_converter

# Objectives of the three libraries whose sums of trees are logarithms.
LOG_LINKS = frozenset({"poisson", "gamma", "count:poisson", "reg:gamma", "Poisson"})

# -- LightGBM -------------------------------------------------------------------------------


def _lightgbm_nodes(root: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the nodes of a tree, the root first, each with the positions of its children."""
    nodes: list[dict[str, Any]] = []
    waiting = [(root, -1, "")]
    while waiting:
        node, parent, side = waiting.pop()
        if parent >= 0:
            nodes[parent][side] = len(nodes)
        nodes.append({**node, "left": 0, "right": 0})
        if "split_feature" in node:
            place = len(nodes) - 1
            waiting += [
                (node["left_child"], place, "left"),
                (node["right_child"], place, "right"),
            ]
    return nodes


def _add_lightgbm_tree(trees: Trees, root: Mapping[str, Any], output: int) -> None:
    nodes = _lightgbm_nodes(root)
    is_leaf = np.array(["split_feature" not in node for node in nodes])
    by_category = [node.get("decision_type") == "==" for node in nodes]
    thresholds = [
        0.0 if leaf or category else float(node["threshold"])
        for node, leaf, category in zip(nodes, is_leaf, by_category, strict=True)
    ]
    trees.add(
        np.array([node.get("split_feature", 0) for node in nodes]),
        np.array(thresholds),
        np.array([node["left"] for node in nodes]),
        np.array([node["right"] for node in nodes]),
        np.array([_lightgbm_missing_left(node) for node in nodes]),
        is_leaf,
        np.array([[node.get("leaf_value", 0.0)] for node in nodes]),
        [output],
    )
    n_nodes = len(nodes)
    for place, node in enumerate(nodes):
        if by_category[place]:
            categories = [float(one) for one in str(node["threshold"]).split("||")]
            trees.split_by_category(place, categories, n_nodes)
            n_nodes += len(categories) - 1


def _lightgbm_missing_left(node: Mapping[str, Any]) -> bool:
    if "split_feature" not in node or node["decision_type"] == "==":
        return False
    if node["missing_type"] == "None":  # a missing number is zero
        return float(node["threshold"]) >= 0
    return bool(node["default_left"])


def _lightgbm(graph: Graph, model: Any, x: str) -> tuple[str, int]:
    dump = model.booster_.dump_model()
    n_outputs = dump["num_tree_per_iteration"]
    trees = Trees(n_outputs)
    for number, tree in enumerate(dump["tree_info"]):
        _add_lightgbm_tree(trees, tree["tree_structure"], number % n_outputs)
    return trees.emit(graph, x, model.n_features_in_), n_outputs


def lightgbm_regressor(graph: Graph, model: Any, x: str) -> str:
    """Convert boosted trees of LightGBM."""
    raw = _lightgbm(graph, model, x)[0]
    return graph.op("Exp", raw) if model.objective_ in LOG_LINKS else raw


def lightgbm_classifier(graph: Graph, model: Any, x: str) -> str:
    """Convert boosted trees of classes of LightGBM."""
    return probabilities(graph, *_lightgbm(graph, model, x))


# -- XGBoost --------------------------------------------------------------------------------


def _add_xgboost_tree(trees: Trees, tree: Mapping[str, Any], output: int) -> None:
    left, right = np.array(tree["left_children"]), np.array(tree["right_children"])
    is_leaf = left < 0
    by_category = np.array(tree["split_type"]) == 1
    conditions = np.array(tree["split_conditions"], dtype=np.float32).astype(np.float64)
    default_left = np.array(tree["default_left"], dtype=bool)
    # Categories of the set go to the right: as sets to the left, the branches change sides.
    first, second = np.where(by_category, right, left), np.where(by_category, left, right)
    trees.add(
        np.array(tree["split_indices"]),
        np.where(by_category, 0.0, conditions),
        first,
        second,
        np.where(by_category, ~default_left, default_left),
        is_leaf,
        conditions[:, None],
        [output],
    )
    n_nodes = len(left)
    segments = zip(
        tree["categories_nodes"],
        tree["categories_segments"],
        tree["categories_sizes"],
        strict=True,
    )
    for node, start, size in segments:
        categories = [float(one) for one in tree["categories"][start : start + size]]
        trees.split_by_category(node, categories, n_nodes)
        n_nodes += max(size - 1, 0)


def _xgboost(graph: Graph, model: Any, x: str) -> tuple[str, int, list[float]]:
    learner = json.loads(model.get_booster().save_raw("json"))["learner"]
    parameters, booster = learner["learner_model_param"], learner["gradient_booster"]["model"]
    n_outputs = max(int(parameters["num_class"]), 1)
    trees = Trees(n_outputs, "BRANCH_LT")
    for tree, output in zip(booster["trees"], booster["tree_info"], strict=True):
        _add_xgboost_tree(trees, tree, output)
    base = parameters["base_score"].strip("[]").split(",")
    raw = trees.emit(graph, graph.through_float(x), model.n_features_in_)
    return raw, n_outputs, [float(one) for one in base]


def xgboost_regressor(graph: Graph, model: Any, x: str) -> str:
    """Convert boosted trees of XGBoost."""
    raw, _, base = _xgboost(graph, model, x)
    if model.objective in LOG_LINKS:
        return graph.op("Mul", graph.op("Exp", raw), base)
    return graph.op("Add", raw, base)


def xgboost_classifier(graph: Graph, model: Any, x: str) -> str:
    """Convert boosted trees of classes of XGBoost."""
    raw, n_outputs, base = _xgboost(graph, model, x)
    if n_outputs == 1:
        base = [math.log(base[0] / (1 - base[0]))]
    return probabilities(graph, graph.op("Add", raw, base), n_outputs)


# -- CatBoost -------------------------------------------------------------------------------


def _catboost_dump(graph: Graph, model: Any) -> Mapping[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        dump: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if "oblivious_trees" not in dump or dump["features_info"].get("categorical_features"):
        raise graph.refuse(model, "only symmetric trees of numbers are converted")
    return dump


def _add_catboost_tree(
    trees: Trees, tree: Mapping[str, Any], features: Sequence[Mapping[str, Any]]
) -> None:
    """Add a tree whose nodes of one level compare the same: leaf i has bit k of split k."""
    splits = tree["splits"] or []
    depth, n_inner = len(splits), 2 ** len(splits) - 1
    values = np.array(tree["leaf_values"]).reshape(2**depth, -1)
    places = np.arange(2 * n_inner + 1)
    level = np.log2(places + 1).astype(int)
    is_leaf = level == depth
    chosen = [splits[k] if k < depth else {} for k in level.tolist()]
    index = np.array([one.get("float_feature_index", 0) for one in chosen])
    nan = [features[j]["nan_value_treatment"] if features else "AsIs" for j in index]
    flat = np.array([features[j]["flat_feature_index"] if features else 0 for j in index])
    # The path to a leaf, first split first, is its number with the bits in reverse.
    order = np.zeros(2**depth, dtype=int)
    for k in range(depth):
        order |= ((np.arange(2**depth) >> (depth - 1 - k)) & 1) << k
    of_nodes = np.zeros((len(places), values.shape[1]))
    of_nodes[is_leaf] = values[order]
    trees.add(
        flat,
        np.array([one.get("border", 0.0) for one in chosen]),
        2 * places + 1,
        2 * places + 2,
        # Values up to the border go to the left, where missing ones are as small as can be.
        np.array([one != "AsTrue" for one in nan]),
        is_leaf,
        of_nodes,
        range(values.shape[1]),
    )


def _catboost(graph: Graph, model: Any, x: str) -> tuple[str, int]:
    dump = _catboost_dump(graph, model)
    scale, bias = dump["scale_and_bias"]
    bias = np.atleast_1d(bias)
    trees = Trees(len(bias))
    for tree in dump["oblivious_trees"]:
        _add_catboost_tree(trees, tree, dump["features_info"].get("float_features", []))
    raw = graph.op(
        "Mul", trees.emit(graph, graph.through_float(x), model.n_features_in_), float(scale)
    )
    return graph.op("Add", raw, bias), len(bias)


def catboost_regressor(graph: Graph, model: Any, x: str) -> str:
    """Convert symmetric trees of CatBoost."""
    raw = _catboost(graph, model, x)[0]
    loss = model.get_param("loss_function") or ""
    return graph.op("Exp", raw) if loss in LOG_LINKS else raw


def catboost_classifier(graph: Graph, model: Any, x: str) -> str:
    """Convert symmetric trees of classes of CatBoost."""
    return probabilities(graph, *_catboost(graph, model, x))


register_converter("lightgbm.LGBMRegressor", lightgbm_regressor)
register_converter("lightgbm.LGBMClassifier", lightgbm_classifier)
register_converter("xgboost.XGBRegressor", xgboost_regressor)
register_converter("xgboost.XGBClassifier", xgboost_classifier)
register_converter("catboost.CatBoostRegressor", catboost_regressor)
register_converter("catboost.CatBoostClassifier", catboost_classifier)
