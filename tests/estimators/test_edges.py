"""Unusual tables, estimators and settings, and what comes back all the same."""

import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder
from sklearn.tree import DecisionTreeClassifier

from evolearn import (
    EvolearnWarning,
    EvolutionaryClassifier,
    EvolutionaryRegressor,
    SearchError,
    SearchSpace,
)
from evolearn.fit.data import read_data
from evolearn.fit.settings import Settings
from evolearn.fit.setup import choose_effort, make_plan

N_ROWS = 120
RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(N_ROWS, 3))
TARGET = NUMBERS[:, 0] - NUMBERS[:, 1]
LABELS = (TARGET > 0).astype(int)


def classifier(**settings):
    return EvolutionaryClassifier(
        **{"time_budget": None, "n_evaluations": 2, "random_state": 0, **settings}
    )


def regressor(**settings):
    return EvolutionaryRegressor(
        **{"time_budget": None, "n_evaluations": 2, "random_state": 0, **settings}
    )


def plan_of(estimator, X, y, sample_weight=None, groups=None):
    data = read_data(Settings.of(estimator), X, y, sample_weight, groups)
    return make_plan(Settings.of(estimator), data, choose_effort(Settings.of(estimator), data))


# -- tables ---------------------------------------------------------------------------------


@pytest.mark.parametrize("space", [["decision_tree"], ["ridge"], ["multi_layer_perceptron"]])
@pytest.mark.parametrize("size", [1.0, 1e39, 1e300])
def test_huge_numbers_are_learned_from_and_predicted(space, size):
    X = NUMBERS * [size, 1.0, 1.0]
    model = regressor(search_space=space, n_evaluations=1).fit(X, TARGET)
    assert model.score(X, TARGET) > 0.4
    assert np.isfinite(model.predict([[1e39, 1e308, 0.0], [0.0, -1e308, 1e35]])).all()
    assert_array_equal(model.best_estimator_.predict(X), model.predict(X))


def test_both_models_read_intervals_alike():
    x = RNG.uniform(0, 20, 200)  # as texts, (10, 20] comes before (5, 10]
    X = pd.DataFrame({"a": pd.cut(x, [0, 5, 10, 20]), "b": x % 1})
    model = classifier(search_space=["decision_tree"], final_model="single")
    model.fit(X, (x > 5) & (x < 10))

    assert model.score(X, (x > 5) & (x < 10)) == 1
    assert (model.best_estimator_.predict(X) == model.predict(X)).all()


def test_labels_of_strings_and_numbers_can_be_predicted():
    X = pd.DataFrame({"a": np.arange(40), 0: [1.0, 2.0] * 20})
    model = regressor(search_space=["ridge"]).fit(X, np.arange(40))

    assert model.predict(X).shape == (40,)
    with pytest.raises(ValueError, match="X has 1 features"):
        model.predict(X[["a"]].to_numpy())


@pytest.mark.parametrize("strategy", ["mean", "most_frequent"])
def test_the_single_model_takes_the_booleans_it_was_fitted_on(strategy):
    X = NUMBERS > 0
    space = SearchSpace.default("classification").only("logistic_regression")
    space = space.constrained("simple_imputer", strategy=[strategy])
    model = classifier(search_space=space, final_model="single").fit(X, LABELS)

    assert (model.best_estimator_.predict(X) == model.predict(X)).all()


@pytest.mark.parametrize("name", ["decision_tree", "random_forest", "extra_trees"])
@pytest.mark.parametrize("where", ["training", "prediction"])
def test_trees_take_missing_values_of_sparse_tables(name, where):
    X = sparse.random(80, 6, 0.3, format="csr", random_state=0)
    hole = X.copy()
    hole.data[0] = np.nan
    model = classifier(search_space=[name], n_evaluations=1)
    model.fit(hole if where == "training" else X, np.arange(80) % 2)

    assert list(model.cv_results_["status"]) == ["scored"]
    assert model.predict(hole).shape == (80,)


def test_few_sparse_columns_are_decomposed_into_fewer():
    X = sparse.random(80, 20, 0.3, format="csr", random_state=0)
    model = classifier(search_space=["logistic_regression"], n_evaluations=25)
    model.fit(X, np.arange(80) % 2)

    used = [str(params.get("transformer")) for params in model.cv_results_["params"]]
    assert "truncated_svd" in used
    assert set(model.cv_results_["status"]) <= {"scored", "raced"}


def test_there_are_enough_rows_for_the_nearest_neighbors():
    model = classifier(search_space=["nearest_neighbors"], n_evaluations=10, cv=2)
    model.fit(NUMBERS[:12], LABELS[:12])

    assert set(model.cv_results_["status"]) <= {"scored", "raced"}


@pytest.mark.parametrize("n_rows", [4, 9, 12, 15])
def test_r2_is_defined_on_small_tables(n_rows):
    model = regressor(search_space=["ridge"], scoring="r2")
    model.fit(NUMBERS[:n_rows], TARGET[:n_rows])

    assert np.isfinite(model.best_fitness_)


# -- rows that do not count, and rare classes --------------------------------------------------


@pytest.mark.parametrize("mask", [1e6, -999.0])
def test_targets_of_rows_without_weight_teach_nothing(mask):
    X = pd.DataFrame({"c": ["a", "b"] * 60, "x": np.arange(120.0)})
    weights = np.repeat([1.0, 0.0], 60)
    space = SearchSpace.default("regression").only("ridge").constrained("ridge")
    space = space.without("one_hot", "ordinal", "related", "constructed")
    settings = {"search_space": space, "n_evaluations": 6, "cv": 3}
    y = np.where(weights > 0, X["x"], 0.0)
    model = regressor(**settings).fit(X, y, sample_weight=weights)
    masked = regressor(**settings).fit(X, np.where(weights > 0, y, mask), sample_weight=weights)

    assert masked.best_params_ == model.best_params_
    assert np.array_equal(masked.predict(X[:60]), model.predict(X[:60]))


def test_classes_without_weight_are_not_lost():
    y = np.r_[LABELS[:100], np.full(20, 2)]
    model = classifier(search_space=["decision_tree"], final_model="single")
    model.fit(NUMBERS, y, sample_weight=np.where(y == 2, 0.0, 1.0))

    assert model.predict_proba(NUMBERS).shape == (N_ROWS, 3)


def test_a_split_that_trains_on_rows_without_weight_is_left_out():
    rows = np.arange(N_ROWS)
    splits = [(rows[:60], rows[60:]), (rows[60:], rows[:60]), (rows[:90], rows[90:])]
    weights = np.where(rows < 60, 0.0, 1.0)
    model = regressor(search_space=["ridge"], cv=splits)
    model.fit(NUMBERS, TARGET, sample_weight=weights)

    assert model.cv_results_["split0_test_score"].shape == (2,)
    assert "split1_test_score" not in model.cv_results_
    with pytest.raises(ValueError, match="zero for all training rows"):
        model.set_params(cv=splits[:1]).fit(NUMBERS, TARGET, sample_weight=weights)


def test_what_folds_train_on_decides_what_rare_classes_allow():
    y = np.r_[np.tile([0, 1], 147), np.full(30, 2)]
    X = np.random.default_rng(0).normal(size=(len(y), 3))
    even = np.arange(len(y)) % 20
    uneven = np.r_[np.arange(294) % 20, np.full(29, 100), [101]]

    assert plan_of(classifier(), X, y, groups=even).problem.early_stopping
    assert not plan_of(classifier(), X, y, groups=uneven).problem.early_stopping


# -- estimators -------------------------------------------------------------------------------


def test_a_pipeline_that_ends_in_boosting_which_stops_early_is_refitted():
    X, y = load_iris(return_X_y=True)
    pipeline = make_pipeline(
        StandardScaler(), HistGradientBoostingClassifier(early_stopping=True, max_iter=20)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error", EvolearnWarning)
        model = classifier(search_space=[pipeline], n_evaluations=1).fit(X, y)

    assert model.score(X, y) > 0.9


class NeverOnAll(RidgeClassifier):
    """A classifier without probabilities that cannot be fitted on all rows."""

    def fit(self, X, y):
        if len(X) == 150:
            raise MemoryError
        return super().fit(X, y)


def test_a_fold_model_without_probabilities_serves():
    X, y = load_iris(return_X_y=True)
    model = classifier(search_space=[NeverOnAll()], scoring="accuracy", n_evaluations=1)
    with pytest.warns(EvolearnWarning, match="could not be fitted"):
        model.fit(X, y)

    assert model.score(X, y) > 0.7
    assert not hasattr(model, "predict_proba")


def test_the_folds_of_a_users_target_encoder_stay():
    pipeline = make_pipeline(TargetEncoder(cv=10), LogisticRegression())
    model = classifier(search_space=[pipeline], n_evaluations=1, final_model="single")
    model.fit([[i % 4] for i in range(200)], [i % 2 for i in range(200)])

    folds = model.best_estimator_[0].cv
    assert getattr(folds, "n_splits", folds) == 10


@pytest.mark.parametrize("target", ["power_target", "log_target"])
def test_answers_stay_near_the_targets_of_the_training_rows(target):
    x = np.linspace(0, 0.95, 200)[:, None]
    y = (x / (1 - x)).ravel()
    others = {"no_target_transform", "power_target", "log_target", "quantile_target"}
    space = SearchSpace.default("regression").only("ridge").without(*(others - {target}))
    model = regressor(search_space=space, final_model="single").fit(x, y)

    answers = model.predict([[-9.0], [0.9], [1.3], [2.0], [9.0]])
    assert np.isfinite(answers).all()
    assert (np.diff(answers) >= 0).all()
    assert answers[0] >= -y.max()
    assert answers[-1] <= 2 * y.max()


# -- settings ---------------------------------------------------------------------------------


def test_a_single_parent_has_children():
    model = regressor(search_space=["ridge"], population_size=1, n_evaluations=40)
    model.set_params(n_iter_no_change=None).fit(NUMBERS, TARGET)

    assert "mutation" in model.cv_results_["origin"]


class Slow(DecisionTreeClassifier):
    """A classifier that takes longer than there is time."""

    def fit(self, X, y):
        time.sleep(9)
        return super().fit(X, y)


def test_a_budget_that_no_candidate_keeps_brings_a_model_of_the_target():
    model = classifier(search_space=[Slow()], n_evaluations=None, time_budget=2.0)
    with pytest.warns(EvolearnWarning, match="the target alone"):
        model.fit(NUMBERS, LABELS)

    assert model.predict_proba(NUMBERS).shape == (N_ROWS, 2)
    assert model.stop_reason_ == "time_budget"


@pytest.mark.parametrize("limits", [{}, {"n_evaluations": None, "time_budget": 2.0}])
def test_a_limit_that_no_candidate_keeps_is_told(limits):
    limits = {"n_evaluations": 1, "evaluation_timeout": 0.2, **limits}
    model = classifier(search_space=[Slow()], **limits)
    with pytest.raises(SearchError, match=r"0\.2 s"):
        model.fit(NUMBERS, LABELS)


def test_a_budget_may_be_a_numpy_integer(tmp_path):
    model = regressor(search_space=["ridge"], time_budget=np.array([30])[0])
    model.set_params(journal=tmp_path).fit(NUMBERS, TARGET)

    assert model.set_params(replay=True).fit(NUMBERS, TARGET).n_evaluations_ == 2


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("make", [np.asarray, sparse.csr_matrix])
def test_nothing_of_a_fit_stays_open(make):
    def open_matrices():
        links = Path("/proc/self/fd").iterdir()
        opened = [str(link.readlink()) for link in links if link.exists()]
        mapped = Path("/proc/self/maps").read_text().splitlines()
        return {name for name in opened + mapped if "matrix" in name}

    before = open_matrices()
    for _ in range(2):
        regressor(search_space=["ridge"], n_evaluations=1).fit(make(NUMBERS), TARGET)

    assert open_matrices() <= before


@pytest.mark.parametrize("unit", [1.0, 1e-9])
@pytest.mark.parametrize("name", ["decision_tree", "extra_trees", "gradient_boosting"])
def test_trees_see_what_single_precision_does_not(name, unit):
    # Ten minutes, in seconds since 1970; and a target in small units.
    X = pd.DataFrame({"when": pd.date_range("2024-05-31 12:00", periods=600, freq="1s")})
    y = unit * np.sin(np.arange(600) / 20)
    train, test = np.split(np.random.default_rng(0).permutation(600), [450])
    model = regressor(search_space=[name], n_evaluations=1).fit(X.iloc[train], y[train])
    assert model.score(X.iloc[test], y[test]) > 0.9


def test_quantiles_see_columns_in_small_units():
    X, y = 1e-9 * (NUMBERS + 2.0 * LABELS.reshape(-1, 1)), LABELS
    model = classifier(search_space=["gaussian_naive_bayes"], n_evaluations=1).fit(X, y)
    assert model.score(X, y) > 0.9


def test_a_single_column_is_not_selected_from():
    X, y = NUMBERS[:, :1], TARGET
    model = regressor(search_space=["ridge"], n_evaluations=40, n_iter_no_change=None).fit(X, y)
    assert not any(model.cv_results_["failure"])
