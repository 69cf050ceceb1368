"""Models that learn from the predictions of other models, in exported code."""

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    TransformerMixin,
    clone,
)
from sklearn.model_selection import KFold, StratifiedKFold

from evolearn.tasks.pooling import logarithms, pooled

# Folds of the predictions that other models learn from, and the seed of their shuffling.
N_FOLDS, SEED = 5, 0


class MemberColumns(TransformerMixin, BaseEstimator):
    """Insert columns at a position: the predictions of several models.

    Training rows get out-of-fold predictions, for those of models that have seen a row are too
    good to learn from.
    """

    def __init__(self, models, position) -> None:
        self.models = models
        self.position = position

    def fit(self, X, y):
        """Fit all models on all rows."""
        self.models_ = [clone(model).fit(X, y) for model in self.models]
        return self

    def fit_transform(self, X, y):
        """Fit, and return the training rows with out-of-fold predictions."""
        columns = self.fit(X, y)._columns(self.models_, X)
        for test in test_rows(y, hasattr(self.models_[0], "predict_proba")):
            train = np.setdiff1d(np.arange(len(y)), test)
            models = [clone(model).fit(X[train], y[train]) for model in self.models]
            columns[test] = self._columns(models, X[test])
        return self._with_columns(X, columns)

    def transform(self, X):
        """Return rows with the predictions of the models."""
        return self._with_columns(X, self._columns(self.models_, X))

    def _columns(self, models, X):
        return np.hstack([columns_of(model, X) for model in models])

    def _with_columns(self, X, columns):
        return np.hstack([X[:, : self.position], columns, X[:, self.position :]])


def test_rows(y, of_classes):
    """Return the held-out rows of each fold; classes with fewer rows than folds are in none."""
    if not of_classes:
        folds = KFold(min(N_FOLDS, len(y)), shuffle=True, random_state=SEED).split(y)
        return [test for _, test in folds]
    _, codes, counts = np.unique(y, return_inverse=True, return_counts=True)
    n_folds = int(np.clip(np.sort(counts)[-2], 2, N_FOLDS))
    rows = np.flatnonzero(counts[codes] >= n_folds)
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=SEED)
    return [rows[test] for _, test in folds.split(rows, codes[rows])]


def columns_of(model, X):
    """Return the predictions of a model as columns, probabilities as their log odds."""
    if not hasattr(model, "predict_proba"):
        return np.reshape(model.predict(X), (-1, 1))
    logs = logarithms(model.predict_proba(X))
    if logs.shape[1] == 2:
        return logs[:, 1:] - logs[:, :1]
    return logs - logs.mean(axis=1, keepdims=True)


class BlendRegressor(RegressorMixin, BaseEstimator):
    """Weighted mean of the columns of `MemberColumns`."""

    def __init__(self, weights, position) -> None:
        self.weights = weights
        self.position = position

    def fit(self, X, y):
        """Learn nothing."""
        return self

    def predict(self, X):
        """Return predictions of shape (n_samples,)."""
        return X[:, self.position : self.position + len(self.weights)] @ self.weights


class BlendClassifier(ClassifierMixin, BaseEstimator):
    """Probabilities of the weighted mean of the columns of `MemberColumns`."""

    def __init__(self, weights, position, sharpness=1.0) -> None:
        self.weights = weights
        self.position = position
        self.sharpness = sharpness

    def fit(self, X, y):
        """Learn the classes."""
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        """Return probabilities of shape (n_samples, n_classes)."""
        width = len(self.classes_) if len(self.classes_) > 2 else 1
        columns = X[:, self.position : self.position + width * len(self.weights)]
        shape = (len(X), len(self.weights), width)
        mean = np.tensordot(columns.reshape(shape), self.weights, axes=(1, 0))
        if width == 1:
            mean = np.hstack([np.zeros_like(mean), mean])
        return pooled(self.sharpness * mean)
