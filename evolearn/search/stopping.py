"""When a search has found enough, or finds nothing any more."""

from collections.abc import Sequence
from dataclasses import dataclass

# The log loss of perfect probabilities is one such step above zero, for they are clipped.
ROUNDING = 2.0**-52


@dataclass(frozen=True)
class Limits:
    """When a search ends, besides its time budget; None: no limit of this kind.

    ``tol`` is a share of the baseline's error: near zero, shares of the best error itself
    would let a search go on for ever. ``perfect`` is the error that none can be below.
    """

    n_generations: int | None = None
    n_evaluations: int | None = None
    target_fitness: float | None = None
    n_iter_no_change: int | None = None
    tol: float = 0.0
    evaluation_timeout: float | None = None
    perfect: float | None = None

    def most_candidates(self, population_size: int) -> int | None:
        """Return how many candidates may be asked at most, None for any number."""
        limits = [self.n_evaluations]
        if self.n_generations is not None:
            limits.append(self.n_generations * population_size)
        return min((limit for limit in limits if limit is not None), default=None)

    def is_reached(self, error: float | None) -> bool:
        """Tell whether an error is as low as the target, if there is one."""
        if self.target_fitness is None or error is None:
            return False
        return error <= self.target_fitness + ROUNDING

    def stagnates(self, best_errors: Sequence[float], baseline_error: float) -> bool:
        """Tell whether the generations bring nothing any more.

        Parameters
        ----------
        best_errors : sequence of float
            The lowest error after each generation, infinite before there is any.
        baseline_error : float
            That of the first candidate that has one.
        """
        now = best_errors[-1]
        if self.perfect is not None and now <= self.perfect + ROUNDING:
            return True
        patience = self.n_iter_no_change
        if patience is None or len(best_errors) <= patience:
            return False
        before = best_errors[-1 - patience]
        if before == float("inf"):
            return now == before
        return not now < before - self.tol * abs(baseline_error)
