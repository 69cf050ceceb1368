"""Tasks whose predictions are the probabilities of classes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    BaseCrossValidator,
    GroupKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
)
from sklearn.pipeline import Pipeline
from sklearn.utils.multiclass import check_classification_targets

from evolearn.messages import shown
from evolearn.results.error_summaries import ClassificationSummary
from evolearn.tasks import pooling
from evolearn.tasks.base import TargetFacts, Task
from evolearn.tasks.classifiers import (
    ColumnEnsembleClassifier,
    EnsembleClassifier,
    PredictedClassifier,
    StoredClassifier,
    align,
    classes_of,
)
from evolearn.tasks.ensembles import ColumnEnsemble, MemberEnsemble
from evolearn.tasks.error_summaries import summary_of_classes
from evolearn.tasks.estimator_kind import may_be
from evolearn.tasks.metrics import CLASS_METRICS, METRICS
from evolearn.tasks.predictions import Floats, HeldOut, Indices, checked_predictions
from evolearn.tasks.scoring import Objective
from evolearn.tasks.splitting import HOLDOUT_SHARE, test_rows
from evolearn.tasks.target import as_array, as_labels, refuse_missing
from evolearn.uncertainty.sets import SetCalibration, calibrate_sets

# Inverse penalty of the stacking model: the members' predictions are much alike.
STACKING_C = 0.02
# The most classes that features are screened on, the most frequent ones.
MOST_SCREENED_CLASSES = 6


@dataclass(frozen=True, eq=False)
class ProbabilityTask(Task):
    """A task whose target is a class, and whose predictions are probabilities of all classes.

    Ensembles are logarithmic opinion pools, see `evolearn.tasks.pooling`. A subclass has to
    define `name`, `default_scoring` and `baseline`.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The sorted classes.
    """

    classes: NDArray[Any]

    models: ClassVar[str] = "classification"
    stratified: ClassVar[bool] = True
    encoder_target_type: ClassVar[str] = "auto"
    nodes_per_row: ClassVar[float] = 1.0
    responses: ClassVar[tuple[str, ...]] = ("predict", "predict_proba", "decision_function")
    error_name: ClassVar[str] = "share of wrong classes"
    ensemble_type: ClassVar[type[MemberEnsemble]] = EnsembleClassifier
    column_ensemble_type: ClassVar[type[ColumnEnsemble]] = ColumnEnsembleClassifier

    @classmethod
    def from_target(cls, y: Any) -> tuple[NDArray[Any], Self]:
        """Return the labels, two or more, in an array that can be sorted, and the task."""
        array = as_array(y)
        refuse_missing(array)
        array = as_labels(array)
        check_classification_targets(array)
        classes = np.unique(array)
        if len(classes) < 2:
            msg = (
                f"y has only one class, {shown(classes[0])}; a classifier needs rows of at "
                "least two classes to learn a difference."
            )
            raise ValueError(msg)
        return array, cls(classes)

    @staticmethod
    def accepts(estimator: Any) -> bool:
        """Whether an estimator is a classifier, or may be one."""
        return may_be(estimator, "classifier")

    @staticmethod
    def can_stop_early(n_rows: int, n_classes: int, smallest_class: int) -> bool:
        """Whether a stratified tenth can be held out.

        scikit-learn's inner early stopping is stratified and fails when a class has fewer
        than two training rows or the held-out part has fewer rows than there are classes.
        """
        return smallest_class >= 6 and n_rows >= 20 * n_classes

    def objective(self, scoring: Any) -> Objective:
        """Return the objective of a ``scoring``, of the later one of two classes."""
        objective = super().objective(scoring)
        if objective.fast not in CLASS_METRICS:
            objective = replace(objective, fast=None)
        return objective.with_positive_class(self.classes)

    def facts(self, values: NDArray[Any], weights: Floats | None) -> TargetFacts:
        """Return the facts about the target."""
        return TargetFacts(
            n_classes=len(self.classes),
            smallest_class=self.smallest_class(values),
            zero_one=self.classes.dtype.kind in "iu" and self.classes.tolist() == [0, 1],
        )

    def fitted_attributes(self) -> Mapping[str, Any]:
        """Return the sorted classes as ``classes_``."""
        return {"classes_": self.classes}

    @classmethod
    def stacking_model(cls) -> BaseEstimator:
        """Return logistic regression with a strong penalty."""
        return LogisticRegression(C=STACKING_C, max_iter=500)

    def screening_targets(self, values: NDArray[Any]) -> Floats:
        """Return a column of zeros and ones for each frequent class, one if there are two."""
        labels, counts = np.unique(values, return_counts=True)
        frequent = labels[np.argsort(-counts, kind="stable")][:MOST_SCREENED_CLASSES]
        if len(labels) == 2:
            frequent = frequent[:1]
        return np.column_stack([values == label for label in frequent]).astype(np.float64)

    def perfect_predictions(self, values: NDArray[Any]) -> Floats:
        """Return probabilities of 1 for the true classes."""
        return np.eye(self.width)[self.encoded(values)]

    # -- rows --------------------------------------------------------------------------------

    def strata(self, values: NDArray[Any]) -> Indices:
        """Return the class of each row, counted among the classes of these rows."""
        return np.unique(values, return_inverse=True)[1]

    def split(
        self, values: NDArray[Any], counted: NDArray[np.bool_], n_folds: int, seed: int
    ) -> list[Indices]:
        """Return the scored rows of stratified, shuffled folds, or a held-out fifth.

        Classes with fewer rows than folds are not scored: no fold would have them on both
        sides.
        """
        codes = self.strata(values)
        counts = np.bincount(codes[counted], minlength=codes.max() + 1)
        if n_folds > 1:  # few enough that at least two classes are scored, where two can be
            largest = np.sort(counts)[::-1]
            second = int(largest[1]) if len(largest) > 1 else 0
            n_folds = max(2, min(n_folds, second if second >= 2 else int(largest[0])))
        scored = np.flatnonzero(counted & (counts[codes] >= max(n_folds, 2)))
        if not len(scored):
            msg = (
                f"No class has two rows or more among the {len(values)} rows of y, so that "
                "nothing can be held out for scoring; pass more rows, or cv with your own "
                "splits."
            )
            raise ValueError(msg)
        codes = codes[scored]

        def splitter() -> BaseCrossValidator:
            if n_folds > 1:
                return StratifiedKFold(n_folds, shuffle=True, random_state=seed)
            size = max(int(np.ceil(HOLDOUT_SHARE * len(scored))), len(np.unique(codes)))
            return StratifiedShuffleSplit(1, test_size=size, random_state=seed)

        return test_rows(scored, codes, splitter)

    def split_groups(
        self, values: NDArray[Any], groups: NDArray[Any], n_folds: int, seed: int
    ) -> list[tuple[Indices, Indices]]:
        """Return folds of whole groups, balanced by class where that is possible."""
        splitter = StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed)
        try:
            return list(splitter.split(values, values, groups))
        except ValueError:  # every class is rarer than the number of folds
            return list(GroupKFold(n_folds).split(values, values, groups))

    def scorable(self, train: Indices, test: Indices, values: NDArray[Any]) -> Indices:
        """Return the test rows whose class is in the training rows."""
        return test[np.isin(values[test], values[train])]

    def training_mask(
        self, counted: NDArray[np.bool_], values: NDArray[Any]
    ) -> NDArray[np.bool_]:
        """Return the mask with all rows of the classes of which no row is counted."""
        if counted.all():
            return counted
        return counted | ~np.isin(values, values[counted])

    def covers(self, values: NDArray[Any]) -> bool:
        """Whether all classes are among these rows."""
        return len(np.unique(values)) == len(self.classes)

    def smallest_class(self, values: NDArray[Any]) -> int:
        """Return the number of rows of the rarest class that is among these rows."""
        return int(np.unique(values, return_counts=True)[1].min())

    # -- predictions of one model ------------------------------------------------------------

    @property
    def width(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @property
    def n_outputs(self) -> int:
        """One function per class, of two classes one."""
        return len(self.classes) if len(self.classes) > 2 else 1

    def can_predict(self, model: Any) -> bool:
        """Whether a model has ``predict_proba``."""
        return hasattr(model, "predict_proba")

    def predictions_of(self, model: Any, X: Any) -> Floats:
        """Return the probabilities of all classes, of shape (n_samples, n_classes)."""
        probabilities = np.asarray(model.predict_proba(X))
        return align(
            probabilities, classes_of(model, probabilities, self.classes), self.classes
        )

    def score(
        self, model: Any, rows: HeldOut, objective: Objective
    ) -> tuple[float, Floats | None]:
        """Return the score of a fitted model on held-out rows, and its probabilities if any."""
        X, y, weights = rows.X, rows.y, rows.weights
        full = PredictedClassifier(model, X, self.classes)
        probabilities = full.out_of_fold()
        if probabilities is not None:
            probabilities = checked_predictions(probabilities, len(y))
            # A model's own labels need not be its most probable ones (thresholds may be tuned).
            if objective.fast is not None and "predict" not in objective.responses:
                # Unlike scikit-learn's own log loss, ours takes rows without some class.
                score = METRICS[objective.fast](self.encoded(y), probabilities, weights)
                return objective.finite(score), probabilities
        needed = objective.responses
        if needed and not any(hasattr(full, response) for response in needed):
            estimator = model.steps[-1][1] if isinstance(model, Pipeline) else model
            msg = (
                f"{type(estimator).__name__} has no {' or '.join(needed)}, which "
                f"{objective.name} needs; pass another scoring or leave the model out."
            )
            raise ValueError(msg)
        # Metrics take the classes that are there: columns of others would be an error.
        wanted = self.classes if objective.takes_all_classes else np.unique(y)
        given = full if len(wanted) == self.width else PredictedClassifier(model, X, wanted)
        return objective.score(given, X, y, weights), probabilities

    def unknown(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the labels that are none of the classes."""
        return values[~np.isin(values, self.classes)]

    def encoded(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return the positions of the labels among the classes."""
        return np.searchsorted(self.classes, values)

    def score_predictions(
        self,
        predictions: Floats,
        encoded: NDArray[Any],
        objective: Objective,
        weights: Floats | None,
    ) -> float:
        """Return the score of probabilities; the most probable class is the predicted one."""
        if objective.fast is not None:
            return METRICS[objective.fast](encoded, predictions, weights)
        if objective.takes_all_classes:
            stored = StoredClassifier(self.classes, predictions)
        else:
            # As models are scored: any class may be predicted, those present have columns.
            present = np.unique(encoded)
            kept = predictions[:, present]
            total = np.maximum(kept.sum(axis=1, keepdims=True), np.finfo(float).tiny)
            labels = self.classes[predictions.argmax(axis=1)]
            stored = StoredClassifier(self.classes[present], kept / total, labels)
        return objective.score(stored, None, self.classes[encoded], weights)

    # -- out-of-fold errors ------------------------------------------------------------------

    def row_errors(self, predictions: Floats, encoded: NDArray[Any]) -> Floats:
        """Return 1 for each row whose most probable class is not the true one, else 0."""
        return (predictions.argmax(axis=1) != encoded).astype(np.float64)

    def summary_of_errors(
        self, predictions: Floats, encoded: NDArray[Any]
    ) -> ClassificationSummary:
        """Return the summary of confusion and calibration."""
        return summary_of_classes(predictions, encoded, [str(label) for label in self.classes])

    def calibration(
        self,
        matrix: Any,
        predictions: Floats,
        encoded: NDArray[Any],
        weights: Floats | None,
        growth: float,
        seconds: float,
        seed: int,
    ) -> SetCalibration:
        """Return the calibration of sets of classes."""
        return calibrate_sets(predictions, encoded, weights)

    def outcomes(self, predictions: Floats) -> tuple[list[str], Floats]:
        """Return the classes with their probabilities; of two classes the later one."""
        first = 1 if len(self.classes) == 2 else 0
        return [str(label) for label in self.classes[first:]], predictions[:, first:]

    # -- predictions of several models -------------------------------------------------------

    def offer(
        self, predictions: Floats, encoded: NDArray[Any], weights: Floats | None
    ) -> tuple[Floats, float]:
        """Return the logarithms of probabilities, with the sharpness that fits best."""
        logs = pooling.logarithms(predictions)
        factor = self.sharpness(logs, encoded, weights)
        return factor * logs, factor

    def sharpness(self, blend: Floats, encoded: NDArray[Any], weights: Floats | None) -> float:
        """Return the factor of logarithms with which their log loss is lowest."""
        return pooling.sharpness(blend, encoded, weights)

    def blended(self, blend: Floats) -> Floats:
        """Return the probabilities of a mean of logarithms."""
        return pooling.pooled(blend)

    def pool(self, parts: Iterable[tuple[float, Floats]], sharpness: float) -> Floats:
        """Return the probabilities that weighted probabilities of several models make."""
        logs = [weight * pooling.logarithms(part) for weight, part in parts]
        return pooling.pooled(sharpness * np.sum(logs, axis=0))

    def columns(self, predictions: Floats) -> Floats:
        """Return logarithms of the odds of two classes, of more the centred logarithms."""
        logs = pooling.logarithms(predictions)
        if logs.shape[1] == 2:
            return logs[:, 1:] - logs[:, :1]
        return logs - logs.mean(axis=1, keepdims=True)

    def of_columns(self, columns: Floats) -> Floats:
        """Return the probabilities of logarithms, or of the odds of two classes."""
        if columns.shape[1] == 1:
            columns = np.hstack([np.zeros_like(columns), columns])
        return pooling.pooled(columns)
