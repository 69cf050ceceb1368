"""Texts of the live display: the same for a terminal and a notebook."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evolearn.pipeline.in_one_line import describe_pipeline
from evolearn.report.live.state import Ending, Running, Snapshot
from evolearn.results.numbers import error_text, gain_text, percent, seconds_text

# Heights of the curve, lowest first.
LEVELS = "▁▂▃▄▅▆▇█"
# Between the leading types of estimators.
SEPARATOR = " · "
# Candidates that run now, each on a line.
MOST_RUNNING = 8
# Reasons to stop in words.
REASONS = {
    "time_budget": "the time budget was spent",
    "n_generations": "n_generations was reached",
    "n_evaluations": "n_evaluations was reached",
    "target_fitness": "target_fitness was reached",
    "no_improvement": "nothing improved any more",
    "exhausted": "every candidate was tried",
    "interrupted": "the search was interrupted",
    "callback": "a callback ended the search",
}


@dataclass(frozen=True)
class View:
    """Texts of a snapshot: `fraction` done, None if no limit is known; `rows` with labels.

    Once it `is_scored`, the first row has the best error; `curve` is empty until that improves.
    """

    title: str
    phase: str
    clock: str
    fraction: float | None
    curve: tuple[float, ...]
    rows: tuple[tuple[str, str], ...]
    is_scored: bool


def view_of(snapshot: Snapshot) -> View:
    """Return the texts of a snapshot."""
    clock = seconds_text(snapshot.elapsed)
    if snapshot.budget is not None:
        clock = f"{clock} of {seconds_text(snapshot.budget)}"
    return View(
        title=f"evolearn {snapshot.task}",
        phase=snapshot.phase,
        clock=clock,
        fraction=_fraction(snapshot),
        curve=snapshot.curve if len(set(snapshot.curve)) > 1 else (),
        rows=tuple(_rows(snapshot)),
        is_scored=snapshot.best is not None,
    )


def _fraction(snapshot: Snapshot) -> float | None:
    if snapshot.budget is not None:
        return min(snapshot.elapsed / snapshot.budget, 1.0)
    if snapshot.most_candidates is not None:
        return min(snapshot.n_done / snapshot.most_candidates, 1.0)
    return None


def _rows(snapshot: Snapshot) -> list[tuple[str, str]]:
    rows = []
    if snapshot.best is not None:
        rows.append((snapshot.metric, _best(snapshot.best, snapshot.baseline)))
    gain = snapshot.gain
    if gain is not None:
        ago = seconds_text(gain.seconds_ago)
        rows.append(
            (
                "last gain",
                f"{percent(gain.share)}, {ago} ago, {_pipeline(gain.params)}",
            )
        )
    if snapshot.leading:
        leading = [f"{name} {error_text(error)}" for name, error in snapshot.leading]
        rows.append(("leading", SEPARATOR.join(leading)))
    most = "" if snapshot.most_candidates is None else f" of {snapshot.most_candidates}"
    failed = f", {snapshot.n_failed} failed" if snapshot.n_failed else ""
    rows.append(("candidates", f"{snapshot.n_done}{most} done{failed}"))
    return [*rows, *_running_rows(snapshot.running)]


def _running_rows(running: Sequence[Running]) -> list[tuple[str, str]]:
    rows = [
        (
            f"worker {one.worker}",
            f"{seconds_text(one.seconds):>4}  {_pipeline(one.params)}",
        )
        for one in running[:MOST_RUNNING]
    ]
    more = len(running) - MOST_RUNNING
    return [*rows, ("", f"and {more} more workers")] if more > 0 else rows


def _best(best: float, baseline: float | None) -> str:
    gain = gain_text(best, baseline)
    against = f" ({error_text(baseline)})" if gain and baseline not in (best, None) else ""
    return f"{error_text(best)}{gain and ', '}{gain}{against}"


def summary_of(ending: Ending) -> list[str]:
    """Return the summary of a finished fit, one to four lines."""
    failed = f" ({ending.n_failed} failed)" if ending.n_failed else ""
    reason = REASONS.get(ending.stop_reason, ending.stop_reason)
    lines = [
        f"evolearn: {ending.n_done} candidates{failed} in {seconds_text(ending.elapsed)}; "
        f"{reason}."
    ]
    if ending.error is not None:
        models = f"ensemble of {ending.n_members} models" if ending.n_members > 1 else "model"
        lines.append(
            f"Cross-validated {ending.metric} of the {models}: "
            f"{_best(ending.error, ending.baseline)}."
        )
    estimate = ending.estimate
    if estimate is not None and not math.isnan(estimate.corrected):
        low, high = error_text(estimate.lower), error_text(estimate.upper)
        lines.append(
            f"Expected on new rows: {error_text(estimate.corrected)} "
            f"({percent(estimate.coverage)} interval {low} to {high})."
        )
    if ending.params:
        lines.append(f"Best pipeline: {_pipeline(ending.params)}")
    return lines


def one_line(view: View) -> str:
    """Return a view in one line."""
    parts = [view.clock, view.phase]
    rows = dict(view.rows)
    parts += [f"{label} {text}" for label, text in view.rows[:1] if label != "candidates"]
    parts.append(f"{rows['candidates']}")
    return " | ".join(parts)


def sparkline(values: Sequence[float]) -> str:
    """Return values as a curve of block characters.

    Examples
    --------
    >>> from evolearn.report.live.view import sparkline
    >>> sparkline([3.0, 2.0, 1.0])
    '█▅▁'
    """
    if not values:
        return ""
    low, high = min(values), max(values)
    scale = (len(LEVELS) - 1) / (high - low) if high > low else 0.0
    return "".join(LEVELS[round((value - low) * scale)] for value in values)


def _pipeline(params: Mapping[str, Any]) -> str:
    """Return a candidate's pipeline in one line."""
    return describe_pipeline(params, details=False)
