"""The course of a search: what became of its candidates, and how they were told."""

from dataclasses import dataclass

from evolearn.checkpoint.tables import Step
from evolearn.evaluation.tasks import Evaluation
from evolearn.execution.pool import Outcome
from evolearn.search.ask_tell import Candidate


@dataclass(frozen=True)
class Record:
    """A candidate with its evaluation."""

    candidate: Candidate
    evaluation: Evaluation


@dataclass(frozen=True)
class Past:
    """What earlier runs of a search have told.

    Attributes
    ----------
    records : list of Record
        The candidates in the order told.
    steps : list of Step
        How it was told, see `evolearn.search.replay`.
    pending : list of Candidate
        Those that were asked and not told.
    """

    records: list[Record]
    steps: list[Step]
    pending: list[Candidate]


@dataclass
class Progress:
    """What is known after a generation."""

    generation: int
    best_error: float | None
    n_evaluations: int
    n_failed: int
    seconds_left: float


def evaluation_of(outcome: Outcome) -> Evaluation:
    """Return what a worker sent, or a failed evaluation with the reason it sent nothing."""
    if outcome.status == "done":
        result: Evaluation = outcome.value
        return result
    status = "failed" if outcome.status == "raised" else outcome.status
    return Evaluation(
        scores=(),
        status=status,
        failure=outcome.reason,
        # Candidates catch their own errors: this one arose on the way to the worker or back.
        transient=outcome.status == "raised",
    )
