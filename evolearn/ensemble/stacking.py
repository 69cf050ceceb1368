"""A second layer: models that see, beside the table, what the ensemble's members predict.

Stacked generalization (Wolpert, Neural Networks 1992): the second layer is trained on what
members predicted for rows that they were not fitted on, and learns where to believe which.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from evolearn.ensemble.model import EnsembleClassifier, EnsembleRegressor, answers_of
from evolearn.ensemble.pooling import logarithms, pool, pooled
from evolearn.ensemble.selection import OutOfFold, select
from evolearn.evaluation.folds import Folds

Floats = NDArray[np.float64]

#: The name, among the models of the second layer, of the first layer's own ensemble.
BLEND = "blend"
# Steps of the selection for each fold alone: the first ones matter most, and there is one
# selection per fold.
HONEST_STEPS = 10


@dataclass(frozen=True)
class SecondLayer:
    """The models that were chosen to serve, with their weights.

    Attributes
    ----------
    weights : dict of str to float
        By the name of the estimator; `BLEND` is the ensemble of the first layer.
    models : dict of str to estimator
        The fitted pipelines, of the first layer's ensemble there is none.
    sharpness : float
        As in `Selection`.
    """

    weights: dict[str, float]
    models: dict[str, Any]
    sharpness: float = 1.0

    def decisions(self) -> dict[str, Any]:
        """Return what has to be known to make the same layer again."""
        return {"weights": self.weights, "sharpness": self.sharpness}


# -- from predictions to columns ------------------------------------------------------------


def columns_of(answers: Floats) -> Floats:
    """Return the columns that a model's predictions become.

    Numbers as they are; of two classes the logarithm of the odds, of more the logarithms of
    the probabilities, their mean taken away.

    Parameters
    ----------
    answers : ndarray of shape (n_samples,) or (n_samples, n_classes)

    Returns
    -------
    ndarray of shape (n_samples, n_columns)
    """
    if answers.ndim == 1:
        return answers.reshape(-1, 1)
    logs = logarithms(answers)
    if logs.shape[1] == 2:
        odds: Floats = logs[:, 1:] - logs[:, :1]
        return odds
    centred: Floats = logs - logs.mean(axis=1, keepdims=True)
    return centred


def n_columns_of(n_classes: int) -> int:
    """Return how many columns a model's predictions become; 0 classes are a number."""
    return n_classes if n_classes > 2 else 1


def with_columns(matrix: Floats, columns: Floats, position: int) -> Floats:
    """Return a matrix with columns put in at a position."""
    return np.hstack([matrix[:, :position], columns, matrix[:, position:]])


def honest_blend(
    library: Sequence[Floats],
    out_of_fold: OutOfFold,
    folds: Folds,
    n_steps: int,
    late: Callable[[], bool] = lambda: False,
) -> Floats | None:
    """Return what an ensemble predicts for each fold that was chosen on the other folds.

    An ensemble chosen on all rows looks better on them than it is (on 27 splits of the suite
    by a median of 2.5 %), and a second layer, whose models never saw the rows they are judged
    on, would be chosen too seldom.

    Parameters
    ----------
    library : sequence of ndarray
        Out-of-fold predictions of the candidates, best first.
    out_of_fold : OutOfFold
        Scores them.
    folds : Folds
        At least two.
    n_steps : int
        Of the selection.
    late : callable
        Asked after each step.

    Returns
    -------
    ndarray or None
        In the order of the out-of-fold predictions; None if it was late.
    """
    blend = np.empty_like(library[0])
    for fold, rows in enumerate(folds.bounds):
        others = out_of_fold.without(fold)
        selection = select(library, others, min(n_steps, HONEST_STEPS), late)
        if late():
            return None
        parts = [
            (weight, library[member][rows])
            for member, weight in zip(selection.members, selection.weights, strict=True)
        ]
        if blend.ndim == 1:
            blend[rows] = sum(weight * part for weight, part in parts)
        else:
            blend[rows] = pool(parts, selection.sharpness)
    return blend


# -- what serves ----------------------------------------------------------------------------


class FirstLayer(BaseEstimator):
    """Fitted models whose predictions become columns of the table.

    Parameters
    ----------
    step : fitted transformer
        Makes the numeric matrix of a table.
    members : list of (estimator, bool)
        As in the ensembles.
    classes : ndarray of shape (n_classes,) or None
        The sorted classes; None in regression.
    position : int
        Where in the matrix the columns are put in.
    """

    def __init__(
        self,
        step: Any,
        members: list[tuple[Any, bool]],
        classes: NDArray[Any] | None,
        position: int,
    ) -> None:
        self.step = step
        self.members = members
        self.classes = classes
        self.position = position

    def transform(self, X: Any) -> Any:
        """Return the matrix of a table with the columns of the members."""
        matrix = self.step.transform(X)
        columns = [
            columns_of(answers_of(model, X if whole else matrix, self.classes))
            for model, whole in self.members
        ]
        return with_columns(matrix, np.hstack(columns), self.position)


class BlendRegressor(RegressorMixin, BaseEstimator):
    """The first layer's ensemble, from the columns that its members became.

    Parameters
    ----------
    weights : list of float
    position : int
        Of the first column.
    """

    def __init__(self, weights: list[float], position: int) -> None:
        self.weights = weights
        self.position = position

    def predict(self, X: Any) -> Floats:
        """Return predictions of shape (n_samples,)."""
        columns = X[:, self.position : self.position + len(self.weights)]
        blend: Floats = np.asarray(columns @ np.asarray(self.weights)).ravel()
        return blend


class BlendClassifier(ClassifierMixin, BaseEstimator):
    """The first layer's ensemble, from the columns that its members became.

    Parameters
    ----------
    weights : list of float
    position : int
        Of the first column.
    classes : ndarray of shape (n_classes,)
    sharpness : float
    """

    def __init__(
        self, weights: list[float], position: int, classes: NDArray[Any], sharpness: float
    ) -> None:
        self.weights = weights
        self.position = position
        self.classes = classes
        self.sharpness = sharpness

    @property
    def classes_(self) -> NDArray[Any]:
        """The sorted classes."""
        return self.classes

    def predict_proba(self, X: Any) -> Floats:
        """Return probabilities of shape (n_samples, n_classes)."""
        width = n_columns_of(len(self.classes))
        end = self.position + width * len(self.weights)
        columns = np.asarray(X[:, self.position : end]).reshape(X.shape[0], -1, width)
        logs = self.sharpness * np.tensordot(columns, self.weights, axes=(1, 0))
        if width == 1:
            logs = np.hstack([np.zeros_like(logs), logs])
        probabilities: Floats = pooled(logs)
        return probabilities


def stacked(
    first: FirstLayer, weights: list[float], sharpness: float, second: SecondLayer
) -> EnsembleRegressor | EnsembleClassifier:
    """Return the ensemble of a second layer, which takes the table as it came.

    Parameters
    ----------
    first : FirstLayer
    weights : list of float
        Of its members, in their ensemble.
    sharpness : float
        Of that ensemble.
    second : SecondLayer
    """
    blend: Any
    if first.classes is None:
        blend = BlendRegressor(weights, first.position)
    else:
        blend = BlendClassifier(weights, first.position, first.classes, sharpness)
    models = {**second.models, BLEND: blend}
    members = [(models[name], False) for name in second.weights]
    shares = list(second.weights.values())
    if first.classes is None:
        return EnsembleRegressor(first, members, shares)
    return EnsembleClassifier(first, members, shares, first.classes, second.sharpness)
