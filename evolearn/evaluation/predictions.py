"""What a fitted pipeline answers on held-out rows, asked once and used for all scores."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if

from evolearn.evaluation.metrics import METRICS
from evolearn.evaluation.scoring import Objective


@dataclass(frozen=True)
class HeldOut:
    """Held-out rows of a fold.

    Attributes
    ----------
    X : table
        The rows as the model takes them.
    y : ndarray
        Their targets.
    weights : ndarray, default=None
        Their weights.
    """

    X: Any
    y: NDArray[Any]
    weights: NDArray[np.float64] | None = None


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
        """Return the predictions as float64, not those that scorers get and may change."""
        return np.array(self._ask("predict", self.X), dtype=np.float64).ravel()


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
        """Return the model's decision values, one column per wanted class.

        Of two classes they are one-dimensional, the values of the second one.
        """
        values = np.asarray(self._ask("decision_function", X), dtype=np.float64)
        if np.array_equal(self.classes_, self.model.classes_):
            return values
        if values.ndim == 1:
            values = np.column_stack([-values, values])
        # Other shapes are not one column per class (pairs of classes): as the model gives them.
        if values.shape[1] != len(self.model.classes_):
            return values
        lowest = values.min(initial=0.0) - 1.0
        aligned = align(values, self.model.classes_, self.classes_, fill=lowest)
        return aligned[:, 1] - aligned[:, 0] if len(self.classes_) == 2 else aligned

    def out_of_fold(self) -> NDArray[np.float64] | None:
        """Return the probabilities, None if the model gives none."""
        return self.predict_proba(self.X) if hasattr(self, "predict_proba") else None


def score_and_answers(
    model: BaseEstimator, rows: HeldOut, objective: Objective, classes: NDArray[Any] | None
) -> tuple[float, NDArray[np.float64] | None]:
    """Return the score of a fitted model on held-out rows, and its predictions to keep.

    Parameters
    ----------
    model : fitted estimator
    rows : HeldOut
    objective : Objective
    classes : ndarray or None
        The sorted classes; None in regression.

    Raises
    ------
    ValueError
        If a prediction or the score is not a finite number.
    """
    X, y, weights = rows.X, rows.y, rows.weights
    if classes is None:
        regressor = AskedRegressor(model, X)
        answers = _checked(regressor.out_of_fold(), y)
        return objective.score(regressor, X, y, weights), answers
    full = AskedClassifier(model, X, classes)
    answers = _checked(full.out_of_fold(), y)
    # A model's own labels need not be its most probable ones (thresholds may be tuned).
    of_labels = "predict" in objective.responses
    if objective.fast is not None and answers is not None and not of_labels:
        # Unlike scikit-learn's own log loss, ours takes held-out rows without some class.
        score = METRICS[objective.fast](np.searchsorted(classes, y), answers, weights)
        if not np.isfinite(score):
            msg = f"The score of {objective.name} is {score!r}, not a finite number."
            raise ValueError(msg)
        return score, answers
    # Metrics take the classes that are there: columns of others would be an error.
    wanted = classes if objective.takes_all_classes else np.unique(y)
    asked = full if len(wanted) == len(classes) else AskedClassifier(model, X, wanted)
    return objective.score(asked, X, y, weights), answers


def _checked(
    answers: NDArray[np.float64] | None, y: NDArray[Any]
) -> NDArray[np.float64] | None:
    if answers is None:
        return None
    if len(answers) != len(y):
        msg = f"The model made {len(answers)} predictions for {len(y)} rows."
        raise ValueError(msg)
    if not np.isfinite(answers).all():
        msg = "The model predicted values that are not finite numbers."
        raise ValueError(msg)
    return answers


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
