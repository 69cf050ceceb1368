"""Estimators around fitted models, as scorers and ensembles need them; for all tasks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

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
