"""Opens the checkpoint of a fit, one file per data and settings, and continues from it."""

from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evolearn.checkpoint.fingerprint import fingerprint
from evolearn.checkpoint.store import CheckpointStore
from evolearn.fit.data import FitData
from evolearn.fit.settings import Settings
from evolearn.fit.setup import Effort, choose_effort
from evolearn.search.loop import SearchLoop
from evolearn.search.replay import replay_steps


def open_checkpoint(
    settings: Settings, data: FitData
) -> AbstractContextManager[CheckpointStore | None]:
    """Open the checkpoint of a fit until the context ends; None without a folder."""
    if settings.journal is None:
        return nullcontext()
    name = fingerprint_of(settings, data)
    path = Path(settings.journal) / f"{name}.sqlite"
    return closing(CheckpointStore(path, fingerprint=name, seed=data.seed))


def fingerprint_of(settings: Settings, data: FitData) -> str:
    """Return a digest of everything that decides what the candidates are and how they score.

    Budgets, limits, `n_jobs` and `verbose` are no part of it: a search may continue with
    others.
    """
    schema = data.prepared.schema
    return fingerprint(
        arrays=(
            data.prepared.matrix,
            # Categories and numbers may have the same matrix.
            (schema.n_numeric, schema.cardinalities, schema.texts, schema.dates),
            data.target,
            data.task,
            data.weights,
            data.groups,
            data.raw if data.needs_raw(data.space) else None,
            data.seed,
            # Splits count by their rows: the text of a splitter may not contain its seed.
            data.cv,
        ),
        settings=(
            data.problem.task,
            settings.population_size,
            settings.scoring,
            settings.refit,
            data.space,
        ),
    )


def effort_of(settings: Settings, data: FitData, checkpoint: CheckpointStore | None) -> Effort:
    """Return the effort of the first fit in the checkpoint; of this one, if it is the first.

    Evaluations can only be compared on the same folds: a fit that continues with another time
    budget keeps those of the first.
    """
    if checkpoint is not None and checkpoint.effort is not None:
        return Effort(**checkpoint.effort)
    effort = choose_effort(settings, data)
    if checkpoint is not None:
        checkpoint.save_effort(asdict(effort))
    return effort


def last_run(checkpoint: CheckpointStore | None) -> tuple[CheckpointStore, dict[str, Any]]:
    """Return the checkpoint and the decisions of the last finished run in it."""
    if checkpoint is None:
        msg = "replay=True repeats a run of a journal, but journal is None; pass its folder."
        raise ValueError(msg)
    if not checkpoint.finished_runs:
        msg = (
            f"replay=True, but the journal in {checkpoint.path.parent} has no finished run on "
            "this data with these settings and this random_state; fit with replay=False first."
        )
        raise ValueError(msg)
    return checkpoint, checkpoint.finished_runs[-1]


def continue_search(loop: SearchLoop) -> None:
    """Bring a run with a time budget to the state that earlier runs had reached.

    A run without a time budget proposes the same candidates again, and finds their evaluations
    in the checkpoint.
    """
    checkpoint = loop.checkpoint
    if checkpoint is None or loop.schedule.budget.seconds is None:
        return
    # A run without a time budget stores its steps at its end alone.
    ends = [end["steps"] for end in checkpoint.finished_runs[-1:]]
    steps = max(checkpoint.steps, *ends, [], key=len)
    # Candidates that failed for a passing reason are pending again. The search learns nothing
    # from a failure, so that it continues in the same way without.
    steps = [step for step in steps if not checkpoint.failed_transiently(step)]
    if steps:
        find = checkpoint.find_latest
        record, pending = replay_steps(
            steps, loop.search, find, loop.library, loop.schedule.runtime_model
        )
        checkpoint.replace_steps(record.steps)
        loop.resume(record, pending)
