"""The estimators that a fit returns: pipelines and ensembles that take the original table."""

from typing import Any

from sklearn.pipeline import Pipeline

from evolearn.ensemble.final_models import FinalModels, Member
from evolearn.ensemble.stacking import FirstLayer, stacked
from evolearn.fit.setup import Plan


def _takes_raw(plan: Plan, member: Member) -> bool:
    return plan.space[member.entry.candidate.genome.estimator].whole


def with_step(plan: Plan, final: FinalModels) -> Any:
    """Return the best single model as a pipeline that takes the table as it came."""
    step = plan.data.prepared.step
    if step is None or _takes_raw(plan, final.best):
        return final.best.model
    return Pipeline([("prepare", step), *final.best.model.steps])


def served_by(plan: Plan, final: FinalModels) -> Any:
    """Return the estimator that predicts: the ensemble, or the best single model."""
    task, preparer = plan.data.task, plan.data.prepared.preparer
    members = final.members
    alone = len(members) == 1 and members[0].model is final.best.model
    # Predictions of another shape cannot be pooled: the first member serves.
    if (alone and final.stacking is None) or not task.can_predict(members[0].model):
        if _takes_raw(plan, members[0]):
            return members[0].model
        # Unlike scikit-learn's own step in `best`, the preparer takes any type of table.
        return Pipeline([("prepare", preparer), *members[0].model.steps])
    models = [(member.model, _takes_raw(plan, member)) for member in members]
    weights = [member.weight for member in members]
    if final.stacking is not None:
        first = FirstLayer(preparer, models, task, plan.data.prepared.schema.n_numeric)
        return stacked(first, weights, final.sharpness, final.stacking)
    return task.ensemble(preparer, models, weights, final.sharpness)


def baseline(plan: Plan) -> Any:
    """Return a fitted model of the target alone, where there is no other."""
    return plan.data.task.baseline().fit(
        plan.data.prepared.matrix, plan.data.target, sample_weight=plan.data.weights
    )
