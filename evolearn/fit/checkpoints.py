"""Opens the checkpoint of a fit, one file per data and settings, and continues from it."""

from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from evolearn.checkpoint.errors import reading
from evolearn.checkpoint.fingerprint import fingerprint
from evolearn.checkpoint.store import CheckpointStore
from evolearn.checkpoint.validation import check_integer, check_keys, check_number
from evolearn.evaluation.folds import MANY_FOLDS
from evolearn.fit.data import FitData
from evolearn.fit.settings import Settings
from evolearn.fit.setup import Effort, Plan, choose_effort
from evolearn.results.estimate import Estimate
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
        with reading(checkpoint.path):
            return _checked_effort(checkpoint.effort, data.problem.table.n_rows)
    effort = choose_effort(settings, data)
    if checkpoint is not None:
        checkpoint.save_effort(asdict(effort))
    return effort


def _checked_effort(stored: dict[str, Any], n_rows: int) -> Effort:
    """Return the effort that was stored; raise ValueError if it is none for this table."""
    effort = Effort(**check_keys("effort", stored, [field.name for field in fields(Effort)]))
    check_integer("n_folds", effort.n_folds, 1, MANY_FOLDS)
    for name, seconds in (("fit_limit", effort.fit_limit), ("fair", effort.fair_seconds)):
        if seconds not in (None, float("inf")):
            check_number(name, seconds, 0.0)
    if effort.training_rows is not None:
        check_integer("training_rows", effort.training_rows, 1, n_rows)
    check_integer("screening", int(effort.screening), 0, 1)
    return effort


def check_sizes(checkpoint: CheckpointStore | None, plan: Plan) -> None:
    """Refuse a checkpoint whose evaluations do not have the sizes of the plan."""
    if checkpoint is not None:
        checkpoint.expect(len(plan.folds), len(plan.folds.scored), plan.data.task.width)


def last_run(
    checkpoint: CheckpointStore | None, n_folds: int
) -> tuple[CheckpointStore, dict[str, Any]]:
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
    end = checkpoint.finished_runs[-1]
    with reading(checkpoint.path):
        if "best" in end:
            _check_decisions(end, n_folds)
        Estimate.from_dict(end["estimate"])
    return checkpoint, end


def _check_decisions(end: dict[str, Any], n_folds: int) -> None:
    """Raise a ValueError unless decisions are those of `FinalModels.decisions`."""
    scored = {step.number for step in end["steps"] if step.status == "scored"}
    members = [[1.0, *end["best"]], *end["members"]]
    for weight, number, fold in members:
        check_number("weight", weight, 0.0, 1.0 + 1e-9)
        if number not in scored:
            msg = "a member was not scored"
            raise ValueError(msg)
        if fold is not None:
            check_integer("fold", fold, 0, n_folds - 1)
    for number in end["simple"]:
        if number not in scored:
            msg = "a simple model was not scored"
            raise ValueError(msg)
    parts = [end] if end["stacking"] is None else [end, end["stacking"]]
    for part in parts:
        check_number("sharpness", part["sharpness"], 0.0)
    for part in parts[1:]:
        for weight in part["weights"].values():
            check_number("weight", weight, 0.0, 1.0 + 1e-9)


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
    # Candidates that failed for a passing reason are pending again. The search learns nothing
    # from a failure, so that it continues in the same way without.
    histories = [
        [step for step in steps if not checkpoint.failed_transiently(step)]
        for steps in (checkpoint.steps, *ends)
    ]
    steps = max(histories, key=len)
    record, pending = replay_steps(
        steps,
        loop.search,
        checkpoint.find_latest,
        loop.library,
        loop.schedule.runtime_model,
    )
    checkpoint.replace_steps(record.steps)
    if steps:
        loop.resume(record, pending)
