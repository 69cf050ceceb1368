"""Fitted classifiers as scorers get them."""

import numpy as np
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import get_scorer

from evolearn.tasks.classifiers import PredictedClassifier, align


def test_probabilities_are_aligned_to_all_classes():
    aligned = align([[0.4, 0.6]], np.array(["a", "c"]), np.array(["a", "b", "c"]))
    assert aligned.tolist() == [[0.4, 0.0, 0.6]]
    assert align([[0.4, 0.6]], np.array([0, 2]), np.array([2])).tolist() == [[0.6]]


def test_a_scorer_finds_only_the_methods_that_the_model_has():
    X, y = np.arange(8.0).reshape(-1, 1), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    with_probabilities = PredictedClassifier(
        LogisticRegression().fit(X, y), X, np.array([0, 1])
    )
    without = PredictedClassifier(RidgeClassifier().fit(X, y), X, np.array([0, 1]))
    assert hasattr(with_probabilities, "predict_proba")
    assert not hasattr(without, "predict_proba")
    assert without.out_of_fold() is None
    assert get_scorer("roc_auc")(without, X, y) == 1.0


def test_a_scorer_may_ask_for_the_predictions_of_some_of_the_rows():
    X, y = np.arange(8.0).reshape(-1, 1), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    model = LogisticRegression().fit(X, y)
    asked = PredictedClassifier(model, X, np.array([0, 1]))
    for method in ("predict", "predict_proba", "decision_function"):
        for rows in (X, X[2:5]):
            answers = getattr(asked, method)(rows)
            np.testing.assert_array_equal(answers, getattr(model, method)(rows))
