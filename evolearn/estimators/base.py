"""What both estimators share: fit, and the attributes it leaves."""

import numbers
import os
from typing import Any, ClassVar

import numpy as np
from scipy.sparse import issparse
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from evolearn._compat import Interval, StrOptions
from evolearn.data import (
    align_labels,
    align_table,
    as_table,
    check_table,
    column_labels,
    feature_names,
    has_mixed_labels,
    n_rows,
    position_labels,
    take_rows,
)
from evolearn.execution.budget import Budget
from evolearn.execution.interruption import Interruption
from evolearn.fit.data import read_data
from evolearn.fit.run import FitOutcome, carry_out, start_pool
from evolearn.results.progress import LOGGER, visible_progress
from evolearn.results.tables import cv_results, history, leaderboard

# Rows, and numbers, that are predicted at once: what a pipeline makes of them on the way
# (copies, kernel features) takes many times their memory.
ROWS_AT_ONCE = 20_000
NUMBERS_AT_ONCE = 4_000_000
# What is made of a sparse row has about so many numbers, or as many as it holds: the most
# components that a decomposition has.
WIDTH_OF_SPARSE = 200


def serves(method: str) -> Any:
    """Return whether the fitted model has a prediction method; True before fit."""

    def check(self: Any) -> bool:
        return not hasattr(self, "estimator_") or hasattr(self.estimator_, method)

    return check


def single_has(method: str) -> Any:
    """Return whether the fitted model is one that has a prediction method."""

    def check(self: Any) -> bool:
        return hasattr(self, "estimator_") and hasattr(self.estimator_, method)

    return check


class BaseEvolutionary(BaseEstimator):
    """Validation, search and fitted attributes; the task comes from the subclass."""

    _task: str

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "time_budget": [Interval(numbers.Real, 0, None, closed="neither"), None],
        "n_generations": [Interval(numbers.Integral, 1, None, closed="left"), None],
        "n_evaluations": [Interval(numbers.Integral, 1, None, closed="left"), None],
        "target_fitness": [numbers.Real, None],
        "n_iter_no_change": [
            Interval(numbers.Integral, 1, None, closed="left"),
            StrOptions({"auto"}),
            None,
        ],
        "tol": [Interval(numbers.Real, 0, None, closed="left")],
        "population_size": [Interval(numbers.Integral, 1, None, closed="left")],
        "kinds": [dict, None],
        "search_space": "no_validation",  # make_space says what is wrong with it
        "scoring": [str, callable, None],
        "cv": ["cv_object"],
        "final_model": [StrOptions({"ensemble", "single"})],
        "ensemble_size": [Interval(numbers.Integral, 1, None, closed="left")],
        "max_predict_latency": [Interval(numbers.Real, 0, None, closed="neither"), None],
        "evaluation_timeout": [Interval(numbers.Real, 0, None, closed="neither"), None],
        "memory_limit": [Interval(numbers.Integral, 1, None, closed="left"), None],
        "journal": [str, os.PathLike, None],
        "replay": ["boolean"],
        "n_jobs": [numbers.Integral, None],
        "executor": "no_validation",  # open_pool says what is wrong with it
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        *,
        time_budget=60.0,
        n_generations=None,
        n_evaluations=None,
        target_fitness=None,
        n_iter_no_change="auto",
        tol=1e-3,
        population_size=16,
        kinds=None,
        search_space=None,
        scoring=None,
        cv=None,
        final_model="ensemble",
        ensemble_size=25,
        max_predict_latency=None,
        evaluation_timeout=None,
        memory_limit=None,
        journal=None,
        replay=False,
        n_jobs=None,
        executor=None,
        random_state=None,
        verbose=0,
    ):
        self.time_budget = time_budget
        self.n_generations = n_generations
        self.n_evaluations = n_evaluations
        self.target_fitness = target_fitness
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.population_size = population_size
        self.kinds = kinds
        self.search_space = search_space
        self.scoring = scoring
        self.cv = cv
        self.final_model = final_model
        self.ensemble_size = ensemble_size
        self.max_predict_latency = max_predict_latency
        self.evaluation_timeout = evaluation_timeout
        self.memory_limit = memory_limit
        self.journal = journal
        self.replay = replay
        self.n_jobs = n_jobs
        self.executor = executor
        self.random_state = random_state
        self.verbose = verbose

    def _fit(self, X, y, sample_weight, groups):
        budget = Budget(self.time_budget)
        with (
            visible_progress(self.verbose),
            Interruption() as interruption,
            start_pool(self) as pool,
        ):
            if self.verbose and not interruption.caught:
                LOGGER.info("not in the main thread: Ctrl-C cannot be caught here")
            # Not kept under a name: a large matrix is let go of once the workers share it.
            outcome = carry_out(
                self,
                read_data(self, X, y, sample_weight, groups, self._task),
                pool,
                budget,
                interruption,
            )
        self._keep(outcome)
        return self

    def _keep(self, outcome: FitOutcome) -> None:
        """Set the fitted attributes; none of them holds training rows."""
        plan, data, rows = outcome.plan, outcome.plan.data, outcome.rows
        self.n_features_in_ = data.prepared.preparer.n_features_in_
        self._fitted_sparse = data.prepared.schema.sparse
        self._n_columns = max(self.n_features_in_, data.prepared.schema.n_columns)
        names, self._labels = feature_names(data.raw), position_labels(data.raw)
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        for name, value in data.task.fitted_attributes().items():
            setattr(self, name, value)
        self.scorer_ = data.objective.scorer
        self.dropped_columns_ = dict(data.prepared.dropped)
        self.search_space_ = plan.space
        self.best_estimator_ = outcome.best_estimator
        self.estimator_ = outcome.estimator
        weights: dict[int, float] = {}
        self.best_params_: dict[str, Any] = {}
        self.best_fitness_ = np.nan
        self.second_layer_: dict[str, float] = {}
        if outcome.handover is not None:
            second = outcome.handover.second
            if second is not None:
                self.second_layer_ = dict(second.weights)
                # Of so many more columns rows are predicted at once.
                n_members = len(outcome.handover.members)
                self._n_columns += n_members * data.task.n_outputs
            best = outcome.handover.best.entry
            self.best_params_ = best.candidate.genome.params
            self.best_fitness_ = best.error
            for member in outcome.handover.members:
                number = member.entry.candidate.number
                weights[number] = weights.get(number, 0.0) + member.weight
        self.cv_results_ = cv_results(rows, len(plan.folds))
        self.leaderboard_ = leaderboard(rows, weights)
        self.history_ = history(rows, self.population_size)
        self.pareto_front_ = outcome.search.front()
        self.n_generations_ = len(self.history_["generation"])
        self.n_evaluations_ = len(rows)
        self.stop_reason_ = outcome.stop_reason

    def _checked(self, X):
        """Return a table to predict, its columns in the order of fit."""
        check_is_fitted(self)
        X = as_table(X)
        check_table(X)
        names = getattr(self, "feature_names_in_", None)
        if names is not None and feature_names(X) is not None:
            return align_table(X, names)
        X = align_labels(X, self._labels)
        # Only the columns' number counts where scikit-learn would refuse their labels.
        known = np.empty((0, len(column_labels(X)))) if has_mixed_labels(X) else X
        validate_data(self, known, reset=False, skip_check_array=True)
        return X

    def predict(self, X):
        """Predict with the fitted model.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Columns are found by name where the table of ``fit`` had names.

        Returns
        -------
        ndarray of shape (n_samples,)
            Values, or class labels as they were in ``fit``.
        """
        return self._answer("predict", X)

    def _answer(self, method: str, X: Any) -> Any:
        """Return what the fitted model answers, whatever output the user wants elsewhere."""
        X = self._checked(X)
        total = n_rows(X)
        with config_context(transform_output="default"):
            answer = getattr(self.estimator_, method)
            step = max(1, min(ROWS_AT_ONCE, NUMBERS_AT_ONCE // self._width(X)))
            if total <= step:
                return answer(X)
            X = X.tocsr() if issparse(X) else X  # not once more for each part
            parts = [np.arange(i, min(i + step, total)) for i in range(0, total, step)]
            return np.concatenate([answer(take_rows(X, rows)) for rows in parts])

    def _width(self, X: Any) -> int:
        """Return how many numbers a row is on its way through a pipeline, about."""
        if not (issparse(X) and self._fitted_sparse):
            return self._n_columns
        made = self._n_columns - self.n_features_in_  # of a second layer
        return max(X.nnz // max(n_rows(X), 1), WIDTH_OF_SPARSE) + made

    def _score(self, X, y, sample_weight):
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        return self.scorer_(self, self._checked(X), y, **weights)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.target_tags.required = True
        # A time budget ends a search where the machine has got to.
        tags.non_deterministic = self.time_budget is not None
        return tags
