"""Fits the second layer in the workers of the search, if there is time and it is of use."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evolearn.ensemble.choice import Wish
from evolearn.ensemble.handover import Handover, Order
from evolearn.ensemble.library import Entry
from evolearn.ensemble.selection import select
from evolearn.ensemble.stacking import (
    BLEND,
    SecondLayer,
    columns_of,
    honest_blend,
    with_columns,
)
from evolearn.estimators.plan import Plan
from evolearn.evaluation.folds import Folds
from evolearn.evaluation.pace import Pace
from evolearn.evaluation.tasks import EvaluationTask, RefitTask
from evolearn.execution.contract import Pool
from evolearn.space.genome import Genome
from evolearn.space.portfolio import entries_in
from evolearn.space.second_layer import second_layer
from evolearn.space.starts import SECOND_LAYER

# On fewer rows a second layer fits the noise of the first one: with 160 rows its own choice had
# 1.04 times the error (autos, two splits), with 500 to 9,000 rows 0.975 (14 tables, mostly two
# splits).
FEWEST_ROWS = 500
# With fewer folds its models would learn from much fewer rows than those that serve.
FEWEST_FOLDS = 3
# The most of a time budget that is set aside for it, and how much longer than expected of the
# same models on the table alone its models may take: they have more columns.
LARGEST_SHARE, SLACK = 0.15, 1.5
# Seconds that are left for handing over the models.
SPARE = 0.3


def suits(plan: Plan, wish: Wish) -> bool:
    """Tell whether a second layer can be made: it takes predictions for nearly all rows.

    Not of large tables, whose folds train on few of the rows, nor of sparse ones; nor where
    predictions have to be fast.
    """
    problem, folds = plan.problem, plan.folds
    n_rows = problem.table.n_rows
    n_scored = len(folds.scored)
    return (
        wish.out_of_fold is not None
        and wish.max_latency == float("inf")
        and not problem.table.sparse
        and problem.memory == float("inf")
        and n_rows >= FEWEST_ROWS
        and len(folds) >= FEWEST_FOLDS
        and n_scored == len(np.unique(folds.scored))
        and n_scored >= 0.9 * n_rows
        and _knows_all_classes(plan)
        and all(_share(train, folds) >= 0.9 for train in folds.train)
    )


def _knows_all_classes(plan: Plan) -> bool:
    classes, target = plan.data.classes, plan.data.target
    return classes is None or len(np.unique(target[plan.folds.scored])) == len(classes)


def _share(train: Any, folds: Folds) -> float:
    """Return the share of a fold's training rows that are scored in other ones."""
    return float(np.isin(train, folds.scored).mean())


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
    stopped : callable
        Tells whether the user wants an end.
    """

    plan: Plan
    pool: Pool
    refit: Callable[..., Iterable[tuple[int, Any]]]
    stopped: Callable[[], bool] = lambda: False

    def made(
        self, handed: Handover, library: Sequence[Entry], wish: Wish, pace: Pace
    ) -> Handover:
        """Return what is handed over with a second layer, or as it is.

        That is if not all members could be fitted on all rows or predict out of fold, there is
        no time, or nothing is gained.

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
        if self.stopped() or not (known and _is_complete(handed)):
            return handed
        assert wish.out_of_fold is not None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in `choose`
            blend = honest_blend(known, wish.out_of_fold, self.plan.folds, wish.ensemble_size)
        plan, genomes = self._installed(handed)
        orders = _orders(self.plan, genomes, pace)
        of_final = sum(order.least_seconds for order in orders) / (len(plan.folds) + 1)
        found = {
            orders[i].task.genome: evaluation.predictions
            for i, evaluation in self.refit(plan, orders, SPARE + of_final)
            if evaluation.predictions is not None
        }
        tried = [genome for genome in genomes if genome in found]
        if self.stopped() or not tried:
            return handed
        names = [BLEND, *(genome.estimator for genome in tried)]
        predicted = [blend, *(found[genome] for genome in tried)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            selection = select(predicted, wish.out_of_fold, wish.ensemble_size)
        pairs = zip(selection.members, selection.weights, strict=True)
        weights = {names[i]: weight for i, weight in pairs}
        models = self._fitted(plan, tried, weights)
        if models is None or not models:
            return handed
        return replace(handed, second=SecondLayer(weights, models, selection.sharpness))

    def again(self, handed: Handover, decisions: Mapping[str, Any]) -> Handover:
        """Return what is handed over with the second layer of an earlier run."""
        plan, genomes = self._installed(handed)
        models = self._fitted(plan, genomes, decisions["weights"])
        assert models is not None  # without a time budget nothing is late
        second = SecondLayer(dict(decisions["weights"]), models, decisions["sharpness"])
        return replace(handed, second=second)

    def _installed(self, handed: Handover) -> tuple[Plan, list[Genome]]:
        """Give the workers the table with the members' predictions; return its plan."""
        plan, genomes = _second_plan(self.plan, [member.entry for member in handed.members])
        self.pool.install(plan.evaluator(self.pool, files="second_"))
        return plan, genomes

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


def aside(plan: Plan, pace: Pace, seconds: float | None, n_workers: int) -> float:
    """Return the seconds of a time budget that are set aside for a second layer."""
    if seconds is None:
        return 0.0
    total, most = 0.0, LARGEST_SHARE * seconds
    for needed in sorted(_needed(plan, g, pace) for g in entries_in(plan.space, SECOND_LAYER)):
        if total + needed <= most:
            total += needed
    return total / n_workers


def _needed(plan: Plan, genome: Genome, pace: Pace) -> float:
    """Return the expected seconds of all folds and a final fit; of what is not known none."""
    if genome.estimator not in plan.space.names:
        return 0.0
    return SLACK * pace.predicted(genome) * (1 + 1 / len(plan.folds))


def _orders(plan: Plan, genomes: Sequence[Genome], pace: Pace) -> list[Order]:
    """Return the orders of what is tried, to be begun if they are expected to end in time.

    The cheapest first, so that one that is late costs no other.
    """
    orders = [Order(EvaluationTask(genome), _needed(plan, genome, pace)) for genome in genomes]
    return sorted(orders, key=lambda order: order.least_seconds)


def _second_plan(plan: Plan, entries: Sequence[Entry]) -> tuple[Plan, list[Genome]]:
    """Return the plan of the table with what the entries predict, and its genomes."""
    data, folds = plan.data, plan.folds
    scored = folds.scored
    rows = np.sort(scored)
    predictions = (entry.evaluation.predictions for entry in entries)
    columns = np.hstack([columns_of(p) for p in predictions if p is not None])
    by_row = np.empty_like(columns)
    by_row[np.searchsorted(rows, scored)] = columns
    schema = data.prepared.schema
    start, width = schema.n_numeric, columns.shape[1]
    names = [f"predicted{i}" for i in range(width)]
    schema = replace(
        schema,
        n_rows=len(rows),
        n_numeric=start + width,
        names=(*schema.names[:start], *names, *schema.names[start:]),
    )
    problem = replace(plan.problem, table=schema)
    space, genomes = second_layer(data.space, problem, range(start, start + width))
    data = replace(
        data,
        prepared=replace(
            data.prepared,
            matrix=with_columns(data.prepared.matrix[rows], by_row, start),
            schema=schema,
        ),
        target=data.target[rows],
        weights=None if data.weights is None else data.weights[rows],
        problem=problem,
    )
    return replace(
        plan, data=data, problem=problem, space=space, folds=_among(folds, rows)
    ), genomes


def _among(folds: Folds, rows: Any) -> Folds:
    """Return the folds of some rows, by their positions among these."""
    return Folds(
        tuple(np.searchsorted(rows, train[np.isin(train, rows)]) for train in folds.train),
        tuple(np.searchsorted(rows, test) for test in folds.test),
    )
