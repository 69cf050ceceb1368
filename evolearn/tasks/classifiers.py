"""Estimators around fitted classifiers; see `evolearn.tasks.predictions`."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.metaestimators import available_if

from evolearn.tasks.ensembles import ColumnEnsemble, MemberEnsemble
from evolearn.tasks.predictions import Floats, PredictedModel


def _model_has(method: str) -> Callable[[Any], bool]:
    return lambda self: hasattr(self.model, method)


class PredictedClassifier(ClassifierMixin, PredictedModel):
    """A fitted classifier whose predictions on one table are computed once.

    `predict_proba` has a column for each of `classes_`. Classes that the model has not seen
    have probability 0; columns of other classes are left out, and the probabilities that remain
    are scaled to sum to 1.
    """

    def __init__(self, model: Any, X: Any, classes_: NDArray[Any]) -> None:
        super().__init__(model, X)
        self.classes_ = classes_

    @available_if(_model_has("predict_proba"))
    def predict_proba(self, X: Any) -> Floats:
        """Return the probabilities of the classes."""
        probabilities = np.asarray(self._call("predict_proba", X))
        known = classes_of(self.model, probabilities, self.classes_)
        full = align(probabilities, known, self.classes_)
        total = full.sum(axis=1, keepdims=True)
        return np.divide(
            full, total, out=np.full_like(full, 1 / full.shape[1]), where=total > 0
        )

    @available_if(_model_has("decision_function"))
    def decision_function(self, X: Any) -> Floats:
        """Return the model's decision values, one column per class.

        Of two classes they are one-dimensional, the values of the second one.
        """
        values = np.asarray(self._call("decision_function", X), dtype=np.float64)
        known = getattr(self.model, "classes_", self.classes_)
        if np.array_equal(self.classes_, known):
            return values
        if values.ndim == 1:
            values = np.column_stack([-values, values])
        # Other shapes are not one column per class (pairs of classes): as the model gives them.
        if values.shape[1] != len(known):
            return values
        lowest = values.min(initial=0.0) - 1.0
        aligned = align(values, known, self.classes_, fill=lowest)
        return aligned[:, 1] - aligned[:, 0] if len(self.classes_) == 2 else aligned

    def out_of_fold(self) -> Floats | None:
        """Return the probabilities, None if the model gives none."""
        return self.predict_proba(self.X) if hasattr(self, "predict_proba") else None


class StoredClassifier(ClassifierMixin, BaseEstimator):
    """Predictions as a classifier that a scorer can call.

    The predicted classes, `labels`, are the most probable ones by default.
    """

    def __init__(
        self, classes_: NDArray[Any], probabilities: Floats, labels: NDArray[Any] | None = None
    ) -> None:
        self.classes_ = classes_
        self.probabilities = probabilities
        self.labels = labels

    def predict_proba(self, X: Any) -> Floats:
        """Return the stored probabilities."""
        return self.probabilities

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the predicted classes."""
        if self.labels is not None:
            return self.labels
        return self.classes_[self.probabilities.argmax(axis=1)]


class _OfClasses(ClassifierMixin):
    """Prediction methods of an ensemble that follow from its probabilities."""

    @property
    def classes_(self) -> NDArray[Any]:
        """The sorted classes."""
        return self._now("task").classes

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable classes, of shape (n_samples,)."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def predict_log_proba(self, X: Any) -> Floats:
        """Return logarithms of probabilities, of shape (n_samples, n_classes)."""
        return np.log(self.predict_proba(X))

    def decision_function(self, X: Any) -> Floats:
        """Return the logarithms of the odds of two classes, of more the centred logarithms.

        They are of shape (n_samples,) or (n_samples, n_classes).
        """
        columns = self._now("task").columns(self.predict_proba(X))
        return np.asarray(columns[:, 0] if columns.shape[1] == 1 else columns)


class EnsembleClassifier(_OfClasses, MemberEnsemble):
    """The pooled probabilities of classifiers; a single one predicts as it does alone."""

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable classes, of shape (n_samples,)."""
        # A single model may have a threshold of its own.
        return (
            self._of_single(X, "predict") if self._single_has("predict") else super().predict(X)
        )

    def decision_function(self, X: Any) -> Floats:
        """Return the logarithms of the odds of two classes, of more the centred logarithms.

        They are of shape (n_samples,) or (n_samples, n_classes). A single member returns its
        own decision values, if it has them.
        """
        if self._single_has("decision_function"):
            return self._of_single(X, "decision_function")
        return super().decision_function(X)

    def predict_proba(self, X: Any) -> Floats:
        """Return probabilities of shape (n_samples, n_classes)."""
        return self._pooled(X)


class ColumnEnsembleClassifier(_OfClasses, ColumnEnsemble):
    """The ensemble of the members whose probabilities became columns."""

    def predict_proba(self, X: Any) -> Floats:
        """Return probabilities of shape (n_samples, n_classes)."""
        return self._now("task").of_columns(self._now("sharpness") * self._mean_column(X))


def classes_of(model: Any, columns: NDArray[Any], expected: NDArray[Any]) -> NDArray[Any]:
    """Return the classes of a model's columns: the expected ones if it does not say.

    Raises
    ------
    ValueError
        If it does not say, and there are not as many columns as expected classes.
    """
    known = getattr(model, "classes_", None)
    if known is not None:
        return np.asarray(known)
    if columns.ndim != 2 or columns.shape[1] != len(expected):
        msg = (
            f"{type(model).__name__} has no classes_, by which the columns of predict_proba "
            f"could be told apart, and not {len(expected)} columns; set classes_ in fit."
        )
        raise ValueError(msg)
    return expected


def align(columns: Any, of: NDArray[Any], to: NDArray[Any], fill: float = 0.0) -> Floats:
    """Return `columns`, one for each class in `of`, as one for each class in `to`.

    Both lists of classes are sorted; classes missing in `of` are filled.
    """
    columns = np.asarray(columns, dtype=np.float64)
    if np.array_equal(of, to):
        return columns
    place = {label: i for i, label in enumerate(to.tolist())}
    known = [(i, place[label]) for i, label in enumerate(of.tolist()) if label in place]
    aligned = np.full((len(columns), len(to)), fill)
    aligned[:, [j for _, j in known]] = columns[:, [i for i, _ in known]]
    return aligned
