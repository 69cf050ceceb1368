"""Setup of a fit: the folds, the search space for this table, the data in the workers."""

import numbers
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

import numpy as np

from evolearn.cost.memory import TRAINING_SHARE
from evolearn.cost.restriction import discover, restrict
from evolearn.cost.seconds import reference_seconds
from evolearn.data import PreparedTable
from evolearn.ensemble.selection import OutOfFold
from evolearn.evaluation.evaluator import Evaluator
from evolearn.evaluation.folds import (
    Folds,
    counted_rows,
    incomplete_categories,
    make_folds,
    n_folds,
    sampled_folds,
    training_on,
)
from evolearn.evaluation.preparation import PreparationCache
from evolearn.execution.pool import Pool
from evolearn.execution.shared import share
from evolearn.fit.baseline import baseline_fitness
from evolearn.fit.data import FitData
from evolearn.fit.settings import Settings
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.screening_sample import ScreeningSample
from evolearn.pipeline.search_space import SearchSpace
from evolearn.search.ask_tell import RandomSearch, Search
from evolearn.search.evolution import Evolution
from evolearn.search.portfolio import portfolio

# Share of the time budget that a candidate of generation 0 may take before others precede it.
FAIR_SHARE = 0.06
# Formula search takes up to a second and a half, relation screening one; shorter time budgets
# have no room for them.
DISCOVERY_BUDGET = 20.0
# Without any time limit, components whose single fit is expected to take more seconds than this
# are too slow for the table.
FIT_LIMIT = 120.0


@dataclass(frozen=True)
class Effort:
    """The folds, training rows and screening that time and memory allow."""

    n_folds: int
    fit_limit: float  # seconds that one fit may take
    training_rows: int | None = None  # most training rows of a fold; None: all not scored
    fair_seconds: float | None = None  # of a fit, see `portfolio`; None: any
    screening: bool = True  # whether genes look for findings before the search


@dataclass(frozen=True)
class Plan:
    """The data, the problem, the search space and the folds of one fit."""

    settings: Settings
    data: FitData
    problem: Problem
    space: SearchSpace
    folds: Folds
    fair_seconds: float = float("inf")

    @cached_property
    def baseline_fitness(self) -> float:
        """Cross-validated error of a model of the target alone."""
        return baseline_fitness(self.data, self.folds)

    def search(self, initial: Iterable[Genome] | None = None) -> Search:
        """Return the evolutionary search; by default it begins with the portfolio."""
        policy, rng = self.settings.policy, Random(self.data.seed)
        if initial is None:
            initial = portfolio(self.space, self.problem, self.fair_seconds, policy)
        size = self.settings.population_size
        if not policy.evolution:
            return RandomSearch(self.space, population_size=size, initial=initial, rng=rng)
        return Evolution(
            self.space, population_size=size, initial=initial, rng=rng, policy=policy
        )

    def evaluator(self, pool: Pool, files: str = "") -> Evaluator:
        """Return the evaluator, its data in files, named `files`..., that workers can map."""
        folder, data = pool.shared_folder, self.data
        raw = data.raw if data.needs_raw(self.space) else None
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
            preparer=data.prepared.preparer if raw is not None else None,
            metrics=data.metrics,
            cache=PreparationCache(self._cache_bytes()),
        )

    def install(self, pool: Pool, files: str = "") -> "Plan":
        """Send the data to the workers; return the plan with the matrix that they share.

        So the copy of the matrix in this process can be freed.
        """
        evaluator = self.evaluator(pool, files)
        pool.install(evaluator)
        # Read, not loaded: a loaded file would stay open in the user's process.
        prepared = replace(self.data.prepared, matrix=evaluator.matrix.read())
        return replace(self, data=replace(self.data, prepared=prepared))

    def out_of_fold(self) -> OutOfFold:
        """Return the scorer of out-of-fold predictions."""
        data = self.data
        return OutOfFold(
            data.objective, self.folds, data.target, data.task, data.weights, data.seed
        )

    def _cache_bytes(self) -> int:
        """Return the bytes of prepared rows that a worker may keep: none of large tables."""
        if self.problem.memory < float("inf"):
            return 0
        most, limit = self.settings.policy.preparation_cache_bytes, self.settings.memory_limit
        # What is kept counts against the limit of the next candidate.
        return most if limit is None else min(most, limit // 16)


def choose_effort(settings: Settings, data: FitData) -> Effort:
    """Return the effort that the time budget allows."""
    rows, training_rows = data.problem.table.n_rows, None
    budget = settings.time_budget
    if settings.cv is None and data.problem.memory < float("inf"):
        training_rows = int(TRAINING_SHARE * rows)
    problem = replace(data.problem, training_rows=training_rows)
    reduced = budget if settings.policy.reduced_fidelity else None
    folds = n_folds(rows, reference_seconds(problem), reduced)
    timeout = settings.candidate_timeout
    limit = FIT_LIMIT if timeout is None else timeout / folds
    fair = None if budget is None else FAIR_SHARE * budget / folds
    # Rows of one group are alike, and a user's own folds may keep related rows together: a
    # discovery on one half of the rows would be confirmed on the other half for that alone.
    alike = data.groups is not None or not (
        settings.cv is None or isinstance(settings.cv, numbers.Integral)
    )
    screening = not alike and (budget is None or budget >= DISCOVERY_BUDGET)
    return Effort(folds, limit, training_rows, fair, screening)


def make_plan(settings: Settings, data: FitData, effort: Effort) -> Plan:
    """Return the plan of a fit."""
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
    rarest = min(data.task.smallest_class(data.target[rows]) for rows in folds.train)
    problem = replace(
        data.problem,
        fit_limit=effort.fit_limit,
        training_rows=max(map(len, folds.train)),
        fewest_training_rows=min(map(len, folds.train)),
        counted_rows=len(counted),
        smallest_class=min(data.problem.smallest_class, 2 * rarest),
        incomplete=incomplete_codes(data.prepared, folds),
        # Users who want other folds on a large table get them whatever memory they take.
        memory=float("inf") if effort.training_rows is None else data.problem.memory,
    )
    fair = float("inf") if effort.fair_seconds is None else effort.fair_seconds
    space = _without(data.space, settings.policy.left_out)
    if effort.screening:
        problem = discover(space, problem, _screening_sample(data))
    space = restrict(space, problem)
    # The splits are in the folds now.
    return Plan(settings, replace(data, cv=None), problem, space, folds, fair)


def incomplete_codes(prepared: PreparedTable, folds: Folds) -> tuple[int, ...]:
    """Return the categories of which some fold's training rows lack a value."""
    codes = prepared.matrix[:, prepared.schema.first_code :]
    return incomplete_categories(codes, prepared.schema.cardinalities, folds)


def _without(space: SearchSpace, left_out: tuple[str, ...]) -> SearchSpace:
    """Return the space without some components, of which it need not have all."""
    if not left_out:
        return space
    names = {*space.names, *(c.name for cs in space.preparation.values() for c in cs)}
    return space.without(*names.intersection(left_out))


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
