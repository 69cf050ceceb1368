"""The tables of a checkpoint, and how values become rows of them.

Every row ends with a digest of its other columns, so that flipped bits are found. What is read
is checked by `evolearn.checkpoint.validation`.
"""

import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.checkpoint.validation import (
    MOST_AHEAD,
    MOST_ROUNDS,
    MOST_SECONDS,
    MOST_SKIPPED,
    STOP_REASON,
    check_dictionary,
    check_integer,
    check_keys,
    check_list,
    check_number,
    check_status,
    check_text,
    read_json,
    read_numbers,
    read_seconds,
)
from evolearn.evaluation.tasks import Evaluation, Run
from evolearn.execution.serialization import printable
from evolearn.pipeline.genome import Genome

FORMAT = "2"
# Comments become a part of the schema in the file: `sqlite3 FILE .schema` shows them.
SCHEMA = {
    "meta": """CREATE TABLE meta (
    name TEXT NOT NULL PRIMARY KEY, -- format, evolearn, fingerprint, seed, created, effort and
    -- error, which is that of the metric
    value TEXT NOT NULL, -- of effort: what the first time budget decided, as JSON; of error:
    -- its name, and the baseline's, which may be null, as JSON
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
    start_seconds REAL NOT NULL, -- since the fit began; a later fit counts on from the last end
    end_seconds REAL NOT NULL,
    worker INTEGER NOT NULL, -- from 0
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
    """Columns of an evaluation from `candidate` to `worker`."""
    run = evaluation.run
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
        printable(evaluation.failure).encode("utf-8", "backslashreplace").decode(),
        int(evaluation.transient),
        json_of(evaluation.warnings),
        float(run.start_seconds),
        float(run.end_seconds),
        run.worker,
    )


def restored(row: Row) -> Stored:
    """Make an evaluation of a row of `evaluations`."""
    id_, candidate, genome, _, status, error, *arrays = row
    check_text("genome", genome)
    scores = read_numbers("scores", arrays[0])
    metrics = read_json("metrics", arrays[1])
    fit_seconds = read_seconds("fit_seconds", arrays[2])
    score_seconds = read_seconds("score_seconds", arrays[3])
    reused_fit, reused_score, rounds, retrained, failure, transient, texts = arrays[4:11]
    start, end, worker = arrays[11:14]
    if (check_status(status) == "scored") != (error is not None):
        msg = f"error is {error!r} with status {status}"
        raise ValueError(msg)
    evaluation = Evaluation(
        scores,
        status,
        None if error is None else check_number("error", error),
        fit_seconds,
        score_seconds,
        failure=check_text("failure", failure),
        warnings=tuple(
            check_text("warnings", text)
            for text in check_list("warnings", read_json("warnings", texts))
        ),
        rounds=None if rounds is None else check_integer("rounds", rounds, 0, MOST_ROUNDS),
        retrained=bool(check_integer("retrained", retrained, 0, 1)),
        reused_fit_seconds=check_number("reused_fit_seconds", reused_fit, 0.0, MOST_SECONDS),
        reused_score_seconds=check_number(
            "reused_score_seconds", reused_score, 0.0, MOST_SECONDS
        ),
        metrics={
            check_text("metrics", name): read_numbers(name, json_of(scores_of_metric))
            for name, scores_of_metric in check_dictionary("metrics", metrics).items()
        },
        transient=bool(check_integer("transient", transient, 0, 1)),
        run=Run(
            check_number("start_seconds", start, 0.0, MOST_SECONDS),
            check_number("end_seconds", end, start, MOST_SECONDS),
            check_integer("worker", worker),
        ),
    )
    return Stored(id_, check_integer("candidate", candidate), evaluation, row[-1])


def _nullable(scores: Iterable[float]) -> list[float | None]:
    """Return scores with None in place of NaN, which JSON does not have."""
    return [None if np.isnan(score) else score for score in scores]


def step_row(position: int, step: Step) -> Row:
    """Return the row of `steps` for a step."""
    number, asked_before = step.number, step.asked_before
    return (position, number, asked_before, step.genome, step.status, json_of(step.schedule))


def step_of(row: Row) -> Step:
    """Make a step of a row of `steps`."""
    position, number, asked_before, genome, status, schedule = row
    return _checked_step(
        position, number, asked_before, genome, status, read_json("schedule", schedule)
    )


def decisions_of(row: Row) -> dict[str, Any]:
    """Return the end of a run: its stop reason and decisions, from a row of `runs`."""
    decisions: dict[str, Any] = read_json("decisions", row[-1])
    steps = check_list("steps", decisions["steps"])
    names = [field.name for field in fields(Step)]
    whole = [check_keys("step", step, names) for step in steps]
    reason = decisions["stop_reason"]
    check_integer("n_evaluations", row[3])
    if type(reason) is not str or not STOP_REASON.fullmatch(reason):
        msg = "stop_reason is unknown"
        raise ValueError(msg)
    checked = [
        _checked_step(n, *(one[name] for name in names)) for n, one in enumerate(whole, 1)
    ]
    return {**decisions, "steps": checked}


def _checked_step(
    position: int, number: Any, asked_before: Any, genome: Any, status: Any, schedule: Any
) -> Step:
    """Make a step of values of any kind."""
    most = MOST_AHEAD + MOST_SKIPPED * position
    check_integer("asked_before", asked_before, 1, most)
    check_integer("candidate", number, 0, asked_before - 1)
    check_keys("schedule", schedule, ("seconds", "portfolio_first", "measured_from"))
    if schedule["seconds"] not in (None, float("inf")):
        check_number("seconds", schedule["seconds"], 0.0)
    if schedule["measured_from"] is not None:
        check_integer("measured_from", schedule["measured_from"])
    if type(schedule["portfolio_first"]) is not bool or type(genome) is not str:
        msg = "genome or portfolio_first is of another type"
        raise ValueError(msg)
    return Step(number, asked_before, genome, check_status(status), schedule)


def bytes_of(array: NDArray[Any]) -> bytes:
    """Return an array in the format of ``numpy.save``."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


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
