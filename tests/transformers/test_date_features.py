"""Sines and cosines of cycles, and differences between dates."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline

from evolearn.transformers import DateFeatures


def test_the_waves_of_a_cycle_meet_where_it_begins_again():
    step = DateFeatures(cycles=[(0, 24.0)], harmonics=2)
    made = step.fit_transform(np.array([[0.0], [24.0], [6.0], [np.nan]]))
    np.testing.assert_allclose(made[0, 1:], [0, 1, 0, 1], atol=1e-12)
    np.testing.assert_allclose(made[0, 1:], made[1, 1:], atol=1e-12)
    np.testing.assert_allclose(made[2, 1:], [1, 0, 0, -1], atol=1e-12)
    assert np.isnan(made[3]).all()


def test_three_harmonics_tell_any_days_of_a_week_apart():
    days = np.tile(np.arange(7.0), 3).reshape(-1, 1)
    effect = np.array([3.0, -1, 4, 1, -5, 9, 2])[days.ravel().astype(int)]
    waves = DateFeatures(cycles=[(0, 7.0)], harmonics=3)
    model = make_pipeline(waves, LinearRegression()).fit(days, effect)
    np.testing.assert_allclose(model.predict(days), effect)


@pytest.mark.parametrize("settings", [{"cycles": [(2, 7.0)]}, {"differences": [(0, -1)]}])
def test_a_column_that_is_not_there_is_named(settings):
    with pytest.raises(ValueError, match=r"name the column at position -?\d, but X has 2"):
        DateFeatures(**settings).fit(np.zeros((3, 2)))


def test_cycles_may_be_an_array_and_periods_are_checked():
    X = np.arange(6.0).reshape(3, 2)
    listed = DateFeatures(cycles=[(1, 24)]).fit_transform(X)
    array = DateFeatures(cycles=np.array([[1, 24.0]])).fit_transform(X)
    np.testing.assert_array_equal(listed, array)
    with pytest.raises(ValueError, match="periods of cycles must be above 0"):
        DateFeatures(cycles=[(0, 0)]).fit(X)
    with pytest.raises(ValueError, match="positions of columns as whole numbers"):
        DateFeatures(cycles=[(0.5, 24)]).fit(X)
