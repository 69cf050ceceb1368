"""Ensembles of models, in exported code."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone

from evolearn.tasks.pooling import logarithms, pooled


class AveragedRegressor(RegressorMixin, BaseEstimator):
    """Weighted mean of the predictions of several models."""

    def __init__(self, models, weights) -> None:
        self.models = models
        self.weights = weights

    def fit(self, X, y):
        """Fit all models on the same rows."""
        self.models_ = [clone(model).fit(X, y) for model in self.models]
        return self

    def predict(self, X):
        """Return predictions of shape (n_samples,)."""
        predictions = [np.ravel(model.predict(X)) for model in self.models_]
        return np.average(predictions, axis=0, weights=self.weights)


class PooledClassifier(ClassifierMixin, BaseEstimator):
    """Weighted mean of the logarithms of several models' probabilities.

    The `sharpness` corrects probabilities that are too near to each other, or too far apart.
    """

    def __init__(self, models, weights, sharpness=1.0) -> None:
        self.models = models
        self.weights = weights
        self.sharpness = sharpness

    def fit(self, X, y):
        """Fit all models on the same rows."""
        self.classes_ = np.unique(y)
        self.models_ = [clone(model).fit(X, y) for model in self.models]
        return self

    def predict_proba(self, X):
        """Return probabilities of shape (n_samples, n_classes)."""
        logs = [logarithms(model.predict_proba(X)) for model in self.models_]
        weighted = [weight * one for weight, one in zip(self.weights, logs, strict=True)]
        return pooled(self.sharpness * np.sum(weighted, axis=0))

    def predict(self, X):
        """Return the most probable classes."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]
