"""Correlation of the residuals of an ensemble's members."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.ensemble.library import Entry
from evolearn.ensemble.selection import MOST_NUMBERS, MOST_ROWS
from evolearn.insights.errors import AbsentError
from evolearn.results.insights import ResidualCorrelation
from evolearn.tasks.base import Task


def residual_correlation(
    entries: Sequence[Entry], weights: Mapping[int, float], target: NDArray[Any], task: Task
) -> ResidualCorrelation:
    """Return the correlation of the members' out-of-fold residuals.

    Parameters
    ----------
    entries : sequence of Entry
        The members of the ensemble.
    weights : dict of int to float
        Their weights by the number of the candidate.
    target : ndarray of shape (n_scored,)
        In the order of out-of-fold predictions.
    task : Task

    Raises
    ------
    AbsentError
        If a member has no out-of-fold predictions.
    """
    if any(entry.evaluation.predictions is None for entry in entries):
        raise AbsentError("the model has no out-of-fold predictions")
    # Every so many rows: some of all folds, and the same ones each time.
    most = min(MOST_ROWS, MOST_NUMBERS // task.width)
    rows = slice(None, None, max(1, -(-len(target) // most)))
    perfect = task.perfect_predictions(target[rows])
    residuals = [(entry.predictions[rows] - perfect).ravel() for entry in entries]
    with np.errstate(invalid="ignore", divide="ignore"):  # constant residuals have none
        correlation = np.atleast_2d(np.corrcoef(residuals))
    return ResidualCorrelation(
        tuple(entry.number for entry in entries),
        tuple(entry.genome.estimator for entry in entries),
        tuple(weights[entry.number] for entry in entries),
        tuple(tuple(map(float, row)) for row in correlation),
    )
