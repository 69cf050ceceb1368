"""Seconds of a time budget to reserve for the final models."""

from collections.abc import Sequence
from dataclasses import dataclass

# Largest part of a time budget that is reserved: members whose final fits find no room in it
# are served by their fold models. The second share applies if a final fit takes more than
# MUCH_LONGER times a fit in a fold: folds train on few of the rows, and final fits gain most.
LARGEST_SHARE, LARGEST_SHARE_OF_FEW_ROWS = 0.25, 0.4
MUCH_LONGER = 1.6
# Final fits may take this much longer than the mean over folds suggests, and ensemble selection
# than the last time.
SAFETY_FACTOR = 1.25
# Seconds to assemble and return the models.
ASSEMBLY_SECONDS = 0.3
# Bytes that a process reads and unpickles in a second: half of the rate measured for forests.
LOADED_BYTES = 250e6


@dataclass(frozen=True)
class FinalCost:
    """Cost of one final model."""

    #: Seconds of its fit on all rows; 0 if it is fitted already.
    seconds: float
    #: Size of the fold models that would be read if the fit were late; 0 if there are none.
    models_bytes: int = 0
    is_fitted: bool = False


def load_seconds(costs: Sequence[FinalCost]) -> float:
    """Return the seconds to read the fold models of these candidates."""
    return sum(cost.models_bytes for cost in costs) / LOADED_BYTES


def refit_seconds(
    costs: Sequence[FinalCost], n_workers: int, limit: float = float("inf")
) -> float:
    """Return the expected seconds of the final fits, the best candidate's first.

    Zero if its fit alone takes longer than the limit, and its fold models can serve instead.
    """
    if costs and costs[0].models_bytes and costs[0].seconds > limit:
        return 0.0
    seconds = [cost.seconds for cost in costs]
    return max(sum(seconds) / n_workers, max(seconds)) if seconds else 0.0


def reserved_seconds(
    costs: Sequence[FinalCost],
    budget_seconds: float,
    n_workers: int,
    selection_seconds: float,
    refit_ratio: float,
) -> float:
    """Return the seconds of a time budget to reserve for the final models.

    The costs are those of the expected members, the best candidate first. `selection_seconds`
    is the duration of the last ensemble selection, `refit_ratio` the ratio of the time of the
    best candidate's final fit to that of a fit in one fold.
    """
    few_rows = refit_ratio > MUCH_LONGER
    limit = (LARGEST_SHARE_OF_FEW_ROWS if few_rows else LARGEST_SHARE) * budget_seconds
    # While members are fitted, there must be time left to read the fold models of others.
    waiting = [cost for cost in costs if not cost.is_fitted]
    fixed = ASSEMBLY_SECONDS + SAFETY_FACTOR * selection_seconds + load_seconds(waiting)
    final = refit_seconds(costs, n_workers, (limit - fixed) / SAFETY_FACTOR)
    return min(fixed + SAFETY_FACTOR * final, limit)
