"""The course of a fit, from the table to the fitted attributes."""

import math
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from evolearn.checkpoint.store import CheckpointStore
from evolearn.cost.runtime_model import RuntimeModel
from evolearn.ensemble.final_models import FinalModels, fit_final_models, refit_final_models
from evolearn.ensemble.library import MOST_BYTES, Entry, Library
from evolearn.ensemble.planner import FinalModelsPlanner
from evolearn.ensemble.selection import library_size
from evolearn.ensemble.selection_options import EnsembleOptions
from evolearn.exceptions import SearchError
from evolearn.execution.budget import Budget
from evolearn.execution.interruption import Interruption
from evolearn.execution.local.interpreter import NoInterpreterError
from evolearn.execution.local.memory import default_memory_limit
from evolearn.execution.local.pool import WorkerPool
from evolearn.execution.opening import open_pool, open_threads
from evolearn.execution.pool import Pool
from evolearn.execution.serialization import describe
from evolearn.fit.checkpoints import (
    check_sizes,
    continue_search,
    effort_of,
    last_run,
    open_checkpoint,
)
from evolearn.fit.data import read_data
from evolearn.fit.dropped_columns import report_dropped_columns
from evolearn.fit.estimate import make_estimate, reserved_for_estimate
from evolearn.fit.failures import check_failures
from evolearn.fit.insights import reserved_for_diagnosis
from evolearn.fit.progress import ProgressLog, log_summary
from evolearn.fit.result import FitResult
from evolearn.fit.settings import Settings
from evolearn.fit.setup import Plan, make_plan
from evolearn.fit.simple_models import add_simple_models, reserved_for_simple_models
from evolearn.fit.stacking import add_stacking, is_possible, refit_stacking, stacking_reserve
from evolearn.fit.trainer import Trainer
from evolearn.fit.uncertainty import reserved_for_uncertainty
from evolearn.insights.importances import reserved_for_importances
from evolearn.report.live.display import LiveDisplay, find_screen
from evolearn.report.live.screens import Screen
from evolearn.report.live.state import LiveState
from evolearn.results.estimate import Estimate
from evolearn.results.progress import LOGGER, visible_progress
from evolearn.search.loop import SearchLoop
from evolearn.search.record import Observer, Observers
from evolearn.search.replay import replay_steps
from evolearn.search.schedule import Schedule
from evolearn.search.stopping import StoppingRules
from evolearn.user_warnings import warn

# Reasons to stop after which a stacking layer is tried: the search was not told to end early.
COMPLETE = ("time_budget", "n_generations", "n_evaluations", "no_improvement", "exhausted")
# Remark where there are no worker processes.
IN_THREADS = (
    "Candidates are evaluated in threads of this process: evaluation_timeout ends them only "
    "between two folds, memory_limit is not enforced, and a candidate that crashes ends the "
    "program."
)
# Imported by the workers while the parent prepares the table.
PRELOAD = ("evolearn.evaluation.evaluator",)


def fit(
    settings: Settings,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    groups: Any = None,
    observer: Observer | None = None,
) -> dict[str, Any]:
    """Search for the best pipelines, fit the final models, and return the fitted attributes.

    The `observer` watches the fit, as the live display and the log do.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C came before there was a model; SystemExit for SIGTERM.
    SearchError
        If every candidate failed.
    ValueError, TypeError
        If an argument or a parameter cannot be used; the message names it and the remedy.
    """
    budget = Budget(settings.time_budget)
    live = LiveState(settings.task, settings.time_budget, settings.most_candidates)
    with (
        visible_progress(settings.logs),
        LiveDisplay(live, screen_of(settings)),
        Interruption(settings.on_sigterm) as interruption,
        open_workers(settings) as pool,
    ):
        observer = all_observers(settings, live, observer)
        observer.phase_started("reading the table")
        if settings.logs and not interruption.caught:
            LOGGER.info("not in the main thread: Ctrl-C cannot be caught here")
        # Table -> matrix and schema.
        data = read_data(settings, X, y, sample_weight, groups)
        report_dropped_columns(settings, data)
        with open_checkpoint(settings, data) as checkpoint:
            # Task and folds, search space; the workers get the data.
            observer.phase_started("preparing the search")
            plan = make_plan(settings, data, effort_of(settings, data, checkpoint))
            check_sizes(checkpoint, plan)
            del data  # the matrix, of which the plan has the shared copy now
            plan = plan.install(pool)
            trainer = Trainer(plan, pool, budget, interruption)
            # (Ask -> evaluate -> tell)* -> ensemble -> final models.
            if settings.replay:
                observer.phase_started("repeating the stored search")
                result = replay(trainer, checkpoint)
            else:
                result = search(trainer, checkpoint, observer)
        # Results.
        observer.phase_started("explaining the model")
        result.warn(budget)
        attributes = result.attributes(Budget(None) if settings.replay else budget)
        live.finished(attributes)
        return attributes


def search(
    trainer: Trainer, checkpoint: CheckpointStore | None, observer: Observer
) -> FitResult:
    """Search, and fit the final models; search on for as long as there is time left."""
    plan = trainer.plan
    loop, planner = make_loop(trainer, checkpoint, observer)
    continue_search(loop)
    error_name = plan.data.objective.error_name
    baseline = None if math.isnan(plan.baseline_fitness) else plan.baseline_fitness
    if checkpoint is not None:
        checkpoint.save_error(error_name, baseline)
    observer.search_started(error_name, baseline, loop.record)
    final: FinalModels | None = None
    refit_seconds = 0.0
    while True:
        observer.phase_started("searching")
        loop.run()
        if trainer.interruption.requested and loop.library.best is None:
            raise trainer.interruption.exception()
        check_failures(loop, own_limit=plan.settings.evaluation_timeout is not None)
        observer.phase_started("fitting the final models")
        started = time.monotonic()
        new = fit_final_models(planner, trainer)
        refit_seconds += time.monotonic() - started
        if new is None or (final is not None and new.shortfall):
            break  # the complete models of the round before are used
        final = new
        if final.shortfall or trainer.interruption.requested or not loop.may_continue():
            break
        loop.prepare_to_continue()
    if trainer.interruption.requested and final is None:
        raise trainer.interruption.exception()
    started = time.monotonic()
    if final is not None and not trainer.interruption.requested:
        final = add_simple_models(final, loop.record.records, trainer, planner)
    if (
        final is not None
        and loop.stop_reason in COMPLETE
        and is_possible(plan, planner.options)
    ):
        observer.phase_started("fitting the stacking layer")
        final = with_stacking(trainer, final, planner)
    refit_seconds += time.monotonic() - started
    loop.finish()
    records = loop.record.records
    estimate = make_estimate(final, loop.library.entries, records, trainer)
    if plan.settings.logs:
        log_summary(records, final, estimate)
    # An interrupt may have come only while the final models were fitted.
    reason = "interrupted" if trainer.interruption.requested else loop.stop_reason
    if checkpoint is not None:
        decisions = {} if final is None else final.decisions()
        decisions |= {"stop_reason": reason, "estimate": estimate.as_dict()}
        checkpoint.finish_run(decisions, loop.record.steps)
    return FitResult(plan, loop.search, records, reason, final, estimate, refit_seconds)


def with_stacking(
    trainer: Trainer, final: FinalModels, planner: FinalModelsPlanner
) -> FinalModels:
    """Return the final models with a stacking layer; a failure costs only the layer."""
    try:
        return add_stacking(trainer, final, planner)
    except Exception as error:  # must not cost the ensemble, which is there
        warn(f"No stacking layer was fitted ({describe(error)}); the ensemble is used.")
        return final


def make_loop(
    trainer: Trainer, checkpoint: CheckpointStore | None, observer: Observer
) -> tuple[SearchLoop, FinalModelsPlanner]:
    """Return the search loop of a plan, and the planner of its final models."""
    plan, pool, budget = trainer.plan, trainer.pool, trainer.budget
    settings, policy = plan.settings, plan.settings.policy
    runtime_model, options = _runtime_model(plan), _ensemble_options(plan)
    library = _library(plan, pool)
    planner = FinalModelsPlanner(library, options, runtime_model, budget, pool.n_workers)
    if budget.seconds is not None:
        planner.further = _further_reserve(trainer, options, runtime_model)
    loop = SearchLoop(
        search=plan.search(),
        pool=pool,
        library=library,
        schedule=Schedule(
            runtime_model,
            budget,
            portfolio_first=settings.n_generations is not None,
            policy=policy,
        ),
        rules=_stopping_rules(plan),
        planner=planner,
        observer=observer,
        interruption=trainer.interruption,
        checkpoint=checkpoint,
        policy=policy,
    )
    return loop, planner


def replay(trainer: Trainer, checkpoint: CheckpointStore | None) -> FitResult:
    """Repeat the last run of a checkpoint: tell the same candidates, fit the same models."""
    plan = trainer.plan
    trainer = replace(trainer, budget=Budget(None))
    checkpoint, end = last_run(checkpoint, len(plan.folds))
    search = plan.search()
    library = _library(plan, trainer.pool)
    find = checkpoint.find_at_last_end
    past, _ = replay_steps(end["steps"], search, find, library, _runtime_model(plan))
    if len(past.records) < len(end["steps"]):
        msg = (
            "The run cannot be repeated: a later one has evaluated candidates of it once more, "
            "with another outcome; fit with replay=False to go on."
        )
        raise SearchError(msg)
    members = [end["best"], *(member[1:] for member in end["members"])] if "best" in end else []
    wanted = {number for number, _ in members}
    entries = {
        record.candidate.number: Entry(record.candidate, evaluation)
        for record in past.records
        if record.candidate.number in wanted
        and (evaluation := find(record.candidate.genome)) is not None
    }
    started = time.monotonic()
    final = refit_final_models(entries, trainer, end)
    if final is not None:
        told = [record for record in past.records if record.candidate.number in end["simple"]]
        final = add_simple_models(final, told, trainer)
    if final is not None and end["stacking"] is not None:
        final = refit_stacking(trainer, final, end["stacking"])
    seconds = time.monotonic() - started
    estimate = Estimate.from_dict(end["estimate"])
    return FitResult(plan, search, past.records, end["stop_reason"], final, estimate, seconds)


# -- what watches a fit ---------------------------------------------------------------------


def screen_of(settings: Settings) -> Screen | None:
    """Return the place to show progress that ``verbose`` asks for."""
    return find_screen() if settings.verbose == "auto" else None


def all_observers(settings: Settings, live: LiveState, observer: Observer | None) -> Observer:
    """Return the observers of a fit as one."""
    log = [ProgressLog()] if settings.logs else []
    return Observers([live, *log, *([] if observer is None else [observer])])


# -- the parts of a search ------------------------------------------------------------------


def open_workers(settings: Settings) -> Pool:
    """Return a pool whose workers start while the parent continues."""
    in_threads = False

    def local(n_workers: int) -> Pool:
        nonlocal in_threads
        limit = settings.memory_limit
        limit = default_memory_limit(n_workers) if limit is None else limit
        try:
            return WorkerPool(n_workers, memory_limit=limit, preload=PRELOAD)
        except NoInterpreterError as error:
            warn(f"{error} {IN_THREADS}")
            in_threads = True
            return open_threads(n_workers)

    pool = open_pool(settings.executor, settings.n_jobs, local)
    if settings.memory_limit is not None and not (in_threads or isinstance(pool, WorkerPool)):
        warn("memory_limit is not enforced: it needs worker processes of evolearn's own.")
    return pool


def _ensemble_options(plan: Plan) -> EnsembleOptions:
    """Return the user's options of the model that predicts."""
    settings = plan.settings
    latency = settings.max_predict_latency
    return EnsembleOptions(
        plan.out_of_fold() if settings.final_model == "ensemble" else None,
        settings.ensemble_size,
        float("inf") if latency is None else latency,
        len(plan.folds.scored),
    )


def _further_reserve(
    trainer: Trainer, options: EnsembleOptions, runtime_model: RuntimeModel
) -> Callable[[], float]:
    """Return a function that returns the seconds to reserve for what follows the models.

    That are the stacking layer, simple models, the estimate of the error, intervals and the
    importances.
    """
    plan, seconds, n_workers = trainer.plan, trainer.budget.seconds, trainer.pool.n_workers
    assert seconds is not None  # without a limit nothing is reserved
    results = (
        reserved_for_importances(seconds)
        + reserved_for_estimate(seconds)
        + reserved_for_uncertainty(seconds)
        + reserved_for_simple_models(seconds)
        + reserved_for_diagnosis(
            seconds, plan.problem.table.n_rows, plan.data.prepared.preparer.n_features_in_
        )
    )
    if not is_possible(plan, options):
        return lambda: results
    stacking = stacking_reserve(plan, runtime_model, seconds, n_workers)
    return lambda: stacking() + results


def _library(plan: Plan, pool: Pool) -> Library:
    most_bytes = MOST_BYTES
    if pool.shared_folder is not None:
        most_bytes = min(MOST_BYTES, shutil.disk_usage(pool.shared_folder).free // 4)
    return Library(library_size(plan.problem.table.n_rows), most_bytes=most_bytes)


def _runtime_model(plan: Plan) -> RuntimeModel:
    return RuntimeModel(plan.space, plan.problem, len(plan.folds))


def _stopping_rules(plan: Plan) -> StoppingRules:
    settings = plan.settings
    return StoppingRules(
        n_generations=settings.n_generations,
        n_evaluations=settings.n_evaluations,
        target_fitness=settings.target_fitness,
        n_iter_no_change=settings.patience(plan.problem.table.n_rows),
        tol=settings.tol,
        perfect=None if plan.data.objective.optimum is None else 0.0,
        evaluation_timeout=settings.candidate_timeout,
    )
