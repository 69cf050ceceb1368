"""What a fitted pipeline answers on held-out rows, asked once and used for all scores."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if


class _Asked(BaseEstimator):
    """A fitted model whose answers on one table are computed once, in a scorer's hands.

    Any other table, such as some of its rows, is predicted as it is asked for.
    """

    def __init__(self, model: Any, X: Any) -> None:
        self.model = model
        self.X = X
        self._answers: dict[str, Any] = {}

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the model's predictions."""
        return np.asarray(self._ask("predict", X))

    def _ask(self, method: str, X: Any) -> Any:
        if X is not self.X:
            return getattr(self.model, method)(X)
        if method not in self._answers:
            self._answers[method] = getattr(self.model, method)(self.X)
        return self._answers[method]

    def __getattr__(self, name: str) -> Any:
        # Scorers of the user may look at the model itself (coef_, predict_interval, ...).
        if name.startswith("__") or name in ("model", "X", "_answers"):
            raise AttributeError(name)
        return getattr(self.model, name)


class AskedRegressor(RegressorMixin, _Asked):
    """A fitted regressor with its answers."""

    def out_of_fold(self) -> NDArray[np.float64] | None:
        """Return the predictions as float64."""
        return np.asarray(self._ask("predict", self.X), dtype=np.float64).ravel()


def _model_has(method: str) -> Callable[[Any], bool]:
    return lambda self: hasattr(self.model, method)


class AskedClassifier(ClassifierMixin, _Asked):
    """A fitted classifier with its answers, aligned to given classes.

    Parameters
    ----------
    model, X : fitted classifier and held-out rows
    classes_ : ndarray of shape (n_classes,)
        The classes of the columns of `predict_proba`. Classes that the model has not seen
        have probability 0; columns of classes that are not wanted are left out and the
        others scaled to sum to 1.
    """

    def __init__(self, model: Any, X: Any, classes_: NDArray[Any]) -> None:
        super().__init__(model, X)
        self.classes_ = classes_

    @available_if(_model_has("predict_proba"))
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probabilities of the wanted classes."""
        full = align(self._ask("predict_proba", X), self.model.classes_, self.classes_)
        total = full.sum(axis=1, keepdims=True)
        return np.divide(
            full, total, out=np.full_like(full, 1 / full.shape[1]), where=total > 0
        )

    @available_if(_model_has("decision_function"))
    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the model's decision values, one column per wanted class."""
        values = np.asarray(self._ask("decision_function", X), dtype=np.float64)
        if values.ndim == 1 or len(self.classes_) == len(self.model.classes_):
            return values
        return align(values, self.model.classes_, self.classes_, fill=values.min() - 1.0)

    def out_of_fold(self) -> NDArray[np.float64] | None:
        """Return the probabilities, None if the model gives none."""
        return self.predict_proba(self.X) if hasattr(self, "predict_proba") else None


def align(
    columns: Any, of: NDArray[Any], to: NDArray[Any], fill: float = 0.0
) -> NDArray[np.float64]:
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
