"""Stopping rules of a search, other than its time budget."""

from dataclasses import dataclass

from evolearn.search.record import SearchRecord

# The log loss of perfect probabilities is this far above zero, for they are clipped.
ROUNDING = 2.0**-52


@dataclass(frozen=True)
class StoppingRules:
    """Conditions that end a search; None: no limit of this kind.

    ``tol`` is a share of the baseline's error: a share of the best error itself would never end
    a search near zero. ``perfect`` is the lowest error that is possible.
    """

    n_generations: int | None = None
    n_evaluations: int | None = None
    target_fitness: float | None = None
    n_iter_no_change: int | None = None
    tol: float = 0.0
    evaluation_timeout: float | None = None
    perfect: float | None = None

    def most_candidates(self, population_size: int) -> int | None:
        """Largest number of candidates that may be asked, None for any number."""
        limits = [self.n_evaluations]
        if self.n_generations is not None:
            limits.append(self.n_generations * population_size)
        return min((limit for limit in limits if limit is not None), default=None)

    def reason_by_result(self, record: SearchRecord, best_error: float | None) -> str:
        """Return the reason to stop that the results give, "" if there is none."""
        target = float("-inf") if self.target_fitness is None else self.target_fitness
        if best_error is not None and best_error <= target + ROUNDING:
            return "target_fitness"
        if record.ends_generation and self._stagnates(record):
            return "no_improvement"
        return ""

    def reason_by_count(self, n_asked: int) -> str:
        """Return the rule by which no more candidates may be asked."""
        if self.n_evaluations is not None and n_asked >= self.n_evaluations:
            return "n_evaluations"
        return "n_generations"

    def _stagnates(self, record: SearchRecord) -> bool:
        """Whether the last generations have not improved the best error."""
        best_errors = record.best_errors
        now = best_errors[-1]
        if self.perfect is not None and now <= self.perfect + ROUNDING:
            return True
        patience = self.n_iter_no_change
        if patience is None or len(best_errors) <= patience:
            return False
        before = best_errors[-1 - patience]
        if before == float("inf"):
            return now == before
        return not now < before - self.tol * abs(record.baseline_error or 0.0)
