"""Insights into a finished fit, made out of predictions that are kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from evolearn.data import column_labels, is_sparse
from evolearn.diagnosis.diagnose import expected_seconds, findings_about
from evolearn.ensemble.final_models import FinalModels
from evolearn.execution.budget import Budget
from evolearn.execution.serialization import describe
from evolearn.fit.setup import Plan
from evolearn.insights.columns import readable_columns
from evolearn.insights.dependence import dependence_of
from evolearn.insights.errors import AbsentError
from evolearn.insights.importances import Exchange, exchange_columns, importances_of
from evolearn.insights.lineage import lineage_of
from evolearn.insights.made_columns import made_columns_of
from evolearn.insights.residuals import residual_correlation
from evolearn.insights.segments import worst_segments
from evolearn.results.error_summaries import ClassificationSummary, ResidualSummary
from evolearn.results.findings import Diagnosis
from evolearn.results.insights import (
    Dependence,
    Importances,
    Insights,
    ResidualCorrelation,
    WorstSegments,
)
from evolearn.search.record import Record
from evolearn.tasks.predictions import Floats

# Seconds that must be left of a time budget for the tree of the segments.
SEGMENT_SECONDS = 0.2

# Share of a time budget that the diagnosis may take, and the seconds that must be left for it,
# as a multiple of those that are expected.
DIAGNOSIS_SHARE, SLACK = 0.02, 2.0

Part = TypeVar("Part")


def reserved_for_diagnosis(budget_seconds: float, n_rows: int, n_columns: int) -> float:
    """Return the seconds of a time budget to reserve for the diagnosis, 0 if it is left out."""
    seconds = expected_seconds(n_rows, n_columns)
    return seconds if seconds <= DIAGNOSIS_SHARE * budget_seconds else 0.0


@dataclass
class InsightsMaker:
    """Makes the insights of a fit, as far as time and the models allow.

    Attributes
    ----------
    plan : Plan
    records : sequence of Record
    final : FinalModels
    budget : Budget
        Of the whole fit.
    absent : dict of str to str
        Reasons for the parts that could not be made.
    """

    plan: Plan
    records: Sequence[Record]
    final: FinalModels
    budget: Budget
    absent: dict[str, str] = field(default_factory=dict)

    def make(self, served: Any, width: int) -> Insights:
        """Return the insights.

        Parameters
        ----------
        served : estimator
            The model that predicts; takes the table as it came.
        width : int
            Number of values of a row on its way through the model.
        """
        data, space, best = self.plan.data, self.plan.space, self.final.best.entry.number
        schema = data.prepared.schema
        # Predictions of the model come last: they may take all the time that is left.
        pooled = self._part("errors", self._pooled)
        errors = None
        if pooled is not None:
            errors = self._part("errors", lambda: self._errors(pooled))
        segments = self._part("segments", lambda: self._segments(pooled))
        made = self._part(
            "made_columns",
            lambda: made_columns_of(
                self.records, self.final.weights, space, schema, data.objective.error
            ),
        )
        lineage = self._part("lineage", lambda: lineage_of(best, self.records, space, schema))
        correlation = self._part("residual_correlation", self._correlation)
        diagnosis = self._part("diagnosis", self._diagnosis)
        exchange = self._part(
            "importances",
            lambda: exchange_columns(served, data.raw, data.task, width, self.budget),
        )
        importances = None if exchange is None else self._importances(exchange)
        curves = self._part("dependence", lambda: self._dependence(exchange, importances))
        return Insights(
            errors=errors,
            segments=segments,
            importances=importances,
            dependence=curves or (),
            made_columns=made or (),
            residual_correlation=correlation,
            lineage=lineage,
            diagnosis=diagnosis,
            absent=self.absent,
        )

    def _part(self, name: str, make: Callable[[], Part]) -> Part | None:
        """Return a part, or None with the reason in `absent`."""
        try:
            return make()
        except AbsentError as reason:
            self.absent[name] = str(reason)
        except Exception as error:  # the user's own models and scorers may fail here
            self.absent[name] = describe(error)
        return None

    def _importances(self, exchange: Exchange) -> Importances:
        labels = column_labels(self.plan.data.raw)
        return importances_of(exchange, [str(label) for label in labels])

    def _dependence(
        self, exchange: Exchange | None, importances: Importances | None
    ) -> tuple[Dependence, ...]:
        if exchange is None or importances is None:
            raise AbsentError(self.absent["importances"])
        task, prepared = self.plan.data.task, self.plan.data.prepared
        if exchange.usual.dtype.kind != "f":
            raise AbsentError("the model predicts labels alone")
        columns = readable_columns(prepared)
        return dependence_of(exchange, importances, columns, prepared.matrix, task)

    def _pooled(self) -> Floats:
        """Return the out-of-fold predictions of the model that predicts."""
        pooled = self.final.out_of_fold(self.plan.data.task)
        if pooled is None:
            raise AbsentError("the model has no out-of-fold predictions")
        return pooled

    def _errors(self, pooled: Floats) -> ResidualSummary | ClassificationSummary:
        task = self.plan.data.task
        return task.summary_of_errors(pooled, self._encoded())

    def _correlation(self) -> ResidualCorrelation:
        if self.plan.settings.final_model == "single":
            raise AbsentError("the model is a single pipeline")
        target = self.plan.data.target[self.plan.folds.scored]
        return residual_correlation(
            list(self.final.entries.values()), self.final.weights, target, self.plan.data.task
        )

    def _encoded(self) -> Any:
        data = self.plan.data
        return data.task.encoded(data.target[self.plan.folds.scored])

    def _diagnosis(self) -> Diagnosis:
        data = self.plan.data
        n_rows, n_columns = len(data.target), len(column_labels(data.raw))
        seconds = expected_seconds(n_rows, n_columns)
        if self.budget.seconds is not None:
            if seconds > DIAGNOSIS_SHARE * self.budget.seconds:
                raise AbsentError("it would take too much of the time budget; call diagnose")
            if SLACK * seconds > self.budget.remaining():
                raise AbsentError("no time was left")
        found = findings_about(
            data.prepared, data.target, data.task, has_groups=data.groups is not None
        )
        return Diagnosis(found, n_rows, n_columns, data.task.name)

    def _segments(self, pooled: Floats | None) -> WorstSegments:
        data, rows = self.plan.data, self.plan.folds.scored
        if pooled is None:
            raise AbsentError(self.absent["errors"])
        if is_sparse(data.prepared.matrix):
            raise AbsentError("the table is sparse")
        if self.budget.remaining() < SEGMENT_SECONDS:
            raise AbsentError("no time was left")
        return worst_segments(
            data.prepared.matrix,
            rows,
            data.task.row_errors(pooled, self._encoded()),
            readable_columns(data.prepared),
            data.task.error_name,
            data.seed,
            None if data.groups is None else np.asarray(data.groups),
        )
