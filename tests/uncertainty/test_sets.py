"""Calibration of sets of classes by out-of-fold probabilities."""

import numpy as np
import pytest

from evolearn.uncertainty.sets import calibrate_sets


def classified_rows(n, seed, *, sharpness=1.0):
    """Return probabilities of four classes, and codes drawn by them.

    With another sharpness than 1 the probabilities are not calibrated.
    """
    rng = np.random.default_rng(seed)
    true = rng.dirichlet([0.3, 0.3, 0.6, 1.0], size=n)
    codes = (true.cumsum(axis=1) < rng.random((n, 1))).sum(axis=1)
    stated = true**sharpness
    return stated / stated.sum(axis=1, keepdims=True), codes


@pytest.mark.parametrize("sharpness", [1.0, 3.0, 0.4], ids=["right", "too sure", "unsure"])
@pytest.mark.parametrize("level", [0.6, 0.8, 0.9, 0.95])
def test_sets_hold_the_nominal_share_of_new_rows(level, sharpness):
    calibration = calibrate_sets(*classified_rows(3000, 0, sharpness=sharpness), None)
    probabilities, codes = classified_rows(6000, 1, sharpness=sharpness)
    rows = np.arange(len(codes))
    exact = calibration.sets(probabilities, level, allow_empty=True)
    assert abs(exact[rows, codes].mean() - level) < 0.025
    sets = calibration.sets(probabilities, level, allow_empty=False)
    assert sets.any(axis=1).all()
    assert (sets >= exact).all()


def test_sets_are_larger_where_the_model_is_less_sure():
    calibration = calibrate_sets(*classified_rows(3000, 0), None)
    probabilities, _ = classified_rows(3000, 1)
    sizes = calibration.sets(probabilities, 0.9, allow_empty=False).sum(axis=1)
    sure = probabilities.max(axis=1) > 0.9
    assert sizes[sure].mean() + 0.5 < sizes[~sure].mean()


def test_a_set_has_the_most_probable_classes():
    calibration = calibrate_sets(*classified_rows(1000, 0), None)
    probabilities, _ = classified_rows(500, 1)
    sets = calibration.sets(probabilities, 0.9, allow_empty=False)
    least_inside = np.where(sets, probabilities, 2).min(axis=1)
    most_outside = np.where(sets, -1, probabilities).max(axis=1)
    assert (least_inside >= most_outside).all()


def test_a_row_has_the_same_set_wherever_it_stands():
    calibration = calibrate_sets(*classified_rows(1000, 0), None)
    probabilities, _ = classified_rows(300, 1)
    sets = calibration.sets(probabilities, 0.8, allow_empty=True)
    order = np.random.default_rng(0).permutation(300)[:50]
    np.testing.assert_array_equal(
        calibration.sets(probabilities[order], 0.8, allow_empty=True), sets[order]
    )


def test_too_few_rows_for_a_coverage_give_all_classes():
    calibration = calibrate_sets(*classified_rows(20, 0), None)
    probabilities, _ = classified_rows(10, 1)
    assert calibration.sets(probabilities, 0.99, allow_empty=False).all()


def test_rows_of_weight_zero_do_not_count():
    probabilities, codes = classified_rows(1000, 0)
    weights = np.repeat([1.0, 0.0], 500)
    wrong = np.where(weights > 0, codes, probabilities.argmin(axis=1))
    found = calibrate_sets(probabilities, wrong, weights)
    alone = calibrate_sets(probabilities[:500], codes[:500], None)
    assert found.n_rows == 500
    new, _ = classified_rows(500, 1)
    np.testing.assert_allclose(
        found.sets(new, 0.9, allow_empty=True).mean(),
        alone.sets(new, 0.9, allow_empty=True).mean(),
        atol=0.02,
    )
