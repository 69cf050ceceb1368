"""The tables of a checkpoint, and how values become rows of them.

Every row ends with a digest of its other columns, so that flipped bits are found.
"""

import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.evaluation.tasks import Evaluation
from evolearn.pipeline.genome import Genome

FORMAT = "1"
# Comments become a part of the schema in the file: `sqlite3 FILE .schema` shows them.
SCHEMA = {
    "meta": """CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY, -- format, evolearn, fingerprint, seed, created, effort
    value TEXT NOT NULL, -- of effort: what the first time budget decided, as JSON
    digest TEXT NOT NULL -- BLAKE2b of the other columns, as in all tables
) WITHOUT ROWID""",
    "evaluations": """CREATE TABLE evaluations (
    id INTEGER PRIMARY KEY, -- 1, 2, ... in the order in which evaluations ended
    candidate INTEGER NOT NULL, -- as in cv_results_["candidate"]
    genome TEXT NOT NULL,
    estimator TEXT NOT NULL,
    status TEXT NOT NULL, -- scored, raced, failed, timed_out, died or out_of_memory
    error REAL, -- mean over the folds, lower is better; NULL unless all folds were scored
    scores TEXT NOT NULL, -- of each fold, JSON; null for folds that were not run
    metrics TEXT NOT NULL, -- scores of several metrics by name, JSON
    fit_seconds TEXT NOT NULL, -- of each fold, JSON
    score_seconds TEXT NOT NULL, -- of each fold, JSON
    reused_fit_seconds REAL NOT NULL, -- saved by rows that were prepared before
    reused_score_seconds REAL NOT NULL,
    rounds INTEGER, -- mean rounds of boosting, if it may stop early
    retrained INTEGER NOT NULL, -- 1 if the models of the parent were trained again
    failure TEXT NOT NULL, -- why it failed, else empty
    transient INTEGER NOT NULL, -- 1 if the failure may pass: the next fit tries again
    warnings TEXT NOT NULL, -- JSON
    finished_at TEXT NOT NULL, -- UTC
    predictions_digest TEXT, -- NULL without predictions
    digest TEXT NOT NULL
)""",
    "predictions": """CREATE TABLE predictions (
    evaluation INTEGER PRIMARY KEY, -- evaluations.id
    array BLOB NOT NULL -- out-of-fold predictions, in the format of numpy.save
)""",
    "steps": """CREATE TABLE steps (
    position INTEGER PRIMARY KEY, -- 1, 2, ... the order in which a timed search got results
    candidate INTEGER NOT NULL,
    asked_before INTEGER NOT NULL, -- candidates proposed before this result was known
    genome TEXT NOT NULL,
    status TEXT NOT NULL,
    schedule TEXT NOT NULL, -- time budget, and from which candidate on seconds counted, JSON
    digest TEXT NOT NULL
)""",
    "runs": """CREATE TABLE runs (
    run INTEGER PRIMARY KEY, -- 1, 2, ... finished runs
    finished_at TEXT NOT NULL, -- UTC
    stop_reason TEXT NOT NULL,
    n_evaluations INTEGER NOT NULL, -- evaluations with an id up to this existed then
    decisions TEXT NOT NULL, -- steps, best candidate and members of the ensemble, JSON
    digest TEXT NOT NULL
)""",
}

Row = tuple[Any, ...]
Statement = tuple[str, Row]  # and the values of its placeholders


@dataclass(frozen=True)
class Step:
    """One result of a search, in the order in which the search learned from them.

    Parameters
    ----------
    number : int
        The number of the candidate.
    asked_before : int
        How many candidates had been proposed by then.
    genome : str
        The key of its genome.
    status : str
        That of its evaluation.
    schedule : dict
        The state of the schedule by then.
    """

    number: int
    asked_before: int
    genome: str
    status: str
    schedule: dict[str, Any]


@dataclass(frozen=True)
class Stored:
    """An evaluation without its predictions, and where these are."""

    id: int
    candidate: int
    evaluation: Evaluation
    predictions_digest: str | None


def insertion(table: str, row: Row) -> Statement:
    """Return the statement that inserts a row, given without its digest."""
    places = ", ".join("?" * (len(row) + 1))
    return f"INSERT INTO {table} VALUES ({places})", (*row, digest_of(table, row))


def values_of(number: int, genome: Genome, evaluation: Evaluation) -> Row:
    """Columns of an evaluation from `candidate` to `warnings`."""
    return (
        number,
        genome.key,
        genome.estimator,
        evaluation.status,
        # SQLite has no negative zero.
        None if evaluation.error is None else float(evaluation.error) + 0.0,
        json_of(_nullable(evaluation.scores)),
        json_of({name: _nullable(scores) for name, scores in evaluation.metrics.items()}),
        json_of(evaluation.fit_seconds),
        json_of(evaluation.score_seconds),
        float(evaluation.reused_fit_seconds),
        float(evaluation.reused_score_seconds),
        evaluation.rounds,
        int(evaluation.retrained),
        evaluation.failure.encode("utf-8", "backslashreplace").decode(),
        int(evaluation.transient),
        json_of(evaluation.warnings),
    )


def restored(row: Row) -> Stored:
    """Make an evaluation of a row of `evaluations`."""
    id_, candidate, _, _, status, error, *arrays = row
    scores, metrics, fit_seconds, score_seconds = map(json.loads, arrays[:4])
    reused_fit, reused_score, rounds, retrained, failure, transient, texts = arrays[4:11]
    evaluation = Evaluation(
        _of_nullable(scores),
        status,
        error,
        tuple(fit_seconds),
        tuple(score_seconds),
        failure=failure,
        warnings=tuple(json.loads(texts)),
        rounds=rounds,
        retrained=bool(retrained),
        reused_fit_seconds=reused_fit,
        reused_score_seconds=reused_score,
        metrics={name: _of_nullable(of_metric) for name, of_metric in metrics.items()},
        transient=bool(transient),
    )
    return Stored(id_, candidate, evaluation, row[-1])


def _nullable(scores: Iterable[float]) -> list[float | None]:
    """Return scores with None in place of NaN, which JSON does not have."""
    return [None if np.isnan(score) else score for score in scores]


def _of_nullable(scores: Iterable[float | None]) -> tuple[float, ...]:
    """Return scores with NaN in place of None."""
    return tuple(float("nan") if score is None else score for score in scores)


def step_row(position: int, step: Step) -> Row:
    """Return the row of `steps` for a step."""
    number, asked_before = step.number, step.asked_before
    return (position, number, asked_before, step.genome, step.status, json_of(step.schedule))


def step_of(row: Row) -> Step:
    """Make a step of a row of `steps`."""
    _, number, asked_before, genome, status, schedule = row
    return Step(number, asked_before, genome, status, json.loads(schedule))


def decisions_of(row: Row) -> dict[str, Any]:
    """Return the end of a run: its stop reason and decisions, from a row of `runs`."""
    decisions: dict[str, Any] = json.loads(row[-1])
    return {**decisions, "steps": [Step(**step) for step in decisions["steps"]]}


def bytes_of(array: NDArray[Any]) -> bytes:
    """Return an array in the format of ``numpy.save``."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def array_of(data: bytes) -> Any:
    """Return the array that `bytes_of` was given."""
    return np.load(io.BytesIO(data), allow_pickle=False)


def json_of(value: Any) -> str:
    """Return a value as JSON; scalars of NumPy become plain numbers."""
    return json.dumps(value, default=_of_numpy)


def _of_numpy(value: Any) -> Any:
    """Convert a scalar of NumPy, such as a user's settings may be, to Python's own."""
    if isinstance(value, np.generic):
        return value.item()
    msg = f"{value!r} cannot be stored in a checkpoint."
    raise TypeError(msg)


def digest_of(table: str, row: Row) -> str:
    """Return the digest of a row of a table."""
    return digest_of_bytes(json.dumps([table, *row], default=repr).encode())


def digest_of_bytes(data: bytes) -> str:
    """Return the digest of bytes."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def now() -> str:
    """Return the time in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
