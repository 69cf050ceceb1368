"""The configurations of generation 0, by task, and how they were found.

They were picked from 110 configurations per task that ``benchmarks/portfolio.py measure``
fitted on every table of the suite, by what they are worth on average and beside each other.
What its ``choose`` takes greedily (for what it adds to an ensemble per second) is worse on
tables that had no say in it than these: few rows judge, and luck is chosen.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]


def _named(estimator: str, slots: Mapping[str, str] | None = None, **values: Any) -> Entry:
    named = {f"{estimator}__{name}": value for name, value in values.items()}
    return {"estimator": estimator, **(slots or {}), **named}


def _boosting(slots: Mapping[str, str] | None = None, **values: Any) -> Entry:
    return _named("hist_gradient_boosting", slots, **values)


def _network(slots: Mapping[str, str] | None = None, **values: Any) -> Entry:
    return _named("multi_layer_perceptron", slots, **values)


_QUICK = _boosting(
    {"encoder": "ordinal"},
    early_stopping=True,
    learning_rate=0.085,
    max_iter=120,
    max_leaf_nodes=40,
    min_samples_leaf=10,
    max_features=0.5,
)
_SMALL = _boosting(
    learning_rate=0.05, max_iter=250, max_leaf_nodes=15, max_features=0.5, l2_regularization=1.0
)
_TINY = _boosting(
    {"encoder": "target_mean"},
    early_stopping=True,
    learning_rate=0.07,
    max_iter=250,
    max_leaf_nodes=8,
    min_samples_leaf=5,
)
_LARGE = _boosting(
    learning_rate=0.04, max_iter=400, max_leaf_nodes=48, min_samples_leaf=10, max_features=0.4
)
_CAREFUL = _boosting(
    learning_rate=0.05, max_iter=500, max_leaf_nodes=64, min_samples_leaf=40, max_features=0.7
)

_EXACT = _named(
    "gradient_boosting",
    n_estimators=300,
    learning_rate=0.06,
    max_depth=5,
    max_features=0.4,
    subsample=0.7,
)
_DEEP_EXACT = _named(
    "gradient_boosting",
    n_estimators=300,
    learning_rate=0.05,
    max_depth=8,
    min_samples_leaf=5,
    max_features=0.3,
    subsample=0.6,
)

_STRICT_NETWORK = _network(
    {"encoder": "target_mean"},
    dropout=0.35,
    learning_rate_init=0.015,
    weight_decay=0.3,
    batch_size=64,
    max_iter=25,
)
_QUICK_NETWORK = _network(activation="relu", batch_size=256, learning_rate_init=0.018)
_BINS_NETWORK = _network(
    embedding="piecewise",
    n_bins=14,
    dropout=0.1,
    learning_rate_init=5e-3,
    max_iter=30,
)
_WAVES_NETWORK = _network(
    embedding="periodic",
    frequency_scale=0.4,
    n_bins=16,
    hidden_layer_sizes=(64, 64),
    dropout=0.35,
    learning_rate_init=3e-3,
    weight_decay=0.13,
    batch_size=32,
    max_iter=25,
)
_FAST_WAVES_NETWORK = _network(
    embedding="periodic",
    frequency_scale=1.0,
    n_bins=8,
    learning_rate_init=5e-3,
    max_iter=30,
)

# Boosting of other kinds than the one above: of random splits, of symmetric trees, by levels.
_LIGHTGBM = _named(
    "lightgbm",
    learning_rate=0.05,
    n_estimators=250,
    min_child_samples=10,
    colsample_bytree=0.7,
    extra_trees=True,
)
_CATBOOST = _named("catboost", learning_rate=0.08, iterations=300)
_CATBOOST_DEEP = _named(
    "catboost", {"encoder": "ordinal"}, learning_rate=0.05, iterations=500, depth=8, rsm=0.5
)
_XGBOOST = _named(
    "xgboost",
    learning_rate=0.05,
    n_estimators=250,
    max_depth=7,
    min_child_weight=3.0,
    colsample_bytree=0.6,
    subsample=0.8,
)

#: By task, the baseline first: it is evaluated first whatever the table. Those of boosting
#: libraries count where these are installed.
STARTS: Mapping[str, Sequence[Entry]] = {
    "classification": (
        _named("decision_tree"),
        _named("logistic_regression", C=1.0),
        _QUICK,
        _named("extra_trees", n_estimators=200, min_samples_leaf=1, max_features=0.5),
        _STRICT_NETWORK,
        _SMALL,
        _EXACT,
        _CATBOOST,
        _BINS_NETWORK,
        _named("linear_discriminant_analysis", {"encoder": "target_mean"}),
        _network(n_members=4),
        _named("nearest_neighbors", {"scaler": "quantile"}),
        _LIGHTGBM,
        _named("support_vector_machine", estimator__C=3.0),
        _TINY,
        _named("extra_trees", {"encoder": "target_mean"}, n_estimators=300, min_samples_leaf=3),
        _WAVES_NETWORK,
        _named("random_forest", n_estimators=200, max_features=0.3, criterion="entropy"),
        _XGBOOST,
        _LARGE,
        _named("quadratic_discriminant_analysis"),
        _named(
            "logistic_regression",
            {"scaler": "robust", "selector": "by_trees"},
            C=1.0,
            class_weight="balanced",
        ),
        _named("gaussian_process"),
        _named("kernel_approximation"),
        _CATBOOST_DEEP,
        _CAREFUL,
        _named("logistic_regression", {"scaler": "quantile", "encoder": "target_mean"}, C=0.1),
    ),
    "regression": (
        _named("ridge"),
        _QUICK,
        _named("extra_trees", n_estimators=200, min_samples_leaf=1, max_features=0.7),
        _QUICK_NETWORK,
        _SMALL,
        _DEEP_EXACT,
        _CATBOOST,
        _BINS_NETWORK,
        _LARGE,
        _CAREFUL,
        _named("support_vector_machine", C=3.0),
        _LIGHTGBM,
        _FAST_WAVES_NETWORK,
        {**_SMALL, "target": "log_target"},
        _network(n_members=4),
        _named("nearest_neighbors", {"scaler": "quantile"}),
        _named("elastic_net", {"transformer": "polynomial"}),
        _named("gaussian_process"),
        _XGBOOST,
        {**_LARGE, "target": "power_target"},
        _named("random_forest", n_estimators=200, max_features=0.4),
        {**_BINS_NETWORK, "target": "log_target"},
        _boosting(learning_rate=0.08, max_iter=200, max_leaf_nodes=8, min_samples_leaf=2),
        _named("kernel_approximation"),
        _named("extra_trees", {"encoder": "target_mean"}, n_estimators=150, max_features=0.7),
        _CATBOOST_DEEP,
        _named("ridge", {"target": "log_target", "encoder": "target_mean"}),
    ),
}

#: The trees of a second layer, whatever the task: the few rows of a small table are seen for
#: the second time, hence large leaves.
SECOND_LAYER: Sequence[Entry] = (
    _boosting(
        {"encoder": "ordinal"},
        learning_rate=0.08,
        max_iter=60,
        max_leaf_nodes=12,
        min_samples_leaf=10,
        max_features=0.5,
    ),
    _named(
        "extra_trees",
        {"encoder": "ordinal"},
        n_estimators=100,
        min_samples_leaf=5,
        max_features=0.5,
    ),
)
