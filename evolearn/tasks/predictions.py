"""Estimators around fitted models, as scorers and ensembles need them; for all tasks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from evolearn.versioned import VersionedPickle

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Members = list[tuple[Any, bool]]


@dataclass(frozen=True)
class HeldOut:
    """Held-out rows of a fold, as the model takes them, with their targets and weights."""

    X: Any
    y: NDArray[Any]
    weights: Floats | None = None


class PredictedModel(BaseEstimator):
    """A fitted model that a scorer is given: predictions on one table are computed once.

    Any other table than `X`, such as some of its rows, is predicted at each call.
    """

    def __init__(self, model: Any, X: Any) -> None:
        self.model = model
        self.X = X
        self._kept: dict[str, Any] = {}

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the model's predictions."""
        return np.asarray(self._call("predict", X))

    def _call(self, method: str, X: Any) -> Any:
        if X is not self.X:
            return getattr(self.model, method)(X)
        if method not in self._kept:
            self._kept[method] = getattr(self.model, method)(self.X)
        return self._kept[method]

    def __getattr__(self, name: str) -> Any:
        # Scorers of the user may look at the model itself (coef_, predict_interval, ...).
        if name.startswith("__") or name in ("model", "X", "_kept"):
            raise AttributeError(name)
        return getattr(self.model, name)


def checked_predictions(predictions: Floats, n_rows: int) -> Floats:
    """Return predictions; raise ValueError unless each row has one that is finite."""
    if len(predictions) != n_rows:
        msg = f"The model made {len(predictions)} predictions for {n_rows} rows."
        raise ValueError(msg)
    if not np.isfinite(predictions).all():
        msg = "The model predicted values that are not finite numbers."
        raise ValueError(msg)
    return predictions


class MemberEnsemble(VersionedPickle, BaseEstimator):
    """Fitted models that share one prepared table, pooled as the task does.

    Parameters
    ----------
    step : fitted transformer or None
        Makes the numeric matrix of a table; None if the table is one already.
    members : list of (estimator, bool)
        Fitted models, each with whether it takes the table as it came instead of the matrix.
    weights : list of float
        The weights of the members; they sum to 1.
    task : Task
        On the target that the members were fitted on.
    sharpness : float
        See `evolearn.tasks.pooling`.
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

    def _pooled(self, X: Any) -> Floats:
        """Return the pooled predictions; the matrix is made if a member needs it."""
        parts, matrix = [], None
        for weight, (model, whole) in zip(self.weights, self.members, strict=True):
            if not whole and matrix is None:
                matrix = X if self.step is None else self.step.transform(X)
            parts.append((weight, self.task.predictions_of(model, X if whole else matrix)))
        return self.task.pool(parts, self.sharpness)


class ColumnEnsemble(BaseEstimator):
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
