"""Dates: their circles and differences, in pipelines and in a search."""

import pickle
from random import Random

import numpy as np
import pandas as pd
import pytest

from evolearn import EvolutionaryRegressor, SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.genes.dates import cycles_of, differences_of
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.problem import Problem

N_ROWS = 150


def orders(n_rows=N_ROWS, seed=0):
    """Orders: when each was made, when it was delivered (once not known), and days between."""
    rng = np.random.default_rng(seed)
    made = pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.uniform(0, 700, n_rows), unit="D")
    lasted = pd.to_timedelta(rng.uniform(1, 9, n_rows), unit="D")
    table = pd.DataFrame(
        {
            "weight": rng.normal(size=n_rows),
            "made": made.floor("s"),
            "kind": pd.Series(rng.choice(["a", "b"], n_rows), dtype=object),
            "delivered": (made + lasted).floor("s"),
        }
    )
    table.loc[7, "delivered"] = pd.NaT
    days = lasted.total_seconds().to_numpy() / 86_400
    return table, days


def problem_of(table):
    return Problem("regression", prepare_table(table).schema, positive_target=True)


def test_the_schema_says_where_dates_are_and_what_returns():
    table, _ = orders()
    schema = prepare_table(table).schema
    names = schema.names
    assert [names[date.start] for date in schema.dates] == ["made_seconds", "delivered_seconds"]
    returns = [(names[column], round(period, 1)) for column, period in cycles_of(schema)]
    assert returns[:4] == [
        ("made_seconds", 86_400.0),
        ("made_weekday", 7.0),
        ("made_day", 30.4),
        ("made_seconds", 31_556_952.0),
    ]
    assert [tuple(names[i] for i in pair) for pair in differences_of(schema)] == [
        ("delivered_seconds", "made_seconds")
    ]


def test_what_does_not_vary_does_not_return():
    hours = pd.date_range("2024-05-01", periods=24, freq="h")
    schema = prepare_table(pd.DataFrame({"when": hours})).schema
    assert cycles_of(schema) == ((0, 86_400.0),)
    assert differences_of(schema) == ()


def test_the_time_of_day_is_that_of_the_time_zone():
    hours = pd.date_range("2024-03-01", periods=24 * 200, freq="h", tz="Europe/Berlin")
    schema = prepare_table(pd.DataFrame({"when": hours})).schema
    returns = [(schema.names[column], period) for column, period in cycles_of(schema)]
    assert returns[0] == ("when_hour", 24.0)
    assert "when_seconds" not in [name for name, period in returns if period < 31_000_000]


def test_sums_get_waves_and_trees_get_differences():
    table, _ = orders()
    space = restrict(SearchSpace.default("regression"), problem_of(table))
    firsts = {name: space.slots_of(name)["dates"][0] for name in space.names}
    for name in ("ridge", "multi_layer_perceptron", "nearest_neighbors", "gaussian_process"):
        assert firsts[name] == "cyclic_dates"
    for name in ("hist_gradient_boosting", "extra_trees", "gradient_boosting"):
        assert firsts[name] == "date_differences"


LEFT_OUT = {
    "no date": (["weight", "kind"], {"cyclic_dates", "date_differences", "plain_dates"}),
    "one date": (["made", "kind"], {"date_differences"}),
    "two dates": (["made", "delivered"], set()),
}


@pytest.mark.parametrize(("columns", "absent"), LEFT_OUT.values(), ids=LEFT_OUT.keys())
def test_what_is_made_of_dates_is_left_out_where_it_says_nothing(columns, absent):
    table, _ = orders()
    space = restrict(SearchSpace.default("regression"), problem_of(table[columns]))
    names = {"cyclic_dates", "date_differences", "plain_dates"}
    assert {name for name in names if name in space.left_out} == absent
    assert all(("dates" in space.slots_of(n)) is ("made" in columns) for n in space.names)


@pytest.mark.parametrize("dates", ["cyclic_dates", "date_differences", "plain_dates"])
@pytest.mark.parametrize("name", ["hist_gradient_boosting", "ridge"])
def test_dates_stand_beside_formulas_and_categories(name, dates):
    table, days = orders()
    prepared, problem = prepare_table(table), problem_of(table)
    space = restrict(SearchSpace.default("regression"), problem)
    genome = space.genome(
        {
            "estimator": name,
            "dates": dates,
            "features": "constructed",
            "constructed__expressions": ("mul(x0, x1)",),
        }
    )
    assert genome in space
    model = build_pipeline(genome, space, problem, 0).fit(prepared.matrix, days)
    assert np.isfinite(model.predict(prepared.matrix)).all()
    names = model[:-1].get_feature_names_out(prepared.schema.names).tolist()
    difference = "numbers__delivered_seconds - made_seconds"
    assert (difference in names) is (dates != "plain_dates")
    assert ("numbers__sin(2 * made_weekday / week)" in names) is (dates == "cyclic_dates")
    if name == "hist_gradient_boosting":
        assert model[-1].is_categorical_.tolist() == [n == "categories__kind" for n in names]


@pytest.mark.filterwarnings("ignore:n_quantiles")
def test_every_genome_of_a_table_with_dates_can_be_fitted():
    table, days = orders()
    prepared, problem = prepare_table(table), problem_of(table)
    # Where one component is left, no percentage of it is.
    space = restrict(SearchSpace.default("regression"), problem).without("pca")
    rng = Random(0)
    for name in ("ridge", "hist_gradient_boosting", "decision_tree", "nearest_neighbors"):
        for _ in range(4):
            model = build_pipeline(space.sample(rng, name), space, problem, 0)
            predicted = model.fit(prepared.matrix, days).predict(prepared.matrix)
            assert np.isfinite(predicted).all()


# -- through to the user --------------------------------------------------------------------


def test_a_search_finds_what_the_time_between_two_dates_tells(fast):
    table, days = orders()
    errors = []
    for left_out in ((), ("date_differences", "cyclic_dates")):
        space = SearchSpace.default("regression").only("ridge", "decision_tree")
        space = space.without(*left_out, "constructed")
        model = EvolutionaryRegressor(**{**fast, "search_space": space, "n_evaluations": 8})
        errors.append(model.fit(table, days**2).best_fitness_)
    assert errors[0] < 0.5 * errors[1]


def test_a_linear_model_learns_the_time_of_day(fast):
    rng = np.random.default_rng(0)
    hours = pd.Timestamp("2023-01-01") + pd.to_timedelta(np.arange(N_ROWS) * 5, unit="h")
    load = 3 * np.cos(2 * np.pi * (hours.hour - 23) / 24) + 0.1 * rng.normal(size=N_ROWS)
    table = pd.DataFrame({"when": hours})
    settings = {**fast, "search_space": ["ridge"], "final_model": "single"}
    model = EvolutionaryRegressor(**settings).fit(table, load)
    assert model.best_fitness_ < 0.3
    best = pickle.loads(pickle.dumps(model.best_estimator_))
    np.testing.assert_array_equal(best.predict(table), model.predict(table))
    assert "sin(when_seconds / day)" in best[:-1].get_feature_names_out()
