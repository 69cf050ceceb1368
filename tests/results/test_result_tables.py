"""Leaderboard, history, Pareto front and search space as people see and use them."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_regression

from evolearn import EvolutionaryRegressor, SearchSpace
from evolearn.pipeline.in_one_line import describe_pipeline
from evolearn.results import History, Leaderboard, ParetoFront

X, Y = make_regression(80, 4, noise=5.0, random_state=0)


@pytest.fixture(scope="module")
def model():
    return EvolutionaryRegressor(
        search_space=["ridge", "decision_tree"],
        time_budget=None,
        n_evaluations=20,
        population_size=8,
        cv=3,
        random_state=0,
    ).fit(X, Y)


@pytest.fixture(params=["leaderboard_", "history_", "pareto_front_"])
def table(model, request):
    return getattr(model, request.param)


def test_a_table_is_a_mapping_that_pandas_takes(table):
    frame = pd.DataFrame(table)
    assert list(frame.columns) == list(table) == list(table.frame().columns)
    assert len(frame) == table.n_rows >= 1
    assert "params" not in frame
    with pytest.raises(KeyError):
        table["no_column"]


def test_a_table_reads_well(table):
    text = str(table)
    assert type(table).__name__ in text
    assert "RMSE (neg_root_mean_squared_error)" in text
    assert max(map(len, text.splitlines())) <= 130
    assert len(text.splitlines()) <= 17
    assert "{" not in text
    assert repr(table) == text


@pytest.mark.parametrize("again", [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_a_copy_is_the_same_table(table, again):
    other = again(table)
    assert type(other) is type(table)
    assert str(other) == str(table)


def test_a_table_in_a_notebook_shows_the_same_cells_escaped():
    table = Leaderboard({"fitness": np.array([1.5]), "pipeline": np.array(["<b>(a=1)"])}, "r2")
    html = table._repr_html_()
    assert "&lt;b&gt;(a=1)" in html
    assert "<b>" not in html
    assert "1.5" in html


def test_parameters_belong_to_their_rows(model):
    results = model.cv_results_
    params = dict(zip(results["candidate"], results["params"], strict=True))
    for table in (model.leaderboard_, model.pareto_front_):
        for number, own in zip(table["candidate"], table["params"], strict=True):
            assert own == params.get(number, {})


def test_the_baseline_is_a_row_behind_better_models(model):
    board = model.leaderboard_.frame()
    [baseline] = board.index[board["estimator"] == "baseline"]
    assert board.loc[baseline, "fitness"] == model.baseline_fitness_
    assert board.loc[baseline, "rank"] == board.loc[baseline, "candidate"] == -1
    assert board["fitness"].is_monotonic_increasing


def test_the_ensemble_is_a_row_with_its_own_error(model):
    board = model.leaderboard_.frame().set_index("estimator")
    assert board.loc["ensemble", "fitness"] == model.ensemble_fitness_
    assert model.ensemble_fitness_ <= model.best_fitness_ * (1 + 1e-9)


def test_a_long_pipeline_keeps_its_model():
    long = " -> ".join(["impute median", f"quantile transform({'x' * 60})", "ridge(a=1)"])
    table = Leaderboard({"fitness": np.array([1.0]), "pipeline": np.array([long])})
    assert "impute median -> quantile transform -> ridge(a=1)" in str(table)


@pytest.mark.parametrize(
    ("long", "line"),
    [
        (f"impute median -> one-hot -> svm({'x' * 60})", "impute median -> one-hot -> svm"),
        (f"{'impute ' * 9}-> one-hot -> svm({'x' * 60})", "... -> one-hot -> svm"),
        (f"svm({'x' * 60})", f"svm({'x' * 53}..."),
    ],
)
def test_the_name_of_a_model_is_never_cut(long, line):
    table = Leaderboard({"fitness": np.array([1.0]), "pipeline": np.array([long])})
    assert str(table).endswith(f"  {line}")


def test_ensemble_and_baseline_are_named_among_many_candidates(model):
    assert model.leaderboard_.n_rows > 15
    text = str(model.leaderboard_)
    assert "ensemble: " in text
    assert "baseline: target alone" in text
    assert len(text.splitlines()) == 17


def test_without_rows_there_is_a_title():
    assert str(History({})) == "History: 0 rows"
    assert "0 rows" in ParetoFront({"fitness": np.array([])})._repr_html_()


def test_a_space_shows_first_what_it_leaves_out_and_why(model):
    text = str(model.search_space_)
    assert text.index("there are no dates") < text.index("estimators:") < text.index("genes:")
    assert max(map(len, text.splitlines())) <= 100
    assert len(str(SearchSpace.default("classification")).splitlines()) <= 30
    frame = model.search_space_.frame()
    estimators = frame.loc[frame["gene"] == "estimator", "component"]
    assert set(estimators) == {"ridge", "decision_tree"}
    assert frame.set_index("component").loc["cyclic_dates", "left_out"] == "there are no dates"


@pytest.mark.parametrize(
    ("params", "line"),
    [
        ({"estimator": "ridge"}, "ridge"),
        ({"estimator": "ridge", "scaler": "none", "mask": "all_columns"}, "ridge"),
        (
            {"estimator": "ridge", "scaler": "standard", "ridge__alpha": 0.12345},
            "standardise -> ridge(alpha=0.123)",
        ),
        (
            {
                "estimator": "ridge",
                "features": "constructed",
                "constructed__expressions": ["a"],
            },
            "1 formula -> ridge",
        ),
        (
            {"estimator": "ridge", "mask": "masked", "masked__left_out": (1, 2)},
            "without 2 columns -> ridge",
        ),
        (
            {"estimator": "svm", "target": "log_target", "svm__kernel": "rbf"},
            "svm(kernel='rbf') of the log target",
        ),
    ],
)
def test_a_pipeline_is_one_line(params, line):
    assert describe_pipeline(params) == line
