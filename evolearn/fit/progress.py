"""Progress of a fit in the log, for ``verbose=1``."""

from collections.abc import Sequence

from evolearn.ensemble.final_models import FinalModels
from evolearn.results.estimate import Estimate
from evolearn.results.progress import (
    LOGGER,
    estimate_line,
    generation_line,
    layer_line,
    reuse_line,
)
from evolearn.search.record import Observer, Progress, Record, SearchRecord


class ProgressLog(Observer):
    """Observer that logs a line per generation."""

    def __init__(self) -> None:
        self._metric = ""
        self._baseline: float | None = None

    def search_started(self, metric: str, baseline: float | None, record: SearchRecord) -> None:
        """Keep the name of the error and the baseline's; report that the search continues."""
        self._metric, self._baseline = metric, baseline
        if record.records:
            LOGGER.info("the search continues after %d candidates", len(record))

    def generation_ended(self, progress: Progress) -> None:
        """Log the state after a generation."""
        LOGGER.info(
            generation_line(
                progress.generation,
                self._metric,
                progress.best_error,
                self._baseline,
                progress.n_evaluations,
                progress.n_failed,
                progress.seconds_left,
            )
        )


def log_summary(
    records: Sequence[Record], final: FinalModels | None, estimate: Estimate
) -> None:
    """Log the stacking layer and the error on new rows; for developers, reused rows."""
    seconds = [record.evaluation.reused_fit_seconds for record in records]
    LOGGER.debug(reuse_line(sum(s > 0 for s in seconds), len(seconds), sum(seconds)))
    if final is not None and final.stacking is not None:
        LOGGER.info(layer_line(final.stacking.weights))
    LOGGER.info(estimate_line(estimate))
