"""Runs a plan in worker processes and gathers what became of it."""

import logging
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from evolearn.checkpoint.store import CheckpointStore
from evolearn.cost.runtime_model import Pace
from evolearn.ensemble.final_models import Handover, Refit, hand_over, hand_over_again
from evolearn.ensemble.library import MOST_BYTES, Entry, Library
from evolearn.ensemble.selection import library_size
from evolearn.ensemble.selection_options import Chosen, Wish, choose
from evolearn.exceptions import SearchError
from evolearn.execution.budget import Budget
from evolearn.execution.interruption import Interruption
from evolearn.execution.local.memory import default_memory_limit
from evolearn.execution.local.pool import WorkerPool
from evolearn.execution.opening import open_pool
from evolearn.execution.pool import Pool
from evolearn.execution.serialization import describe
from evolearn.fit.checkpoints import continue_search, effort_of, last_run, open_checkpoint
from evolearn.fit.data import FitData
from evolearn.fit.failures import check_failures
from evolearn.fit.refits import refit
from evolearn.fit.served import baseline, served_by, warn, with_step
from evolearn.fit.setup import Plan, choose_effort, evaluation_timeout, make_plan
from evolearn.fit.stacking import Stacking, aside, suits
from evolearn.pipeline.genome import Genome
from evolearn.results.progress import generation_line, layer_line, reuse_line
from evolearn.results.tables import Row
from evolearn.search.ask_tell import Search
from evolearn.search.loop import SearchRun
from evolearn.search.record import Progress, Record
from evolearn.search.replay import Replay
from evolearn.search.schedule import Steering
from evolearn.search.stopping import Limits

LOGGER = logging.getLogger("evolearn")

# The reasons to stop a search after which a second layer is looked for: it was not told to end.
ENDS = ("time_budget", "n_generations", "n_evaluations", "no_improvement", "exhausted")

# What a worker needs before its first candidate; imported while the parent prepares the table.
PRELOAD = ("evolearn.evaluation.evaluator",)


# What n_iter_no_change="auto" means by number of rows. On few rows a search soon fits nothing
# but the noise of its folds: AutoGluon 1.6 ends after 4 models on 100 rows, 8 on 500, 15 on
# 2,500.
PATIENCE_BY_ROWS = ((100, 1), (500, 3), (2_500, 6), (float("inf"), 12))


@dataclass(frozen=True)
class FitOutcome:
    """A finished search: what it did, and the fitted models."""

    plan: Plan
    search: Search
    rows: list[Row]
    stop_reason: str
    best_estimator: Any
    estimator: Any
    handover: Handover | None


def start_pool(estimator: Any) -> Pool:
    """Return a pool whose workers start while the parent goes on."""

    def local(n_workers: int) -> WorkerPool:
        limit = estimator.memory_limit
        if limit is None:
            limit = default_memory_limit(n_workers)
        return WorkerPool(n_workers, memory_limit=limit, preload=PRELOAD)

    pool = open_pool(estimator.executor, estimator.n_jobs, local)
    if estimator.memory_limit is not None and not isinstance(pool, WorkerPool):
        warn("memory_limit is not enforced: it takes worker processes of evolearn's own.", 6)
    return pool


def carry_out(
    estimator: Any, data: FitData, pool: Pool, budget: Budget, interruption: Interruption
) -> FitOutcome:
    """Search, choose, refit; with a journal, go on where it ends, or repeat its last run.

    Raises
    ------
    SearchError
        If every candidate failed.
    ValueError
        If the rows cannot be split, nothing in the space suits them, or the journal cannot be
        used.
    """
    with open_checkpoint(
        estimator.journal,
        data,
        population_size=estimator.population_size,
        scoring=estimator.scoring,
    ) as checkpoint:
        effort = effort_of(checkpoint, partial(choose_effort, estimator, data))
        plan = make_plan(estimator, data, effort)
        del data
        evaluator = plan.evaluator(pool, estimator.memory_limit)
        pool.install(evaluator)
        plan = plan.on_shared(evaluator)
        refit_now = partial(refit, pool=pool, interruption=interruption)
        if estimator.replay:
            checkpoint, end = last_run(checkpoint)
            told = _repeated(estimator, plan, pool, checkpoint, end, refit_now)
            return _outcome(plan, *told, budget)
        refit_now = partial(refit_now, budget=budget)
        library, wish, pace = _library(plan, pool), _wish(estimator, plan), _pace(plan)
        choose_now = partial(choose, library, wish, budget.remaining)
        stacks = suits(plan, wish)
        run = SearchRun(
            search=plan.search(estimator.population_size),
            pool=pool,
            budget=budget,
            limits=_limits(estimator, plan),
            library=library,
            steering=Steering(pace, budget.seconds, estimator.n_generations is not None),
            choose=choose_now,
            on_generation=_report if estimator.verbose else _silence,
            aside=aside(plan, pace, budget.seconds if stacks else None, pool.n_workers),
            interruption=interruption,
            checkpoint=checkpoint,
        )
        continue_search(run)
        handed = _handed_over(
            run,
            choose_now,
            partial(refit_now, plan),
            lean=estimator.max_predict_latency is not None,
            own_limit=estimator.evaluation_timeout is not None,
        )
        if handed is not None and run.stop_reason in ENDS and stacks:
            memory = estimator.memory_limit
            handed = _with_second_layer(run, plan, handed, wish, refit_now, memory)
        run.finish()
        if estimator.verbose:
            _report_reuse(run.records)
            if handed is not None and handed.second is not None:
                LOGGER.info(layer_line(handed.second.weights))
        if interruption.requested:  # perhaps only while the final models were fitted
            run.stop_reason = "interrupted"
        if checkpoint is not None:
            decisions = {} if handed is None else handed.decisions()
            checkpoint.finish_run({"stop_reason": run.stop_reason, **decisions}, run.steps)
        return _outcome(plan, run.search, run.records, run.stop_reason, handed, budget)


def _handed_over(
    run: SearchRun,
    choose_now: Callable[[], Chosen],
    refit_now: Refit,
    *,
    lean: bool,
    own_limit: bool,
) -> Handover | None:
    """Search, and fit the final models; search on for as long as there is time left."""
    handed: Handover | None = None
    while True:
        run.run()
        check_failures(run, own_limit=own_limit)
        again = hand_over(run.library, choose_now, refit_now, lean=lean)
        if again is None or (handed is not None and again.shortfall):
            return handed  # what was complete before serves
        handed = again
        if handed.shortfall or run.interruption.requested or not run.may_go_on():
            return handed


def _with_second_layer(
    run: SearchRun,
    plan: Plan,
    handed: Handover,
    wish: Wish,
    refit_now: Callable[..., Any],
    memory_limit: int | None,
) -> Handover:
    """Return what is handed over, with a second layer if that is of use."""
    stacking = Stacking(
        plan,
        run.pool,
        refit_now,
        memory_limit,
        lambda: run.interruption.requested,
        run.budget.remaining,
    )
    try:
        return stacking.made(handed, run.library.entries, wish, run.steering.pace)
    except Exception as error:  # the ensemble is there, and must not be lost
        warn(f"No second layer was made ({describe(error)}); the ensemble serves.")
        return handed


def _repeated(
    estimator: Any,
    plan: Plan,
    pool: Pool,
    checkpoint: CheckpointStore,
    end: Mapping[str, Any],
    refit_now: Callable[..., Any],
) -> tuple[Search, list[Record], str, Handover | None]:
    """Repeat the last finished run of a checkpoint, and fit its models again."""
    search = plan.search(estimator.population_size)
    replay = Replay(search, checkpoint.find_at_last_end, _library(plan, pool), _pace(plan))
    records = replay.run(end["steps"]).records
    if len(records) < len(end["steps"]):
        msg = (
            "The run cannot be repeated: a later one has evaluated candidates of it once more, "
            "with another outcome; fit with replay=False to go on."
        )
        raise SearchError(msg)
    wanted = {number for number, _ in [end["best"]]} if "best" in end else set()
    wanted.update(number for _, number, _ in end.get("members", ()))
    entries = {
        record.candidate.number: Entry(record.candidate, evaluation)
        for record in records
        if record.candidate.number in wanted
        and (evaluation := checkpoint.find_at_last_end(record.candidate.genome)) is not None
    }
    refit_now = partial(refit_now, budget=Budget(None))
    handed = hand_over_again(entries, partial(refit_now, plan), end)
    if handed is not None and end["second"] is not None:
        stacking = Stacking(plan, pool, refit_now, estimator.memory_limit)
        handed = stacking.again(handed, end["second"])
    return search, records, end["stop_reason"], handed


def _wish(estimator: Any, plan: Plan) -> Wish:
    most = estimator.max_predict_latency
    return Wish(
        plan.out_of_fold() if estimator.final_model == "ensemble" else None,
        estimator.ensemble_size,
        float("inf") if most is None else most,
        len(plan.folds.scored),
    )


def _library(plan: Plan, pool: Pool) -> Library:
    n_rows = plan.problem.table.n_rows
    most_bytes = MOST_BYTES
    if pool.shared_folder is not None:
        most_bytes = min(MOST_BYTES, shutil.disk_usage(pool.shared_folder).free // 4)
    return Library(
        library_size(n_rows), plan.refit_factor, plan.line_factor, most_bytes=most_bytes
    )


def _pace(plan: Plan) -> Pace:
    return Pace(plan.space, plan.problem, len(plan.folds))


def _limits(estimator: Any, plan: Plan) -> Limits:
    return Limits(
        n_generations=estimator.n_generations,
        n_evaluations=estimator.n_evaluations,
        target_fitness=estimator.target_fitness,
        n_iter_no_change=_patience(estimator.n_iter_no_change, plan.problem.table.n_rows),
        tol=estimator.tol,
        perfect=None if plan.data.objective.optimum is None else 0.0,
        evaluation_timeout=evaluation_timeout(estimator),
    )


def _patience(n_iter_no_change: int | str | None, n_rows: int) -> int | None:
    """Return the generations without improvement after which the search ends."""
    if not isinstance(n_iter_no_change, str):
        return n_iter_no_change
    return next(p for rows, p in PATIENCE_BY_ROWS if n_rows <= rows)


def _outcome(
    plan: Plan,
    search: Search,
    records: Sequence[Record],
    stop_reason: str,
    handed: Handover | None,
    budget: Budget,
) -> FitOutcome:
    if stop_reason == "interrupted":
        warn("The fit was interrupted; the model is the best one so far.")
    if handed is None:
        best = served = baseline(plan, any(r.evaluation.error is not None for r in records))
    else:
        if handed.shortfall:
            short = f" in time_budget={budget.seconds} s, which is short for this table"
            warn(f"{handed.shortfall}{'' if budget.seconds is None else short}.")
        if handed.note:
            warn(handed.note)
        best = with_step(plan, handed)
        served = served_by(plan, handed)
    numbers = {record.candidate.genome: record.candidate.number for record in records}
    rows = [_row(record, plan, numbers) for record in records]
    return FitOutcome(plan, search, rows, stop_reason, best, served, handed)


def _silence(progress: Progress) -> None:
    """Say nothing: at verbose=0 not even to handlers of the user's that listen to all."""


def _report(progress: Progress) -> None:
    LOGGER.info(
        generation_line(
            progress.generation,
            progress.best_error,
            progress.n_evaluations,
            progress.n_failed,
            progress.seconds_left,
        )
    )


def _report_reuse(records: Sequence[Record]) -> None:
    """Tell how often the rows of a candidate had been prepared for another one before."""
    seconds = [record.evaluation.reused_fit_seconds for record in records]
    LOGGER.info(reuse_line(sum(s > 0 for s in seconds), len(seconds), sum(seconds)))


def _row(record: Record, plan: Plan, numbers: Mapping[Genome, int]) -> Row:
    candidate, evaluation = record.candidate, record.evaluation
    parent = candidate.genome.parent
    return Row(
        number=candidate.number,
        generation=candidate.generation,
        origin=candidate.origin,
        parents=candidate.parents,
        inherits=None if parent is None else numbers[parent],
        params=candidate.genome.params,
        complexity=plan.space.complexity(candidate.genome),
        scores=evaluation.scores,
        fitness=evaluation.error,
        fit_seconds=evaluation.fit_seconds,
        score_seconds=evaluation.score_seconds,
        status=evaluation.status,
        failure=evaluation.failure,
        warnings=evaluation.warnings,
    )
