"""The task protocol: everything that differs between one kind of target and another.

A task class answers for all targets of its kind: its default metric, the estimators it takes.
An instance is the task on one target: `Task.from_target` checks the target of a ``fit`` and
keeps the few facts that later steps need, such as the sorted classes, but no rows. The instance
is sent to workers and is part of fitted ensembles.

    table, target -> Task.from_target -> folds -> score(model) -> offer, blended -> pool
                                                               -> columns (stacking)

A new task is one class in one file: a subclass of `NumberTask` (predictions are numbers) or
`ProbabilityTask` (predictions are class probabilities), with a `name`, under `register_task`.
An estimator class names its task with ``_task``. `evolearn.testing.tasks` has the tests that
every task must pass.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from evolearn.results.error_summaries import ClassificationSummary, ResidualSummary
from evolearn.tasks.ensembles import ColumnEnsemble, MemberEnsemble
from evolearn.tasks.predictions import Floats, HeldOut, Indices, Members
from evolearn.tasks.registry import TASKS
from evolearn.tasks.scoring import Objective, make_objective


@dataclass(frozen=True)
class TargetFacts:
    """The facts about a target that decide which pipelines can be built.

    Attributes
    ----------
    n_classes : int
        Number of classes; 0 if the target is a number.
    smallest_class : int
        Rows of the rarest class; 0 if the target is a number.
    zero_one : bool
        Whether the classes are the integers 0 and 1.
    positive_target : bool
        Whether all values are above -1, so that their ``log1p`` exists.
    counts : bool
        Whether the values are whole numbers from 0 on, more than two of them.
    fine_target : bool
        Whether the values vary so little that single precision would hardly see it.
    """

    n_classes: int = 0
    smallest_class: int = 0
    zero_one: bool = False
    positive_target: bool = False
    counts: bool = False
    fine_target: bool = False


@dataclass(frozen=True, eq=False)
class Task(ABC):
    """A kind of target; an instance is the task on the target of one ``fit``.

    Attributes
    ----------
    name : str
        By which estimators name the task.
    models : str
        The name of the built-in task whose model families, portfolio and target transforms are
        searched: ``"classification"`` or ``"regression"``. `Problem.task` has this name, so
        that pipelines are built as for the built-in task.
    default_scoring : str or callable
        The scorer of candidates if the user names none, as in the ``scoring`` of estimators.
    stratified : bool
        Whether splits keep the shares of classes, in cross-validation and in target encoders.
    encoder_target_type : str
        The ``target_type`` of scikit-learn's `TargetEncoder`.
    nodes_per_row : float
        Number of nodes of a fully grown tree per training row.
    responses : tuple of str
        The prediction methods that models of the task may have.
    error_name : str
        The error of a single row in words, such as ``"absolute error"``.
    ensemble_type, column_ensemble_type : type
        The estimators that `ensemble` and `column_ensemble` return.
    """

    name: ClassVar[str]
    models: ClassVar[str]
    default_scoring: ClassVar[Any]
    stratified: ClassVar[bool]
    encoder_target_type: ClassVar[str]
    nodes_per_row: ClassVar[float]
    responses: ClassVar[tuple[str, ...]]
    error_name: ClassVar[str]
    ensemble_type: ClassVar[type[MemberEnsemble]]
    column_ensemble_type: ClassVar[type[ColumnEnsemble]]

    # -- the kind of target ------------------------------------------------------------------

    @classmethod
    @abstractmethod
    def from_target(cls, y: Any) -> tuple[NDArray[Any], Self]:
        """Check a target, and return its values as estimators take them, and the task on it.

        Raises
        ------
        ValueError
            If nothing can be learned from this target; the message says what to do.
        """

    @staticmethod
    @abstractmethod
    def accepts(estimator: Any) -> bool:
        """Whether an estimator, fitted or not, can learn this kind of target."""

    @staticmethod
    @abstractmethod
    def can_stop_early(n_rows: int, n_classes: int, smallest_class: int) -> bool:
        """Whether scikit-learn can hold out a tenth of the training rows to stop early.

        Parameters
        ----------
        n_rows : int
            Rows of the table that are in some training part, about twice as many as the least
            that a fold trains on.
        n_classes, smallest_class : int
        """

    # -- the target of one fit ---------------------------------------------------------------

    def objective(self, scoring: Any) -> Objective:
        """Return the objective of a ``scoring``: None, a name, or a scorer.

        Raises
        ------
        ValueError
            If the name is unknown, or the scorer does not suit the target.
        """
        # Of the class: as an attribute of the instance, a function would be a method.
        return make_objective(type(self).default_scoring if scoring is None else scoring)

    def for_scorers(self, objectives: Iterable[Objective], values: NDArray[Any]) -> Self:
        """Return the task with the demands of scorers on predictions, such as positive ones.

        Parameters
        ----------
        objectives : iterable of Objective
        values : ndarray of shape (n_samples,)
            The target.
        """
        return self

    @property
    def bounds_predictions(self) -> bool:
        """Whether predictions of models are changed so that scorers take them."""
        return False

    def on_target(self, y: Any) -> tuple[NDArray[Any], Self]:
        """Return `from_target` of another target, with the demands of this task's scorers."""
        return type(self).from_target(y)

    @abstractmethod
    def facts(self, values: NDArray[Any], weights: Floats | None) -> TargetFacts:
        """Return the facts about the target that decide which pipelines can be built."""

    def fitted_attributes(self) -> Mapping[str, Any]:
        """Return the fitted attributes that estimators of this task have, by name."""
        return {}

    @abstractmethod
    def baseline(self) -> BaseEstimator:
        """Return an unfitted estimator that predicts from the target alone."""

    @classmethod
    @abstractmethod
    def stacking_model(cls) -> BaseEstimator:
        """Return an unfitted linear model of the members' standardised predictions."""

    @abstractmethod
    def screening_targets(self, values: NDArray[Any]) -> Floats:
        """Return the columns that new features are expected to explain.

        Parameters
        ----------
        values : ndarray of shape (n_samples,)

        Returns
        -------
        ndarray of shape (n_samples, n_targets)
        """

    def perfect_predictions(self, values: NDArray[Any]) -> Floats:
        """Return the predictions of a model that knows the target."""
        return values

    # -- rows; the defaults here and below are those of a target without classes -------------

    def strata(self, values: NDArray[Any]) -> Indices:
        """Return the stratum of each row, from 0 on: samples take their share of each."""
        return np.zeros(len(values), dtype=np.intp)

    @abstractmethod
    def split(
        self, values: NDArray[Any], counted: NDArray[np.bool_], n_folds: int, seed: int
    ) -> list[Indices]:
        """Return the scored rows of each fold; with one fold a held-out fifth.

        All other rows train.

        Parameters
        ----------
        values : ndarray of shape (n_samples,)
        counted : ndarray of bool of shape (n_samples,)
            Whether a row may be scored.
        n_folds : int
            The number that is wanted; few rows may have fewer.
        seed : int

        Raises
        ------
        ValueError
            If there are too few rows.
        """

    @abstractmethod
    def split_groups(
        self, values: NDArray[Any], groups: NDArray[Any], n_folds: int, seed: int
    ) -> list[tuple[Indices, Indices]]:
        """Return training and test rows of folds that keep groups together."""

    def scorable(self, train: Indices, test: Indices, values: NDArray[Any]) -> Indices:
        """Return those of the test rows whose target can be learned from the training rows."""
        return test

    def training_mask(
        self, counted: NDArray[np.bool_], values: NDArray[Any]
    ) -> NDArray[np.bool_]:
        """Return the mask of rows to train on, with those without which a class is lost."""
        return counted

    def covers(self, values: NDArray[Any]) -> bool:
        """Whether these rows have examples of everything that can be predicted."""
        return True

    def smallest_class(self, values: NDArray[Any]) -> int:
        """Return the number of rows of the rarest class among these; 0 without classes."""
        return 0

    # -- predictions of one model ------------------------------------------------------------

    @property
    def width(self) -> int:
        """Number of predicted values per row."""
        return 1

    @property
    def n_outputs(self) -> int:
        """Number of functions to learn, and of columns that stacked predictions become."""
        return 1

    @abstractmethod
    def can_predict(self, model: Any) -> bool:
        """Whether `predictions_of` works with a fitted model."""

    @abstractmethod
    def predictions_of(self, model: Any, X: Any) -> Floats:
        """Return the predictions of a fitted model in the shape that is pooled and stacked.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, width)
        """

    @abstractmethod
    def score(
        self, model: Any, rows: HeldOut, objective: Objective
    ) -> tuple[float, Floats | None]:
        """Return the score of a fitted model on held-out rows, and its predictions.

        The predictions are None if the model has none of the shape of `predictions_of`.

        Raises
        ------
        ValueError
            If a prediction or the score is not a finite number.
        """

    def unknown(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the values that the task cannot encode."""
        return values[:0]

    def encoded(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the target as metrics on arrays take it."""
        return values

    @abstractmethod
    def score_predictions(
        self,
        predictions: Floats,
        encoded: NDArray[Any],
        objective: Objective,
        weights: Floats | None,
    ) -> float:
        """Return the score of predictions, as `score` would do of a model that makes them."""

    # -- out-of-fold errors ------------------------------------------------------------------

    @abstractmethod
    def row_errors(self, predictions: Floats, encoded: NDArray[Any]) -> Floats:
        """Return the error of each row, of which `error_name` is the name."""

    @abstractmethod
    def summary_of_errors(
        self, predictions: Floats, encoded: NDArray[Any]
    ) -> ResidualSummary | ClassificationSummary:
        """Return the summary of predictions and targets, without rows."""

    def calibration(
        self,
        matrix: Any,
        predictions: Floats,
        encoded: NDArray[Any],
        weights: Floats | None,
        growth: float,
        seconds: float,
        seed: int,
    ) -> Any:
        """Return the calibration of new predictions by those of out-of-fold rows.

        Parameters
        ----------
        matrix : ndarray of shape (n_scored, n_columns) or None
            The numeric matrix of the scored rows; None if the table is sparse.
        predictions, encoded, weights
            As in `score_predictions`.
        growth : float
            Logarithm of the ratio of the final models' training rows to those of the folds.
        seconds : float
            The time that may be spent.
        seed : int

        Returns
        -------
        object or None
            None if the task has no such thing.
        """
        return None

    def outcomes(self, predictions: Floats) -> tuple[list[str], Floats]:
        """Return the names of the predicted quantities, and a column of each one."""
        return ["prediction"], predictions.reshape(len(predictions), -1)

    # -- predictions of several models -------------------------------------------------------

    def offer(
        self, predictions: Floats, encoded: NDArray[Any], weights: Floats | None
    ) -> tuple[Floats, float]:
        """Return the array that a model adds to a blend, and the factor that was applied.

        A blend is the mean of offers.
        """
        return predictions, 1.0

    def sharpness(self, blend: Floats, encoded: NDArray[Any], weights: Floats | None) -> float:
        """Return the factor by which a blend fits the target best."""
        return 1.0

    def blended(self, blend: Floats) -> Floats:
        """Return the predictions of a blend."""
        return blend

    @abstractmethod
    def pool(self, parts: Iterable[tuple[float, Floats]], sharpness: float) -> Floats:
        """Pool the weighted predictions of several models.

        Parameters
        ----------
        parts : iterable of (float, ndarray)
            Weight and predictions of each model.
        sharpness : float
            The factor of the blend.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, width)
        """

    @abstractmethod
    def columns(self, predictions: Floats) -> Floats:
        """Return the columns that a model's predictions become in a stacking layer.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
        """

    @abstractmethod
    def of_columns(self, columns: Floats) -> Floats:
        """Return the predictions that became these columns, as `columns` made them.

        Parameters
        ----------
        columns : ndarray of shape (n_samples, n_outputs)
        """

    def ensemble(
        self, step: Any, members: Members, weights: list[float], sharpness: float
    ) -> BaseEstimator:
        """Return the estimator that pools the predictions of fitted members.

        Parameters
        ----------
        step : fitted transformer or None
            Makes the numeric matrix of a table; None if the table is one already.
        members : list of (estimator, bool)
            Fitted models, each with whether it takes the table as it came.
        weights : list of float
            Of the members; they sum to 1.
        sharpness : float
            The factor of the blend.
        """
        return self.ensemble_type(step, members, weights, self, sharpness)

    def column_ensemble(
        self, weights: list[float], position: int, sharpness: float
    ) -> BaseEstimator:
        """Return the same ensemble as an estimator that reads the members' `columns`.

        Parameters
        ----------
        weights : list of float
        position : int
            Of the first column in the matrix.
        sharpness : float
        """
        return self.column_ensemble_type(weights, position, self, sharpness)


TaskClass = TypeVar("TaskClass", bound=type[Task])


def register_task(task: TaskClass) -> TaskClass:
    """Make a task known under its name, which no other task may have; a class decorator.

    Raises
    ------
    TypeError
        If it is no subclass of ``Task``, or lacks a part of one.
    ValueError
        If another task has its name.
    """
    if not (isinstance(task, type) and issubclass(task, Task)):
        raise TypeError(f"register_task takes a subclass of Task, not {task!r}.")
    known = TASKS.get(getattr(task, "name", ""), task)
    if (known.__module__, known.__qualname__) != (task.__module__, task.__qualname__):
        msg = f"The task name {task.name!r} is taken by {known.__qualname__}; choose another."
        raise ValueError(msg)
    missing = [name for name in Task.__annotations__ if not hasattr(task, name)]
    missing += sorted(task.__abstractmethods__)
    if missing:
        raise TypeError(f"Task {task.__name__} does not define {', '.join(missing)}.")
    TASKS[task.name] = task
    return task


def get_task(name: str) -> type[Task]:
    """Return a task by its name; raise ValueError if no task has it."""
    if name not in TASKS:
        msg = f"There is no task {name!r}; register it with evolearn.tasks.register_task."
        raise ValueError(msg)
    return TASKS[name]


def task_names() -> list[str]:
    """Return the names of all tasks, in the order in which they were registered."""
    return list(TASKS)
