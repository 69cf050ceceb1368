"""What comes of training and scoring a genome: of one fit, and of all its folds."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from evolearn.space.express import early_rounds


@dataclass(frozen=True)
class Trial:
    """A genome's pipeline fitted on some rows and scored on others.

    Attributes
    ----------
    answers : ndarray or None
        The predictions to keep, if there are any.
    reused_fit_seconds, reused_score_seconds : float
        What fit and score would have taken more, had not others before prepared the rows.
    """

    model: BaseEstimator
    score: float
    answers: NDArray[np.float64] | None
    fit_seconds: float
    score_seconds: float
    reused_fit_seconds: float = 0.0
    reused_score_seconds: float = 0.0


@dataclass
class Run:
    """What is gathered while the folds of one genome are run."""

    keep_models: bool
    scores: list[float] = field(default_factory=list)
    fit_seconds: list[float] = field(default_factory=list)
    score_seconds: list[float] = field(default_factory=list)
    predictions: list[NDArray[np.float64] | None] = field(default_factory=list)
    models: list[BaseEstimator] = field(default_factory=list)
    rounds: list[int | None] = field(default_factory=list)
    reused_fit_seconds: float = 0.0
    reused_score_seconds: float = 0.0
    rung_error: float | None = None
    rung_seconds: float = 0.0

    def add(self, trial: Trial) -> None:
        """Take in what came of the next fold."""
        self.scores.append(trial.score)
        self.predictions.append(trial.answers)
        self.fit_seconds.append(trial.fit_seconds)
        self.score_seconds.append(trial.score_seconds)
        self.reused_fit_seconds += trial.reused_fit_seconds
        self.reused_score_seconds += trial.reused_score_seconds
        self.rounds.append(early_rounds(trial.model))
        if self.keep_models:
            self.models.append(trial.model)

    @property
    def seconds_alone(self) -> float:
        """The mean seconds of a fit, had it to prepare its rows itself."""
        return (sum(self.fit_seconds) + self.reused_fit_seconds) / max(len(self.fit_seconds), 1)

    @property
    def seconds(self) -> float:
        """The seconds of all folds so far."""
        return sum(self.fit_seconds) + sum(self.score_seconds)

    @property
    def mean_rounds(self) -> int | None:
        """The rounds that a final model takes, None if it is for the model to say."""
        known = [rounds for rounds in self.rounds if rounds is not None]
        return (
            round(float(np.mean(known))) if known and len(known) == len(self.rounds) else None
        )

    @property
    def joined(self) -> NDArray[np.float64] | None:
        """The out-of-fold predictions of all folds, None if those of one are missing."""
        parts = [part for part in self.predictions if part is not None]
        return None if len(parts) < len(self.predictions) else np.concatenate(parts)
