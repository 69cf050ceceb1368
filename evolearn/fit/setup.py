"""How a fit is gone about: the folds, the part of the space that suits, the evaluator."""

import numbers
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np

from evolearn.cost.memory import TRAINING_SHARE, refit_factor, refits_alone
from evolearn.cost.restriction import discover, restrict
from evolearn.cost.seconds import lineage_factor, reference_seconds
from evolearn.ensemble.selection import OutOfFold
from evolearn.evaluation.evaluator import Evaluator
from evolearn.evaluation.folds import Folds, make_folds, n_folds, sampled_folds
from evolearn.evaluation.preparation import MOST_BYTES, PreparationCache
from evolearn.evaluation.zero_weights import counted_rows, training_on
from evolearn.execution.pool import Pool
from evolearn.execution.shared import share
from evolearn.fit.data import FitData
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.screening_sample import ScreeningSample
from evolearn.pipeline.search_space import SearchSpace
from evolearn.search.ask_tell import Search
from evolearn.search.evolution import Evolution
from evolearn.search.portfolio import portfolio

# The share of the time budget that one candidate may take, unless the user sets a limit.
EVALUATION_SHARE = 0.25
# The share of it that a candidate of generation 0 may take before it has to let others pass.
FAIR_SHARE = 0.06
# Formulas are bred in less than a second and a half, and relations found in one, which shorter
# budgets cannot spare.
BREEDING_BUDGET = 20.0
# Without any limit in seconds, a component whose single fit is expected to take longer than
# this many seconds is held to be too slow for the table.
PATIENCE = 120.0


@dataclass(frozen=True)
class Effort:
    """What time and memory decide: how many folds, and how long one fit may take.

    ``training_rows`` are the most rows that a fold trains on; None: all but the scored ones.
    ``fair_seconds`` are those of a fit that may come in its turn, see `portfolio`; None: any.
    ``formulas`` tells whether formulas are bred and relations looked for before the search.
    """

    n_folds: int
    fit_limit: float
    training_rows: int | None = None
    fair_seconds: float | None = None
    formulas: bool = True


@dataclass(frozen=True)
class Plan:
    """The problem, the space and the folds of one fit."""

    data: FitData
    problem: Problem
    space: SearchSpace
    folds: Folds
    fair_seconds: float = float("inf")

    def refit_factor(self, genome: Genome) -> float:
        """Return how much longer the final fit takes than one in a fold."""
        return refit_factor(genome, self.space, self.problem)

    def line_factor(self, genome: Genome) -> float:
        """Return how many times as long its whole line takes as to go on from its parent."""
        return lineage_factor(genome, self.space, self.problem)

    def refits_alone(self, genome: Genome) -> bool:
        """Tell whether a final fit leaves no memory for another one beside."""
        return refits_alone(genome, self.space, self.problem)

    def search(self, population_size: int) -> Search:
        """Return the evolutionary search, with the portfolio as its first candidates."""
        return Evolution(
            self.space,
            population_size=population_size,
            initial=portfolio(self.space, self.problem, self.fair_seconds),
            rng=Random(self.data.seed),
        )

    def evaluator(
        self, pool: Pool, memory_limit: int | None = None, files: str = ""
    ) -> Evaluator:
        """Return the evaluator, its data in files that the workers can map, named so."""
        folder, data = pool.shared_folder, self.data
        raw = data.raw if data.is_taken_raw(self.space) else None
        return Evaluator(
            matrix=share(data.prepared.matrix, folder, f"{files}matrix"),
            target=share(data.target, folder, f"{files}target"),
            weights=share(data.weights, folder, f"{files}weights"),
            raw=share(raw, folder, f"{files}raw"),
            space=self.space,
            problem=self.problem,
            objective=data.objective,
            folds=self.folds,
            learning_task=data.task,
            seed=data.seed,
            preparer=data.prepared.preparer if data.objective.is_function else None,
            cache=PreparationCache(self._cache_bytes(memory_limit)),
        )

    def _cache_bytes(self, memory_limit: int | None) -> int:
        """Return what a worker may keep of prepared rows: nothing of large tables."""
        if self.problem.memory < float("inf"):
            return 0
        # What is kept counts against the limit of the next candidate.
        return MOST_BYTES if memory_limit is None else min(MOST_BYTES, memory_limit // 16)

    def on_shared(self, evaluator: Evaluator) -> "Plan":
        """Return the plan with the matrix that the workers share, for a copy of it to go."""
        # Read, not loaded: the process of the user would never let go of the file.
        prepared = replace(self.data.prepared, matrix=evaluator.matrix.read())
        return replace(self, data=replace(self.data, prepared=prepared))

    def out_of_fold(self) -> OutOfFold:
        """Return what scores out-of-fold predictions."""
        data = self.data
        return OutOfFold(
            data.objective, self.folds, data.target, data.task, data.weights, data.seed
        )


def evaluation_timeout(estimator: Any) -> float | None:
    """Return the seconds that one candidate may take, None for no limit."""
    if estimator.evaluation_timeout is not None or estimator.time_budget is None:
        limit: float | None = estimator.evaluation_timeout
        return limit
    return EVALUATION_SHARE * estimator.time_budget


def choose_effort(estimator: Any, data: FitData) -> Effort:
    """Return how many folds the time budget affords, and how long one fit may take."""
    rows, training_rows = data.problem.table.n_rows, None
    if estimator.cv is None and data.problem.memory < float("inf"):
        training_rows = int(TRAINING_SHARE * rows)
    problem = replace(data.problem, training_rows=training_rows)
    folds = n_folds(rows, reference_seconds(problem), estimator.time_budget)
    timeout = evaluation_timeout(estimator)
    limit = PATIENCE if timeout is None else timeout / folds
    budget = estimator.time_budget
    fair = None if budget is None else FAIR_SHARE * budget / folds
    # Rows of one group are alike, and a user's own folds may keep apart what belongs together:
    # what is bred on one half of the rows would prove itself on the other for that alone.
    alike = data.groups is not None or not (
        estimator.cv is None or isinstance(estimator.cv, numbers.Integral)
    )
    formulas = not alike and (budget is None or budget >= BREEDING_BUDGET)
    return Effort(folds, limit, training_rows, fair, formulas)


def make_plan(estimator: Any, data: FitData, effort: Effort) -> Plan:
    """Return the plan of a fit.

    Raises
    ------
    ValueError
        If the rows cannot be split, or nothing in the space suits them.
    """
    folds = make_folds(
        data.cv,
        data.raw,
        data.target,
        data.groups,
        task=data.task,
        default_folds=effort.n_folds,
        seed=data.seed,
        weights=data.weights,
    )
    counted = counted_rows(data.weights, data.target, task=data.task)
    folds = training_on(folds, counted)
    if effort.training_rows is not None:
        folds = sampled_folds(
            folds, effort.training_rows, data.target, task=data.task, seed=data.seed
        )
    problem = replace(
        data.problem,
        fit_limit=effort.fit_limit,
        training_rows=folds.most_training_rows,
        fewest_training_rows=min(map(len, folds.train)),
        counted_rows=len(counted),
        smallest_class=min(data.problem.smallest_class, 2 * _rarest(folds, data)),
        # Who wants other folds on a large table wants them whatever they hold.
        memory=float("inf") if effort.training_rows is None else data.problem.memory,
    )
    fair = float("inf") if effort.fair_seconds is None else effort.fair_seconds
    if effort.formulas:
        problem = discover(data.space, problem, _screening_sample(data))
    space = restrict(data.space, problem)
    # The splits are in the folds now.
    return Plan(replace(data, cv=None), problem, space, folds, fair)


def _screening_sample(data: FitData) -> ScreeningSample:
    """Return the rows by which genes look for findings."""
    rows = np.arange(len(data.target))
    if data.weights is not None:
        rows = np.flatnonzero(data.weights > 0)
    return ScreeningSample(
        data.prepared.matrix,
        data.prepared.schema,
        rows,
        lambda rows: data.task.screening_targets(data.target[rows]),
        data.seed,
    )


def _rarest(folds: Folds, data: FitData) -> int:
    """Return the number of rows of the rarest class in the training part of a fold."""
    return min(data.task.smallest_class(data.target[rows]) for rows in folds.train)
