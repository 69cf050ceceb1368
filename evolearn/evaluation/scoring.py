"""From any scorer to an error: lower is better, zero is perfect where a best score exists."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import get_scorer, get_scorer_names

from evolearn._compat import scorer_function, scorer_response, scorer_settings
from evolearn.evaluation.metrics import METRICS

#: The fitness where the user names none.
DEFAULT_SCORING: Mapping[str, str] = {
    "classification": "neg_log_loss",
    "regression": "neg_root_mean_squared_error",
}

# Scorers whose best value is neither 0 (all those whose names begin with "neg_") nor 1.
_UNBOUNDED = {"positive_likelihood_ratio", "mutual_info_score"}


@dataclass(frozen=True)
class Objective:
    """A scorer, and how its scores become errors.

    Attributes
    ----------
    scorer : callable
        ``scorer(estimator, X, y)``, greater is better.
    name : str
        The scorer's name, or how it prints.
    optimum : float or None
        The best score there is; None if none is known.
    fast : str or None
        The name of the metric on arrays that equals the scorer.
    weighted : bool
        Whether sample weights are handed to the scorer.
    """

    scorer: Callable[..., Any]
    name: str
    optimum: float | None
    fast: str | None
    weighted: bool = True

    def error(self, score: float) -> float:
        """Return the error of a score: its distance from the optimum, or minus the score."""
        # "+ 0.0" turns minus zero into zero.
        return (0.0 if self.optimum is None else self.optimum) - score + 0.0

    @property
    def responses(self) -> tuple[str, ...]:
        """The prediction methods of which an estimator must have one."""
        return scorer_response(self.scorer)

    @property
    def is_function(self) -> bool:
        """Whether the scorer is a function of the user's, which may look at the table."""
        return scorer_function(self.scorer) is None

    @property
    def takes_all_classes(self) -> bool:
        """Whether the scorer gets columns of all classes, even of those that rows lack.

        Functions of the user's do, and metrics that are told which labels there are.
        """
        return self.is_function or scorer_settings(self.scorer)[1].get("labels") is not None

    @property
    def takes_weights(self) -> bool:
        """Whether the scorer, or the metric inside it, has a parameter for sample weights."""
        function = scorer_function(self.scorer) or self.scorer
        return "sample_weight" in signature(function).parameters

    def score(
        self,
        answers: BaseEstimator,
        X: Any,
        y: NDArray[Any],
        sample_weight: NDArray[np.float64] | None,
    ) -> float:
        """Return the score of an estimator, with weights if there are any.

        Raises
        ------
        ValueError
            If the score is not a finite number.
        """
        given = sample_weight is not None and self.weighted
        weights = {"sample_weight": sample_weight} if given else {}
        score = self.scorer(answers, X, y, **weights)
        if isinstance(score, np.ndarray) and score.ndim == 0:
            score = score[()]
        if not isinstance(score, (int, float, np.number)) or not math.isfinite(score):
            msg = f"The score of {self.name} is {score!r}, not a finite number."
            raise ValueError(msg)
        return float(score)


def make_objective(scoring: Any, task: str) -> Objective:
    """Return the objective of a user's `scoring`: None, a name, or a scorer.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    chosen = DEFAULT_SCORING[task] if scoring is None else scoring
    if isinstance(chosen, str):
        try:
            scorer = get_scorer(chosen)
        except ValueError:
            msg = (
                f"scoring={chosen!r} is no scorer of scikit-learn; "
                "sklearn.metrics.get_scorer_names() lists them."
            )
            raise ValueError(msg) from None
        fast = chosen if chosen in METRICS else None
        return Objective(scorer, chosen, _optimum(chosen), fast)
    known = {scorer_function(get_scorer(name)): name for name in get_scorer_names()}
    name = known.get(scorer_function(chosen)) if scorer_function(chosen) else None
    if name is not None and not _alike(chosen, get_scorer(name)):
        name = None
    return Objective(chosen, str(chosen), _optimum(name) if name else None, None)


def _alike(scorer: Any, known: Any) -> bool:
    """Tell whether a scorer's best value is that of another one of the same metric."""
    (sign, settings), (known_sign, _) = scorer_settings(scorer), scorer_settings(known)
    return sign == known_sign and settings.get("normalize", True) is not False


def _optimum(name: str) -> float | None:
    if name in _UNBOUNDED:
        return None
    return 0.0 if name.startswith("neg_") else 1.0


class ClassifierAnswers(ClassifierMixin, BaseEstimator):
    """Predictions already made, in the shape of a classifier that a scorer can ask.

    Parameters
    ----------
    classes_ : ndarray of shape (n_classes,)
    probabilities : ndarray of shape (n_samples, n_classes)
    labels : ndarray of shape (n_samples,), default=None
        The predicted classes, which may be others; None: the most probable ones.
    """

    def __init__(
        self,
        classes_: NDArray[Any],
        probabilities: NDArray[np.float64],
        labels: NDArray[Any] | None = None,
    ) -> None:
        self.classes_ = classes_
        self.probabilities = probabilities
        self.labels = labels

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the stored probabilities."""
        return self.probabilities

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the predicted classes."""
        if self.labels is not None:
            return self.labels
        return self.classes_[self.probabilities.argmax(axis=1)]


class RegressorAnswers(RegressorMixin, BaseEstimator):
    """Predictions already made, in the shape of a regressor that a scorer can ask."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the stored values."""
        return self.values
