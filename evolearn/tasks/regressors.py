"""Estimators around fitted regressors; see `evolearn.tasks.predictions`."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin

from evolearn.tasks.ensembles import ColumnEnsemble, MemberEnsemble
from evolearn.tasks.predictions import Floats, PredictedModel


class PredictedRegressor(RegressorMixin, PredictedModel):
    """A fitted regressor whose predictions on one table are computed once.

    Predictions below `lower` are raised to it.
    """

    def __init__(self, model: Any, X: Any, lower: float = -np.inf) -> None:
        super().__init__(model, X)
        self.lower = lower

    def predict(self, X: Any) -> Floats:
        """Return the model's predictions."""
        return at_least(super().predict(X), self.lower)

    def out_of_fold(self) -> Floats:
        """Return a copy of the predictions: a scorer may change those that it gets."""
        predictions = np.array(self._call("predict", self.X), dtype=np.float64).ravel()
        return at_least(predictions, self.lower)


def at_least(predictions: Any, lower: float) -> Any:
    """Return predictions with those below a bound raised to it; the same array without one."""
    return predictions if lower == -np.inf else np.maximum(predictions, lower)


class StoredRegressor(RegressorMixin, BaseEstimator):
    """Predictions as a regressor that a scorer can call."""

    def __init__(self, values: Floats) -> None:
        self.values = values

    def predict(self, X: Any) -> Floats:
        """Return the stored values."""
        return self.values


class EnsembleRegressor(RegressorMixin, MemberEnsemble):
    """The pooled predictions of regressors."""

    def predict(self, X: Any) -> Floats:
        """Return predictions of shape (n_samples,)."""
        return self._pooled(X)


class ColumnEnsembleRegressor(RegressorMixin, ColumnEnsemble):
    """The ensemble of the members whose predictions became columns."""

    def predict(self, X: Any) -> Floats:
        """Return predictions of shape (n_samples,)."""
        return self._mean_column(X).ravel()
