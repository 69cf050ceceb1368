"""What is asked of the workers, and what they answer."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evolearn.evaluation.racing import Rival
from evolearn.pipeline.genome import Genome


@dataclass(frozen=True)
class EvaluationTask:
    """Cross-validate a genome.

    If the error is not above `keep_below`, predictions are kept, and fitted fold models that
    took more than `save_above` seconds each are written to `models_path`, unless they take more
    than `most_bytes`; those of an error below `save_below` are written even if they took no
    time, and so are those that children may start from. `parent_models` is the file with those
    that it starts from itself, fold by fold; where there is none, they are trained again. The
    genome is given up if it is hopeless against `rival`, or, once `steered_after`
    seconds are over, if all folds would take longer than `patience` seconds.
    """

    genome: Genome
    keep_below: float = float("inf")
    save_below: float = float("-inf")
    save_above: float = float("inf")
    models_path: Path | None = None
    most_bytes: int = 0
    parent_models: Path | None = None
    rival: Rival | None = None
    patience: float = float("inf")
    steered_after: float = 0.0

    def wants_predictions(self, error: float | None) -> bool:
        """Tell whether predictions with this error are to be kept."""
        return error is not None and error <= self.keep_below

    def wants_models(
        self, error: float | None, fit_seconds: float, *, heritable: bool = False
    ) -> bool:
        """Tell whether fold models with this error, which took so long each, are written."""
        if error is None or not self.wants_predictions(error):
            return False
        return heritable or error < self.save_below or fit_seconds > self.save_above


@dataclass(frozen=True)
class RefitTask:
    """Fit a genome on all rows, or on as many as the memory rule has room for.

    With `rounds` boosting stops early nowhere: it was found out in the folds when to stop.
    """

    genome: Genome
    rounds: int | None = None


@dataclass(frozen=True)
class FoldModelsTask:
    """Fit a genome on the training rows of every fold."""

    genome: Genome


@dataclass(frozen=True)
class Evaluation:
    """How a genome did: scores and seconds per fold, or why it failed.

    Attributes
    ----------
    scores : tuple of float
        The scorer's own values, NaN for folds that were not run.
    error : float or None
        Mean of the folds' errors; None if not all of them were run.
    predictions : ndarray or None
        Out-of-fold predictions (probabilities in classification) in the order of
        ``Folds.scored``, if they were to be kept.
    status : str
        "scored"; "raced" if it was given up as hopeless; "failed" if it raised or its score is
        no number; "timed_out" if it took or would have taken too long, "died" or
        "out_of_memory" if its worker was stopped.
    failure : str
        Why it failed, "" if it did not.
    models_bytes : int
        The size of the file with the fitted fold models, 0 if there is none.
    reused_fit_seconds, reused_score_seconds : float
        What fits and scores of all folds would have taken more, had not others before prepared
        the same rows in the same way.
    rounds : int or None
        The mean number of rounds that boosting took where it may stop early, else None.
    transient : bool
        Whether it failed for a reason that may pass, such as a full disk: another fit tries
        again.
    retrained : bool
        Whether those that it starts from had to be trained again, within its own seconds.
    """

    scores: tuple[float, ...]
    status: str
    error: float | None = None
    fit_seconds: tuple[float, ...] = ()
    score_seconds: tuple[float, ...] = ()
    predictions: NDArray[np.float64] | None = None
    failure: str = ""
    warnings: tuple[str, ...] = ()
    models_bytes: int = 0
    rounds: int | None = None
    retrained: bool = False
    transient: bool = False
    reused_fit_seconds: float = 0.0
    reused_score_seconds: float = 0.0
