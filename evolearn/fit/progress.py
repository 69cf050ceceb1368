"""Progress of a fit in the log, for ``verbose=1``."""

from collections.abc import Sequence

from evolearn.ensemble.final_models import FinalModels
from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.tasks import Evaluation
from evolearn.results.estimate import Estimate
from evolearn.results.progress import (
    LOGGER,
    estimate_line,
    generation_line,
    layer_line,
    reuse_line,
)
from evolearn.search.record import Progress, Record


class ProgressLog:
    """Observer that logs a line per generation.

    At ``verbose=0`` nothing is logged, even for the user's own handlers.
    """

    def __init__(self, verbose: int) -> None:
        self._verbose = verbose

    def candidate_evaluated(self, candidate: Candidate, evaluation: Evaluation) -> None:
        """Log nothing for single candidates."""

    def generation_ended(self, progress: Progress) -> None:
        """Log the state after a generation."""
        if self._verbose:
            LOGGER.info(
                generation_line(
                    progress.generation,
                    progress.best_error,
                    progress.n_evaluations,
                    progress.n_failed,
                    progress.seconds_left,
                )
            )


def log_summary(
    records: Sequence[Record], final: FinalModels | None, estimate: Estimate
) -> None:
    """Log the reuse of prepared rows, the stacking layer and the error on new rows."""
    seconds = [record.evaluation.reused_fit_seconds for record in records]
    LOGGER.info(reuse_line(sum(s > 0 for s in seconds), len(seconds), sum(seconds)))
    if final is not None and final.stacking is not None:
        LOGGER.info(layer_line(final.stacking.weights))
    LOGGER.info(estimate_line(estimate))
