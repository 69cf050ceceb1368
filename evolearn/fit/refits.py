"""Fits the final models in the workers of the search."""

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

from evolearn.ensemble.final_models import Order
from evolearn.evaluation.tasks import EvaluationTask
from evolearn.exceptions import EvolearnWarning
from evolearn.execution.budget import Budget
from evolearn.execution.interruption import Interruption
from evolearn.execution.pool import Pool
from evolearn.fit.setup import Plan
from evolearn.search.loop import LOOK_SECONDS


def refit(
    plan: Plan,
    orders: Sequence[Order],
    spare: float,
    *,
    pool: Pool,
    budget: Budget,
    interruption: Interruption,
) -> Iterable[tuple[int, Any]]:
    """Yield position and result of each task that is done in time.

    Parameters
    ----------
    plan : Plan
        Knows which models are fitted alone, for they need the memory.
    orders : sequence of Order
        The first ones first.
    spare : float
        Refits end when so many seconds are left.
    pool : Pool
        With an evaluator installed, idle.
    budget : Budget
        That of the whole fit.
    interruption : Interruption
        A Ctrl-C that comes only now ends the refits; one that has ended the search does not.
    """
    waiting = list(enumerate(orders))
    running, lonely = 0, False
    interrupted = interruption.requested
    # However much there may be to read in the end, half of the time is for the refits.
    spare = min(spare, budget.remaining() / 2)
    while waiting or running:
        while waiting and pool.idle:
            position, order = waiting[0]
            alone = plan.refits_alone(order.task.genome)
            if running and (alone or lonely):
                break
            del waiting[0]
            if order.least_seconds <= budget.remaining() - spare:
                pool.submit(position, order.task)
                running, lonely = running + 1, alone
        if not (waiting or running):
            break
        left = budget.remaining() - spare
        if left <= 0 or interruption.requested != interrupted:
            break
        for outcome in pool.collect(timeout=min(left, LOOK_SECONDS)):
            running -= 1
            if outcome.status == "done":
                yield outcome.key, outcome.value
            else:
                tried = isinstance(orders[outcome.key].task, EvaluationTask)
                what = "model of the second layer" if tried else "final model"
                message = f"A {what} could not be fitted: {outcome.reason}"
                warnings.warn(message, EvolearnWarning, stacklevel=2)
    pool.cancel()
