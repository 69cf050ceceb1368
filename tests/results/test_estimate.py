"""The estimate as users see it, and in a fitted model."""

import pickle
from math import inf, isnan, nan

import numpy as np
import pytest
from sklearn.datasets import load_diabetes
from sklearn.model_selection import RepeatedKFold

from evolearn import EvolutionaryRegressor
from evolearn.results.estimate import Estimate, SimplerModel
from tests.conftest import mixed_table

ESTIMATE = Estimate("neg_root_mean_squared_error", "RMSE", 2.0, 2.2, 0.1, 400, 100, 30)


def test_it_prints_what_a_user_asks_for():
    simple = SimplerModel(3, "ridge", 2.3, 1.2, 0.1)
    estimate = Estimate("roc_auc", "1 - roc_auc", 2.0, 2.2, 0.1, 400, 100, 30, simple)
    text = str(estimate)
    for part in ("2.2", "90 %", "roc_auc", "30 candidates", "100 rows", "candidate 3 (ridge)"):
        assert part in text
    assert "candidate 3 (ridge)" in estimate._repr_html_()


def test_the_interval_narrows_with_more_new_rows_and_less_coverage():
    low, high = ESTIMATE.lower, ESTIMATE.upper
    assert low < ESTIMATE.corrected < high
    for narrower in (ESTIMATE.interval(0.5), ESTIMATE.interval(n_new_rows=inf)):
        assert low < narrower[0] < narrower[1] < high


def test_errors_with_a_limit_stay_above_it():
    assert Estimate("roc_auc", "1 - roc_auc", 0.01, 0.01, 0.02, 50, 12, 3).lower == 0
    assert Estimate("own", "1 - own", -0.9, -0.8, 0.02, 50, 12, 3, bounded=False).upper > -0.8


def test_no_error_at_all_is_no_certainty():
    perfect = Estimate("accuracy", "1 - accuracy", 0.0, 0.0, 0.0, 150, 38, 3)
    assert perfect.interval() == pytest.approx((0.0, 0.02))


def test_a_dictionary_of_it_makes_the_same_again():
    simple = SimplerModel(3, "ridge", 2.3, 1.2, 0.1)
    estimate = Estimate("roc_auc", "1 - roc_auc", 2.0, 2.2, 0.1, 400, 100, 30, simple)
    values = estimate.as_dict()
    assert values["lower"] == estimate.lower
    assert Estimate.from_dict(values) == estimate


@pytest.mark.parametrize("arguments", [{"coverage": 1.5}, {"n_new_rows": 0}])
def test_intervals_that_cannot_be_are_refused(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=name):
        ESTIMATE.interval(**arguments)


def test_without_a_corrected_error_the_reason_is_printed():
    estimate = Estimate("r2", "1 - r2", 0.3, nan, 0.0, 50, 12, 3, reason="cv scores rows twice")
    assert "cv scores rows twice" in str(estimate)
    assert all(isnan(end) for end in estimate.interval())


# -- in a fitted model ----------------------------------------------------------------------


SETTINGS = {
    "time_budget": None,
    "n_evaluations": 6,
    "population_size": 4,
    "cv": 3,
    "n_jobs": 1,
    "random_state": 0,
    "search_space": ["ridge", "nearest_neighbors", "decision_tree"],
}


def search(**settings):
    return EvolutionaryRegressor(**SETTINGS | settings)


@pytest.fixture(scope="module")
def data():
    table, signal = mixed_table(150, seed=2)
    return table, signal + np.random.default_rng(2).normal(0, 0.2, 150)


@pytest.fixture(scope="module")
def model(data, tmp_path_factory):
    return search(journal=tmp_path_factory.mktemp("journal")).fit(*data)


def test_a_fitted_model_has_an_estimate_of_its_own_metric(model):
    estimate = model.estimate_
    assert estimate.metric == "neg_root_mean_squared_error"
    assert estimate.naive <= model.best_fitness_
    assert 0 < estimate.lower < estimate.corrected < estimate.upper
    assert (estimate.n_rows, estimate.n_new_rows, estimate.n_candidates) == (150, 38, 6)


@pytest.mark.parametrize(
    ("space", "simpler"),
    [(["nearest_neighbors"], None), (["ridge", "hist_gradient_boosting"], "ridge")],
)
def test_a_much_simpler_model_is_simpler_than_a_member(space, simpler):
    diabetes = load_diabetes(return_X_y=True)
    estimate = search(search_space=space, n_evaluations=5).fit(*diabetes).estimate_
    assert (estimate.simpler and estimate.simpler.estimator) == simpler


def test_a_replay_has_the_same_estimate_and_no_rows(model, data):
    again = search(journal=model.journal, replay=True).fit(*data)
    assert again.estimate_ == model.estimate_
    assert len(pickle.dumps(model.estimate_)) < 1_000


def test_repeated_folds_have_a_reason_in_place_of_an_estimate(data):
    again = search(cv=RepeatedKFold(n_splits=2, n_repeats=2, random_state=0), n_evaluations=2)
    estimate = again.fit(*data).estimate_
    assert "more than once" in estimate.reason
    assert estimate.naive > 0
