"""Generation 0: strong, diverse configurations, cheap ones first.

The first entry is the baseline: it is evaluated first whatever the table. The others were
ordered by what they add to an ensemble per second on the suite of ``benchmarks/suite.py``,
those of the boosting libraries put between by what they are: they count where these are
installed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evolearn.space.genome import Genome
from evolearn.space.problem import Problem
from evolearn.space.restriction import expected_seconds
from evolearn.space.search_space import SearchSpace

Entry = Mapping[str, Any]


def _boosting(**values: Any) -> Entry:
    named = {f"hist_gradient_boosting__{name}": value for name, value in values.items()}
    return {"estimator": "hist_gradient_boosting", **named}


def _named(estimator: str, slots: Mapping[str, str] | None = None, **values: Any) -> Entry:
    named = {f"{estimator}__{name}": value for name, value in values.items()}
    return {"estimator": estimator, **(slots or {}), **named}


_BOOSTING_ENTRIES = (
    _boosting(learning_rate=0.1, max_iter=100),
    _boosting(
        learning_rate=0.05,
        max_iter=250,
        max_leaf_nodes=15,
        max_features=0.5,
        l2_regularization=1.0,
    ),
    _boosting(
        learning_rate=0.04,
        max_iter=400,
        max_leaf_nodes=48,
        min_samples_leaf=10,
        max_features=0.4,
    ),
    _boosting(learning_rate=0.07, max_iter=200, max_leaf_nodes=8, min_samples_leaf=5),
    _boosting(
        learning_rate=0.05,
        max_iter=500,
        max_leaf_nodes=64,
        min_samples_leaf=40,
        max_features=0.7,
    ),
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

PORTFOLIO: Mapping[str, Sequence[Entry]] = {
    "classification": (
        _named("decision_tree"),
        _named("logistic_regression", C=1.0),
        _BOOSTING_ENTRIES[0],
        _named("extra_trees", n_estimators=200, min_samples_leaf=1, max_features=0.5),
        _named("multi_layer_perceptron"),
        _named("multi_layer_perceptron", embedding="piecewise"),
        _BOOSTING_ENTRIES[1],
        _CATBOOST,
        _named("support_vector_machine", estimator__C=3.0),
        _named("random_forest", n_estimators=200, max_features=0.3, criterion="entropy"),
        _LIGHTGBM,
        _named("nearest_neighbors", {"scaler": "quantile"}),
        _BOOSTING_ENTRIES[2],
        _named("linear_discriminant_analysis", {"encoder": "target_mean"}),
        _named("extra_trees", {"encoder": "target_mean"}, n_estimators=300, min_samples_leaf=3),
        _named(
            "multi_layer_perceptron",
            embedding="periodic",
            frequency_scale=1.0,
            learning_rate_init=3e-3,
        ),
        _XGBOOST,
        _BOOSTING_ENTRIES[3],
        _named("gaussian_process"),
        _named("kernel_approximation"),
        _CATBOOST_DEEP,
        _BOOSTING_ENTRIES[4],
        _named("quadratic_discriminant_analysis"),
        _named("gaussian_naive_bayes"),
        _named("logistic_regression", {"scaler": "quantile", "encoder": "target_mean"}, C=0.1),
    ),
    "regression": (
        _named("ridge"),
        _BOOSTING_ENTRIES[0],
        _named("extra_trees", n_estimators=200, min_samples_leaf=1, max_features=0.7),
        _named("multi_layer_perceptron"),
        _named("multi_layer_perceptron", embedding="piecewise"),
        _BOOSTING_ENTRIES[1],
        _CATBOOST,
        _named("support_vector_machine", C=3.0),
        _named("random_forest", n_estimators=200, max_features=0.4),
        _LIGHTGBM,
        _named("nearest_neighbors", {"scaler": "quantile"}),
        _BOOSTING_ENTRIES[2],
        {**_BOOSTING_ENTRIES[1], "target": "log_target"},
        _named("elastic_net", {"transformer": "polynomial"}),
        _named("gaussian_process"),
        _named(
            "multi_layer_perceptron",
            embedding="periodic",
            frequency_scale=1.0,
            learning_rate_init=3e-3,
        ),
        _XGBOOST,
        _BOOSTING_ENTRIES[3],
        _named("kernel_approximation"),
        _named("extra_trees", {"encoder": "target_mean"}, n_estimators=300, min_samples_leaf=3),
        _CATBOOST_DEEP,
        _BOOSTING_ENTRIES[4],
        _named("ridge", {"target": "log_target", "encoder": "target_mean"}),
    ),
}


def portfolio(space: SearchSpace, problem: Problem) -> list[Genome]:
    """Return the first genomes to evaluate, the baseline first.

    The entries of the default portfolio that lie in the space come in their order; then every
    estimator that had none, as it is without mutation. Of a space that has not the default
    baseline, the estimator with the lowest expected time comes first.

    Parameters
    ----------
    space : SearchSpace
        Restricted to the problem.
    problem : Problem

    Returns
    -------
    list of Genome
    """
    genomes = list(dict.fromkeys(_entries(space, problem)))
    there = {genome.estimator for genome in genomes}
    genomes += [space.genome({"estimator": n}) for n in space.names if n not in there]
    baseline = PORTFOLIO[problem.task][0]["estimator"]
    if genomes[0].estimator != baseline:
        genomes.sort(key=lambda genome: _order(genome, space, problem))
    return genomes


def _entries(space: SearchSpace, problem: Problem) -> Iterator[Genome]:
    for entry in PORTFOLIO[problem.task]:
        if entry["estimator"] in space.names:
            genome = space.genome({k: _clipped(k, v, space) for k, v in entry.items()})
            if genome in space:  # users may have narrowed the domains
                yield genome


def _clipped(key: str, value: Any, space: SearchSpace) -> Any:
    """Return a number of an entry as near as the domain in this space allows."""
    component, _, parameter = key.partition("__")
    if component not in space.names or parameter not in space[component].parameters:
        return value
    return space[component].parameters[parameter].clip(value)


def _order(genome: Genome, space: SearchSpace, problem: Problem) -> float:
    seconds = expected_seconds(space[genome.estimator], problem)
    return float("inf") if seconds is None else seconds
