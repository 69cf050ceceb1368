"""Ensembles of models as estimators of scikit-learn: they predict, and can be fitted again.

The ensemble that a search returns is made of fitted models. ``fit`` learns the preparation, the
members and their weights again on other rows; a `sklearn.base.clone` has to be fitted first.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from evolearn.data import as_table, names_checked, take_rows, warn_of_names
from evolearn.quick_prediction import quick
from evolearn.recorded_warnings import recorded_warnings
from evolearn.tasks.pooling import SHARPNESS_BOUNDS
from evolearn.tasks.predictions import Floats, Indices, Members
from evolearn.tasks.registry import TASKS
from evolearn.tasks.sample_weights import fit_weights
from evolearn.versioned import VersionedPickle

# Folds of the predictions by which weights are learned, and their seed: a fit repeats itself.
N_FOLDS, SEED = 5, 0
# Steps of the greedy selection of weights, as in a search.
N_STEPS = 25


class RefittableEnsemble(VersionedPickle, BaseEstimator):
    """Base of ensembles whose parameters may be fitted models, such as a search returns.

    A parameter that ``fit`` learned again is in the attribute of its name with an underscore.
    """

    def _now(self, name: str) -> Any:
        """Return a parameter as ``fit`` learned it, else as it was given."""
        return getattr(self, f"{name}_", getattr(self, name))

    def __getstate__(self) -> dict[str, Any]:
        # Tasks of evolearn's own by their names: each type in a saved model is one that its
        # reader must trust.
        state = super().__getstate__()
        for name in {"task", "task_"} & set(state):
            state[name] = plain_task(state[name])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        for name in {"task", "task_"} & set(state):
            state[name] = task_of_plain(state[name])
        super().__setstate__(state)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        return tags


class PreparedMembers(RefittableEnsemble):
    """Base of ensembles with the parameters ``step``, which may be None, and ``members``."""

    @property
    def n_features_in_(self) -> int:
        """Number of columns of the table."""
        return int(self._first_step().n_features_in_)

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the columns, if all of them are strings."""
        return np.asarray(self._first_step().feature_names_in_)

    def _first_step(self) -> Any:
        step = self._now("step")
        return self._now("members")[0][0] if step is None else step

    def __sklearn_is_fitted__(self) -> bool:
        return is_fitted(self._now("members")[0][0])


class MemberEnsemble(PreparedMembers):
    """Models that share one prepared table, pooled as the task does.

    Parameters
    ----------
    step : transformer or None
        Makes the numeric matrix of a table; None if the table is one already.
    members : list of (estimator, bool)
        Models, each with whether it takes the table as it came instead of the matrix.
    weights : list of float
        The weights of the members; they sum to 1.
    task : Task
        On the target that the members were fitted on.
    sharpness : float
        See `evolearn.tasks.pooling`.

    Attributes
    ----------
    estimators_ : list of estimator
        The fitted members.
    n_features_in_ : int
        Number of columns of the table.
    feature_names_in_ : ndarray of str
        Names of the columns, if all of them are strings.
    """

    def __init__(
        self,
        step: Any,
        members: Members,
        weights: list[float],
        task: Any,
        sharpness: float = 1.0,
    ) -> None:
        self.step = step
        self.members = members
        self.weights = weights
        self.task = task
        self.sharpness = sharpness

    @property
    def estimators_(self) -> list[Any]:
        """The fitted members."""
        check_is_fitted(self)
        return [model for model, _ in self._now("members")]

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the preparation, the members and their weights.

        The weights are selected by the task's default metric on out-of-fold predictions.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The training rows.
        y : array-like of shape (n_samples,)
            Their target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        self : MemberEnsemble
            The fitted ensemble.
        """
        X = as_table(X)
        values, task = self.task.on_target(y)
        weights = as_weights(sample_weight)
        # Warnings of members are as many as there are folds, and were known to the search.
        with config_context(transform_output="default"), names_checked(), recorded_warnings():
            step, matrix = None if self.step is None else clone(self.step), X
            if step is not None:
                given = {} if weights is None else {"sample_weight": weights}
                takes = has_fit_parameter(step, "sample_weight")
                matrix = step.fit_transform(X, values, **(given if takes else {}))
            tables = (matrix, X)
            shares, sharpness = [1.0], self.sharpness
            if len(self.members) > 1:
                rows, predictions = out_of_fold(self.members, tables, values, weights, task)
                of_rows = None if weights is None else weights[rows]
                shares, sharpness = greedy_weights(predictions, values[rows], of_rows, task)
            chosen = [
                member for member, share in zip(self.members, shares, strict=True) if share > 0
            ]
            self.members_ = [
                (fitted_clone(model, tables[whole], values, weights), whole)
                for model, whole in chosen
            ]
        self.weights_ = [share for share in shares if share > 0]
        self.step_, self.task_, self.sharpness_ = step, task, sharpness
        return self

    def _pooled(self, X: Any) -> Floats:
        """Return the pooled predictions, or those of a single member as they are."""
        task = self._now("task")
        parts = list(self._predictions(X, task.predictions_of))
        if len(parts) == 1:
            return parts[0]
        weighted = zip(self._now("weights"), parts, strict=True)
        return np.asarray(task.pool(weighted, self._now("sharpness")))

    def _single_has(self, method: str) -> bool:
        """Whether there is one member only, and it has a method."""
        members = self._now("members")
        return len(members) == 1 and hasattr(members[0][0], method)

    def _of_single(self, X: Any, method: str) -> NDArray[Any]:
        """Return the predictions of the single member by one of its methods."""
        (predictions,) = self._predictions(X, lambda model, X: getattr(model, method)(X))
        return np.asarray(predictions)

    def _predictions(self, X: Any, predict: Callable[[Any, Any], Any]) -> Iterator[Any]:
        """Yield the predictions of each member; the matrix is made if a member needs it."""
        check_is_fitted(self)
        step, matrix = self._now("step"), None
        if step is not None:
            # Once, in the name of this estimator.
            warn_of_names(X, getattr(self, "feature_names_in_", None), type(self).__name__)
        for model, whole in self._now("members"):
            with names_checked(), config_context(transform_output="default"):
                if not whole and matrix is None:
                    matrix = X if step is None else step.transform(X)
                predictions = predict(model, X) if whole else predict(quick(model), matrix)
            yield predictions


class ColumnEnsemble(RefittableEnsemble):
    """The same ensemble, from the columns that the members' predictions became.

    `position` is that of the first column in the matrix; see `MemberEnsemble` for the others.
    """

    def __init__(
        self, weights: list[float], position: int, task: Any, sharpness: float = 1.0
    ) -> None:
        self.weights = weights
        self.position = position
        self.task = task
        self.sharpness = sharpness

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Select the weights on columns of out-of-fold predictions.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_columns)
            The matrix with the columns of the members.
        y : array-like of shape (n_samples,)
            The target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        self : ColumnEnsemble
            The fitted ensemble.
        """
        values, self.task_ = self.task.on_target(y)
        columns = self._columns(X)
        parts = [self.task_.of_columns(columns[:, i]) for i in range(columns.shape[1])]
        self.weights_, self.sharpness_ = greedy_weights(
            parts, values, as_weights(sample_weight), self.task_
        )
        return self

    def _columns(self, X: Any) -> Floats:
        """Return the columns of the members, of shape (n_samples, n_members, n_outputs)."""
        n_members, width = len(self.weights), self._now("task").n_outputs
        end = self.position + width * n_members
        return np.asarray(X[:, self.position : end]).reshape(X.shape[0], n_members, width)

    def _mean_column(self, X: Any) -> Floats:
        """Return the weighted mean of the members' columns, of shape (n_samples, n_outputs)."""
        columns = self._columns(X)
        return np.asarray(np.tensordot(columns, self._now("weights"), axes=(1, 0)))


def plain_task(task: Any) -> Any:
    """Return a task of evolearn's own as its name and its facts, another one as it is."""
    if type(task).__module__.startswith("evolearn."):
        return [task.name, dict(vars(task))]
    return task


def task_of_plain(task: Any) -> Any:
    """Return the task that `plain_task` has made plain."""
    if isinstance(task, list):
        name, facts = task
        return TASKS[name](**facts)
    return task


def is_fitted(model: Any) -> bool:
    """Whether a model was fitted; True if that cannot be known."""
    try:
        check_is_fitted(model)
    except NotFittedError:
        return False
    except (AttributeError, TypeError):  # a user's class with a part of the interface
        return True
    return True


def fitted_clone(model: Any, X: Any, y: NDArray[Any], weights: Floats | None) -> Any:
    """Return a new model with the same parameters, fitted."""
    unfitted = clone(model)
    return unfitted.fit(X, y, **fit_weights(unfitted, weights))


def out_of_fold(
    members: Members,
    tables: tuple[Any, Any],
    y: NDArray[Any],
    weights: Floats | None,
    task: Any,
) -> tuple[Indices, list[Floats]]:
    """Return the scored rows, and the predictions of each member for them.

    `tables` are the matrix and the table as it came, of which a member takes one.
    """
    counted = np.ones(len(y), dtype=bool) if weights is None else weights > 0
    tests = task.split(y, counted, N_FOLDS, SEED)
    parts: list[list[Floats]] = [[] for _ in members]
    for test in tests:
        train = np.setdiff1d(np.flatnonzero(task.training_mask(counted, y)), test)
        of_train = None if weights is None else weights[train]
        for (model, whole), part in zip(members, parts, strict=True):
            table = tables[whole]
            fitted = fitted_clone(model, take_rows(table, train), y[train], of_train)
            part.append(task.predictions_of(fitted, take_rows(table, test)))
    return np.concatenate(tests), [np.concatenate(part) for part in parts]


def greedy_weights(
    predictions: Sequence[Floats], y: NDArray[Any], weights: Floats | None, task: Any
) -> tuple[list[float], float]:
    """Return the weights of members, selected greedily with replacement, and the sharpness."""
    encoded, objective = task.encoded(y), task.objective(None)
    offers, factors = zip(*(task.offer(p, encoded, weights) for p in predictions), strict=True)

    def error(blend: Floats) -> float:
        score = task.score_predictions(task.blended(blend), encoded, objective, weights)
        return float(objective.error(score))

    total, counts = np.zeros_like(offers[0]), np.zeros(len(offers))
    for step in range(1, N_STEPS + 1):
        best = int(np.argmin([error((total + offer) / step) for offer in offers]))
        counts[best] += 1
        total = total + offers[best]
    powers = counts * factors / N_STEPS
    sharpness = powers.sum() * task.sharpness(total / N_STEPS, encoded, weights)
    return (powers / powers.sum()).tolist(), float(np.clip(sharpness, *SHARPNESS_BOUNDS))


def as_weights(sample_weight: Any) -> Floats | None:
    """Return sample weights as an array, None if there are none."""
    return None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
