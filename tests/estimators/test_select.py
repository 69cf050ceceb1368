"""Selection of another fitted model after a search."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import make_regression

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor
from tests.conftest import mixed_table

X, Y = make_regression(90, 4, noise=5.0, random_state=0)
Y = Y + 30 * np.sin(X[:, 0] * 3)
SETTINGS = {
    "time_budget": None,
    "n_evaluations": 10,
    "population_size": 4,
    "cv": 3,
    "random_state": 0,
    "search_space": ["ridge", "decision_tree", "extra_trees", "nearest_neighbors"],
}


@pytest.fixture(scope="module")
def model():
    return EvolutionaryRegressor(**SETTINGS).fit(X, Y)


@pytest.fixture(scope="module")
def of_table():
    table, price = mixed_table(120, seed=0)
    target = np.where(price > np.median(price), "dear", "cheap")
    settings = SETTINGS | {"search_space": ["logistic_regression", "extra_trees"]}
    return EvolutionaryClassifier(**settings).fit(table, target), table


def members_of(model):
    board = model.leaderboard_
    return board["candidate"][board["ensemble_weight"] > 0]


def test_a_linear_model_or_a_tree_is_always_kept(model, of_table):
    for one in (model, of_table[0]):
        readable = one.select(interpretable=True)
        [number] = members_of(readable)
        assert one.cv_results_["params"][number]["estimator"] in {
            "ridge",
            "decision_tree",
            "logistic_regression",
        }


def test_the_selected_model_is_that_candidate_everywhere(of_table):
    model, table = of_table
    before, state = model.predict(table), dict(vars(model))
    one = model.select(rank=1)
    [number] = members_of(one)
    row = np.flatnonzero(one.cv_results_["candidate"] == number)[0]
    assert one.best_index_ == row
    assert one.best_params_ == model.cv_results_["params"][row]
    assert one.estimate_.naive == one.best_fitness_ == model.cv_results_["fitness"][row]
    assert "ensemble" not in one.leaderboard_["estimator"]
    assert f"candidate {number} was selected" in one.summary()
    assert np.array_equal(one.predict(table), one.best_estimator_.predict(table))
    assert set(one.predict(table)) <= set(one.classes_)
    again = pickle.loads(pickle.dumps(one))
    assert np.array_equal(again.predict_proba(table), one.predict_proba(table))
    assert state.items() == vars(model).items()
    assert np.array_equal(model.predict(table), before)


def test_limits_choose_the_best_model_that_meets_them(model):
    sizes = sorted(
        {model.select(max_bytes=10**9).model_bytes_, model.select(rank=1).model_bytes_}
    )
    small = model.select(max_bytes=sizes[0])
    assert small.model_bytes_ <= sizes[0]
    assert small.best_fitness_ >= model.best_fitness_
    assert model.select(max_bytes=10**9).ensemble_fitness_ == model.ensemble_fitness_
    assert model.model_bytes_ == len(pickle.dumps(model.estimator_, protocol=5))
    assert 0 < model.predict_ms_ < 10_000
    fast = model.select(max_predict_ms=10_000)
    assert np.array_equal(fast.predict(X), model.predict(X))


def test_a_rank_is_that_of_the_leaderboard(model):
    board = model.leaderboard_
    first = model.select(rank=1)
    assert members_of(first) == board["candidate"][board["rank"] == 1]
    assert np.array_equal(first.predict(X), model.best_estimator_.predict(X))
    assert "kB" in first.summary() or "MB" in first.summary()


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({}, "select needs a condition"),
        ({"max_predict_ms": 0}, "max_predict_ms must be a positive number, got 0"),
        ({"max_bytes": True}, "max_bytes must be a positive number, got True"),
        ({"interpretable": "yes"}, "interpretable must be True or False"),
        ({"rank": 0}, "There is no rank 0; leaderboard_ has the ranks 1 to"),
        ({"rank": 1.5}, "rank must be an integer, got 1.5"),
        ({"rank": 8}, r"rank 8 \(candidate \d\) was not kept.*refit\(\d, X, y\)"),
        ({"max_predict_ms": 1e-9}, r"the nearest is candidate \d .* ms for a row and has"),
        ({"max_bytes": 10, "interpretable": True}, r"the nearest is candidate \d .* refit"),
        ({"rank": 1, "max_bytes": 10}, "No kept model meets max_bytes=10 and rank=1; the"),
    ],
)
def test_bad_or_unmet_conditions_are_one_clear_sentence(model, conditions, message):
    with pytest.raises(ValueError, match=message):
        model.select(**conditions)


def test_without_a_readable_model_the_remedy_is_named():
    settings = SETTINGS | {"search_space": ["extra_trees"], "n_evaluations": 2}
    model = EvolutionaryRegressor(**settings).fit(X, Y)
    with pytest.raises(ValueError, match="meets interpretable=True; fit another candidate"):
        model.select(interpretable=True)
