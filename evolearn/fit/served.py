"""The estimators that users get: pipelines and ensembles that take the table as it came."""

import warnings
from typing import Any

from sklearn.pipeline import Pipeline

from evolearn.ensemble.final_models import Handover, Member
from evolearn.ensemble.stacking import FirstLayer, stacked
from evolearn.exceptions import EvolearnWarning
from evolearn.fit.setup import Plan


def _takes_raw(plan: Plan, member: Member) -> bool:
    return plan.space[member.entry.candidate.genome.estimator].whole


def with_step(plan: Plan, handed: Handover) -> Any:
    """Return the best single model as a pipeline that takes the table as it came."""
    step = plan.data.prepared.step
    if step is None or _takes_raw(plan, handed.best):
        return handed.best.model
    return Pipeline([("prepare", step), *handed.best.model.steps])


def served_by(plan: Plan, handed: Handover) -> Any:
    """Return the estimator that predicts: the ensemble, or the best single model."""
    task, preparer = plan.data.task, plan.data.prepared.preparer
    members = handed.members
    alone = len(members) == 1 and members[0].model is handed.best.model
    # Predictions of another shape cannot be pooled: the first member serves.
    if (alone and handed.second is None) or not task.can_predict(members[0].model):
        if _takes_raw(plan, members[0]):
            return members[0].model
        # Unlike scikit-learn's own step in `best`, the preparer takes any type of table.
        return Pipeline([("prepare", preparer), *members[0].model.steps])
    models = [(member.model, _takes_raw(plan, member)) for member in members]
    weights = [member.weight for member in members]
    if handed.second is not None:
        first = FirstLayer(preparer, models, task, plan.data.prepared.schema.n_numeric)
        return stacked(first, weights, handed.sharpness, handed.second)
    return task.ensemble(preparer, models, weights, handed.sharpness)


def baseline(plan: Plan, any_scored: bool) -> Any:
    """Return a model of the target alone: nothing else was fitted."""
    if any_scored:
        warn(
            "No final model could be fitted on all rows; the model predicts from the target "
            "alone. Pass a larger time_budget, or another search_space."
        )
    else:
        warn(
            "No candidate was evaluated before the time budget was spent; the model predicts "
            "from the target alone. Pass a larger time_budget."
        )
    return plan.data.task.baseline().fit(
        plan.data.prepared.matrix, plan.data.target, sample_weight=plan.data.weights
    )


def warn(message: str, stacklevel: int = 7) -> None:
    """Warn the caller of ``fit``, who is this many calls above a helper of `carry_out`."""
    warnings.warn(message, EvolearnWarning, stacklevel=stacklevel)
