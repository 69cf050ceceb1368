"""Intervals, quantiles and sets of fitted estimators."""

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import NotFittedError

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor

OPTIONS = {"time_budget": None, "n_evaluations": 5, "random_state": 0, "verbose": 0}


@pytest.fixture(scope="module")
def numbers():
    X, y = make_regression(400, 6, noise=20, random_state=0)
    X = pd.DataFrame(X, columns=list("abcdef"))
    X["kind"] = np.where(X["a"] > 0, "plus", "minus")
    X.loc[::7, "b"] = np.nan
    return X, y


@pytest.fixture(scope="module")
def regressor(numbers):
    X, y = numbers
    model = EvolutionaryRegressor(**OPTIONS, search_space=["ridge", "decision_tree"])
    return model.fit(X[:300], y[:300])


@pytest.fixture(scope="module")
def classes():
    X, codes = make_classification(
        400, 6, n_classes=3, n_informative=4, flip_y=0.2, random_state=0
    )
    return X, np.array(["red", "green", "blue"])[codes]


@pytest.fixture(scope="module")
def classifier(classes):
    X, y = classes
    model = EvolutionaryClassifier(
        **OPTIONS, search_space=["logistic_regression", "decision_tree"]
    )
    return model.fit(X[:300], y[:300])


def test_intervals_hold_new_rows_and_grow_with_their_coverage(regressor, numbers):
    X, y = numbers[0][300:], numbers[1][300:]
    before = 0.0
    for coverage in (0.5, 0.8, 0.9, 0.95):
        interval = regressor.predict_interval(X, coverage)
        assert interval.shape == (100, 2)
        inside = (interval[:, 0] <= y) & (y <= interval[:, 1])
        assert abs(inside.mean() - coverage) < 0.12
        width = (interval[:, 1] - interval[:, 0]).mean()
        assert width > before
        before = width


def test_columns_are_found_by_name(regressor, numbers):
    X = numbers[0][300:]
    np.testing.assert_array_equal(
        regressor.predict_interval(X), regressor.predict_interval(X[X.columns[::-1]])
    )


def test_quantiles_are_columns_in_the_order_that_was_asked(regressor, numbers):
    X = numbers[0][300:]
    found = regressor.predict_quantiles(X, [0.9, 0.1])
    assert (found[:, 0] > found[:, 1]).all()
    np.testing.assert_array_equal(regressor.predict_quantiles(X, 0.9), found[:, :1])


def test_sets_hold_new_rows(classifier, classes):
    X, y = classes[0][300:], classes[1][300:]
    sets = classifier.predict_set(X, coverage=0.9)
    assert sets.shape == (100, 3)
    assert sets.dtype == bool
    places = np.searchsorted(classifier.classes_, y)
    assert sets[np.arange(100), places].mean() > 0.8
    np.testing.assert_array_equal(
        sets[np.arange(100), classifier.predict_proba(X).argmax(axis=1)], True
    )


def test_they_are_pickled(regressor, classifier, numbers, classes):
    X = numbers[0][300:]
    again = pickle.loads(pickle.dumps(regressor))
    np.testing.assert_array_equal(again.predict_interval(X), regressor.predict_interval(X))
    X = classes[0][300:]
    again = pickle.loads(pickle.dumps(classifier))
    np.testing.assert_array_equal(again.predict_set(X), classifier.predict_set(X))


def test_the_number_of_workers_does_not_matter(regressor, numbers):
    X, y = numbers
    other = EvolutionaryRegressor(**regressor.get_params() | {"n_jobs": 2})
    other.fit(X[:300], y[:300])
    np.testing.assert_array_equal(
        other.predict_interval(X[300:]), regressor.predict_interval(X[300:])
    )


@pytest.mark.parametrize(
    "options", [{"final_model": "single"}, {"cv": 2}, {"scoring": "neg_median_absolute_error"}]
)
def test_other_ways_to_choose_the_model(numbers, options):
    X, y = numbers
    model = EvolutionaryRegressor(
        **OPTIONS, search_space=["ridge", "decision_tree"], **options
    ).fit(X[:300], y[:300], sample_weight=np.linspace(0, 1, 300))
    interval = model.predict_interval(X[300:], 0.8)
    inside = (interval[:, 0] <= y[300:]) & (y[300:] <= interval[:, 1])
    assert abs(inside.mean() - 0.8) < 0.15


def test_sparse_tables_have_intervals_of_one_width(numbers):
    X, y = csr_matrix(numbers[0][list("acdef")].to_numpy()), numbers[1]
    model = EvolutionaryRegressor(**OPTIONS, search_space=["ridge"]).fit(X[:300], y[:300])
    interval = model.predict_interval(X[300:])
    assert np.ptp(interval[:, 1] - interval[:, 0]) < 1e-6


@pytest.mark.parametrize("coverage", [0, 1, -0.5, 90, "0.9", None, True, float("nan")])
def test_a_coverage_that_is_no_share_is_refused(regressor, classifier, coverage):
    for predict in (regressor.predict_interval, classifier.predict_set):
        with pytest.raises(ValueError, match=r"coverage=.* is not between 0 and 1"):
            predict([[0]], coverage)


@pytest.mark.parametrize("quantiles", [0, 1.0, [0.5, 2], [], [[0.5]], [float("nan")]])
def test_levels_that_are_no_shares_are_refused(regressor, quantiles):
    with pytest.raises(ValueError, match=r"quantiles has .* pass levels between 0 and 1"):
        regressor.predict_quantiles([[0]], quantiles)


def test_unfitted_models_are_refused():
    for predict in (
        EvolutionaryRegressor().predict_interval,
        EvolutionaryRegressor().predict_quantiles,
        EvolutionaryClassifier().predict_set,
    ):
        with pytest.raises(NotFittedError):
            predict([[0]])
