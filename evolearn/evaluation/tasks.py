"""The tasks that a worker can be given, and the evaluation of a genome that it returns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evolearn.evaluation.racing import Rival
from evolearn.pipeline.genome import Genome


@dataclass(frozen=True)
class EvaluationTask:
    """Cross-validate a genome."""

    genome: Genome
    # Out-of-fold predictions are returned if the error is not above this.
    keep_below: float = float("inf")
    # Fold models are written for errors below this, however fast they are. They are also
    # written if predictions are kept, and a fit takes more seconds than `save_above` or
    # children may start from them.
    save_below: float = float("-inf")
    save_above: float = float("inf")
    # File for the fold models, and its largest size; larger ones are not kept.
    models_path: Path | None = None
    most_bytes: int = 0
    # File with the fold models of the parent, to start from. Without it the parent is trained
    # again.
    parent_models: Path | None = None
    # The genome is given up once it is far behind this candidate.
    rival: Rival | None = None
    # The genome is given up if all folds would take more seconds than this limit. It does not
    # apply during the first `untimed_seconds`.
    seconds_limit: float = float("inf")
    untimed_seconds: float = 0.0

    def wants_predictions(self, error: float | None) -> bool:
        """Whether predictions with this error are to be kept."""
        return error is not None and error <= self.keep_below

    def wants_models(
        self, error: float | None, fit_seconds: float, *, heritable: bool = False
    ) -> bool:
        """Whether fold models with this error, of so many seconds each, are to be written."""
        if error is None or not self.wants_predictions(error):
            return False
        return heritable or error < self.save_below or fit_seconds > self.save_above


@dataclass(frozen=True)
class RefitTask:
    """Fit a genome on all rows, or on as many as the memory model has room for.

    With `rounds`, boosting does not stop early: the number was found in the folds.
    """

    genome: Genome
    rounds: int | None = None


@dataclass(frozen=True)
class FoldModelsTask:
    """Fit a genome on the training rows of every fold."""

    genome: Genome


@dataclass(frozen=True)
class Run:
    """Time and place of an evaluation.

    Seconds are those since the beginning of the fit, on the clock of the process that called
    it. If the fit continues a checkpoint, they continue where that had ended. ``worker`` is the
    lowest number, from 0, that no other candidate had which ran at the time.
    """

    start_seconds: float = 0.0
    end_seconds: float = 0.0
    worker: int = 0


@dataclass(frozen=True)
class Evaluation:
    """Result of the cross-validation of a genome: scores and seconds per fold, or the failure.

    ``status`` is "scored"; "raced" if it was given up as far behind; "failed" if it raised an
    error or its score is no number; "timed_out" if it took or would have taken too long; "died"
    or "out_of_memory" if its worker was stopped.
    """

    scores: tuple[float, ...]  # the scorer's own values, NaN for folds that were not run
    status: str
    error: float | None = None  # mean of the folds' errors; None if not all of them were run
    fit_seconds: tuple[float, ...] = ()
    score_seconds: tuple[float, ...] = ()
    # Out-of-fold predictions (probabilities in classification) in the order of `Folds.scored`,
    # if they were to be kept.
    predictions: NDArray[np.float64] | None = None
    # Reason of the failure, with file and line if the user's code raised it; else "".
    failure: str = ""
    warnings: tuple[str, ...] = ()
    models_bytes: int = 0  # size of the file with the fitted fold models, 0 if there is none
    rounds: int | None = None  # mean rounds of boosting that may stop early, else None
    retrained: bool = False  # whether the ancestors were trained again within these seconds
    # Additional seconds that fits and scores of all folds would have taken if the rows had not
    # been prepared before for another candidate.
    reused_fit_seconds: float = 0.0
    reused_score_seconds: float = 0.0
    traceback: str = ""  # frames of the user's code in which it failed; "" if there are none
    # Scores of all metrics by name and fold, if the user wants several.
    metrics: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    # Whether it failed for a reason that may pass, such as a full disk: later fits try again.
    transient: bool = False
    run: Run = Run()  # set by the process that has submitted it

    @property
    def fold_seconds(self) -> float | None:
        """Mean seconds of the folds that were run, with reused preparation; None if unknown."""
        folds = zip(self.fit_seconds, self.score_seconds, strict=False)
        seconds = [sum(fold) for fold in folds]
        if not seconds or self.transient:
            return None
        reused = self.reused_fit_seconds + self.reused_score_seconds
        return (sum(seconds) + reused) / len(seconds)
