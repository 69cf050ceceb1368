"""Base class of the estimators: parameters, validation, and delegation to the fitted model."""

import numbers
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, ClassVar, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn import config_context
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from evolearn._compat import (
    CallbackSupportMixin,
    Interval,
    StrOptions,
    has_progress_bar,
    validate_parameter_constraints,
    with_callbacks,
)
from evolearn.data import (
    ColumnPreparer,
    align_labels,
    align_table,
    as_table,
    check_table,
    column_labels,
    feature_names,
    has_mixed_labels,
    n_rows,
    names_checked,
    take_rows,
    with_names,
)
from evolearn.estimators.choice import ChoiceMixin
from evolearn.estimators.explanations import ExplanationMixin
from evolearn.estimators.export import ExportMixin
from evolearn.estimators.refit import RefitMethod
from evolearn.estimators.table_checks import TableCheckMixin
from evolearn.execution.process_settings import one_openmp_thread
from evolearn.export.parts import NotSaved
from evolearn.fit.callbacks import callback_observer
from evolearn.fit.run import fit
from evolearn.fit.settings import Settings
from evolearn.messages import plain
from evolearn.pipeline.search_space import SearchSpace
from evolearn.policy import DEFAULT_POLICY, Policy
from evolearn.profiles import TableProfile
from evolearn.quick_prediction import quick
from evolearn.results import History, Leaderboard, ParetoFront
from evolearn.results.estimate import Estimate
from evolearn.results.tables import cv_results_of_plain, plain_cv_results
from evolearn.tasks.ensembles import task_of_plain
from evolearn.tasks.scoring import make_objective
from evolearn.user_warnings import collected_warnings
from evolearn.versioned import VersionedPickle

Scorer: TypeAlias = Callable[..., Any]
Scoring: TypeAlias = str | Scorer | Sequence[str] | Mapping[str, str | Scorer] | None

# Attributes that belong to the search and are not needed to predict.
OF_THE_SEARCH = frozenset(
    {
        "search_space_",
        "scorer_",
        "insights_",
        "_fitted_task",
        "_candidate_fitter",
        "_kept_models",
        "_uncertainty",
    }
)
# Attributes that other libraries save as built-in types.
RESULTS: dict[str, Any] = {
    "estimate_": Estimate,
    "leaderboard_": Leaderboard,
    "history_": History,
    "pareto_front_": ParetoFront,
    "table_profile_": TableProfile,
}
# Maximum number of rows, and of numbers, that are predicted at once: the copies and kernel
# features that a pipeline makes of them take many times their memory.
ROWS_AT_ONCE = 20_000
NUMBERS_AT_ONCE = 4_000_000
# Fewer rows are predicted in one thread: it takes longer to start others, once for each tree.
FEW_ROWS = 500
# Number of values that a pipeline makes of a sparse row, unless the row holds more: the largest
# number of components of a decomposition.
WIDTH_OF_SPARSE = 200


def model_has(method: str) -> Callable[[Any], bool]:
    """Return a check whether the fitted model has a prediction method; True before fit."""

    def check(self: Any) -> bool:
        return not hasattr(self, "estimator_") or hasattr(self.estimator_, method)

    return check


def single_has(method: str) -> Callable[[Any], bool]:
    """Return a check whether there is a fitted model that has a prediction method."""

    def check(self: Any) -> bool:
        return hasattr(self, "estimator_") and hasattr(self.estimator_, method)

    return check


class BaseEvolutionary(
    ExplanationMixin,
    ChoiceMixin,
    ExportMixin,
    TableCheckMixin,
    VersionedPickle,
    CallbackSupportMixin,
    BaseEstimator,
):
    """Parameters, validation and predictions of the estimators; subclasses name a task."""

    _task: str
    refit = RefitMethod()
    # Subclasses in benchmarks and tests set another policy.
    _policy: ClassVar[Policy] = DEFAULT_POLICY

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
        "search_space": "no_validation",  # checked by make_space
        "scoring": [str, callable, list, tuple, dict, None],
        "refit": [str, None],
        "cv": ["cv_object"],
        "final_model": [StrOptions({"ensemble", "single"})],
        "ensemble_size": [Interval(numbers.Integral, 1, None, closed="left")],
        "max_predict_latency": [Interval(numbers.Real, 0, None, closed="neither"), None],
        "evaluation_timeout": [Interval(numbers.Real, 0, None, closed="neither"), None],
        "memory_limit": [Interval(numbers.Integral, 1, None, closed="left"), None],
        "journal": [str, os.PathLike, None],
        "replay": ["boolean"],
        "n_jobs": [numbers.Integral, None],
        "executor": "no_validation",  # checked by open_pool
        "on_sigterm": [StrOptions({"best"}), None],
        "random_state": ["random_state"],
        "verbose": ["verbose", StrOptions({"auto"})],
    }

    def __init__(
        self,
        *,
        time_budget: float | None = 60.0,
        n_generations: int | None = None,
        n_evaluations: int | None = None,
        target_fitness: float | None = None,
        n_iter_no_change: int | Literal["auto"] | None = "auto",
        tol: float = 1e-3,
        population_size: int = 16,
        kinds: dict[Any, str] | None = None,
        search_space: SearchSpace | Sequence[Any] | str | None = None,
        scoring: Scoring = None,
        refit: str | None = None,
        cv: Any = None,
        final_model: Literal["ensemble", "single"] = "ensemble",
        ensemble_size: int = 25,
        max_predict_latency: float | None = None,
        evaluation_timeout: float | None = None,
        memory_limit: int | None = None,
        journal: str | os.PathLike[str] | None = None,
        replay: bool = False,
        n_jobs: int | None = None,
        executor: str | Callable[[], Any] | None = None,
        on_sigterm: Literal["best"] | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int | bool | Literal["auto"] = "auto",
    ) -> None:
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
        self.refit = refit
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
        self.on_sigterm = on_sigterm
        self.random_state = random_state
        self.verbose = verbose

    def _validate_params(self) -> None:
        """Check the parameters; messages show scalars of NumPy as Python's own."""
        validate_parameter_constraints(
            self._parameter_constraints,
            {name: plain(value) for name, value in self.get_params(deep=False).items()},
            caller_name=type(self).__name__,
        )

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the constructor.

        Parameters
        ----------
        deep : bool, default=True
            Whether parameters of estimators among them are returned too.

        Returns
        -------
        dict of str to object
            The parameters by name.
        """
        params = super().get_params(deep)
        # Subclasses may have other parameters.
        return params | {"refit": self._metric_of_fitness} if "refit" in params else params

    @property
    def _metric_of_fitness(self) -> str | None:
        """The parameter `refit`, beside the method of this name."""
        name: str | None = vars(self)["refit"]
        return name

    def __getstate__(self) -> dict[str, Any]:
        """Return the state without the search space and the scorers.

        Libraries that do not pickle, such as skops, save it: to load a model, its reader must
        trust each type in it, and those of a search would be fifty. Pickles are complete;
        `save` adds the insights.
        """
        state = super().__getstate__()
        state = {
            name: value.as_dict() if name in RESULTS else value
            for name, value in state.items()
            if name not in OF_THE_SEARCH
        }
        if "cv_results_" in state:
            state["cv_results_"] = plain_cv_results(state["cv_results_"])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        results = {
            name: kind.from_dict(state[name])
            for name, kind in RESULTS.items()
            if type(state.get(name)) is dict
        }
        if "cv_results_" in state:
            results["cv_results_"] = cv_results_of_plain(state["cv_results_"])
        if "_fitted_task" in state:
            results["_fitted_task"] = task_of_plain(state["_fitted_task"])
        super().__setstate__({**state, **results})

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        make, arguments, _, *others = super().__reduce_ex__(protocol)
        return make, arguments, super().__getstate__(), *others

    @with_callbacks
    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> Self:
        with collected_warnings():
            settings = Settings.of(self)
            if settings.verbose == "auto" and has_progress_bar(self):
                settings = replace(settings, verbose=0)  # one display is enough
            callbacks = callback_observer(self, settings)
            if callbacks is not None:
                callbacks.begin(X, y, sample_weight)
            attributes = fit(settings, X, y, sample_weight, groups, observer=callbacks)
            for name in {"feature_names_in_", "feature_importances_"} - set(attributes):
                self.__dict__.pop(name, None)  # of an earlier fit
            for name, value in attributes.items():
                setattr(self, name, value)
            self._measure(X)
            if callbacks is not None:
                callbacks.end(X, y, sample_weight, attributes)
        return self

    def _checked(self, X: Any) -> Any:
        """Return a table for prediction, its columns in the order of ``fit``."""
        check_is_fitted(self)
        X = as_table(X)
        check_table(X)
        names = getattr(self, "feature_names_in_", None)
        if names is not None and feature_names(X) is not None:
            return align_table(X, names)
        X = align_labels(X, self._labels)
        # scikit-learn refuses mixed labels: then only the number of columns is checked.
        columns = np.empty((0, len(column_labels(X)))) if has_mixed_labels(X) else X
        validate_data(self, columns, reset=False, skip_check_array=True)
        # Pipelines of the user's may find columns by name, and would warn as well.
        if self._takes_frames and isinstance(X, np.ndarray):
            return with_names(X, names)
        return X

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict with the fitted model.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Columns are found by name if the table of ``fit`` had names.

        Returns
        -------
        ndarray of shape (n_samples,)
            Numbers, or class labels of the type that ``fit`` got.
        """
        return self._predicted("predict", X)

    def _predicted(self, method: str, X: Any) -> Any:
        """Return the fitted model's predictions, as arrays even if frames are configured."""
        check_is_fitted(self)
        model = self.estimator_
        steps = getattr(model, "steps", None)
        if steps and isinstance(steps[0][1], ColumnPreparer):  # else it is the user's
            model = quick(model)
        return self._by_parts(getattr(model, method), X)

    def _by_parts(self, predict: Callable[[Any], Any], X: Any) -> Any:
        """Apply a function to a table for prediction, to many rows by parts."""
        X = self._checked(X)
        total = n_rows(X)
        with (
            config_context(transform_output="default"),
            collected_warnings(),
            names_checked(),
            one_openmp_thread() if total < FEW_ROWS else nullcontext(),
        ):
            step = max(1, min(ROWS_AT_ONCE, NUMBERS_AT_ONCE // self._width(X)))
            if total <= step:
                return predict(X)
            X = X.tocsr() if issparse(X) else X  # once, not for each part
            parts = [np.arange(i, min(i + step, total)) for i in range(0, total, step)]
            return np.concatenate([predict(take_rows(X, rows)) for rows in parts])

    def _width(self, X: Any) -> int:
        """Approximate number of values of a row on its way through a pipeline."""
        if not (issparse(X) and self._fitted_sparse):
            return self._n_columns
        added = self._n_columns - self.n_features_in_  # by a stacking layer
        return max(X.nnz // max(n_rows(X), 1), WIDTH_OF_SPARSE) + added

    def _score(self, X: Any, y: Any, sample_weight: Any) -> float:
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        return float(self._scorer()(self, self._checked(X), y, **weights))

    def _scorer(self) -> Scorer:
        """Return the scorer of the fitness; a model saved without its scorers makes it anew."""
        check_is_fitted(self)
        if hasattr(self, "scorer_"):
            scorers: Any = self.scorer_
            return (
                scorers[self._metric_of_fitness or next(iter(scorers))]
                if self.multimetric_
                else scorers
            )
        scoring = self._single_scoring()
        if isinstance(scoring, NotSaved):
            raise ValueError(
                "This model was saved without its scoring, which is a function; set scoring "
                "with set_params before you call score."
            )
        objective = make_objective(scoring)
        if hasattr(self, "classes_"):
            objective = objective.with_positive_class(self.classes_)
        return objective.scorer

    def _single_scoring(self) -> Any:
        """Return the scorer that is optimised, as the user named or passed it."""
        scoring: Any = self.scoring
        if not self.multimetric_:
            return scoring
        name = self._metric_of_fitness or next(iter(scoring))
        return scoring[name] if isinstance(scoring, Mapping) else name

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.target_tags.required = True
        # Under a time budget the result depends on the speed of the machine.
        tags.non_deterministic = self.time_budget is not None
        return tags
