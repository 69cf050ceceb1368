"""The result of a fit, and the fitted attributes that an estimator gets from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from evolearn.data import feature_names, frame_library, position_labels
from evolearn.ensemble.final_models import FinalModels, Member
from evolearn.ensemble.library import Entry
from evolearn.ensemble.stacking import FirstLayer, stacked
from evolearn.execution.budget import Budget
from evolearn.fit.insights import InsightsMaker
from evolearn.fit.kept_models import KeptModel
from evolearn.fit.refit import CandidateFitter
from evolearn.fit.setup import Plan
from evolearn.fit.simple_models import is_interpretable
from evolearn.fit.uncertainty import measure_uncertainty
from evolearn.insights.importances import feature_importances
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.in_one_line import describe_pipeline
from evolearn.results.estimate import Estimate
from evolearn.results.insights import Insights
from evolearn.results.tables import (
    Comparison,
    Row,
    cv_results,
    history,
    leaderboard,
    pareto_front,
)
from evolearn.search.ask_tell import Search
from evolearn.search.record import Record
from evolearn.user_warnings import warn


@dataclass(frozen=True)
class FitResult:
    """A finished fit: its search and its final models, None if no model was fitted."""

    plan: Plan
    search: Search
    records: Sequence[Record]
    stop_reason: str
    final: FinalModels | None
    estimate: Estimate
    refit_seconds: float = 0.0

    def warn(self, budget: Budget) -> None:
        """Warn of everything that the user should know of this result."""
        if self.stop_reason == "interrupted":
            warn("The fit was interrupted; the model is the best one so far.")
        if self.final is None and any(r.evaluation.error is not None for r in self.records):
            more_time = "" if budget.seconds is None else "a larger time_budget, or "
            warn(
                "No final model could be fitted on all rows; the model predicts from the "
                f"target alone. Pass {more_time}another search_space."
            )
        elif self.final is None:
            warn(
                "No candidate was evaluated before the time budget was spent; the model "
                "predicts from the target alone. Pass a larger time_budget."
            )
        elif self.final.shortfall:
            short = f" in time_budget={budget.seconds} s, which is short for this table"
            warn(f"{self.final.shortfall}{'' if budget.seconds is None else short}.")
        if self.final is not None and self.final.note:
            warn(self.final.note)

    def attributes(self, budget: Budget) -> dict[str, Any]:
        """Return the fitted attributes of the estimator; none of them holds training rows."""
        plan, data, final = self.plan, self.plan.data, self.final
        best = None if final is None else final.best.entry
        single = _baseline(plan) if final is None else _single(plan, final.best)
        served = single if final is None else _served(plan, final)
        scorers = {name: metric.scorer for name, metric in data.metrics.items()}
        attributes = {
            "n_features_in_": data.prepared.preparer.n_features_in_,
            "scorer_": scorers or data.objective.scorer,
            "multimetric_": bool(scorers),
            "n_splits_": len(plan.folds),
            "refit_time_": self.refit_seconds,
            **self._best(best),
            **self._of_search(),
            "column_kinds_": data.prepared.kinds,
            "dropped_columns_": dict(data.prepared.dropped),
            "table_profile_": data.profile,
            "search_space_": plan.space,
            "best_estimator_": single,
            "estimator_": served,
            "best_params_": {} if best is None else best.genome.params,
            "best_fitness_": np.nan if best is None else best.error,
            "insights_": Insights(absent={"all": "no model could be fitted"}),
            "_fitted_task": data.task,
            "_candidate_fitter": CandidateFitter(
                plan.space, plan.problem, data.prepared.step, data.seed
            ),
            "_members": () if final is None else tuple(m.entry.number for m in final.members),
            "_kept_models": {} if final is None else _kept_models(plan, final),
            "_uncertainty": measure_uncertainty(plan, final, budget),
            "_fitted_sparse": data.prepared.schema.sparse,
            "_n_columns": _n_columns(plan, final),
            "_labels": position_labels(data.raw),
            "_takes_frames": final is not None and _takes_frames(plan, final),
        }
        names = feature_names(data.raw)
        if names is not None:
            attributes["feature_names_in_"] = names
        if final is not None:
            maker = InsightsMaker(plan, self.records, final, budget)
            insights = maker.make(served, attributes["_n_columns"])
            attributes["insights_"] = insights
            if insights.importances is not None:
                importances = feature_importances(insights.importances)
                attributes["feature_importances_"] = importances
        return attributes | dict(data.task.fitted_attributes())

    def _of_search(self) -> dict[str, Any]:
        """Return the attributes about the candidates and their errors."""
        plan, rows = self.plan, _rows(self.records, self.plan)
        metric, size = plan.data.objective.name, plan.settings.population_size
        weights = {} if self.final is None else self.final.weights
        layer = None if self.final is None else self.final.stacking
        return {
            "estimate_": self.estimate,
            "ensemble_fitness_": self.estimate.naive,
            "baseline_fitness_": plan.baseline_fitness,
            "metric_name_": metric,
            "stacking_weights_": {} if layer is None else dict(layer.weights),
            "cv_results_": cv_results(rows, len(plan.folds)),
            "leaderboard_": leaderboard(rows, weights, metric, self._others()),
            "history_": history(rows, size, metric),
            "pareto_front_": pareto_front(rows, self.search.front(), metric),
            "n_generations_": -(-len(rows) // size),
            "n_evaluations_": len(rows),
            "stop_reason_": self.stop_reason,
        }

    def _others(self) -> list[Comparison]:
        """Return the models that are no candidates, as far as their errors are known."""
        others = [Comparison("baseline", self.plan.baseline_fitness, "baseline: target alone")]
        if self.final is not None and self.plan.settings.final_model == "ensemble":
            n_members = len(self.final.members)
            layer = "" if self.final.stacking is None else " and a stacking layer"
            words = f"ensemble: {n_members} member{'s'[: n_members != 1]}{layer}"
            others.append(Comparison("ensemble", self.estimate.naive, words))
        return [other for other in others if not np.isnan(other.fitness)]

    def _best(self, best: Entry | None) -> dict[str, Any]:
        """Return place and mean score of the best candidate in ``cv_results_``."""
        numbers = [record.candidate.number for record in self.records]
        if best is None:
            return {"best_index_": None, "best_score_": np.nan}
        return {
            "best_index_": numbers.index(best.number),
            "best_score_": float(np.mean(best.evaluation.scores)),
        }


def _takes_raw(plan: Plan, member: Member) -> bool:
    return plan.space[member.entry.genome.estimator].whole


def _takes_frames(plan: Plan, final: FinalModels) -> bool:
    """Whether a pipeline of the user's was fitted on a pandas frame with names."""
    named = (
        frame_library(plan.data.raw) == "pandas" and feature_names(plan.data.raw) is not None
    )
    members = (final.best, *final.members)
    return named and any(_takes_raw(plan, member) for member in members)


def _single(plan: Plan, member: Member) -> Any:
    """Return a single model as a pipeline that takes the table as it came."""
    step = plan.data.prepared.step
    if step is None or _takes_raw(plan, member):
        return member.model
    return Pipeline([("prepare", step), *member.model.steps])


def _served_alone(plan: Plan, member: Member) -> Any:
    """Return a single model as a pipeline that takes any type of table."""
    if _takes_raw(plan, member):
        return member.model
    # Unlike scikit-learn's own step in `best`, the preparer takes any type of table.
    return Pipeline([("prepare", plan.data.prepared.preparer), *member.model.steps])


def _kept_models(plan: Plan, final: FinalModels) -> dict[int, KeptModel]:
    """Return the fitted candidates by number; of fold models the first one."""
    kept: dict[int, KeptModel] = {}
    for member in (final.best, *final.members, *final.simple):
        if member.entry.number not in kept:
            kept[member.entry.number] = KeptModel(
                _served_alone(plan, member),
                _single(plan, member),
                is_interpretable(member.entry.genome, plan),
            )
    return kept


def _served(plan: Plan, final: FinalModels) -> Any:
    """Return the estimator that predicts: the ensemble, or the best single model."""
    task, preparer = plan.data.task, plan.data.prepared.preparer
    members = final.members
    # Predictions of another shape cannot be pooled: the first member serves.
    single = plan.settings.final_model == "single" and len(members) == 1
    single = single and not task.bounds_predictions
    if single or not task.can_predict(members[0].model):
        return _served_alone(plan, members[0])
    models = [(member.model, _takes_raw(plan, member)) for member in members]
    weights = [member.weight for member in members]
    if final.stacking is not None:
        first = FirstLayer(preparer, models, task, plan.data.prepared.schema.n_numeric)
        return stacked(first, weights, final.sharpness, final.stacking)
    return task.ensemble(preparer, models, weights, final.sharpness)


def _baseline(plan: Plan) -> Any:
    """Return a fitted model of the target alone, where there is no other."""
    return plan.data.task.baseline().fit(
        plan.data.prepared.matrix, plan.data.target, sample_weight=plan.data.weights
    )


def _n_columns(plan: Plan, final: FinalModels | None) -> int:
    """Return the number of columns of a row on its way through the model."""
    prepared = plan.data.prepared
    width = max(prepared.preparer.n_features_in_, prepared.schema.n_columns)
    if final is not None and final.stacking is not None:
        width += len(final.members) * plan.data.task.n_outputs
    return width


def _rows(records: Sequence[Record], plan: Plan) -> list[Row]:
    numbers = {record.candidate.genome: record.candidate.number for record in records}
    return [_row(record, plan, numbers) for record in records]


def _row(record: Record, plan: Plan, numbers: Mapping[Genome, int]) -> Row:
    candidate, evaluation = record.candidate, record.evaluation
    run = evaluation.run
    parent = candidate.genome.parent
    return Row(
        number=candidate.number,
        generation=candidate.generation,
        origin=candidate.origin,
        parents=candidate.parents,
        inherits=None if parent is None else numbers[parent],
        params=candidate.genome.params,
        pipeline=describe_pipeline(candidate.genome.params, plan.space.genes),
        complexity=plan.space.complexity(candidate.genome),
        scores=evaluation.scores,
        fitness=evaluation.error,
        fit_seconds=evaluation.fit_seconds,
        score_seconds=evaluation.score_seconds,
        status=evaluation.status,
        failure=evaluation.failure,
        warnings=evaluation.warnings,
        metrics=evaluation.metrics,
        start_seconds=run.start_seconds,
        end_seconds=run.end_seconds,
        worker=run.worker,
    )
