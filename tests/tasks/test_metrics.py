"""Metrics on arrays equal scikit-learn's scorers, and scores become errors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, get_scorer, make_scorer
from sklearn.metrics import log_loss as sklearn_log_loss

from evolearn.tasks.classifiers import StoredClassifier
from evolearn.tasks.metrics import METRICS
from evolearn.tasks.regressors import StoredRegressor
from evolearn.tasks.scoring import make_objective

CLASSIFIER_METRICS = ("neg_log_loss", "accuracy", "roc_auc")
REGRESSOR_METRICS = tuple(name for name in METRICS if name not in CLASSIFIER_METRICS)


@pytest.mark.parametrize("name", CLASSIFIER_METRICS)
@pytest.mark.parametrize("weighted", [False, True])
@given(seed=st.integers(0, 10_000), ties=st.booleans())
@settings(max_examples=30, deadline=None)
def test_fast_classifier_metrics_equal_scikit_learns_scorers(name, weighted, seed, ties):
    rng = np.random.default_rng(seed)
    n_classes = 2 if name == "roc_auc" else rng.integers(2, 5)
    codes = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, 40)])
    raw = rng.random((len(codes), n_classes)) + 1e-3
    probabilities = raw / raw.sum(axis=1, keepdims=True)
    if ties:
        probabilities = np.round(probabilities, 1) + 0.01
        probabilities /= probabilities.sum(axis=1, keepdims=True)
    weights = rng.random(len(codes)) if weighted else None
    given_weights = {"sample_weight": weights} if weighted else {}
    expected = get_scorer(name)(
        StoredClassifier(np.arange(n_classes), probabilities), None, codes, **given_weights
    )
    assert METRICS[name](codes, probabilities, weights) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", REGRESSOR_METRICS)
@pytest.mark.parametrize("weighted", [False, True])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_fast_regressor_metrics_equal_scikit_learns_scorers(name, weighted, seed):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.normal(size=30), rng.normal(size=30)
    weights = rng.random(30) if weighted else None
    given_weights = {"sample_weight": weights} if weighted else {}
    expected = get_scorer(name)(StoredRegressor(predicted), None, truth, **given_weights)
    assert METRICS[name](truth, predicted, weights) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scoring", "score", "error"),
    [
        ("accuracy", 0.9, 0.1),
        ("roc_auc", 1.0, 0.0),
        ("neg_log_loss", -0.3, 0.3),
        ("r2", 0.25, 0.75),
        ("neg_root_mean_squared_error", -2.0, 2.0),
        ("positive_likelihood_ratio", 5.0, -5.0),
        (make_scorer(sklearn_log_loss, greater_is_better=False), -0.3, 0.3),
        (lambda estimator, X, y: 7.0, 7.0, -7.0),
    ],
)
def test_errors_are_lower_is_better_and_zero_is_perfect_where_a_best_score_is_known(
    scoring, score, error
):
    assert make_objective(scoring).error(score) == pytest.approx(error)


def test_a_scorer_made_of_a_known_metric_has_its_optimum():
    assert make_objective(make_scorer(f1_score, average="macro")).optimum == 1


def test_an_unknown_scorer_is_named():
    with pytest.raises(ValueError, match=r"'accurracy'.*get_scorer_names"):
        make_objective("accurracy")
