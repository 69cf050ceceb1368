"""A task on its way to a worker of another executor, and the outcome of its reply."""

import math
import pickle
import time
from dataclasses import dataclass

from evolearn.execution.pool import START_SECONDS, Outcome
from evolearn.execution.remote.serialized_function import Reply
from evolearn.execution.serialization import describe

# Allowance beyond a task's limit, which the worker measures itself: for the transfer, and for
# the imports of a worker that has just joined.
TRANSFER_SECONDS = 5.0


@dataclass
class PendingTask:
    """A pickled task that can be sent more than once."""

    key: int
    payload: bytes
    timeout: float | None
    is_alone: bool = False  # because it may have broken an executor: no other task runs then
    n_repairs: int = 0  # of the executor, before the task was last sent
    sent: float = 0.0
    deadline: float = math.inf  # when the task is given up, on the monotonic clock

    def mark_sent(self, n_repairs: int, *, workers_ready: bool) -> None:
        """Start its time limit, which is longer for workers that have not replied yet."""
        self.n_repairs = n_repairs
        self.sent = time.monotonic()
        if self.timeout is not None:
            allowance = TRANSFER_SECONDS if workers_ready else START_SECONDS
            self.deadline = self.sent + self.timeout + allowance

    def outcome_of(self, reply: Reply) -> Outcome:
        """Outcome of the task for a worker's reply."""
        if self.timeout is not None and reply.seconds > self.timeout:
            return self._timed_out(reply.seconds)
        if reply.reason:
            status = "died" if reply.interrupted else "raised"
            return Outcome(self.key, status, None, reply.reason, reply.seconds)
        try:
            value = pickle.loads(reply.value)
        except Exception as error:
            reason = f"the result could not be unpickled: {describe(error)}"
            return Outcome(self.key, "raised", None, reason, reply.seconds)
        return Outcome(self.key, "done", value, "", reply.seconds)

    def overdue(self) -> Outcome:
        """Outcome of a task without a reply at its deadline."""
        return self._timed_out(time.monotonic() - self.sent)

    def _timed_out(self, seconds: float) -> Outcome:
        reason = f"exceeded its limit of {self.timeout:.3g} s"
        return Outcome(self.key, "timed_out", None, reason, seconds)
