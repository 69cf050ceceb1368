"""Boosted trees that go on from their parent's rounds: who does, how, and what it costs."""

import pickle
import random

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.preprocessing import QuantileTransformer

from evolearn import Component, SearchSpace
from evolearn.cost.runtime_model import RuntimeModel
from evolearn.cost.seconds import lineage_factor, warm_start_seconds
from evolearn.data import prepare_table
from evolearn.evaluation.warm_start import train_lineage
from evolearn.pipeline.lineage import (
    LONGEST_LINEAGE,
    MORE_ROUNDS,
    TAIL_RATE,
    can_be_parent,
    continued,
)
from evolearn.pipeline.problem import Problem
from evolearn.search.evolution import Evolution

HIST, EXACT = "hist_gradient_boosting", "gradient_boosting"
ROUNDS = {HIST: "max_iter", EXACT: "n_estimators"}
SPACES = {task: SearchSpace.default(task) for task in ("classification", "regression")}


def named(name, space=SPACES["regression"], **values):
    return space.genome({"estimator": name, **{f"{name}__{k}": v for k, v in values.items()}})


@pytest.mark.parametrize("task", SPACES)
@pytest.mark.parametrize("name", ROUNDS)
def test_a_child_has_more_rounds_and_a_lower_rate_and_else_the_same(task, name):
    space, rounds = SPACES[task], ROUNDS[name]
    parent = named(name, space, **{rounds: 100, "learning_rate": 0.1})
    for seed in range(20):
        child = continued(parent, space, random.Random(seed))
        assert child in space
        assert child.parent == parent
        before, now = (dict(one["estimator"].values) for one in (parent, child))
        low, high = (100 * times for times in MORE_ROUNDS)
        assert low <= now.pop(rounds) <= high
        assert 0.1 * TAIL_RATE[0] <= now.pop("learning_rate") <= 0.1 * TAIL_RATE[1]
        assert now.items() < before.items()
        assert all(child[slot] == parent[slot] for slot in parent if slot != "estimator")


def test_who_cannot_go_on():
    space = SPACES["regression"]

    def can(genome, space=space):
        child = continued(genome, space, random.Random(0))
        assert (child is not None) <= can_be_parent(genome, space)
        return child is not None

    assert can(named(HIST))
    for genome in (
        named("ridge"),
        named("random_forest"),
        named("multi_layer_perceptron"),
        named(HIST, early_stopping=True),
        named(HIST, max_iter=490),  # of 500 at most
    ):
        assert not can(genome)
    auto = space.constrained(HIST, early_stopping=["auto"])
    assert not can(named(HIST, auto), auto)
    stopping = space.constrained(EXACT, n_iter_no_change=[5])
    assert not can(named(EXACT, stopping), stopping)
    few = space.constrained(HIST, max_iter=[50, 100], learning_rate=[0.1])
    assert not can(named(HIST, few, max_iter=50), few)  # neither of which it would come to
    fixed = space.constrained(HIST, learning_rate=[0.1, 0.05])
    child = continued(named(HIST, fixed), fixed, random.Random(0))
    assert dict(child["estimator"].values)["learning_rate"] == 0.1
    line = named(EXACT, n_estimators=60)
    for seed in range(LONGEST_LINEAGE - 1):
        line = continued(line, space, random.Random(seed))
    assert not can(line)
    assert not can_be_parent(line, space)


def test_rounds_that_do_not_evolve_are_refused():
    with pytest.raises(ValueError, match="rounds of component 'trees', 'max_iter', must be"):
        Component("trees", HistGradientBoostingRegressor, {"max_depth": [3]}, rounds="max_iter")


def table(kind, n=60):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    X[:, 3] = rng.integers(0, 5, n)
    y = X[:, 0] * X[:, 1] + X[:, 2] + 0.1 * rng.normal(size=n)
    return X, (np.digitize(y, [-0.5, 0.5]) if "Classifier" in kind.__name__ else y)


KINDS = {
    HistGradientBoostingClassifier: {
        "max_features": 0.5,
        "early_stopping": False,
        "categorical_features": [3],
    },
    HistGradientBoostingRegressor: {"max_features": 0.5, "early_stopping": False},
    GradientBoostingClassifier: {"subsample": 0.7, "max_features": 0.4},
    GradientBoostingRegressor: {"subsample": 0.7, "max_features": 0.4},
}


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_going_on_is_to_train_all_rounds_at_once(kind, weighted):
    X, y = table(kind)
    rounds = "max_iter" if "Hist" in kind.__name__ else "n_estimators"
    weights = np.random.default_rng(1).uniform(0.5, 2, len(y)) if weighted else None
    wrapped = weighted and y.dtype.kind == "f"

    def made(n, seed):
        boosting = kind(**KINDS[kind], **{rounds: n}, random_state=seed)
        target = QuantileTransformer(n_quantiles=20, output_distribution="normal")
        return TransformedTargetRegressor(boosting, transformer=target) if wrapped else boosting

    def answers(model):
        return getattr(model, "predict_proba" if y.dtype.kind == "i" else "predict")(X)

    parent, child, whole = made(6, seed=1), made(11, seed=2), made(11, seed=1)
    train_lineage([parent], X, y, weights)
    before = answers(parent)
    parent = pickle.loads(pickle.dumps(parent))
    train_lineage([child], X, y, weights, parent)
    train_lineage([whole], X, y, weights)
    np.testing.assert_array_equal(answers(child), answers(whole))
    assert not np.array_equal(answers(child), before)
    # It is an estimator like any other: fitted anew on other rows, it starts anew.
    unfitted = clone(child)
    assert str(unfitted.get_params()) == str(made(11, seed=2).get_params())
    some = X[:40], y[:40]
    fitted = [pickle.loads(pickle.dumps(child)).fit(*some), unfitted.fit(*some)]
    np.testing.assert_array_equal(*map(answers, fitted))


def test_a_lower_rate_is_that_of_the_rounds_that_are_added():
    X, y = table(HistGradientBoostingRegressor)
    first = HistGradientBoostingRegressor(max_iter=5, early_stopping=False, random_state=0)
    second = clone(first).set_params(max_iter=8, learning_rate=1e-9)
    train_lineage([first], X, y, None)
    before = first.predict(X)
    train_lineage([second], X, y, None, first)
    assert second.n_iter_ == 8
    np.testing.assert_allclose(second.predict(X), before, atol=1e-6)


def test_only_the_rounds_that_are_added_are_expected_to_take_time():
    space = SPACES["regression"]
    problem = Problem("regression", prepare_table(np.arange(200.0).reshape(100, 2)).schema)
    parent = named(HIST, max_iter=100)
    child = continued(parent, space, random.Random(0))
    added = dict(child["estimator"].values)["max_iter"] - 100
    seconds = warm_start_seconds(parent, space, problem)
    assert warm_start_seconds(child, space, problem) == pytest.approx(seconds * added / 100)
    assert lineage_factor(child, space, problem) == pytest.approx((100 + added) / added)
    model = RuntimeModel(space, problem, 3)
    model.observe(parent, 3.0, retrained=False)
    assert model.predicted(child, retrained=False) == pytest.approx(9 * added / 100)
    assert model.predicted(child, retrained=True) == pytest.approx(9 + 9 * added / 100)


def test_some_children_of_boosted_trees_go_on():
    space = SPACES["regression"].only(HIST).constrained(HIST, early_stopping=[False])
    bred = Evolution(space, population_size=30, rng=random.Random(0))
    candidates = []
    for _ in range(150):
        candidate = bred.ask()
        candidates.append(candidate)
        bred.tell(candidate, candidate.genome.seed(1) / 2**31)
    longer_ones = [c for c in candidates if c.genome.parent is not None]
    assert 3 < len(longer_ones) < 60
    for child in longer_ones:
        assert child.origin == "mutation"
        assert child.genome.estimator == HIST
        assert child.genome.parent == candidates[child.parents[0]].genome
