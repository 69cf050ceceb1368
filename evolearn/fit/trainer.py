"""Trainer: fits the final models, and those of the stacking layer, in the workers."""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from evolearn.cost.memory import refits_alone
from evolearn.ensemble.final_models import Order
from evolearn.evaluation.tasks import EvaluationTask
from evolearn.execution.budget import Budget
from evolearn.execution.interruption import Interruption
from evolearn.execution.pool import Pool
from evolearn.fit.setup import Plan
from evolearn.search.loop import POLL_SECONDS
from evolearn.user_warnings import warn


@dataclass(frozen=True)
class Trainer:
    """Trains models in idle workers, with the plan's evaluator, until the budget is spent.

    An interrupt ends the training, unless it came before.
    """

    plan: Plan
    pool: Pool
    budget: Budget  # of the whole fit
    interruption: Interruption

    def __call__(
        self, orders: Sequence[Order], spare_seconds: float
    ) -> Iterator[tuple[int, Any]]:
        """Yield position and result of each order that is trained in time, the first first.

        Training ends when `spare_seconds` of the budget are left, but takes half of what is
        left at least.
        """
        waiting = deque(enumerate(orders))
        n_running, is_alone = 0, False
        interrupted = self.interruption.requested
        spare = min(spare_seconds, self.budget.remaining() / 2)
        while waiting or n_running:
            while waiting and self.pool.idle:
                position, order = waiting[0]
                alone = refits_alone(order.task.genome, self.plan.space, self.plan.problem)
                if n_running and (alone or is_alone):
                    break
                waiting.popleft()
                if order.least_seconds <= self.budget.remaining() - spare:
                    self.pool.submit(position, order.task)
                    n_running, is_alone = n_running + 1, alone
            if not (waiting or n_running):
                break
            left = self.budget.remaining() - spare
            if left <= 0 or self.interruption.requested != interrupted:
                break
            for outcome in self.pool.collect(timeout=min(left, POLL_SECONDS)):
                n_running -= 1
                if outcome.status == "done":
                    yield outcome.key, outcome.value
                else:
                    self.pool.check_shared_folder()
                    _warn_of_failure(orders[outcome.key], outcome.reason)
        self.pool.cancel()


def _warn_of_failure(order: Order, reason: str) -> None:
    is_stacking = isinstance(order.task, EvaluationTask)
    model = "model of the stacking layer" if is_stacking else "final model"
    warn(f"A {model} could not be fitted: {reason}")
