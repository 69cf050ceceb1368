"""The answer to "would longer help?"."""

import math

import numpy as np
import pytest

from evolearn import EvolutionaryRegressor
from evolearn.results.outlook import outlook

TIMES = [1.0, 2.0, 4.0, 7.0, 10.0]
FALLING, FLAT = [1.0, 0.9, 0.8, 0.7, 0.6], [1.0, 0.6, 0.7, 0.8, 0.9]


def test_a_curve_that_still_falls_promises_more_than_a_flat_one():
    falling, flat = outlook(TIMES, FALLING, 50.0), outlook(TIMES, FLAT, 50.0)
    assert falling.probability > flat.probability
    assert falling.expected_gain > flat.expected_gain


def test_more_time_promises_more():
    chances = [outlook(TIMES, FALLING, seconds).probability for seconds in (0.01, 10, 100)]
    assert chances[0] < 0.01
    assert chances == sorted(chances)


def test_many_candidates_without_a_gain_promise_little():
    few = outlook(TIMES, FLAT, 50.0)
    times = np.linspace(0.1, 10, 200)
    many = outlook(times, np.where(times < 1, 1.0, 0.6), 50.0)
    assert many.probability < 0.35 < few.probability
    assert many.expected_gain < 0.01


def test_a_gain_is_less_certain_on_few_rows():
    certain, noisy = (outlook(TIMES, FALLING, 50.0, noise) for noise in (0.0, 0.2))
    assert 0.5 < noisy.probability < certain.probability


def test_the_order_of_the_candidates_does_not_matter():
    order = [3, 0, 4, 2, 1]
    shuffled = outlook([TIMES[i] for i in order], [FALLING[i] for i in order], 50.0)
    assert shuffled == outlook(TIMES, FALLING, 50.0)


@pytest.mark.parametrize("errors", [[-0.5, -0.6, -0.7, -0.8, -0.9], [1.0, 0.5, 0.0, 0.0, 0.0]])
def test_errors_without_ratios_have_an_answer(errors):
    assert 0 <= outlook(TIMES, errors, 50.0).probability <= 1


def test_without_a_scored_candidate_nothing_is_known():
    found = outlook(TIMES, [math.nan] * 5, 50.0)
    assert math.isnan(found.probability)
    assert "not known" in str(found)


@pytest.fixture(scope="module")
def model():
    X = np.random.default_rng(0).normal(size=(60, 3))
    search = EvolutionaryRegressor(
        time_budget=None, n_evaluations=3, n_jobs=1, cv=2, random_state=0,
        search_space=["ridge", "decision_tree"],
    )  # fmt: skip
    return search.fit(X, X[:, 0])


def test_a_fitted_model_answers_in_a_sentence(model):
    found = model.would_longer_help(seconds=600)
    assert str(found).startswith("10 min more would lower the error")
    assert model.would_longer_help().seconds > 0


def test_seconds_must_be_positive(model):
    with pytest.raises(ValueError, match="seconds must be a positive number, got -1"):
        model.would_longer_help(seconds=-1)
