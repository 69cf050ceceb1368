"""Stacking: models that learn from the members' predictions, fitted after the final models."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evolearn.cost.memory import memory_of
from evolearn.cost.reserve import ASSEMBLY_SECONDS
from evolearn.cost.runtime_model import RuntimeModel
from evolearn.cost.seconds import warm_start_seconds
from evolearn.data.schema import TableSchema
from evolearn.ensemble.final_models import FinalModels, Order
from evolearn.ensemble.library import Entry
from evolearn.ensemble.planner import EXPECTED_MEMBERS, FinalModelsPlanner
from evolearn.ensemble.selection import select
from evolearn.ensemble.selection_options import SELECTION_SHARE, EnsembleOptions
from evolearn.ensemble.stacking import (
    BLEND,
    StackingLayer,
    honest_blend,
    with_columns,
)
from evolearn.ensemble.stacking_space import stacking_space
from evolearn.evaluation.folds import Folds
from evolearn.evaluation.tasks import EvaluationTask, RefitTask
from evolearn.exceptions import SearchError
from evolearn.execution.budget import Deadline
from evolearn.execution.process_settings import quiet_process
from evolearn.fit.setup import Plan, incomplete_codes
from evolearn.fit.trainer import Trainer
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.portfolio_entries import stacking_genomes
from evolearn.pipeline.problem import Problem
from evolearn.tasks.predictions import Floats, Indices

# On fewer rows a stacking layer fits the noise of the predictions: with 160 rows its own choice
# had 1.04 times the error (autos, two splits), with 500 to 9,000 rows 0.975 (14 tables, mostly
# two splits).
FEWEST_ROWS = 500
# With fewer folds its models would learn from much fewer rows than those of the final models.
FEWEST_FOLDS = 3
# Largest share of a time budget that is reserved for it, and the factor by which its models may
# take longer than expected: their boosting does not stop early.
LARGEST_RESERVE, SLACK = 0.15, 1.5


# -- whether there is one, and how long it takes --------------------------------------------


def is_possible(plan: Plan, options: EnsembleOptions) -> bool:
    """Whether a stacking layer can be fitted: it needs predictions for nearly all rows.

    There is none for large and sparse tables, nor where the user limits the latency.
    """
    folds, n_rows = plan.folds, plan.problem.table.n_rows
    n_scored = len(folds.scored)
    return (
        plan.settings.policy.stacking
        and options.out_of_fold is not None
        and not plan.data.objective.is_function  # which may look at the original table
        and options.max_latency == float("inf")
        and not plan.problem.table.sparse
        and plan.data.problem.memory == float("inf")
        and n_rows >= FEWEST_ROWS
        and len(folds) >= FEWEST_FOLDS
        and n_scored == len(np.unique(folds.scored))
        and n_scored >= 0.9 * n_rows
        and plan.data.task.covers(plan.data.target[folds.scored])
        # Nearly all training rows of each fold are scored in other folds.
        and all(np.isin(train, folds.scored).mean() >= 0.9 for train in folds.train)
    )


def stacking_reserve(
    plan: Plan, runtime_model: RuntimeModel, budget_seconds: float, n_workers: int
) -> Callable[[], float]:
    """Return a function that returns the seconds to reserve for the stacking layer.

    They are the expected seconds of the models that fit into the largest share.
    """
    width = EXPECTED_MEMBERS * plan.data.task.n_outputs
    problem = replace(plan.problem, table=_widened(plan.problem.table, width))
    genomes = stacking_genomes(plan.space, plan.problem.task)
    most = LARGEST_RESERVE * budget_seconds

    def reserve() -> float:
        affordable = [0.0]
        for seconds in sorted(
            stacking_seconds(plan, problem, genome, runtime_model) for genome in genomes
        ):
            if seconds <= most and sum(affordable) + seconds <= most * n_workers:
                affordable.append(seconds)
        return max(sum(affordable) / n_workers, max(affordable))

    return reserve


def stacking_seconds(
    plan: Plan, problem: Problem, genome: Genome, runtime_model: RuntimeModel
) -> float:
    """Return the expected seconds of all folds and a final fit, 0 if they are not known.

    The runtime model was learned on the plan of the search; the problem of the stacking layer
    has more columns.
    """
    if genome.estimator not in plan.space.names:
        return 0.0
    narrow, wide = (
        warm_start_seconds(genome, plan.space, of) for of in (plan.problem, problem)
    )
    ratio = wide / narrow if narrow and wide else 1.0
    return SLACK * ratio * runtime_model.predicted(genome) * (1 + 1 / len(plan.folds))


def _widened(schema: TableSchema, width: int) -> TableSchema:
    """Return the schema of a table with further columns of numbers after those it has."""
    start = schema.n_numeric
    names = [f"predicted{i}" for i in range(width)]
    return replace(
        schema,
        n_numeric=start + width,
        names=(*schema.names[:start], *names, *schema.names[start:]),
    )


# -- fitting it -----------------------------------------------------------------------------


def add_stacking(
    trainer: Trainer, final: FinalModels, planner: FinalModelsPlanner
) -> FinalModels:
    """Return the final models with a stacking layer, or unchanged.

    They are unchanged if not all members could be fitted on all rows or predict out of fold, if
    time or memory is short, or if nothing is gained. The trainer is that of the search; its
    pool is idle.
    """
    plan, options = trainer.plan, planner.options
    library = (entry.evaluation.predictions for entry in planner.library.entries)
    offers = [predictions for predictions in library if predictions is not None]
    if len(offers) < 2 or not _is_complete(final) or not _fits_memory(plan, final):
        return final
    scorer, steps = options.out_of_fold, options.ensemble_size
    assert scorer is not None  # checked by `is_possible`
    deadline = _selection_deadline(trainer)
    with quiet_process():  # thousands of scores may give the same warning
        blend = honest_blend(offers, scorer, plan.folds, steps, deadline.is_over)
    if blend is None or deadline.is_over():
        return final
    stacking_trainer, genomes = _installed(trainer, final)
    found = _evaluate(stacking_trainer, genomes, plan, planner.runtime_model)
    deadline = _selection_deadline(trainer)
    if not found or deadline.is_over():
        return final
    layer = {BLEND: blend, **{genome.estimator: of for genome, of in found.items()}}
    with quiet_process():
        selection = select([*layer.values()], scorer, steps, deadline.is_over)
    names = [*layer]
    pairs = zip(selection.members, selection.weights, strict=True)
    weights = {names[i]: weight for i, weight in pairs}
    if trainer.interruption.requested:
        return final
    models = _fit(stacking_trainer, list(found), weights)
    if not models:
        return final
    return replace(final, stacking=StackingLayer(weights, models, selection.sharpness, layer))


def refit_stacking(
    trainer: Trainer, final: FinalModels, decisions: Mapping[str, Any]
) -> FinalModels:
    """Return the final models with the stacking layer of an earlier run.

    Raises
    ------
    SearchError
        If one of its models cannot be fitted now.
    """
    stacking_trainer, genomes = _installed(trainer, final)
    models = _fit(stacking_trainer, genomes, decisions["weights"])
    if models is None:
        msg = (
            "The run cannot be repeated: a model of its stacking layer, fitted then, could "
            "not be fitted now; see the warning."
        )
        raise SearchError(msg)
    layer = StackingLayer(dict(decisions["weights"]), models, decisions["sharpness"])
    return replace(final, stacking=layer)


def _selection_deadline(trainer: Trainer) -> Deadline:
    """Return the end of a selection that begins now."""
    return Deadline(SELECTION_SHARE * trainer.budget.remaining(), trainer.interruption)


def _fits_memory(plan: Plan, final: FinalModels) -> bool:
    """Whether the table with the members' predictions is not a large one."""
    table, width = plan.problem.table, plan.data.task.n_outputs
    n_numbers = table.n_rows * (table.n_columns + width * len(final.members))
    return memory_of(8 * n_numbers, plan.settings.policy) == float("inf")


def _installed(trainer: Trainer, final: FinalModels) -> tuple[Trainer, list[Genome]]:
    """Send the stacking layer's table to the workers; return its trainer and candidates."""
    plan, genomes = stacking_plan(trainer.plan, [member.entry for member in final.members])
    plan = plan.install(trainer.pool, files="stacking_")
    return replace(trainer, plan=plan), genomes


def _evaluate(
    trainer: Trainer, genomes: Sequence[Genome], plan: Plan, runtime_model: RuntimeModel
) -> dict[Genome, Floats]:
    """Return the out-of-fold predictions of the genomes that were evaluated in time.

    The plan is that of the search.
    """
    problem = trainer.plan.problem
    seconds = {g: stacking_seconds(plan, problem, g, runtime_model) for g in genomes}
    # The cheapest first: one that is late then costs only more expensive ones.
    ordered = sorted(genomes, key=seconds.__getitem__)
    orders = [Order(EvaluationTask(genome), seconds[genome]) for genome in ordered]
    final_seconds = sum(order.least_seconds for order in orders) / (len(plan.folds) + 1)
    predictions = {
        ordered[i]: evaluation.predictions
        for i, evaluation in trainer(orders, ASSEMBLY_SECONDS + final_seconds)
    }
    return {g: predictions[g] for g in genomes if predictions.get(g) is not None}


def _fit(
    trainer: Trainer, genomes: Sequence[Genome], weights: Mapping[str, float]
) -> dict[str, Any] | None:
    """Fit the genomes that have a weight; None if one of them is late."""
    wanted = [genome for genome in genomes if genome.estimator in weights]
    models = dict(trainer([Order(RefitTask(genome)) for genome in wanted], ASSEMBLY_SECONDS))
    if len(models) < len(wanted):
        return None
    return {genome.estimator: models[i] for i, genome in enumerate(wanted)}


def _is_complete(final: FinalModels) -> bool:
    """Whether all members are fitted on all rows, and an ensemble of them was scored."""
    return not (final.shortfall or final.note) and all(
        member.fold is None and member.entry.evaluation.predictions is not None
        for member in final.members
    )


# -- the table that it learns from ----------------------------------------------------------


def stacking_plan(plan: Plan, entries: Sequence[Entry]) -> tuple[Plan, list[Genome]]:
    """Return the plan of the table with the entries' predictions, and its genomes."""
    data, scored = plan.data, plan.folds.scored
    rows = np.sort(scored)
    columns = np.hstack([data.task.columns(entry.predictions) for entry in entries])
    columns[np.searchsorted(rows, scored)] = columns.copy()
    start, width = data.prepared.schema.n_numeric, columns.shape[1]
    schema = replace(_widened(data.prepared.schema, width), n_rows=len(rows))
    # Predictions vary as little as the target does.
    fine = plan.problem.fine_numbers or plan.problem.fine_target
    matrix = with_columns(data.prepared.matrix[rows], columns, start)
    prepared = replace(data.prepared, matrix=matrix, schema=schema)
    folds = folds_of_rows(plan.folds, rows)
    incomplete = incomplete_codes(prepared, folds)
    problem = replace(plan.problem, table=schema, fine_numbers=fine, incomplete=incomplete)
    space, genomes = stacking_space(data.space, problem, range(start, start + width))
    data = replace(
        data,
        prepared=prepared,
        target=data.target[rows],
        weights=None if data.weights is None else data.weights[rows],
        problem=problem,
    )
    return replace(plan, data=data, problem=problem, space=space, folds=folds), genomes


def folds_of_rows(folds: Folds, rows: Indices) -> Folds:
    """Return the folds of some rows, by their positions among these."""
    return Folds(
        tuple(np.searchsorted(rows, train[np.isin(train, rows)]) for train in folds.train),
        tuple(np.searchsorted(rows, test) for test in folds.test),
    )
