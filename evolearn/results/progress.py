"""Progress messages through Python's logging, shown also without a handler of the user's."""

import logging
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from evolearn.results.estimate import Estimate

LOGGER = logging.getLogger("evolearn")


@contextmanager
def visible_progress(verbose: int) -> Iterator[None]:
    """Show the progress of a fit, on stderr unless the user has configured handlers."""
    if not verbose:
        yield
        return
    level = LOGGER.level
    handler = None if LOGGER.hasHandlers() else logging.StreamHandler(sys.stderr)
    if handler is not None:
        handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        LOGGER.addHandler(handler)
    if LOGGER.getEffectiveLevel() > logging.INFO:
        LOGGER.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOGGER.setLevel(level)
        if handler is not None:
            LOGGER.removeHandler(handler)


def generation_line(
    generation: int,
    best_fitness: float | None,
    n_evaluations: int,
    n_failed: int,
    seconds_left: float,
) -> str:
    """Format the message about a generation."""
    best = "none yet" if best_fitness is None else f"{best_fitness:.6g}"
    left = "" if seconds_left == float("inf") else f", {max(seconds_left, 0.0):.0f} s left"
    return (
        f"generation {generation}: best fitness {best}, {n_evaluations} candidates done, "
        f"{n_failed} failed{left}"
    )


def dropped_line(name: str, reason: str) -> str:
    """Format the message about a column that was left out."""
    return f"the column {name!r} is left out: {reason}"


def reuse_line(n_reused: int, n_candidates: int, seconds: float) -> str:
    """Format the message about the reuse of prepared rows."""
    share = n_reused / max(n_candidates, 1)
    return (
        f"prepared rows were used again by {n_reused} of {n_candidates} candidates "
        f"({share:.0%}), which saved {seconds:.1f} s of training"
    )


def layer_line(weights: Mapping[str, float]) -> str:
    """Return the line that reports the weights of a stacking layer."""
    shares = ", ".join(f"{name} {weight:.0%}" for name, weight in weights.items())
    return f"stacking layer on the predictions of the ensemble's members: {shares}"


def estimate_line(estimate: Estimate) -> str:
    """Format the message about the error on new rows, beside the naive one."""
    naive = "" if math.isnan(estimate.naive) else f"; naive error {estimate.naive:.3g}"
    return f"{estimate.sentence()}{naive} ({estimate.metric}, lower is better)"
