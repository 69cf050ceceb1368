"""The evaluator: trains and scores one genome in a worker."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

from evolearn.cost.memory import refit_rows
from evolearn.data import take_rows
from evolearn.evaluation.fold_models import check_portable, save_models
from evolearn.evaluation.folds import Folds, counted_rows, draw_rows
from evolearn.evaluation.preparation import PreparationCache
from evolearn.evaluation.racing import hopeless
from evolearn.evaluation.tasks import Evaluation, EvaluationTask, FoldModelsTask, RefitTask
from evolearn.evaluation.transient import is_transient
from evolearn.evaluation.user_traceback import location_in_user_code, user_frames
from evolearn.evaluation.warm_start import fit_lineage, load_parents, train_lineage
from evolearn.execution.local import inside_worker
from evolearn.execution.local.inside_worker import TimeLimitExceeded
from evolearn.execution.serialization import printable
from evolearn.execution.shared import SharedValue
from evolearn.messages import one_line
from evolearn.pipeline.build import build_pipeline, early_rounds, preparation_key
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.lineage import can_be_parent
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace, built_in_components
from evolearn.recorded_warnings import recorded_warnings
from evolearn.tasks.base import Task
from evolearn.tasks.predictions import Floats, HeldOut
from evolearn.tasks.scoring import Objective

# Number of different warnings that are kept of a candidate, which may warn thousands of times.
MOST_WARNINGS = 5
# Folds of equal size differ in time: one may take this many times its share.
FOLD_SLACK = 1.5
# A candidate is given up if all folds are expected to take this many times the limit: the first
# fold, from which that is extrapolated, is the slowest.
VERDICT_SLACK = 1.2


@dataclass
class _Run:
    """Results gathered while the folds of one genome are run."""

    keep_models: bool
    parents: list[Any] | None = None  # last steps of the parent's pipelines, by fold
    scores: list[float] = field(default_factory=list)
    fit_seconds: list[float] = field(default_factory=list)
    score_seconds: list[float] = field(default_factory=list)
    predictions: list[Floats | None] = field(default_factory=list)
    models: list[BaseEstimator] = field(default_factory=list)
    rounds: list[int | None] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    reused_fit_seconds: float = 0.0
    reused_score_seconds: float = 0.0

    @property
    def seconds_alone(self) -> float:
        """Mean seconds of a fit, including preparation that was reused."""
        return (sum(self.fit_seconds) + self.reused_fit_seconds) / max(len(self.fit_seconds), 1)

    @property
    def seconds(self) -> float:
        """Seconds of all folds so far."""
        return sum(self.fit_seconds) + sum(self.score_seconds)


@dataclass(frozen=True)
class Evaluator:
    """Function that trains and scores genomes on one table; sent to every worker once."""

    matrix: SharedValue
    target: SharedValue
    weights: SharedValue  # None inside if there are none
    raw: SharedValue  # the original table; None inside unless a pipeline or a scorer takes it
    space: SearchSpace
    problem: Problem
    objective: Objective
    folds: Folds
    learning_task: Task
    seed: int  # the search's, from which every candidate's seed is derived
    preparer: Any = None  # from the table to the matrix
    metrics: Mapping[str, Objective] = field(default_factory=dict)  # if there are several
    cache: PreparationCache = field(default_factory=PreparationCache, compare=False)

    def __call__(self, task: EvaluationTask | RefitTask | FoldModelsTask) -> Any:
        """Return the `Evaluation`, the refitted pipeline, or the list of fold models."""
        with config_context(enable_metadata_routing=False, transform_output="default"):
            if isinstance(task, EvaluationTask):
                return self.evaluate(task)
            with _hidden_warnings():
                if isinstance(task, RefitTask):
                    return self.refit(task)
                return self.fold_models(task.genome)

    def enter_process(self, task: EvaluationTask | RefitTask | FoldModelsTask) -> None:
        """Seed the global random generators, for estimators that draw from them nevertheless.

        Called before each task, in evolearn's own processes only.
        """
        inside_worker.enter(task.genome.seed(self.seed))

    def evaluate(self, task: EvaluationTask) -> Evaluation:
        """Cross-validate a genome; an exception becomes part of the result."""
        run = _Run(keep_models=task.models_path is not None)
        status, failure, traceback, transient = "scored", "", "", False
        with _hidden_warnings() as messages:
            try:
                self._load(task.genome)
                run.parents = load_parents(task.parent_models)
                for fold in range(len(self.folds)):
                    with inside_worker.time_limit(self._fold_limit(task, run)):
                        model = self._run_fold(task.genome, fold, run)
                    if fold == 0:
                        check_portable(model)
                    if reason := self._reason_to_give_up(task, run):
                        status, failure = reason
                        break
            except TimeLimitExceeded:
                inside_worker.request_replacement()
                status, failure = "timed_out", self._too_slow(task, run)
            except Exception as exception:  # a candidate may fail in any way; that is a result
                status, failure = "failed", _one_line(exception)
                traceback = user_frames(exception)
                transient = is_transient(exception)
        missing = [float("nan")] * (len(self.folds) - len(run.scores))
        error = float(np.mean(self._errors(run.scores))) if status == "scored" else None
        saved = 0
        heritable = can_be_parent(task.genome, self.space)
        if task.models_path is not None and task.wants_models(
            error, run.seconds_alone, heritable=heritable
        ):
            saved = save_models(run.models, task.models_path, task.most_bytes)
        return Evaluation(
            scores=(*run.scores, *missing),
            status=status,
            error=error,
            fit_seconds=tuple(run.fit_seconds),
            score_seconds=tuple(run.score_seconds),
            predictions=_joined(run) if task.wants_predictions(error) else None,
            failure=failure,
            warnings=(*messages, *run.messages),
            models_bytes=saved,
            rounds=_mean_rounds(run),
            retrained=task.genome.parent is not None and run.parents is None,
            reused_fit_seconds=run.reused_fit_seconds,
            reused_score_seconds=run.reused_score_seconds,
            traceback=traceback,
            metrics={
                name: (*scores, *[float("nan")] * (len(self.folds) - len(scores)))
                for name, scores in run.metrics.items()
            },
            transient=transient,
        )

    def _fold_limit(self, task: EvaluationTask, run: _Run) -> float:
        """Seconds after which a fold is given up, and with it the candidate."""
        rows = [len(train) for train in self.folds.train[len(run.scores) :]]
        spent = run.seconds
        limit = FOLD_SLACK * max(task.seconds_limit - spent, 0.0) * rows[0] / sum(rows)
        return max(limit, task.untimed_seconds - spent)

    def _load(self, genome: Genome) -> None:
        """Load the data before a fold is timed: in a fresh process that is slow."""
        for handle in (self._rows_of(genome), self.target, self.weights):
            handle.load()
        if self._is_table_scored:
            self.raw.load()

    def _too_slow(self, task: EvaluationTask, run: _Run) -> str:
        return (
            f"given up after {len(run.scores)} of {len(self.folds)} folds: all would take "
            f"longer than the {task.seconds_limit:.3g} s there are for them"
        )

    def _reason_to_give_up(self, task: EvaluationTask, run: _Run) -> tuple[str, str] | None:
        """Return the status and the reason if the genome should not be evaluated further."""
        n_done, n_folds = len(run.scores), len(self.folds)
        if n_done == n_folds:
            return None
        if task.rival is not None:
            rival = self._errors(task.rival.scores)
            if hopeless(self._errors(run.scores), rival, task.rival.spread):
                return "raced", ""
        rows = [len(train) for train in self.folds.train]
        expected = run.seconds * sum(rows) / sum(rows[:n_done])
        too_slow = expected > VERDICT_SLACK * task.seconds_limit
        if too_slow and run.seconds >= task.untimed_seconds:
            return "timed_out", self._too_slow(task, run)
        return None

    def _errors(self, scores: Iterable[float]) -> list[float]:
        return [self.objective.error(score) for score in scores]

    def refit(self, task: RefitTask) -> BaseEstimator:
        """Return the genome's pipeline fitted on all rows, or on as many as memory allows."""
        genome, lineage = task.genome, self._pipelines(task.genome, rounds=task.rounds)
        X, y, weights = self._rows_of(genome).load(), self.target.load(), self.weights.load()
        every = counted_rows(weights, y, task=self.learning_task)
        n_wanted = refit_rows(genome, self.space, self.problem)
        rows = draw_rows(every, n_wanted, y, task=self.learning_task, seed=self.seed)
        if len(rows) < len(y):
            X, y = take_rows(X, rows), y[rows]
            weights = None if weights is None else weights[rows]
        return fit_lineage(lineage, X, y, weights)

    def fold_models(self, genome: Genome) -> list[BaseEstimator]:
        """Return the genome's pipelines fitted on the training rows of each fold."""
        run = _Run(keep_models=True)
        for fold in range(len(self.folds)):
            self._run_fold(genome, fold, run)
        return run.models

    def _run_fold(self, genome: Genome, fold: int, run: _Run) -> BaseEstimator:
        train, test = self.folds.train[fold], self.folds.test[fold]
        X, y, weights = self._rows_of(genome).load(), self.target.load(), self.weights.load()
        parent = None if run.parents is None else run.parents[fold]
        pipelines = self._pipelines(genome, whole_lineage=parent is None)
        model = pipelines[-1]
        of_train = None if weights is None else weights[train]
        asked, X_test, transformed = model, None, 0.0
        started = time.perf_counter()
        if self._shares(genome):
            rows = self.cache.prepare(
                (preparation_key(genome, self.space), fold),
                model.steps[:-1],
                lambda: (take_rows(X, train), y[train], take_rows(X, test)),
            )
            model.steps[:-1] = rows.steps
            learners = [pipeline.steps[-1][1] for pipeline in pipelines]
            train_lineage(learners, rows.train, y[train], of_train, parent)
            transformed = 0.0 if rows.is_reused else rows.test_seconds
            asked, X_test = learners[-1], rows.test
            if rows.is_reused:
                run.reused_fit_seconds += rows.fit_seconds
                run.reused_score_seconds += rows.test_seconds
        else:
            fit_lineage(pipelines, take_rows(X, train), y[train], of_train, parent)
        fitted = time.perf_counter()
        X_test = take_rows(X, test) if X_test is None else X_test
        if self._is_table_scored and not self.space[genome.estimator].whole:
            # The user's scorer gets the original table and a model that takes it.
            asked = Pipeline([("table", self.preparer), *model.steps])
            X_test = take_rows(self.raw.load(), test)
        held_out = HeldOut(X_test, y[test], None if weights is None else weights[test])
        score, predictions = self.learning_task.score(asked, held_out, self.objective)
        self._score_metrics(asked, held_out, predictions, run)
        # Transforming the held-out rows is part of their prediction.
        run.fit_seconds.append(fitted - started - transformed)
        run.score_seconds.append(time.perf_counter() - fitted + transformed)
        run.scores.append(score)
        run.predictions.append(predictions)
        run.rounds.append(early_rounds(model))
        if run.keep_models:
            run.models.append(model)
        return model

    def _score_metrics(
        self, model: Any, rows: HeldOut, predictions: Floats | None, run: _Run
    ) -> None:
        """Add the scores of all metrics, if the user wants several; NaN where one fails."""
        task = self.learning_task
        for name, metric in self.metrics.items():
            try:
                if predictions is None or metric.is_function:
                    score, _ = task.score(model, rows, metric)
                else:
                    encoded = task.encoded(rows.y)
                    score = task.score_predictions(predictions, encoded, metric, rows.weights)
            except Exception as error:  # the candidate has the score that is optimised
                score, message = float("nan"), f"The metric {name} failed: {_one_line(error)}"
                if message not in run.messages:
                    run.messages.append(message)
            run.metrics.setdefault(name, []).append(score)

    @property
    def _is_table_scored(self) -> bool:
        """Whether a scorer is a function of the user's, which may look at the table."""
        return any(one.is_function for one in (self.objective, *self.metrics.values()))

    def _shares(self, genome: Genome) -> bool:
        """Whether a genome may use cached rows: its estimator must not change them in place.

        Nothing is cached of large tables, nor for scorers of the user's, which may look at the
        original table.
        """
        shared = self.cache.most_bytes > 0 and self.objective.fast is not None
        shared = shared and not self._is_table_scored
        return shared and genome.component_names <= self._built_in

    @cached_property
    def _built_in(self) -> frozenset[tuple[str, str]]:
        """Components of evolearn's own: finding them takes longer than the shortest fits."""
        return built_in_components(self.space, self.problem.task)

    def _pipelines(
        self, genome: Genome, *, rounds: int | None = None, whole_lineage: bool = True
    ) -> list[BaseEstimator]:
        """Return the pipelines to be fitted one after the other, the genome's own last."""
        lineage = genome.lineage if whole_lineage else (genome,)
        return [
            build_pipeline(one, self.space, self.problem, self.seed, rounds) for one in lineage
        ]

    def _rows_of(self, genome: Genome) -> SharedValue:
        return self.raw if self.space[genome.estimator].whole else self.matrix


def _mean_rounds(run: _Run) -> int | None:
    """Mean number of boosting rounds over the folds; None if the model does not stop early."""
    known = [rounds for rounds in run.rounds if rounds is not None]
    return round(float(np.mean(known))) if known and len(known) == len(run.rounds) else None


def _joined(run: _Run) -> Floats | None:
    parts = [part for part in run.predictions if part is not None]
    return None if len(parts) < len(run.predictions) else np.concatenate(parts)


@contextmanager
def _hidden_warnings() -> Iterator[list[str]]:
    """Collect the different warnings of a candidate, so that they are not shown."""
    messages: list[str] = []
    with recorded_warnings() as records:
        yield messages
    for warning in records.values():
        first_line = str(warning.message).partition("\n")[0]
        text = printable(f"{warning.category.__name__}: {first_line}")
        if text not in messages and len(messages) < MOST_WARNINGS:
            messages.append(text)


def _one_line(error: Exception) -> str:
    text = printable(one_line(error)[:500])
    place = location_in_user_code(error)
    line = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return f"{line} ({place})" if place else line
