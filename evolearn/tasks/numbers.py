"""Tasks whose predictions are one number per row."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kurtosis, rankdata
from sklearn.base import BaseEstimator
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import BaseCrossValidator, GroupKFold, KFold, ShuffleSplit

from evolearn.data import varies_little
from evolearn.recorded_warnings import recorded_warnings
from evolearn.results.error_summaries import ResidualSummary
from evolearn.tasks.base import TargetFacts, Task
from evolearn.tasks.ensembles import ColumnEnsemble, MemberEnsemble
from evolearn.tasks.error_summaries import summary_of_residuals
from evolearn.tasks.estimator_kind import may_be
from evolearn.tasks.metrics import METRICS
from evolearn.tasks.predictions import Floats, HeldOut, Indices, checked_predictions
from evolearn.tasks.regressors import (
    ColumnEnsembleRegressor,
    EnsembleRegressor,
    PredictedRegressor,
    StoredRegressor,
    at_least,
)
from evolearn.tasks.scoring import Objective
from evolearn.tasks.splitting import HOLDOUT_SHARE, test_rows
from evolearn.tasks.target import as_array, as_numbers, refuse_missing
from evolearn.uncertainty.intervals import IntervalCalibration, calibrate_intervals

# Above this excess kurtosis the squares of few values are most of the variance.
HEAVY_TAILS = 8.0
# Rows of a table on which a part can be held out to stop early: its score would be noise below.
FEWEST_TO_STOP_EARLY = 40
TINY = 1e-300
# Least prediction of a target with zeros, where a scorer takes positive predictions alone, as a
# share of the mean; of a positive target it is the lowest value.
LEAST_SHARE_OF_MEAN = 0.01
# Values by which it is found out what a scorer takes.
MOST_PROBED = 20
# Power of the number of training rows by which residuals get smaller: measured as 0.09
# (standard error 0.08) on eleven tables of the suite.
RESIDUAL_EXPONENT = 0.1
# Penalties of the stacking model: the members' predictions are much alike.
STACKING_ALPHAS = np.logspace(-2, 5, 15)


@dataclass(frozen=True, eq=False)
class NumberTask(Task):
    """A task whose target and predictions are one number per row.

    Ensembles are weighted means. A subclass has to define `name`, `default_scoring` and
    `baseline`.

    Parameters
    ----------
    lower : float, default=-inf
        Least prediction: scorers such as the Poisson deviance take positive ones alone.
    """

    lower: float = -np.inf

    models: ClassVar[str] = "regression"
    stratified: ClassVar[bool] = False
    # The encoder would take whole numbers for classes, thousands of them if they are prices.
    encoder_target_type: ClassVar[str] = "continuous"
    nodes_per_row: ClassVar[float] = 2.0
    responses: ClassVar[tuple[str, ...]] = ("predict",)
    error_name: ClassVar[str] = "absolute error"
    ensemble_type: ClassVar[type[MemberEnsemble]] = EnsembleRegressor
    column_ensemble_type: ClassVar[type[ColumnEnsemble]] = ColumnEnsembleRegressor

    @classmethod
    def from_target(cls, y: Any) -> tuple[NDArray[Any], Self]:
        """Return the target as float64 without missing values or infinity, and the task."""
        array = as_array(y)
        refuse_missing(array)
        return as_numbers(array), cls()

    def on_target(self, y: Any) -> tuple[NDArray[Any], Self]:
        """Return the target as numbers, and the task with the same least prediction."""
        values, task = type(self).from_target(y)
        return values, replace(task, lower=self.lower)

    @property
    def bounds_predictions(self) -> bool:
        """Whether there is a least prediction."""
        return self.lower > -np.inf

    def for_scorers(self, objectives: Iterable[Objective], values: NDArray[Any]) -> Self:
        """Return the task with a least prediction if a scorer refuses negative ones."""
        if values.min() < 0 or not values.any():
            return self
        lowest = float(values.min())
        lower = lowest if lowest > 0 else LEAST_SHARE_OF_MEAN * float(values.mean())
        positive = replace(self, lower=lower)
        if any(positive.is_needed_by(objective, values) for objective in objectives):
            return positive
        return self

    def is_needed_by(self, objective: Objective, values: NDArray[Any]) -> bool:
        """Whether a scorer takes predictions from `lower` on, and no negative ones."""
        if objective.fast is not None or objective.is_function:
            return False
        few = values[:MOST_PROBED]
        least = np.maximum(few, self.lower)
        return _can_score(objective, few, least) and not _can_score(objective, few, -least)

    @staticmethod
    def accepts(estimator: Any) -> bool:
        """Whether an estimator is a regressor, or may be one."""
        return may_be(estimator, "regressor")

    @staticmethod
    def can_stop_early(n_rows: int, n_classes: int, smallest_class: int) -> bool:
        """Whether there are rows enough to hold out a tenth."""
        return n_rows >= FEWEST_TO_STOP_EARLY

    def facts(self, values: NDArray[Any], weights: Floats | None) -> TargetFacts:
        """Return the facts about the target; values without a weight do not matter."""
        counted = values if weights is None else values[weights > 0]
        return TargetFacts(
            positive_target=bool(counted.min() > -1),
            counts=are_counts(counted),
            fine_target=varies_little(counted.reshape(-1, 1)),
        )

    @classmethod
    def stacking_model(cls) -> BaseEstimator:
        """Return ridge regression with a cross-validated penalty."""
        return RidgeCV(STACKING_ALPHAS)

    def screening_targets(self, values: NDArray[Any]) -> Floats:
        """Return the scaled target, and its ranks if few values are most of the variance."""
        scaled = values / max(float(np.abs(values).max()), TINY)
        constant = np.ptp(scaled) == 0
        few_decide = not constant and kurtosis(scaled) > HEAVY_TAILS
        return np.column_stack([scaled, rankdata(scaled)] if few_decide else [scaled])

    # -- rows --------------------------------------------------------------------------------

    def split(
        self, values: NDArray[Any], counted: NDArray[np.bool_], n_folds: int, seed: int
    ) -> list[Indices]:
        """Return the scored rows of shuffled folds, or a held-out fifth."""
        rows = np.flatnonzero(counted)

        def splitter() -> BaseCrossValidator:
            if n_folds > 1:
                return KFold(min(n_folds, len(rows)), shuffle=True, random_state=seed)
            return ShuffleSplit(1, test_size=HOLDOUT_SHARE, random_state=seed)

        return test_rows(rows, None, splitter)

    def split_groups(
        self, values: NDArray[Any], groups: NDArray[Any], n_folds: int, seed: int
    ) -> list[tuple[Indices, Indices]]:
        """Return folds of whole groups, balanced by their rows."""
        return list(GroupKFold(n_folds).split(values, values, groups))

    # -- predictions of one model ------------------------------------------------------------

    def can_predict(self, model: Any) -> bool:
        """Whether a model has ``predict``."""
        return hasattr(model, "predict")

    def predictions_of(self, model: Any, X: Any) -> Floats:
        """Return the predictions of a fitted model, of shape (n_samples,)."""
        predictions = np.ravel(np.asarray(model.predict(X), dtype=np.float64))
        return np.asarray(at_least(predictions, self.lower))

    def perfect_predictions(self, values: NDArray[Any]) -> Floats:
        """Return the target, as far as it may be predicted."""
        return np.asarray(at_least(values, self.lower))

    def score(
        self, model: Any, rows: HeldOut, objective: Objective
    ) -> tuple[float, Floats | None]:
        """Return the score of a fitted model on held-out rows, and its predictions."""
        predicted = PredictedRegressor(model, rows.X, self.lower)
        predictions = checked_predictions(predicted.out_of_fold(), len(rows.y))
        return objective.score(predicted, rows.X, rows.y, rows.weights), predictions

    def score_predictions(
        self,
        predictions: Floats,
        encoded: NDArray[Any],
        objective: Objective,
        weights: Floats | None,
    ) -> float:
        """Return the score of predictions."""
        if objective.fast is not None:
            return METRICS[objective.fast](encoded, predictions, weights)
        return objective.score(StoredRegressor(predictions), None, encoded, weights)

    # -- out-of-fold errors ------------------------------------------------------------------

    def row_errors(self, predictions: Floats, encoded: NDArray[Any]) -> Floats:
        """Return the absolute error of each row."""
        return np.abs(encoded - predictions)

    def summary_of_errors(self, predictions: Floats, encoded: NDArray[Any]) -> ResidualSummary:
        """Return the summary of the residuals."""
        return summary_of_residuals(predictions, encoded)

    def calibration(
        self,
        matrix: Any,
        predictions: Floats,
        encoded: NDArray[Any],
        weights: Floats | None,
        growth: float,
        seconds: float,
        seed: int,
    ) -> IntervalCalibration:
        """Return the calibration of intervals."""
        factor = float(np.exp(-RESIDUAL_EXPONENT * growth))
        return calibrate_intervals(
            matrix, predictions, encoded, weights, factor=factor, seconds=seconds, seed=seed
        )

    # -- predictions of several models -------------------------------------------------------

    def pool(self, parts: Iterable[tuple[float, Floats]], sharpness: float) -> Floats:
        """Return the weighted mean of the predictions of several models."""
        return np.sum([weight * part for weight, part in parts], axis=0)

    def columns(self, predictions: Floats) -> Floats:
        """Return the predictions as a column."""
        return predictions.reshape(-1, 1)

    def of_columns(self, columns: Floats) -> Floats:
        """Return the predictions in a column."""
        return columns.ravel()


def are_counts(values: NDArray[Any]) -> bool:
    """Whether values are whole numbers from 0 on, more than two different ones."""
    whole = values.min() >= 0 and np.array_equal(values, np.round(values))
    return bool(whole and len(np.unique(values)) > 2)


def _can_score(objective: Objective, values: NDArray[Any], predictions: Floats) -> bool:
    try:
        with recorded_warnings():
            objective.scorer(StoredRegressor(predictions), None, values)
    except Exception:  # a metric may raise anything
        return False
    return True
