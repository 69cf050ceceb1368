"""Calibration of intervals by out-of-fold predictions."""

import numpy as np
import pytest

from evolearn.uncertainty.intervals import calibrate_intervals

LEVELS = (0.5, 0.8, 0.9, 0.95)


def noisy_rows(n, seed, *, by_column=True):
    """Return a matrix, predictions, and a target whose noise grows with the first column."""
    rng = np.random.default_rng(seed)
    matrix = rng.uniform(size=(n, 3))
    predictions = 100 + 10 * matrix[:, 1]
    scale = 0.2 + 3 * matrix[:, 0] if by_column else np.ones(n)
    # The noise is skewed: both ends of an interval need their own quantile.
    noise = scale * (rng.exponential(size=n) - 1)
    return matrix, predictions, predictions + noise


def inside(interval, target):
    return (interval[:, 0] <= target) & (target <= interval[:, 1])


@pytest.mark.parametrize("by_column", [True, False], ids=["scaled", "constant"])
@pytest.mark.parametrize("level", LEVELS)
def test_intervals_hold_the_nominal_share_of_new_rows(level, by_column):
    calibration = calibrate_intervals(*noisy_rows(2000, 0, by_column=by_column), None)
    matrix, predictions, target = noisy_rows(4000, 1, by_column=by_column)
    covered = inside(calibration.interval(predictions, matrix, level), target).mean()
    assert abs(covered - level) < 0.03


def test_intervals_are_wider_where_residuals_are_larger():
    calibration = calibrate_intervals(*noisy_rows(2000, 0), None)
    matrix, predictions, target = noisy_rows(4000, 1)
    interval = calibration.interval(predictions, matrix, 0.9)
    width = interval[:, 1] - interval[:, 0]
    quiet, loud = matrix[:, 0] < 0.3, matrix[:, 0] > 0.7
    assert width[loud].mean() > 2 * width[quiet].mean()
    for part in (quiet, loud):
        assert abs(inside(interval, target)[part].mean() - 0.9) < 0.06


def test_the_size_of_residuals_is_not_modelled_where_that_does_not_help():
    assert calibrate_intervals(*noisy_rows(2000, 0), None).forest is not None
    assert calibrate_intervals(*noisy_rows(2000, 0, by_column=False), None).forest is None


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_without_time_intervals_have_one_width(seconds):
    calibration = calibrate_intervals(*noisy_rows(500, 0), None, seconds=seconds)
    matrix, predictions, target = noisy_rows(2000, 1)
    interval = calibration.interval(predictions, matrix, 0.9)
    assert np.ptp(interval[:, 1] - interval[:, 0]) < 1e-9
    assert abs(inside(interval, target).mean() - 0.9) < 0.03


def test_rows_of_weight_zero_do_not_count():
    matrix, predictions, target = noisy_rows(600, 0)
    weights = np.repeat([1.0, 0.0], 300)
    spoiled = np.where(weights > 0, target, target + 1e6)
    kept = calibrate_intervals(matrix[:300], predictions[:300], target[:300], None)
    found = calibrate_intervals(matrix, predictions, spoiled, weights)
    assert found.n_rows == kept.n_rows == 300
    assert found.interval(predictions, matrix, 0.9).max() < 1000


def test_a_target_that_is_never_negative_has_no_negative_interval():
    matrix, predictions, target = noisy_rows(500, 0)
    calibration = calibrate_intervals(matrix, predictions - 99, np.abs(target - 99), None)
    assert calibration.interval(predictions - 101, matrix, 0.9).min() == 0.0


def test_a_coverage_that_needs_more_rows_is_refused():
    calibration = calibrate_intervals(*noisy_rows(40, 0), None)
    matrix, predictions, _ = noisy_rows(5, 1)
    assert calibration.interval(predictions, matrix, 0.95).shape == (5, 2)
    with pytest.raises(ValueError, match=r"needs at least 199 scored rows, there are 40; pass"):
        calibration.interval(predictions, matrix, 0.995)


def test_quantiles_rise_with_their_level_and_split_new_rows():
    calibration = calibrate_intervals(*noisy_rows(2000, 0), None)
    matrix, predictions, target = noisy_rows(4000, 1)
    quantiles = calibration.quantiles(predictions, matrix, LEVELS)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    shares = (target[:, None] <= quantiles).mean(axis=0)
    np.testing.assert_allclose(shares, LEVELS, atol=0.03)


def test_residuals_of_zero_give_intervals_of_no_width():
    matrix, predictions, _ = noisy_rows(200, 0)
    calibration = calibrate_intervals(matrix, predictions, predictions, None)
    interval = calibration.interval(predictions, matrix, 0.9)
    np.testing.assert_array_equal(interval[:, 0], interval[:, 1])
