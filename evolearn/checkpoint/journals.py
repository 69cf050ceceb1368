"""Opens the journal of a fit: one file per data and settings in the user's folder."""

from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evolearn.checkpoint.fingerprint import fingerprint
from evolearn.checkpoint.journal import EvaluationJournal
from evolearn.checkpoint.replay import Replay
from evolearn.fit.data import FitData
from evolearn.fit.settings import Settings
from evolearn.fit.setup import Effort, choose_effort
from evolearn.search.loop import SearchLoop
from evolearn.user_warnings import warn


def open_journal(
    settings: Settings, data: FitData
) -> AbstractContextManager[EvaluationJournal | None]:
    """Return the journal of this fit, open until its context ends; None if none is wanted.

    Raises
    ------
    ValueError
        If the file is somebody else's, damaged, or written by another fit.
    """
    if settings.journal is None:
        return nullcontext()
    name = fingerprint(settings, data)
    header = {"fingerprint": name, "seed": data.seed}
    journal = EvaluationJournal(Path(settings.journal) / f"{name}.journal", header)
    if journal.torn:
        warn(
            f"The last record of the journal {journal.path} had been written in part, as "
            "when a process is killed; it was left out."
        )
    return closing(journal)


def effort_of(settings: Settings, data: FitData, journal: EvaluationJournal | None) -> Effort:
    """Return the effort of the first fit in the journal, or of this one if it is the first.

    Evaluations can only be compared on the same folds: a fit that goes on with another time
    budget keeps the ones it began with.
    """
    if journal is not None and journal.effort is not None:
        return Effort(**journal.effort)
    effort = choose_effort(settings, data)
    if journal is not None:
        journal.keep_effort(asdict(effort))
    return effort


def last_run(
    journal: EvaluationJournal | None, settings: Settings
) -> tuple[EvaluationJournal, dict[str, Any]]:
    """Return the journal, and how the last finished run in it ended.

    Raises
    ------
    ValueError
        If there is no journal, or no finished run in it.
    """
    if journal is None:
        msg = "replay=True repeats a run of a journal, but journal is None; pass its folder."
        raise ValueError(msg)
    if not journal.ends:
        msg = (
            f"replay=True, but the journal in {settings.journal} has no finished run on this "
            "data with these settings and this random_state; fit with replay=False first."
        )
        raise ValueError(msg)
    return journal, journal.ends[-1]


def go_on(run: SearchLoop) -> None:
    """Bring a run with a time budget to where earlier ones in its journal have been.

    Without one it asks the same candidates again, whose evaluations it finds in the journal.
    """
    journal = run.journal
    if journal is None or run.schedule.budget.seconds is None:
        return
    steps = max(journal.steps, *(end["steps"] for end in journal.ends[-1:]), [], key=len)
    if not steps:
        return
    replay = Replay(run.search, journal.last, run.library, run.schedule.runtime_model)
    past = replay.run(steps)
    if steps is journal.steps:
        journal.keep_steps(len(past.steps))
    else:  # of a run without a budget, which notes them at its end alone
        journal.keep_steps(0)
        for step in past.steps:
            journal.keep_step(step)
    run.resume(past)
