"""The usual metrics, on arrays and without scikit-learn's per-call validation.

Ensemble selection scores thousands of combinations; there a metric of a few array operations
is worth having twice. Each must equal scikit-learn's scorer, which the tests check.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Metric = Callable[[NDArray[Any], Array, Array | None], float]


def log_loss(truth: NDArray[Any], answers: Array, weights: Array | None) -> float:
    """Return minus the log loss; `truth` holds class codes, `answers` probabilities."""
    # Clipped and normalised as scikit-learn does.
    eps = np.finfo(np.float64).eps
    of_truth = answers[np.arange(len(truth)), truth.astype(np.intp)]
    logs = np.log(np.clip(of_truth / answers.sum(axis=1), eps, 1 - eps))
    return float(np.average(logs, weights=weights))


def accuracy(truth: NDArray[Any], answers: Array, weights: Array | None) -> float:
    """Return the share of rows whose most probable class is the true one."""
    return float(np.average(answers.argmax(axis=1) == truth, weights=weights))


def roc_auc(truth: NDArray[Any], answers: Array, weights: Array | None) -> float:
    """Return the area under the ROC curve of a binary problem, NaN with one class only.

    The probability that a positive row is ranked above a negative one (Mann-Whitney U).
    """
    positive = truth == 1
    score = answers[:, 1]
    if positive.all() or not positive.any():
        return float("nan")
    if weights is None:
        n_positive = float(positive.sum())
        n_negative = float(len(truth) - n_positive)
        rank_sum = _rank_sum(score, positive)
        return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)
    return _weighted_roc_auc(positive, score, weights)


def _rank_sum(score: Array, chosen: NDArray[np.bool_]) -> float:
    """Return the sum of the ranks of the chosen rows; rows of one score share a mean rank."""
    order = score.argsort()
    ordered, chosen = score[order], chosen[order]
    # Where a score begins that is not the one before: mostly everywhere.
    begins = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    if len(begins) == len(score):
        return float((np.flatnonzero(chosen) + 1).sum())
    ends = np.append(begins[1:], len(score))
    counts = np.add.reduceat(chosen.astype(np.intp), begins)
    return float((counts * (begins + 1 + ends)).sum() / 2)


def _weighted_roc_auc(positive: NDArray[np.bool_], score: Array, weights: Array) -> float:
    _, inverse = np.unique(score, return_inverse=True)
    above = np.bincount(inverse, weights=weights * positive)
    below = np.bincount(inverse, weights=weights * ~positive)
    beaten = np.cumsum(below) - below / 2  # half a win for a tie
    total = above.sum() * below.sum()
    return float((above * beaten).sum() / total) if total > 0 else float("nan")


def mean_squared_error(truth: NDArray[Any], answers: Array, weights: Array | None) -> float:
    """Return minus the mean squared error."""
    return -float(np.average((truth - answers) ** 2, weights=weights))


def root_mean_squared_error(
    truth: NDArray[Any], answers: Array, weights: Array | None
) -> float:
    """Return minus the root mean squared error."""
    return -float(np.sqrt(-mean_squared_error(truth, answers, weights)))


def mean_absolute_error(truth: NDArray[Any], answers: Array, weights: Array | None) -> float:
    """Return minus the mean absolute error."""
    return -float(np.average(np.abs(truth - answers), weights=weights))


def r2(truth: NDArray[Any], answers: Array, weights: Array | None) -> float:
    """Return the coefficient of determination."""
    spread = np.average((truth - np.average(truth, weights=weights)) ** 2, weights=weights)
    if spread == 0:
        return 1.0 if np.array_equal(truth, answers) else 0.0
    return float(1.0 + mean_squared_error(truth, answers, weights) / spread)


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
