"""Numbers that identify something: found, and taken by the target's means of their values."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import cross_val_score

from evolearn import EvolutionaryRegressor, SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.genes.screening.identifiers import find_identifiers
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.problem import Problem

N_SHOPS = 150


def visits(n_rows=3_000, seed=0, noise=0.5):
    """A table in which shops, by their numbers, matter; hours matter by their order."""
    rng = np.random.default_rng(seed)
    worth = np.random.default_rng(99).normal(size=N_SHOPS)
    shop, hour = rng.integers(0, N_SHOPS, n_rows), rng.integers(0, 24, n_rows)
    table = pd.DataFrame({"hour": hour, "size": rng.normal(size=n_rows), "shop": shop + 1000})
    target = worth[shop] + np.sin(hour / 4) + noise * rng.normal(size=n_rows)
    return table, target


def found_in(table, target, n_numbers=None):
    X = np.asarray(table, dtype=float)
    n_numbers = X.shape[1] if n_numbers is None else n_numbers
    return find_identifiers(
        X, n_numbers, np.asarray(target, dtype=float).reshape(len(X), -1), 0
    )


def test_a_number_that_identifies_is_found_and_one_with_an_order_is_not():
    assert found_in(*visits()) == (2,)


@pytest.mark.parametrize(
    ("table", "target"),
    [
        (visits()[0], np.random.default_rng(1).normal(size=3_000)),
        (visits()[0].drop(columns="shop"), visits()[1]),
        (visits()[0], np.zeros(3_000)),
        (visits(100)[0], visits(100)[1]),
        (visits()[0].assign(shop=np.nan), visits()[1]),
        (np.random.default_rng(0).normal(size=(3_000, 3)), visits()[1]),
    ],
    ids=["noise", "no identifier", "constant target", "few rows", "all missing", "no repeats"],
)
def test_where_no_number_identifies_none_is_found(table, target):
    assert found_in(table, target) == ()


def test_an_identifier_may_lack_values_and_stand_beside_categories():
    table, target = visits()
    table["shop"] = table["shop"].where(np.arange(len(table)) % 10 > 0)
    kinds = np.random.default_rng(2).integers(0, 4, len(table))
    assert found_in(table.assign(kind=kinds), target + kinds, n_numbers=3) == (2,)


def space_and_problem(table, task="regression", **facts):
    schema = prepare_table(table).schema
    problem = replace(
        Problem(task, schema, smallest_class=100), findings={"identifiers": (2,)}, **facts
    )
    return restrict(SearchSpace.default(task), problem), problem


@pytest.mark.parametrize(
    "name", ["ridge", "hist_gradient_boosting", "extra_trees", "multi_layer_perceptron"]
)
def test_models_learn_what_stands_behind_the_numbers(name):
    table, target = visits(1_500)
    space, problem = space_and_problem(table)
    X, new = np.asarray(table, float), np.asarray(visits(1_500, seed=1)[0], float)
    answers = {}
    for one in ("identifier_means", "numbers_alone"):
        genome = space.genome({"estimator": name, "identifiers": one})
        model = build_pipeline(genome, space, problem, 0).fit(X, target)
        answers[one] = np.mean((model.predict(new) - visits(1_500, seed=1)[1]) ** 2)
    assert answers["identifier_means"] < 0.8 * answers["numbers_alone"]


@pytest.mark.parametrize("name", ["hist_gradient_boosting", "random_forest", "ridge"])
def test_new_and_missing_values_are_answered(name):
    table, target = visits(600)
    table["kind"] = np.where(np.arange(600) % 2, "a", "b")
    space, problem = space_and_problem(table)
    X = np.asarray(prepare_table(table).matrix, float)
    model = build_pipeline(space.genome({"estimator": name}), space, problem, 0).fit(X, target)
    rows = X[:3].copy()
    rows[:, 2] = [1e6, np.nan, -5.0]
    assert np.isfinite(model.predict(rows)).all()


def test_of_several_classes_there_is_a_mean_for_each():
    table, target = visits(900)
    labels = np.digitize(target, [-1.0, 1.0])
    table["kind"] = np.where(np.arange(900) % 2, "a", "b")
    space, problem = space_and_problem(table, "classification", n_classes=3)
    X = np.asarray(prepare_table(table).matrix, float)
    genome = space.genome({"estimator": "hist_gradient_boosting", "encoder": "native"})
    model = build_pipeline(genome, space, problem, 0).fit(X, labels)
    assert model[-1].n_features_in_ == 4 + 3
    assert model[-1].is_categorical_.tolist() == [False] * 3 + [True] + [False] * 3
    assert model.predict_proba(X[:5]).shape == (5, 3)


def test_noise_teaches_nothing():
    table, _ = visits(1_000)
    noise = np.random.default_rng(3).normal(size=1_000)
    space, problem = space_and_problem(table)
    model = build_pipeline(space.genome({"estimator": "ridge"}), space, problem, 0)
    assert cross_val_score(model, np.asarray(table, float), noise, cv=5).mean() < 0.01


def test_spaces_of_tables_without_identifiers_do_not_ask_for_them():
    problem = Problem("regression", prepare_table(visits(50)[0]).schema)
    space = restrict(SearchSpace.default("regression"), problem)
    assert "known to identify" in space.left_out["identifier_means"]
    assert all("identifiers" not in space.slots_of(name) for name in space.names)


def test_a_search_takes_them_by_their_means_unless_it_is_told_not_to():
    table, target = visits(1_000, noise=0.2)
    settings = {"n_generations": 1, "population_size": 4, "time_budget": None}
    space = SearchSpace.default("regression").only("ridge")
    model = EvolutionaryRegressor(search_space=space, random_state=0, **settings)
    model.fit(table, target)
    assert model.best_params_["identifiers"] == "identifier_means"
    without = model.set_params(search_space=space.without("identifier_means"))
    assert "identifiers" not in without.fit(table, target).best_params_
