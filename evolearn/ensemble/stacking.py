"""Stacking: models that learn from the table and from the predictions of ensemble members.

Stacked generalization (Wolpert, Neural Networks 1992): the stacking layer is trained on
out-of-fold predictions of the members, and learns which member to believe for which rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from sklearn.base import TransformerMixin, clone

from evolearn.ensemble.selection import OutOfFold, select
from evolearn.evaluation.folds import Folds
from evolearn.quick_prediction import quick
from evolearn.tasks.base import Task
from evolearn.tasks.ensembles import (
    PreparedMembers,
    as_weights,
    fitted_clone,
    out_of_fold,
)
from evolearn.tasks.predictions import Floats, Members

#: The name, among the models of the stacking layer, of the ensemble of the first layer.
BLEND = "blend"
# Steps of the selection for each fold alone: the first ones matter most, and there is one
# selection per fold.
HONEST_STEPS = 10


@dataclass(frozen=True)
class StackingLayer:
    """The selected models of the stacking layer, with their weights.

    All are by the name of the estimator. `BLEND`, the ensemble of the first layer, has a
    weight and no model. For ``sharpness`` see `Selection`; ``offers`` are the out-of-fold
    predictions of all models among which was selected, none in a replay.
    """

    weights: dict[str, float]
    models: dict[str, Any]
    sharpness: float = 1.0
    offers: dict[str, Floats] = field(default_factory=dict)


def with_columns(matrix: Floats, columns: Floats, position: int) -> Floats:
    """Return a matrix with columns inserted at a position."""
    return np.hstack([matrix[:, :position], columns, matrix[:, position:]])


def honest_blend(
    library: Sequence[Floats],
    out_of_fold: OutOfFold,
    folds: Folds,
    n_steps: int,
    late: Callable[[], bool] = lambda: False,
) -> Floats | None:
    """Return the predictions for each fold of an ensemble that was selected on the others.

    An ensemble selected on all rows looks better on them than it is (on 27 splits of the suite
    by a median of 2.5 %). Compared with it, a stacking layer, whose models never saw the rows
    on which they are scored, would be selected too seldom.

    The result is in the order of the out-of-fold predictions, of which `library` has those of
    the candidates, best first. It is None if it was `late`, which is called after each step.
    """
    blend = np.empty_like(library[0])
    for fold, rows in enumerate(folds.bounds):
        others = out_of_fold.without(fold)
        selection = select(library, others, min(n_steps, HONEST_STEPS), late)
        if late():
            return None
        members = zip(selection.members, selection.weights, strict=True)
        parts = [(weight, library[member][rows]) for member, weight in members]
        blend[rows] = out_of_fold.task.pool(parts, selection.sharpness)
    return blend


class FirstLayer(TransformerMixin, PreparedMembers):
    """Models whose predictions become columns of the table.

    Parameters
    ----------
    step : transformer
        Makes the numeric matrix of a table.
    members : list of (estimator, bool)
        As in the ensembles.
    task : Task
        On the target of the members.
    position : int
        Of the first column in the matrix.
    """

    def __init__(self, step: Any, members: Members, task: Task, position: int) -> None:
        self.step = step
        self.members = members
        self.task = task
        self.position = position

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the preparation and the members.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The training rows.
        y : array-like of shape (n_samples,)
            Their target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        self : FirstLayer
            The fitted transformer.
        """
        self.fit_transform(X, y, sample_weight)
        return self

    def fit_transform(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit, and return the matrix with columns of out-of-fold predictions.

        Other models learn from these columns: predictions for a member's own training rows
        would be too good.

        Raises
        ------
        ValueError
            If the number of columns would be another one than before.
        """
        values, task = self.task.on_target(y)
        if task.n_outputs != self.task.n_outputs:
            msg = (
                "A stacking layer can be fitted again on the same number of classes only; fit "
                "a new search on this target."
            )
            raise ValueError(msg)
        weights = as_weights(sample_weight)
        step = clone(self.step)
        matrix = step.fit_transform(X, values)
        tables = (matrix, X)
        rows, predictions = out_of_fold(self.members, tables, values, weights, task)
        self.members_ = [
            (fitted_clone(model, tables[whole], values, weights), whole)
            for model, whole in self.members
        ]
        self.step_, self.task_ = step, task
        columns = self._columns(X, matrix)
        # Rows of the rarest classes are in no test part: they keep the members' predictions.
        columns[rows] = np.hstack([task.columns(one) for one in predictions])
        return with_columns(matrix, columns, self.position)

    def transform(self, X: Any) -> Any:
        """Return the matrix of a table with the columns of the members."""
        matrix = self._now("step").transform(X)
        return with_columns(matrix, self._columns(X, matrix), self.position)

    def _columns(self, X: Any, matrix: Any) -> Floats:
        task = self._now("task")
        columns = [
            task.columns(
                task.predictions_of(*((model, X) if whole else (quick(model), matrix)))
            )
            for model, whole in self._now("members")
        ]
        return np.hstack(columns)


def stacked(
    first: FirstLayer, weights: list[float], sharpness: float, second: StackingLayer
) -> Any:
    """Return the ensemble of a stacking layer, which takes the table as it came.

    `weights` and `sharpness` are those of the first layer's ensemble.
    """
    blend = first.task.column_ensemble(weights, first.position, sharpness)
    models = {**second.models, BLEND: blend}
    members = [(models[name], False) for name in second.weights]
    return first.task.ensemble(first, members, [*second.weights.values()], second.sharpness)
