"""Fits of any candidate of a search on given rows."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_regression

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor
from tests.conftest import mixed_table

X, Y = make_regression(90, 4, noise=5.0, random_state=0)
SETTINGS = {
    "time_budget": None,
    "n_evaluations": 8,
    "population_size": 4,
    "cv": 3,
    "random_state": 0,
    "search_space": ["ridge", "decision_tree", "extra_trees"],
}


@pytest.fixture(scope="module")
def model():
    return EvolutionaryRegressor(**SETTINGS).fit(X, Y)


@pytest.fixture(scope="module")
def of_table():
    table, price = mixed_table(120, seed=0)
    target = np.where(price > np.median(price), "dear", "cheap")
    settings = SETTINGS | {"search_space": ["logistic_regression", "decision_tree"]}
    return EvolutionaryClassifier(**settings).fit(table, target), table, target


def test_the_best_candidate_on_the_same_rows_is_the_best_estimator(model, of_table):
    for one, table, target in [(model, X, Y), of_table]:
        number = one.leaderboard_["candidate"][one.leaderboard_["rank"] == 1][0]
        again = one.refit(number, table, target)
        assert np.array_equal(again.predict(table), one.best_estimator_.predict(table))


def test_every_candidate_can_be_fitted_on_other_rows(of_table):
    model, table, target = of_table
    before = model.predict(table)
    for number in model.cv_results_["candidate"]:
        weights = np.linspace(1, 2, 60)
        fitted = model.refit(number, table[:60], target[:60], sample_weight=weights)
        assert set(fitted.predict(table[60:])) <= set(model.classes_)
    assert np.array_equal(model.predict(table), before)


def test_columns_are_found_by_name(of_table):
    model, table, target = of_table
    number = model.best_index_
    first = model.refit(number, table, target).predict(table)
    other = model.refit(number, table[table.columns[::-1]], target).predict(table)
    assert np.array_equal(first, other)


@pytest.mark.parametrize(
    ("candidate", "rows", "message"),
    [
        (99, X, "There is no candidate 99; pass a number"),
        (-1, X, "There is no candidate -1"),
        ("ridge", X, "There is no candidate 'ridge'"),
        (0, X[:, :3], "X has 3 features, but EvolutionaryRegressor is expecting 4"),
        (0, X[:5], "inconsistent numbers of samples"),
    ],
)
def test_bad_input_is_one_clear_sentence(model, candidate, rows, message):
    with pytest.raises(ValueError, match=message):
        model.refit(candidate, rows, Y)


def test_a_missing_column_is_named(of_table):
    model, table, target = of_table
    with pytest.raises(ValueError, match=str(table.columns[0])):
        model.refit(0, table.drop(columns=table.columns[0]), target)


def test_the_parameter_of_this_name_stays_a_parameter():
    model = EvolutionaryRegressor(scoring=["r2", "neg_mean_absolute_error"], refit="r2")
    for one in (model, clone(model), copy.copy(model), pickle.loads(pickle.dumps(model))):
        assert one.get_params()["refit"] == "r2"
        assert "refit='r2'" in repr(one)
        assert callable(one.refit)
    assert model.set_params(refit=None).get_params()["refit"] is None
    model = EvolutionaryRegressor(
        **SETTINGS, scoring=["r2", "neg_mean_absolute_error"], refit="neg_mean_absolute_error"
    ).fit(pd.DataFrame(X), Y)
    assert model.metric_name_ == "neg_mean_absolute_error"
    assert model.score(X, Y) < 0
