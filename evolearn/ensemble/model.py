"""The ensemble that serves predictions: fitted members and their weights."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from evolearn.ensemble.pooling import pool
from evolearn.evaluation.predictions import align


def answers_of(model: Any, X: Any, classes: NDArray[Any] | None) -> NDArray[np.float64]:
    """Return a fitted model's probabilities of these classes, or without any its values."""
    if classes is None:
        return np.ravel(np.asarray(model.predict(X), dtype=np.float64))
    return align(model.predict_proba(X), model.classes_, classes)


class _Ensemble(BaseEstimator):
    """Fitted models that share one prepared table, and what they count.

    Parameters
    ----------
    step : fitted transformer or None
        Makes the numeric matrix of a table; None if the table is one already.
    members : list of (estimator, bool)
        Fitted models, each with whether it takes the table as it came instead of the matrix.
    weights : list of float
        The weights of the members; they sum to 1.
    """

    def __init__(
        self, step: Any, members: list[tuple[Any, bool]], weights: list[float]
    ) -> None:
        self.step = step
        self.members = members
        self.weights = weights

    def _inputs(self, X: Any) -> Iterable[tuple[float, Any, Any]]:
        matrix = None
        for weight, (model, whole) in zip(self.weights, self.members, strict=True):
            if not whole and matrix is None:
                matrix = X if self.step is None else self.step.transform(X)
            yield weight, model, X if whole else matrix


class EnsembleRegressor(RegressorMixin, _Ensemble):
    """The weighted mean of fitted regressors."""

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return predictions of shape (n_samples,)."""
        return np.sum(
            [w * answers_of(model, data, None) for w, model, data in self._inputs(X)], axis=0
        )


class EnsembleClassifier(ClassifierMixin, _Ensemble):
    """The probabilities of fitted classifiers, pooled as `evolearn.ensemble.pooling` says.

    Parameters
    ----------
    step, members, weights
        As in `EnsembleRegressor`.
    classes : ndarray of shape (n_classes,)
        The sorted classes.
    sharpness : float
        The factor of the weighted mean of logarithms.
    """

    def __init__(
        self,
        step: Any,
        members: list[tuple[Any, bool]],
        weights: list[float],
        classes: NDArray[Any],
        sharpness: float = 1.0,
    ) -> None:
        super().__init__(step, members, weights)
        self.classes = classes
        self.sharpness = sharpness

    @property
    def classes_(self) -> NDArray[Any]:
        """The sorted classes."""
        return self.classes

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return probabilities of shape (n_samples, n_classes)."""
        parts = (
            (weight, answers_of(model, data, self.classes))
            for weight, model, data in self._inputs(X)
        )
        return pool(parts, self.sharpness)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable classes, of shape (n_samples,)."""
        return self.classes[self.predict_proba(X).argmax(axis=1)]
