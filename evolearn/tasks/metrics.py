"""Common metrics on arrays, without scikit-learn's validation in each call.

Ensemble selection scores thousands of combinations, for which scikit-learn's scorers are too
slow. Each metric must equal scikit-learn's scorer; the tests check that.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.tasks.predictions import Floats

Metric = Callable[[NDArray[Any], Floats, Floats | None], float]


def log_loss(truth: NDArray[Any], predictions: Floats, weights: Floats | None) -> float:
    """Return minus the log loss; `truth` holds class codes."""
    # Clipped and normalised as scikit-learn does.
    eps = np.finfo(np.float64).eps
    of_truth = predictions[np.arange(len(truth)), truth.astype(np.intp)]
    logs = np.log(np.clip(of_truth / predictions.sum(axis=1), eps, 1 - eps))
    return float(np.average(logs, weights=weights))


def accuracy(truth: NDArray[Any], predictions: Floats, weights: Floats | None) -> float:
    """Return the share of rows whose most probable class is the true one."""
    return float(np.average(predictions.argmax(axis=1) == truth, weights=weights))


def roc_auc(truth: NDArray[Any], predictions: Floats, weights: Floats | None) -> float:
    """Return the area under the ROC curve of a binary problem, NaN with one class only.

    The probability that a positive row is ranked above a negative one (Mann-Whitney U).
    """
    positive = truth == 1
    score = predictions[:, 1]
    if positive.all() or not positive.any():
        return float("nan")
    if weights is None:
        n_positive = float(positive.sum())
        n_negative = float(len(truth) - n_positive)
        rank_sum = _rank_sum(score, positive)
        return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)
    return _weighted_roc_auc(positive, score, weights)


def _rank_sum(score: Floats, positive: NDArray[np.bool_]) -> float:
    """Return the sum of the ranks of positive rows; rows of one score share a mean rank."""
    order = score.argsort()
    ordered, positive = score[order], positive[order]
    # The positions at which a new score begins: mostly all of them.
    begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    if len(begins) == len(score):
        return float((np.flatnonzero(positive) + 1).sum())
    ends = np.append(begins[1:], len(score))
    counts = np.add.reduceat(positive.astype(np.intp), begins)
    return float((counts * (begins + 1 + ends)).sum() / 2)


def _weighted_roc_auc(positive: NDArray[np.bool_], score: Floats, weights: Floats) -> float:
    _, inverse = np.unique(score, return_inverse=True)
    above = np.bincount(inverse, weights=weights * positive)
    below = np.bincount(inverse, weights=weights * ~positive)
    beaten = np.cumsum(below) - below / 2  # half a win for a tie
    total = above.sum() * below.sum()
    return float((above * beaten).sum() / total) if total > 0 else float("nan")


def mean_squared_error(
    truth: NDArray[Any], predictions: Floats, weights: Floats | None
) -> float:
    """Return minus the mean squared error."""
    return -float(np.average((truth - predictions) ** 2, weights=weights))


def root_mean_squared_error(
    truth: NDArray[Any], predictions: Floats, weights: Floats | None
) -> float:
    """Return minus the root mean squared error."""
    return -float(np.sqrt(-mean_squared_error(truth, predictions, weights)))


def mean_absolute_error(
    truth: NDArray[Any], predictions: Floats, weights: Floats | None
) -> float:
    """Return minus the mean absolute error."""
    return -float(np.average(np.abs(truth - predictions), weights=weights))


def r2(truth: NDArray[Any], predictions: Floats, weights: Floats | None) -> float:
    """Return the coefficient of determination."""
    spread = np.average((truth - np.average(truth, weights=weights)) ** 2, weights=weights)
    if spread == 0:
        return 1.0 if np.array_equal(truth, predictions) else 0.0
    return float(1.0 + mean_squared_error(truth, predictions, weights) / spread)


#: Metrics by the name of the scorer they equal.
METRICS: Mapping[str, Metric] = {
    "neg_log_loss": log_loss,
    "accuracy": accuracy,
    "roc_auc": roc_auc,
    "neg_mean_squared_error": mean_squared_error,
    "neg_root_mean_squared_error": root_mean_squared_error,
    "neg_mean_absolute_error": mean_absolute_error,
    "r2": r2,
}
#: Those of them that score probabilities of classes; the others score numbers.
CLASS_METRICS = frozenset({"neg_log_loss", "accuracy", "roc_auc"})
