"""Fits the second layer in the workers of the search, if there is time and it is of use."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.cost.memory import memory_of
from evolearn.cost.runtime_model import Pace
from evolearn.cost.seconds import warm_seconds
from evolearn.data.schema import TableSchema
from evolearn.ensemble.final_models import Handover, Order
from evolearn.ensemble.library import EXPECTED_MEMBERS, Entry
from evolearn.ensemble.selection import select
from evolearn.ensemble.selection_options import SELECTION_SHARE, Wish
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
from evolearn.execution.pool import Pool
from evolearn.execution.process_settings import quiet_process
from evolearn.fit.setup import Plan
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.portfolio_entries import stacking_genomes
from evolearn.pipeline.problem import Problem

# On fewer rows a second layer fits the noise of the first one: with 160 rows its own choice had
# 1.04 times the error (autos, two splits), with 500 to 9,000 rows 0.975 (14 tables, mostly two
# splits).
FEWEST_ROWS = 500
# With fewer folds its models would learn from much fewer rows than those that serve.
FEWEST_FOLDS = 3
# The most of a time budget that is set aside for it, and how much longer than expected its
# models may take: boosting stops early nowhere.
LARGEST_SHARE, SLACK = 0.15, 1.5
# Seconds that are left for handing over the models.
SPARE = 0.3

Floats = NDArray[np.float64]


# -- whether there is one, and what it takes ------------------------------------------------


def suits(plan: Plan, wish: Wish) -> bool:
    """Tell whether a second layer can be made: it takes predictions for nearly all rows.

    Not of large tables, nor of sparse ones; nor where predictions have to be fast.
    """
    folds, n_rows = plan.folds, plan.problem.table.n_rows
    n_scored = len(folds.scored)
    return (
        wish.out_of_fold is not None
        and not plan.data.objective.is_function  # which may look at the table as it came
        and wish.max_latency == float("inf")
        and not plan.problem.table.sparse
        and plan.data.problem.memory == float("inf")
        and n_rows >= FEWEST_ROWS
        and len(folds) >= FEWEST_FOLDS
        and n_scored == len(np.unique(folds.scored))
        and n_scored >= 0.9 * n_rows
        and plan.data.task.covers(plan.data.target[folds.scored])
        and all(_share(train, folds) >= 0.9 for train in folds.train)
    )


def _share(train: NDArray[np.intp], folds: Folds) -> float:
    """Return the share of a fold's training rows that are scored in other ones."""
    return float(np.isin(train, folds.scored).mean())


def aside(plan: Plan, pace: Pace, seconds: float | None, n_workers: int) -> Callable[[], float]:
    """Return what tells the seconds of a time budget that a second layer is expected to take.

    It is asked several times for each candidate: what does not change is made here.
    """
    if seconds is None:
        return lambda: 0.0
    width = EXPECTED_MEMBERS * plan.data.task.n_outputs
    wide = replace(plan.problem, table=_wider(plan.problem.table, width))
    genomes, most = stacking_genomes(plan.space, plan.problem.task), LARGEST_SHARE * seconds

    def set_aside() -> float:
        afforded = [0.0]
        for needed in sorted(_needed(plan, wide, genome, pace) for genome in genomes):
            if needed <= most and sum(afforded) + needed <= most * n_workers:
                afforded.append(needed)
        return max(sum(afforded) / n_workers, max(afforded))

    return set_aside


def _needed(plan: Plan, wide: Problem, genome: Genome, pace: Pace) -> float:
    """Return the expected seconds of all folds and a final fit; of what is not known none.

    Parameters
    ----------
    plan : Plan
        That of the first layer, which `pace` has learned on.
    wide : Problem
        That of the second layer: it has more columns.
    genome : Genome
    pace : Pace
    """
    if genome.estimator not in plan.space.names:
        return 0.0
    known, now = (warm_seconds(genome, plan.space, of) for of in (plan.problem, wide))
    wider = now / known if known and now else 1.0
    return SLACK * wider * pace.predicted(genome) * (1 + 1 / len(plan.folds))


def _wider(schema: TableSchema, width: int) -> TableSchema:
    """Return the layout of a table with more columns of numbers, behind those it has."""
    start = schema.n_numeric
    names = [f"predicted{i}" for i in range(width)]
    return replace(
        schema,
        n_numeric=start + width,
        names=(*schema.names[:start], *names, *schema.names[start:]),
    )


# -- making it ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stacking:
    """What a second layer is made of.

    Parameters
    ----------
    plan : Plan
        That of the search.
    pool : Pool
        Idle.
    refit : callable
        `Refit`, given the plan first.
    memory_limit : int or None
        Bytes that a worker may hold.
    stopped : callable
        Tells whether the user wants an end.
    seconds_left : callable
        Seconds until the fit has to be over.
    """

    plan: Plan
    pool: Pool
    refit: Callable[..., Iterable[tuple[int, Any]]]
    memory_limit: int | None = None
    stopped: Callable[[], bool] = lambda: False
    seconds_left: Callable[[], float] = lambda: float("inf")

    def made(
        self, handed: Handover, library: Sequence[Entry], wish: Wish, pace: Pace
    ) -> Handover:
        """Return what is handed over with a second layer, or as it is.

        That is if not all members could be fitted on all rows or predict out of fold, there is
        no time or no memory, or nothing is gained.

        Parameters
        ----------
        handed : Handover
        library : sequence of Entry
            Best first.
        wish : Wish
            With a scorer of ensembles.
        pace : Pace
            Knows what models take on the table.
        """
        offers = [entry.evaluation.predictions for entry in library]
        known = [predictions for predictions in offers if predictions is not None]
        if len(known) < 2 or not _is_complete(handed) or not self._fits_memory(handed):
            return handed
        assert wish.out_of_fold is not None
        late = self._late()
        blend = _quietly(
            honest_blend, known, wish.out_of_fold, self.plan.folds, wish.ensemble_size, late
        )
        if late():
            return handed
        plan, genomes = self._installed(handed)
        found = self._tried(plan, genomes, pace)
        late = self._late()
        if not found or late():
            return handed
        answers = [blend, *found.values()]
        selection = _quietly(select, answers, wish.out_of_fold, wish.ensemble_size, late)
        names = [BLEND, *(genome.estimator for genome in found)]
        pairs = zip(selection.members, selection.weights, strict=True)
        weights = {names[i]: weight for i, weight in pairs}
        models = {} if self.stopped() else self._fitted(plan, list(found), weights)
        if not models:
            return handed
        return replace(handed, second=StackingLayer(weights, models, selection.sharpness))

    def again(self, handed: Handover, decisions: Mapping[str, Any]) -> Handover:
        """Return what is handed over with the second layer of an earlier run.

        Raises
        ------
        SearchError
            If one of its models cannot be fitted now.
        """
        plan, genomes = self._installed(handed)
        models = self._fitted(plan, genomes, decisions["weights"])
        if models is None:
            msg = (
                "The run cannot be repeated: a model of its second layer, fitted then, could "
                "not be fitted now; see the warning."
            )
            raise SearchError(msg)
        second = StackingLayer(dict(decisions["weights"]), models, decisions["sharpness"])
        return replace(handed, second=second)

    def _late(self) -> Callable[[], bool]:
        """Return what tells whether a choice that begins now takes too long."""
        enough = self.seconds_left() * (1 - SELECTION_SHARE)
        return lambda: self.stopped() or self.seconds_left() < enough

    def _fits_memory(self, handed: Handover) -> bool:
        """Tell whether the table is still no large one with the members' predictions."""
        table, width = self.plan.problem.table, self.plan.data.task.n_outputs
        n_numbers = table.n_rows * (table.n_columns + width * len(handed.members))
        return memory_of(8 * n_numbers) == float("inf")

    def _installed(self, handed: Handover) -> tuple[Plan, list[Genome]]:
        """Give the workers the table with the members' predictions; return its plan."""
        plan, genomes = _second_plan(self.plan, [member.entry for member in handed.members])
        self.pool.install(plan.evaluator(self.pool, self.memory_limit, files="second_"))
        return plan, genomes

    def _tried(self, plan: Plan, genomes: Sequence[Genome], pace: Pace) -> dict[Genome, Floats]:
        """Return what genomes predict out of fold that are expected to end in time, and did."""
        orders = [
            Order(EvaluationTask(genome), _needed(self.plan, plan.problem, genome, pace))
            for genome in genomes
        ]
        # The cheapest first: what one that is late costs are only dearer ones.
        orders.sort(key=lambda order: order.least_seconds)
        of_final = sum(order.least_seconds for order in orders) / (len(plan.folds) + 1)
        answers = {
            orders[i].task.genome: evaluation.predictions
            for i, evaluation in self.refit(plan, orders, SPARE + of_final)
        }
        return {g: answers[g] for g in genomes if answers.get(g) is not None}

    def _fitted(
        self, plan: Plan, genomes: Sequence[Genome], weights: Mapping[str, float]
    ) -> dict[str, Any] | None:
        """Return the models of the genomes that have a weight; None if one of them is late."""
        wanted = [genome for genome in genomes if genome.estimator in weights]
        orders = [Order(RefitTask(genome)) for genome in wanted]
        models = dict(self.refit(plan, orders, SPARE))
        if len(models) < len(wanted):
            return None
        return {genome.estimator: models[i] for i, genome in enumerate(wanted)}


def _is_complete(handed: Handover) -> bool:
    """Tell whether all members are fitted on all rows, and an ensemble of them was scored."""
    return not (handed.shortfall or handed.note) and all(
        member.fold is None and member.entry.evaluation.predictions is not None
        for member in handed.members
    )


def _quietly(function: Callable[..., Any], *given: Any) -> Any:
    """Call a function whose thousands of scores may give the same warning."""
    with quiet_process():
        return function(*given)


# -- the table that it learns from ----------------------------------------------------------


def _second_plan(plan: Plan, entries: Sequence[Entry]) -> tuple[Plan, list[Genome]]:
    """Return the plan of the table with what the entries predict, and its genomes."""
    data, scored = plan.data, plan.folds.scored
    rows = np.sort(scored)
    columns = np.hstack([data.task.columns(one) for one in _predictions(entries)])
    columns[np.searchsorted(rows, scored)] = columns.copy()
    start, width = data.prepared.schema.n_numeric, columns.shape[1]
    schema = replace(_wider(data.prepared.schema, width), n_rows=len(rows))
    # What is predicted varies as little as the target does.
    fine = plan.problem.fine_numbers or plan.problem.fine_target
    problem = replace(plan.problem, table=schema, fine_numbers=fine)
    space, genomes = stacking_space(data.space, problem, range(start, start + width))
    matrix = with_columns(data.prepared.matrix[rows], columns, start)
    data = replace(
        data,
        prepared=replace(data.prepared, matrix=matrix, schema=schema),
        target=data.target[rows],
        weights=None if data.weights is None else data.weights[rows],
        problem=problem,
    )
    folds = _among(plan.folds, rows)
    return replace(plan, data=data, problem=problem, space=space, folds=folds), genomes


def _predictions(entries: Sequence[Entry]) -> Iterator[Floats]:
    for entry in entries:
        assert entry.evaluation.predictions is not None  # `_is_complete` has seen to it
        yield entry.evaluation.predictions


def _among(folds: Folds, rows: NDArray[np.intp]) -> Folds:
    """Return the folds of some rows, by their positions among these."""
    return Folds(
        tuple(np.searchsorted(rows, train[np.isin(train, rows)]) for train in folds.train),
        tuple(np.searchsorted(rows, test) for test in folds.test),
    )
