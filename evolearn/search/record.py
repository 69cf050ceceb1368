"""Record of a search: its candidates and their evaluations in the order told."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from evolearn.checkpoint.tables import Step
from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.tasks import Evaluation
from evolearn.execution.pool import Outcome
from evolearn.results.outcomes import has_failed


@dataclass(frozen=True)
class Record:
    """A candidate with its evaluation, without predictions."""

    candidate: Candidate
    evaluation: Evaluation


@dataclass(frozen=True)
class Progress:
    """State of a search after a generation."""

    generation: int
    best_error: float | None
    n_evaluations: int
    n_failed: int
    seconds_left: float


class Observer:
    """Watches a search; a subclass overrides the events that it needs.

    All events come from the thread that fits.
    """

    #: Whether the search is to end, with the reason "callback".
    stop_requested: bool = False

    def phase_started(self, phase: str) -> None:
        """Take notice of the next step of the fit, named by a participle and its object."""

    def search_started(
        self, metric: str, baseline: float | None, record: "SearchRecord"
    ) -> None:
        """Take notice of the name of the error, of the baseline's, and of earlier runs."""

    def candidate_started(self, candidate: Candidate, worker: int) -> None:
        """Take notice of a candidate that a worker begins to evaluate; workers count from 0."""

    def candidate_finished(self, candidate: Candidate) -> None:
        """Take notice of a candidate that a worker has done with."""

    def candidate_evaluated(self, candidate: Candidate, evaluation: Evaluation) -> None:
        """Take notice of a candidate and its evaluation, predictions included.

        Candidates come in the order told, which may be later than their workers finish.
        """

    def generation_ended(self, progress: Progress) -> None:
        """Take notice of the end of a generation."""


class Observers(Observer):
    """Several observers as one.

    Examples
    --------
    >>> from evolearn.search.record import Observer, Observers
    >>> Observers([Observer(), Observer()]).stop_requested
    False
    """

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)

    @property
    def stop_requested(self) -> bool:  # type: ignore[override]
        """Whether one of the observers asks the search to end."""
        return any(observer.stop_requested for observer in self._observers)

    def phase_started(self, phase: str) -> None:
        """Pass the event on."""
        for observer in self._observers:
            observer.phase_started(phase)

    def search_started(
        self, metric: str, baseline: float | None, record: "SearchRecord"
    ) -> None:
        """Pass the event on."""
        for observer in self._observers:
            observer.search_started(metric, baseline, record)

    def candidate_started(self, candidate: Candidate, worker: int) -> None:
        """Pass the event on."""
        for observer in self._observers:
            observer.candidate_started(candidate, worker)

    def candidate_finished(self, candidate: Candidate) -> None:
        """Pass the event on."""
        for observer in self._observers:
            observer.candidate_finished(candidate)

    def candidate_evaluated(self, candidate: Candidate, evaluation: Evaluation) -> None:
        """Pass the event on."""
        for observer in self._observers:
            observer.candidate_evaluated(candidate, evaluation)

    def generation_ended(self, progress: Progress) -> None:
        """Pass the event on."""
        for observer in self._observers:
            observer.generation_ended(progress)


@dataclass
class SearchRecord:
    """The candidates of a search, in the order told."""

    population_size: int
    records: list[Record] = field(default_factory=list)
    #: The conditions under which each of them was told, for a replay.
    steps: list[Step] = field(default_factory=list)
    #: The lowest error after each generation, infinite before there is one.
    best_errors: list[float] = field(default_factory=list)
    #: Error of the first candidate that has one.
    baseline_error: float | None = None
    _best: float = float("inf")

    def __len__(self) -> int:
        return len(self.records)

    @property
    def ends_generation(self) -> bool:
        """Whether the candidate told last was the last one of a generation."""
        return len(self.records) % self.population_size == 0

    def add(self, candidate: Candidate, evaluation: Evaluation, step: Step) -> None:
        """Add a candidate that was told."""
        # The library has the predictions that are needed.
        self.records.append(Record(candidate, replace(evaluation, predictions=None)))
        self.steps.append(step)
        if evaluation.error is not None:
            self._best = min(self._best, evaluation.error)
            if self.baseline_error is None:
                self.baseline_error = evaluation.error
        if self.ends_generation:
            self.best_errors.append(self._best)

    def progress(self, seconds_left: float) -> Progress:
        """Return the state after the generation that the last candidate belongs to."""
        return Progress(
            generation=(len(self.records) - 1) // self.population_size,
            best_error=None if self._best == float("inf") else self._best,
            n_evaluations=len(self.records),
            n_failed=sum(has_failed(record.evaluation.status) for record in self.records),
            seconds_left=seconds_left,
        )


def evaluation_of(outcome: Outcome) -> Evaluation:
    """Return the evaluation that a worker sent, or a failed one with the reason why not."""
    if outcome.status == "done":
        result: Evaluation = outcome.value
        return result
    return Evaluation(
        scores=(),
        status="failed" if outcome.status == "raised" else outcome.status,
        failure=outcome.reason,
        # Candidates catch their own errors: this one arose on the way to the worker or back.
        transient=outcome.status == "raised",
    )
