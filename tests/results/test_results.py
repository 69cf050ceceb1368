"""Attributes of a fitted estimator: results, fitness and content."""

import gc
import pickle
import weakref

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.metrics import log_loss, make_scorer, mean_squared_error
from sklearn.model_selection import KFold, cross_val_score
from sklearn.pipeline import Pipeline

from evolearn import (
    ColumnPreparer,
    EvolearnWarning,
    EvolutionaryClassifier,
    EvolutionaryRegressor,
    SearchSpace,
)
from evolearn.networks import NetworkClassifier, NetworkRegressor
from evolearn.transformers import ConstructedFeatures

STOP_REASONS = {
    "target_fitness", "time_budget", "n_generations", "n_evaluations", "no_improvement",
    "exhausted", "interrupted",
}  # fmt: skip


def nested_estimators(estimator):
    """Return an estimator and every estimator among its parameters."""
    inner = estimator.get_params(deep=True).values()
    return [
        estimator,
        *(e for e in inner if hasattr(e, "get_params") and not isinstance(e, type)),
    ]


def best_row(model):
    results = model.cv_results_
    return int(np.flatnonzero(np.asarray(results["rank_test_score"]) == 1)[0])


# -- the attributes of the contract ---------------------------------------------------------


def test_best_params_are_flat_and_name_the_estimator(fitted_classifier):
    model, *_ = fitted_classifier
    assert isinstance(model.best_params_["estimator"], str)
    assert not any(isinstance(value, dict) for value in model.best_params_.values())
    components = {value for key, value in model.best_params_.items() if "__" not in key}
    for key in model.best_params_:
        assert "__" not in key or key.split("__")[0] in components, key


def is_known(estimator):
    """Tell whether it is of scikit-learn's classes, or one of our networks."""
    ours = (ColumnPreparer, ConstructedFeatures, NetworkClassifier, NetworkRegressor)
    return type(estimator) in ours or type(estimator).__module__.startswith("sklearn.")


def test_best_estimator_is_a_fitted_pipeline_of_scikit_learns_classes(fitted_classifier):
    model, X, y = fitted_classifier
    assert isinstance(model.best_estimator_, Pipeline)
    for position, estimator in enumerate(nested_estimators(model.best_estimator_)):
        assert is_known(estimator), (position, estimator)
    assert set(model.best_estimator_.predict(X)) <= set(y)


def test_a_plain_table_needs_no_step_of_ours(fast, numbers):
    X, y = numbers
    model = EvolutionaryClassifier(**fast).fit(X, y)
    for estimator in nested_estimators(model.best_estimator_):
        assert is_known(estimator)
        assert not isinstance(estimator, ColumnPreparer)


def test_a_single_final_model_is_the_best_estimator(fast, binary):
    X, y = binary
    model = EvolutionaryClassifier(final_model="single", **fast).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), model.best_estimator_.predict(X))
    np.testing.assert_array_equal(model.estimator_.predict(X), model.predict(X))


def test_predict_uses_the_attribute_estimator(fitted_regressor):
    model, X, _ = fitted_regressor
    np.testing.assert_array_equal(model.estimator_.predict(X), model.predict(X))


def test_cv_results_have_the_columns_of_grid_search_and_more(fitted_classifier):
    model, *_ = fitted_classifier
    table = pd.DataFrame(model.cv_results_)
    assert set(table) >= {
        "params", "mean_test_score", "std_test_score", "rank_test_score", "split0_test_score",
        "split1_test_score", "mean_fit_time", "mean_score_time", "param_estimator",
        "generation", "parents", "status", "failure",
    }  # fmt: skip
    assert len(table) == model.n_evaluations_ == 36
    assert all(isinstance(params, dict) for params in table["params"])
    assert list(table["param_estimator"]) == [p["estimator"] for p in table["params"]]
    assert (table["mean_fit_time"] >= 0).all()


def test_results_have_their_columns_even_if_no_candidate_ended(fitted_regressor, numbers):
    X, y = numbers
    with pytest.warns(EvolearnWarning, match="predicts from the target alone"):
        empty = EvolutionaryRegressor(time_budget=1e-3, random_state=0).fit(X, y)
    depends = ("split", "param_")  # on the folds and on the candidates
    columns = {name for name in fitted_regressor[0].cv_results_ if not name.startswith(depends)}
    told = empty.cv_results_
    assert columns | {"param_estimator"} <= set(told)
    assert {len(column) for column in told.values()} == {0}


def test_mean_and_spread_are_over_the_folds(fitted_regressor):
    model, *_ = fitted_regressor
    table = pd.DataFrame(model.cv_results_)
    folds = table.filter(regex=r"^split\d+_test_score$").astype(float).to_numpy()
    run = ~np.isnan(folds).any(axis=1)
    assert run.any()
    np.testing.assert_allclose(table["mean_test_score"][run], folds[run].mean(axis=1))
    np.testing.assert_allclose(table["std_test_score"][run], folds[run].std(axis=1))


def test_ranks_follow_the_scores(fitted_regressor):
    model, *_ = fitted_regressor
    table = pd.DataFrame(model.cv_results_).sort_values("rank_test_score")
    assert table["rank_test_score"].iloc[0] == 1
    best = table["mean_test_score"].iloc[0]
    assert best == pytest.approx(table["mean_test_score"].max())
    assert table["params"].iloc[0] == model.best_params_


def test_a_lineage_can_be_followed(fitted_regressor):
    model, *_ = fitted_regressor
    table = pd.DataFrame(model.cv_results_)
    assert (table["generation"][:4] == 0).all()
    assert table["generation"].is_monotonic_increasing
    assert table["generation"].max() >= 1
    assert not any(len(parents) for parents in table["parents"][table["generation"] == 0])
    bred = [parents for parents in table["parents"] if len(parents)]
    assert bred, "children name their parents"
    for child, parents in enumerate(table["parents"]):
        assert all(0 <= parent < child for parent in parents)


def test_no_candidate_is_evaluated_twice(fitted_classifier):
    model, *_ = fitted_classifier
    keys = [repr(sorted(p.items(), key=repr)) for p in model.cv_results_["params"]]
    assert len(set(keys)) == len(keys)


def test_no_candidate_of_the_catalogue_fails_on_an_ordinary_table(
    fitted_classifier, fitted_regressor
):
    for model, *_ in (fitted_classifier, fitted_regressor):
        assert {reason for reason in model.cv_results_["failure"] if reason} == set()


def test_the_leaderboard_lists_candidates_best_first(fitted_classifier):
    model, *_ = fitted_classifier
    board = pd.DataFrame(model.leaderboard_)
    assert len(board) > 1
    assert board["fitness"].is_monotonic_increasing
    [best] = board.loc[board["rank"] == 1, "fitness"]
    assert best == pytest.approx(model.best_fitness_)


def test_history_has_a_row_per_generation_and_never_gets_worse(fitted_regressor):
    model, *_ = fitted_regressor
    history = pd.DataFrame(model.history_)
    assert len(history) == model.n_generations_
    assert history["best_fitness"].is_monotonic_decreasing
    assert history["best_fitness"].iloc[-1] == pytest.approx(model.best_fitness_)


def test_history_and_candidates_tell_when_they_ended(fitted_regressor):
    model, *_ = fitted_regressor
    elapsed, ends = model.history_["elapsed_seconds"], model.cv_results_["end_seconds"]
    assert (np.diff(elapsed) >= 0).all()
    assert elapsed[-1] == ends.max()
    assert (model.cv_results_["start_seconds"] > 0).all()
    assert (model.cv_results_["start_seconds"] <= ends).all()


def test_candidates_of_one_worker_do_not_overlap(regression, cheap_regressors, fast):
    X, y = regression
    changes = fast | {"n_jobs": 2}
    results = (
        EvolutionaryRegressor(search_space=cheap_regressors, **changes).fit(X, y).cv_results_
    )
    assert set(results["worker"]) == {0, 1}
    for worker in (0, 1):
        mine = results["worker"] == worker
        order = np.argsort(results["start_seconds"][mine])
        starts = results["start_seconds"][mine][order]
        ends = results["end_seconds"][mine][order]
        assert (starts[1:] >= ends[:-1] - 1e-3).all()


@pytest.mark.parametrize("scoring", [None, "r2", "neg_mean_absolute_error"])
def test_the_baseline_is_the_cross_validated_mean_of_the_target(regression, scoring):
    X, y = regression
    model = EvolutionaryRegressor(
        search_space=["ridge"], n_evaluations=1, time_budget=None, cv=KFold(3), scoring=scoring
    ).fit(X, y)
    name = scoring or "neg_root_mean_squared_error"
    scores = cross_val_score(DummyRegressor(), X, y, cv=KFold(3), scoring=name)
    assert model.metric_name_ == name
    assert model.baseline_fitness_ == pytest.approx((name == "r2") - scores.mean())


def test_the_pareto_front_trades_error_for_simplicity(fitted_regressor):
    model, *_ = fitted_regressor
    front = pd.DataFrame(model.pareto_front_)
    assert 1 <= len(front) <= model.n_evaluations_
    assert front["fitness"].min() == pytest.approx(model.best_fitness_)


def test_counts_and_stop_reason_of_the_search(fitted_classifier):
    model, X, y = fitted_classifier
    assert model.n_evaluations_ == 36
    assert model.n_generations_ == 9
    assert model.stop_reason_ in STOP_REASONS
    assert model.n_features_in_ == X.shape[1]
    assert list(model.feature_names_in_) == list(X.columns)
    assert list(model.classes_) == sorted(set(y))


def test_the_attribute_search_space_can_be_searched_again(fast, regression, cheap_regressors):
    X, y = regression
    first = EvolutionaryRegressor(search_space=cheap_regressors, **fast).fit(X, y)
    assert isinstance(first.search_space_, SearchSpace)
    again = EvolutionaryRegressor(search_space=first.search_space_, **fast).fit(X, y)
    assert {p["estimator"] for p in again.cv_results_["params"]} <= set(cheap_regressors)


# -- fitness --------------------------------------------------------------------------------


def nobody_knows_the_best():
    """Return a scorer of a function that is defined in no module a worker could import."""

    def score(y_true, y_pred):
        return 100.0 - float(np.mean(np.abs(y_true - y_pred)))

    return make_scorer(score)


@pytest.mark.parametrize(
    ("scoring", "optimum"),
    [
        ("accuracy", 1.0),
        ("balanced_accuracy", 1.0),
        ("roc_auc", 1.0),
        ("f1", 1.0),
        ("neg_log_loss", 0.0),
        ("neg_brier_score", 0.0),
        (None, 0.0),
    ],
)
def test_fitness_of_a_classifier_is_the_distance_to_a_perfect_score(
    fast, numbers, cheap_classifiers, scoring, optimum
):
    X, y = numbers
    model = EvolutionaryClassifier(search_space=cheap_classifiers, scoring=scoring, **fast)
    model.fit(X, y)
    score = model.cv_results_["mean_test_score"][best_row(model)]
    assert model.best_fitness_ == pytest.approx(optimum - score, abs=1e-12)
    assert 0 <= model.best_fitness_ < 0.5


@pytest.mark.parametrize(
    ("scoring", "optimum"),
    [
        ("r2", 1.0),
        ("neg_mean_squared_error", 0.0),
        ("neg_root_mean_squared_error", 0.0),
        ("neg_max_error", 0.0),
        (None, 0.0),
        (make_scorer(mean_squared_error, greater_is_better=False), 0.0),
        (nobody_knows_the_best(), 0.0),
    ],
    ids=str,
)
def test_fitness_of_a_regressor_is_the_distance_to_a_perfect_score(
    fast, regression, cheap_regressors, scoring, optimum
):
    X, y = regression
    model = EvolutionaryRegressor(search_space=cheap_regressors, scoring=scoring, **fast)
    model.fit(X, y)
    score = model.cv_results_["mean_test_score"][best_row(model)]
    assert model.best_fitness_ == pytest.approx(optimum - score, abs=1e-12)


def test_fitness_and_score_with_a_callable_scorer(fast, regression, cheap_regressors):
    X, y = regression

    def score(estimator, X, y):
        return -float(np.mean(np.abs(estimator.predict(X) - y)))

    model = EvolutionaryRegressor(search_space=cheap_regressors, scoring=score, **fast)
    model.fit(X, y)
    assert 0 < model.best_fitness_ < 2
    assert model.score(X, y) == pytest.approx(score(model, X, y))


def test_a_perfect_model_has_fitness_zero(fast, cheap_classifiers):
    X = np.repeat([[0.0], [1.0]], 30, axis=0)
    y = np.repeat([0, 1], 30)
    model = EvolutionaryClassifier(search_space=cheap_classifiers, scoring="accuracy", **fast)
    assert model.fit(X, y).best_fitness_ == 0


def test_default_fitness_is_log_loss_and_root_mean_squared_error(
    fitted_classifier, fitted_regressor
):
    classifier, _, y = fitted_classifier
    chance = np.unique(y, return_counts=True)[1] / len(y)
    assert classifier.best_fitness_ < log_loss(y, np.tile(chance, (len(y), 1)))
    regressor, _, y = fitted_regressor
    assert regressor.best_fitness_ < np.std(y)


def test_a_scorer_that_looks_at_the_table_gives_a_single_model_and_a_warning(fast, numbers):
    def on_positive_rows(estimator, X, y):
        rows = X[:, 0] > 0
        return np.mean(estimator.predict(X[rows]) == y[rows])

    X, y = numbers
    model = EvolutionaryClassifier(
        search_space=["logistic_regression"], scoring=on_positive_rows, **fast
    )
    with pytest.warns(EvolearnWarning, match=r"No ensemble.*final_model='single'"):
        model.fit(X, y)
    np.testing.assert_array_equal(model.predict(X), model.best_estimator_.predict(X))
    assert model.best_fitness_ < -0.8


def test_score_is_accuracy_and_r2_unless_scoring_is_given(fast, numbers, cheap_classifiers):
    X, y = numbers
    model = EvolutionaryClassifier(search_space=cheap_classifiers, **fast).fit(X, y)
    assert model.score(X, y) == np.mean(model.predict(X) == y)
    model.set_params(scoring="neg_log_loss").fit(X, y)
    assert model.score(X, y) == pytest.approx(-log_loss(y, model.predict_proba(X)))


# -- what a fitted object holds -------------------------------------------------------------


def test_a_fitted_object_keeps_no_training_data(fast):
    X = np.random.default_rng(0).normal(size=(5_000, 10))
    y = X @ np.arange(10.0)
    seen = weakref.ref(X)
    model = EvolutionaryRegressor(search_space=["ridge"], **fast).fit(X, y)
    assert len(pickle.dumps(model)) < X.nbytes / 4
    del X
    gc.collect()
    assert seen() is None


def test_a_table_given_to_fit_is_not_changed(fast, multiclass, cheap_classifiers):
    X, y = multiclass
    before_X, before_y = X.copy(deep=True), y.copy()
    EvolutionaryClassifier(search_space=cheap_classifiers, **fast).fit(X, y).predict(X)
    pd.testing.assert_frame_equal(X, before_X)
    np.testing.assert_array_equal(y, before_y)
