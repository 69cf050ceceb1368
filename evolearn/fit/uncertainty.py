"""The uncertainty of new predictions, by out-of-fold predictions of the model that predicts."""

from dataclasses import dataclass
from typing import Any

from evolearn.data import ColumnPreparer, is_sparse
from evolearn.ensemble.final_models import FinalModels
from evolearn.evaluation.folds import counted_rows
from evolearn.execution.budget import Budget
from evolearn.execution.serialization import describe
from evolearn.fit.setup import Plan

# Share of a time budget that is kept for it, and its largest number of seconds.
RESERVED_SHARE, MOST_RESERVED = 0.01, 0.5


@dataclass(frozen=True)
class Uncertainty:
    """The calibration of a model, or the reason why there is none.

    Attributes
    ----------
    preparer : ColumnPreparer
        Makes the numeric matrix that the calibration reads.
    calibration : object or None
        Of the task, see `Task.calibration`.
    reason : str
        "" if there is a calibration.
    """

    preparer: ColumnPreparer
    calibration: Any
    reason: str = ""


def reserved_for_uncertainty(budget_seconds: float) -> float:
    """Return the seconds of a time budget to reserve for the calibration."""
    return min(RESERVED_SHARE * budget_seconds, MOST_RESERVED)


def measure_uncertainty(plan: Plan, final: FinalModels | None, budget: Budget) -> Uncertainty:
    """Return the uncertainty of the predictions of the final models."""
    data, task, preparer = plan.data, plan.data.task, plan.data.prepared.preparer
    if final is None:
        return Uncertainty(preparer, None, "no model could be fitted")
    predictions = final.out_of_fold(task)
    if predictions is None:
        return Uncertainty(preparer, None, "the model has no out-of-fold predictions")
    rows = plan.folds.scored
    matrix = data.prepared.matrix
    n_rows = len(counted_rows(data.weights, data.target, task=task))
    seconds = float("inf")
    if budget.seconds is not None:
        seconds = min(reserved_for_uncertainty(budget.seconds), budget.remaining())
    try:
        calibration = task.calibration(
            None if is_sparse(matrix) else matrix[rows],
            predictions,
            task.encoded(data.target[rows]),
            None if data.weights is None else data.weights[rows],
            final.row_growth(plan.folds, n_rows),
            seconds,
            data.seed,
        )
    except Exception as error:  # of a task from outside; it must not cost the fit
        return Uncertainty(preparer, None, f"it cannot be computed ({describe(error)})")
    reason = "" if calibration is not None else f"{task.name} has none"
    return Uncertainty(preparer, calibration, reason)
