"""State of a running fit, gathered from its events, and a snapshot of it."""

import math
import threading
import time
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.tasks import Evaluation
from evolearn.results.estimate import Estimate
from evolearn.results.outcomes import has_failed
from evolearn.search.record import Observer, SearchRecord

# Points of the curve of the best error, and estimator types that are shown.
CURVE_POINTS, MOST_LEADING = 24, 4


@dataclass(frozen=True)
class Running:
    """A candidate that a worker evaluates; workers count from 0."""

    worker: int
    params: Mapping[str, Any]
    seconds: float


@dataclass(frozen=True)
class Gain:
    """The last improvement of the best error, as a share of the error before it."""

    share: float
    seconds_ago: float
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """State of a fit at one moment.

    ``curve`` has the best error at equal steps of time, ``leading`` the best error by type of
    estimator, best first.
    """

    task: str
    phase: str
    elapsed: float
    budget: float | None
    most_candidates: int | None
    metric: str
    n_done: int
    n_failed: int
    baseline: float | None
    best: float | None
    curve: tuple[float, ...]
    leading: tuple[tuple[str, float], ...]
    running: tuple[Running, ...]
    gain: Gain | None


@dataclass(frozen=True)
class Ending:
    """Results of a finished fit for its summary; ``error`` is that of what predicts."""

    elapsed: float
    stop_reason: str
    n_done: int
    n_failed: int
    metric: str
    baseline: float | None
    error: float | None
    estimate: Estimate | None
    params: Mapping[str, Any]
    n_members: int


class LiveState(Observer):
    """Observer that keeps the state of a fit, for another thread to look at.

    Parameters
    ----------
    task : str
    budget : float or None
        Seconds for the fit.
    most_candidates : int or None
        Number of candidates after which the search ends.
    """

    def __init__(self, task: str, budget: float | None, most_candidates: int | None) -> None:
        self._fixed = {"task": task, "budget": budget, "most_candidates": most_candidates}
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._phase, self._metric = "starting", ""
        self._n_done = self._n_failed = 0
        self._baseline: float | None = None
        # Moments and values of all improvements.
        self._moments: list[float] = []
        self._errors: list[float] = []
        self._gain: tuple[float, float, Candidate] | None = None
        self._by_estimator: dict[str, float] = {}
        # Worker, start and candidate by number of the candidate.
        self._running: dict[int, tuple[int, float, Candidate]] = {}
        self.ending: Ending | None = None

    # -- events, in the thread that fits ----------------------------------------------------

    def phase_started(self, phase: str) -> None:
        """Keep the name of the phase; what ran in the one before has ended."""
        with self._lock:
            self._phase = phase
            self._running.clear()

    def search_started(self, metric: str, baseline: float | None, record: SearchRecord) -> None:
        """Keep the errors' name and the baseline's; count the candidates of earlier runs."""
        with self._lock:
            self._metric, self._baseline = metric, baseline
            for one in record.records:
                self._add(one.candidate, one.evaluation)

    def candidate_started(self, candidate: Candidate, worker: int) -> None:
        """Keep what the worker does, and since when."""
        with self._lock:
            self._running[candidate.number] = (worker, time.monotonic(), candidate)

    def candidate_finished(self, candidate: Candidate) -> None:
        """Set the worker free."""
        with self._lock:
            self._running.pop(candidate.number, None)

    def candidate_evaluated(self, candidate: Candidate, evaluation: Evaluation) -> None:
        """Count the candidate, and keep its error if it is a good one."""
        with self._lock:
            self._add(candidate, evaluation)

    def finished(self, attributes: Mapping[str, Any]) -> None:
        """Keep what the summary needs of the fitted attributes."""
        with self._lock:
            self.ending = Ending(
                elapsed=time.monotonic() - self._start,
                stop_reason=attributes["stop_reason_"],
                n_done=attributes["n_evaluations_"],
                n_failed=self._n_failed,
                metric=self._metric,
                baseline=self._baseline,
                error=self._error_of(attributes),
                estimate=attributes.get("estimate_"),
                params=attributes["best_params_"],
                n_members=_n_members(attributes.get("leaderboard_", {})),
            )

    def _error_of(self, attributes: Mapping[str, Any]) -> float | None:
        naive = attributes.get("ensemble_fitness_", math.nan)
        best = self._errors[-1] if self._errors else None
        return best if math.isnan(naive) else naive

    def _add(self, candidate: Candidate, evaluation: Evaluation) -> None:
        self._n_done += 1
        self._n_failed += has_failed(evaluation.status)
        error = evaluation.error
        if error is None:
            return
        name = candidate.genome.estimator
        self._by_estimator[name] = min(error, self._by_estimator.get(name, error))
        if self._errors and error >= self._errors[-1]:
            return
        now = time.monotonic()
        if self._errors:
            before = self._errors[-1]
            share = (before - error) / abs(before) if before else 0.0
            self._gain = (share, now, candidate)
        self._moments.append(now)
        self._errors.append(error)

    # -- the snapshot, in any thread --------------------------------------------------------

    def snapshot(self) -> Snapshot:
        """Return the state at this moment."""
        now = time.monotonic()
        with self._lock:
            moments, errors = list(self._moments), list(self._errors)
            by_estimator, running = dict(self._by_estimator), list(self._running.values())
            gain, phase, metric = self._gain, self._phase, self._metric
            n_done, n_failed, baseline = self._n_done, self._n_failed, self._baseline
        leading = sorted(by_estimator.items(), key=lambda item: item[1])[:MOST_LEADING]
        return Snapshot(
            **self._fixed,  # type: ignore[arg-type]
            phase=phase,
            elapsed=now - self._start,
            metric=metric,
            n_done=n_done,
            n_failed=n_failed,
            baseline=baseline,
            best=errors[-1] if errors else None,
            curve=curve(moments, errors, now),
            leading=tuple(leading),
            running=tuple(
                Running(worker, candidate.genome.params, now - started)
                for worker, started, candidate in sorted(running, key=lambda one: one[0])
            ),
            gain=gain and Gain(gain[0], now - gain[1], gain[2].genome.params),
        )


def _n_members(board: Mapping[str, Any]) -> int:
    """Return the number of candidates with a weight in the ensemble."""
    return sum(weight > 0 for weight in board.get("ensemble_weight", ()))


def curve(moments: list[float], errors: list[float], now: float) -> tuple[float, ...]:
    """Return the best error at equal steps of time, from the first error to now.

    Examples
    --------
    >>> from evolearn.report.live.state import curve
    >>> curve([0.0, 12.0], [2.0, 1.0], 23.0).count(2.0)
    12
    """
    if not moments:
        return ()
    step = (now - moments[0]) / (CURVE_POINTS - 1)
    times = [moments[0] + i * step for i in range(CURVE_POINTS)]
    return tuple(errors[max(bisect_right(moments, t), 1) - 1] for t in times)
