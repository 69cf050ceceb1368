"""The estimate of the error on new rows that a fit returns."""

from collections.abc import Sequence
from dataclasses import replace

from evolearn.ensemble.error_estimate import ErrorEstimate, SearchOutcome, estimate_error
from evolearn.ensemble.final_models import FinalModels
from evolearn.ensemble.library import Entry
from evolearn.evaluation.folds import counted_rows
from evolearn.execution.budget import Deadline
from evolearn.fit.setup import Plan
from evolearn.fit.trainer import Trainer
from evolearn.results.estimate import Estimate, SimplerModel
from evolearn.search.record import Record

# Size of the test set that the interval is about, as a share of the table's rows: a fifth of a
# table for a test, the usual split, is a quarter of the rows that train.
NEW_SHARE = 0.25
# A much simpler model has at most this share of the complexity of the most complex member: one
# of five members alike is less than a third of them all, but it is no simpler model.
SIMPLER_SHARE = 1 / 3
# Share of a time budget that is kept for the estimate, and its largest number of seconds: on
# the tables of the suite it took 0.03 s in the mean and 0.15 s at most.
RESERVED_SHARE, MOST_RESERVED = 0.01, 0.5


def reserved_for_estimate(budget_seconds: float) -> float:
    """Return the seconds of a time budget to reserve for the estimate."""
    return min(RESERVED_SHARE * budget_seconds, MOST_RESERVED)


def make_estimate(
    final: FinalModels | None,
    library: Sequence[Entry],
    records: Sequence[Record],
    trainer: Trainer,
) -> Estimate:
    """Estimate the error on new rows of the model that predicts.

    Parameters
    ----------
    final : FinalModels or None
        None if no model was fitted.
    library : sequence of Entry
        The best candidates, best first.
    records : sequence of Record
        All candidates.
    trainer : Trainer
        That of the search; the estimate ends before its budget, and soon after Ctrl-C.
    """
    plan = trainer.plan
    n_rows, objective = plan.problem.table.n_rows, plan.data.objective
    if final is None:
        found = ErrorEstimate(float("nan"), reason="no model was fitted")
    else:
        budget = trainer.budget
        seconds = budget.remaining()
        if budget.seconds is not None:  # what follows has a reserve of its own
            seconds = min(max(reserved_for_estimate(budget.seconds), seconds / 2), seconds)
        if trainer.interruption.requested:
            seconds = min(seconds, MOST_RESERVED)
        data = plan.data
        counted = counted_rows(data.weights, data.target, task=data.task)
        outcome = SearchOutcome(
            final,
            library,
            [record.evaluation for record in records],
            plan.out_of_fold(),
            plan.folds,
            n_rows=len(counted),
            seed=data.seed,
            baseline=plan.baseline_fitness,
            grouped=data.groups is not None,
        )
        found = estimate_error(outcome, Deadline(seconds).is_over)
    estimate = Estimate(
        metric=objective.name,
        error_name=objective.error_name,
        naive=found.naive,
        corrected=float("nan") if found.corrected is None else found.corrected,
        standard_error=found.standard_error,
        extrapolation_error=found.extrapolation_error,
        n_rows=len(plan.folds.scored),
        n_new_rows=max(round(NEW_SHARE * n_rows), 1),
        n_candidates=len(records),
        reason=found.reason,
        bounded=objective.optimum is not None,
    )
    if final is None or found.reason:
        return estimate
    return replace(estimate, simpler=_simpler(plan, final, records, estimate.upper))


def _simpler(
    plan: Plan, final: FinalModels, records: Sequence[Record], upper: float
) -> SimplerModel | None:
    """Return the simplest candidate with an error below `upper`, if it is much simpler."""
    complexity = plan.space.complexity
    members = [complexity(entry.genome) for entry in final.entries.values()]
    within = [
        (complexity(record.candidate.genome), record.evaluation.error, record.candidate)
        for record in records
        if record.evaluation.error is not None and record.evaluation.error <= upper
    ]
    if not within:
        return None
    simplest, error, candidate = min(within, key=lambda one: one[:2])
    if simplest > SIMPLER_SHARE * max(members):
        return None
    share = simplest / sum(members)
    return SimplerModel(candidate.number, candidate.genome.estimator, error, simplest, share)
