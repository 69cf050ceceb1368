"""The estimators inside scikit-learn's own tools, with weights, groups and splitters."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    ShuffleSplit,
    cross_val_score,
    cross_validate,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, SearchError
from evolearn.estimators.base import ROWS_AT_ONCE
from evolearn.exceptions import EvolearnWarning


@pytest.fixture
def classifier(fast, cheap_classifiers):
    return EvolutionaryClassifier(search_space=cheap_classifiers, **fast)


@pytest.fixture
def grouped():
    """Eight groups, their number as the first column, and labels in each of both kinds."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(8), 10)
    X = np.column_stack([groups, rng.normal(size=(80, 2))])
    y = (X[:, 1] > 0).astype(int)
    return X, y, groups


@pytest.fixture
def group_guard():
    """A pipeline that fails if a group of the first column is in training and test at once."""

    class GroupGuard(ClassifierMixin, BaseEstimator):
        def __init__(self, needs_weights=False):
            self.needs_weights = needs_weights

        def fit(self, X, y, sample_weight=None):
            if self.needs_weights and sample_weight is None:
                raise ValueError("no weights have come here")
            self.classes_ = np.unique(y)
            self.seen_ = set(np.asarray(X)[:, 0])
            return self

        def predict_proba(self, X):
            both = self.seen_ & set(np.asarray(X)[:, 0])
            if both:
                raise ValueError(f"{len(both)} groups are in training and test")
            return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

        def predict(self, X):
            return self.classes_[self.predict_proba(X).argmax(axis=1)]

    return Pipeline([("guard", GroupGuard())])


def n_folds(model):
    return sum(key.startswith("split") for key in model.cv_results_)


# -- inside other estimators and tools ------------------------------------------------------


def test_works_as_the_last_step_of_a_pipeline(classifier, numbers):
    X, y = numbers
    pipeline = make_pipeline(StandardScaler(), classifier).fit(X, y)
    assert pipeline.score(X, y) > 0.8
    assert pipeline.predict_proba(X).shape == (len(X), 2)


def test_grid_search_runs_over_its_parameters(classifier, numbers):
    X, y = numbers
    grid = {"final_model": ["single", "ensemble"], "scoring": ["accuracy"]}
    search = GridSearchCV(classifier, grid, cv=2, error_score="raise").fit(X, y)
    assert search.best_params_["scoring"] == "accuracy"
    assert search.best_estimator_.best_fitness_ < 0.3


def test_cross_validation_runs_it_in_worker_processes(classifier, numbers):
    X, y = numbers
    scores = cross_val_score(classifier, X, y, cv=2, n_jobs=2, error_score="raise")
    assert scores.shape == (2,)
    assert scores.mean() > 0.7


def test_cross_validation_in_workers_gives_what_it_gives_here(classifier, numbers):
    X, y = numbers
    here = cross_val_score(classifier, X, y, cv=2, error_score="raise")
    there = cross_val_score(classifier, X, y, cv=2, n_jobs=2, error_score="raise")
    np.testing.assert_array_equal(here, there)


def test_stacks_beside_other_classifiers(classifier, multiclass):
    X, y = multiclass
    X = X[["size", "rooms"]]
    stack = StackingClassifier(
        [("evolved", classifier), ("linear", LogisticRegression(max_iter=1000))], cv=2
    ).fit(X, y)
    assert set(stack.predict(X)) <= {"cheap", "fair", "dear"}


def test_can_be_calibrated(classifier, numbers):
    X, y = numbers
    calibrated = CalibratedClassifierCV(classifier, cv=2).fit(X, y)
    np.testing.assert_allclose(calibrated.predict_proba(X).sum(axis=1), 1)


def test_permutation_importance_finds_the_columns_that_matter(fitted_regressor):
    model, X, y = fitted_regressor
    importance = permutation_importance(model, X, y, n_repeats=2, random_state=0)
    by_column = dict(zip(X.columns, importance.importances_mean, strict=True))
    assert by_column["rooms"] > by_column["age"]


# -- metadata routing -----------------------------------------------------------------------


def test_weights_and_groups_are_routed_to_fit(classifier, group_guard, grouped):
    X, y, groups = grouped
    classifier.set_params(search_space=[group_guard.set_params(guard__needs_weights=True)])
    classifier.set_params(cv=None)
    with sklearn.config_context(enable_metadata_routing=True):
        classifier.set_fit_request(sample_weight=True, groups=True)
        classifier.set_score_request(sample_weight=False)
        outer = cross_validate(
            classifier,
            X,
            y,
            params={"sample_weight": np.ones(len(y)), "groups": groups},
            cv=GroupKFold(2),
            error_score="raise",
        )
    assert np.isfinite(outer["test_score"]).all()


def test_routing_does_not_reach_the_candidates(classifier, numbers):
    X, y = numbers
    with sklearn.config_context(enable_metadata_routing=True):
        model = classifier.fit(X, y, sample_weight=np.ones(len(y)))
    assert model.score(X, y) > 0.8


# -- sample weights -------------------------------------------------------------------------


def test_rows_of_weight_zero_count_for_nothing(classifier, numbers):
    X, y = numbers
    noise = np.random.default_rng(0).random(len(y)) < 0.4
    wrong = np.where(noise, 1 - y, y)
    weights = np.where(noise, 0.0, 1.0)
    model = classifier.set_params(scoring="accuracy", n_evaluations=8)
    weighed = model.fit(X, wrong, sample_weight=weights).best_fitness_
    # In training: the true line is found. In scoring: its errors on the noise are not counted.
    assert np.mean(model.predict(X) == y) > 0.85
    assert weighed < 0.25
    assert model.fit(X, wrong).best_fitness_ > 0.3


def test_unit_weights_change_nothing(classifier, numbers):
    X, y = numbers
    plain = classifier.fit(X, y).best_fitness_
    assert classifier.fit(X, y, sample_weight=np.ones(len(y))).best_fitness_ == plain


def test_with_weights_estimators_that_take_none_are_left_out(classifier, numbers):
    X, y = numbers
    classifier.set_params(search_space=[KNeighborsClassifier(), "decision_tree"])
    tried = {p["estimator"] for p in classifier.fit(X, y).cv_results_["params"]}
    assert len(tried) == 2
    model = classifier.fit(X, y, sample_weight=np.ones(len(y)))
    assert {p["estimator"] for p in model.cv_results_["params"]} == {"decision_tree"}
    assert "sample_weight" in repr(model.search_space_) or "weight" in str(model.search_space_)


def test_weights_steer_a_regression(fast, cheap_regressors):
    X = np.zeros((60, 1))
    y = np.repeat([0.0, 10.0], 30)
    model = EvolutionaryRegressor(search_space=cheap_regressors, **fast)
    model.fit(X, y, sample_weight=np.repeat([9.0, 1.0], 30))
    np.testing.assert_allclose(model.predict(X), 1.0, atol=0.3)


# -- groups and splitters -------------------------------------------------------------------


def test_without_groups_the_guard_sees_groups_on_both_sides(fast, group_guard, grouped):
    X, y, _ = grouped
    model = EvolutionaryClassifier(search_space=[group_guard], **fast)
    with pytest.raises(SearchError, match="groups are in training and test"):
        model.fit(X, y)


@pytest.mark.parametrize("cv", [None, GroupKFold(4)], ids=["chosen", "explicit"])
def test_no_group_is_in_training_and_test_at_once(fast, group_guard, grouped, cv):
    X, y, groups = grouped
    model = EvolutionaryClassifier(**{**fast, "search_space": [group_guard], "cv": cv})
    model.fit(X, y, groups=groups)
    assert model.best_fitness_ == pytest.approx(np.log(2))
    assert not any(model.cv_results_["failure"])
    assert cv is None or n_folds(model) == 4


def test_groups_may_be_a_column_of_strings(classifier, grouped):
    X, y, groups = grouped
    names = pd.Series(groups).map("group {}".format)
    assert classifier.fit(X, y, groups=names).best_fitness_ < 1


def test_groups_are_kept_apart_for_a_regressor(fast, cheap_regressors):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(10), 8)
    X = groups[:, None].astype(float)
    y = rng.normal(size=10)[groups]  # a group's value says nothing about another group's
    model = EvolutionaryRegressor(search_space=["decision_tree"], **fast)
    assert model.fit(X, y).best_fitness_ < 0.2
    assert model.fit(X, y, groups=groups).best_fitness_ > 0.5


SPLITS = [(np.arange(60, 120), np.arange(60)), (np.arange(60), np.arange(60, 120))]


@pytest.mark.parametrize(
    ("cv", "expected"),
    [
        pytest.param(lambda: 3, 3, id="number of folds"),
        pytest.param(lambda: KFold(4, shuffle=True, random_state=0), 4, id="splitter"),
        pytest.param(lambda: ShuffleSplit(2, random_state=0), 2, id="overlapping splitter"),
        pytest.param(lambda: SPLITS, 2, id="list of splits"),
        pytest.param(lambda: (split for split in SPLITS), 2, id="generator of splits"),
        pytest.param(lambda: SPLITS[:1], 1, id="one split that leaves rows unscored"),
    ],
)
def test_cv_may_be_anything_scikit_learn_takes(classifier, numbers, cv, expected):
    X, y = numbers
    model = classifier.set_params(cv=cv()).fit(X, y)
    assert n_folds(model) == expected
    assert model.score(X, y) > 0.8


@pytest.mark.parametrize("container", ["frame", "array", "sparse"])
def test_many_rows_are_predicted_a_part_at_a_time(numbers, fast, container):
    X, y = numbers
    if container != "array":
        X = pd.DataFrame(X, columns=list("abcd")) if container == "frame" else sp.csr_array(X)
    model = EvolutionaryClassifier(search_space=["logistic_regression"], **fast).fit(X, y)
    rows = np.resize(np.arange(len(y)), ROWS_AT_ONCE + len(y))
    many = X.iloc[rows] if container == "frame" else X[rows]
    assert np.array_equal(model.predict(many), model.predict(X)[rows])
    assert np.allclose(model.predict_proba(many), model.predict_proba(X)[rows], rtol=1e-12)


def test_prediction_keeps_the_latency_that_was_wished(numbers, fast):
    X, y = numbers
    few = {**fast, "search_space": ["logistic_regression", "random_forest"], "n_evaluations": 8}
    with pytest.warns(EvolearnWarning, match="max_predict_latency=1e-06 s; the fastest of"):
        model = EvolutionaryClassifier(**few, max_predict_latency=1e-6).fit(X, y)
    assert model.best_params_["estimator"]
    assert model.predict(X).shape == (len(X),)
    free = EvolutionaryClassifier(**few, max_predict_latency=1e6).fit(X, y)
    same = EvolutionaryClassifier(**few).fit(X, y)
    assert np.array_equal(free.predict_proba(X), same.predict_proba(X))
