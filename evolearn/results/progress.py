"""Progress messages through Python's logging, shown also without a handler of the user's."""

import logging
import math
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from evolearn.results.estimate import Estimate
from evolearn.results.numbers import error_text, gain_text

LOGGER = logging.getLogger("evolearn")


class _Shown:
    """Number of fits that show their progress now, and what they changed for it.

    Fits in several threads share the handler: each line is shown once, until the last one ends.
    """

    lock = threading.Lock()
    n_fits = 0
    level = logging.NOTSET
    handler: logging.Handler | None = None


@contextmanager
def visible_progress(visible: bool) -> Iterator[None]:
    """Show the progress of a fit, on standard output unless the user has handlers."""
    if not visible:
        yield
        return
    with _Shown.lock:
        if not _Shown.n_fits:
            _add_handler()
        _Shown.n_fits += 1
    try:
        yield
    finally:
        with _Shown.lock:
            _Shown.n_fits -= 1
            if not _Shown.n_fits:
                _restore()


def _add_handler() -> None:
    _Shown.level = LOGGER.level
    _Shown.handler = None
    if not LOGGER.hasHandlers():
        _Shown.handler = logging.StreamHandler(sys.stdout)
        _Shown.handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
        LOGGER.addHandler(_Shown.handler)
    if LOGGER.getEffectiveLevel() > logging.INFO:
        LOGGER.setLevel(logging.INFO)


def _restore() -> None:
    LOGGER.setLevel(_Shown.level)
    if _Shown.handler is not None:
        LOGGER.removeHandler(_Shown.handler)
        _Shown.handler = None


def generation_line(
    generation: int,
    metric: str,
    best: float | None,
    baseline: float | None,
    n_evaluations: int,
    n_failed: int,
    seconds_left: float,
) -> str:
    """Format the message about a generation.

    Examples
    --------
    >>> from evolearn.results.progress import generation_line
    >>> generation_line(2, "RMSE", 54.123, 61.8, 48, 3, 36.6)
    'generation 2: RMSE 54.12, 12 % below the baseline; 48 candidates, 3 failed, 37 s left'
    """
    error = "no candidate has an error yet" if best is None else f"{metric} {error_text(best)}"
    gain = gain_text(best, baseline)
    failed = f", {n_failed} failed" if n_failed else ""
    left = "" if seconds_left == float("inf") else f", {max(seconds_left, 0.0):.0f} s left"
    return (
        f"generation {generation}: {error}{gain and ', '}{gain}; "
        f"{n_evaluations} candidates{failed}{left}"
    )


def dropped_line(name: str, reason: str) -> str:
    """Format the message about a column that was left out."""
    return f"the column {name!r} is left out: {reason}"


def rare_categories_line(name: str, n_categories: int, n_values: int) -> str:
    """Format the message about a column of categories that hardly repeat."""
    return (
        f"the column {name!r} holds {n_categories:,} categories, fewer than two rows for each "
        f"({n_values:,} rows); pass its kind in kinds if it holds something else"
    )


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
    naive = "" if math.isnan(estimate.naive) else f"; naive error {error_text(estimate.naive)}"
    return f"{estimate.sentence()}{naive} ({estimate.error_name}, lower is better)"
