"""The estimators that a fit returns: pipelines and ensembles that take the original table."""

from typing import Any

from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.pipeline import Pipeline

from evolearn.ensemble.final_models import FinalModels, Member
from evolearn.ensemble.model import EnsembleClassifier, EnsembleRegressor
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
    """Return what predicts: the ensemble, or the best single model."""
    preparer = plan.data.prepared.preparer
    members = final.members
    alone = len(members) == 1 and members[0].model is final.best.model
    # Answers without probabilities cannot be pooled: the first member serves.
    classifies = plan.data.classes is not None
    unpooled = classifies and not hasattr(members[0].model, "predict_proba")
    if (alone and final.stacking is None) or unpooled:
        if _takes_raw(plan, members[0]):
            return members[0].model
        # Unlike scikit-learn's own step in `best`, the preparer takes any type of table.
        return Pipeline([("prepare", preparer), *members[0].model.steps])
    models = [(member.model, _takes_raw(plan, member)) for member in members]
    weights = [member.weight for member in members]
    if final.stacking is not None:
        position = plan.data.prepared.schema.n_numeric
        first = FirstLayer(preparer, models, plan.data.classes, position)
        return stacked(first, weights, final.sharpness, final.stacking)
    if plan.data.classes is None:
        return EnsembleRegressor(preparer, models, weights)
    return EnsembleClassifier(preparer, models, weights, plan.data.classes, final.sharpness)


def dummy(plan: Plan) -> Any:
    """Return a model of the target alone, for want of another fitted model."""
    model = DummyRegressor() if plan.data.classes is None else DummyClassifier(strategy="prior")
    return model.fit(
        plan.data.prepared.matrix, plan.data.target, sample_weight=plan.data.weights
    )
