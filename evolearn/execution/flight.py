"""A task on its way to a worker that is not ours, and what becomes of it."""

import math
import pickle
import time
from dataclasses import dataclass

from evolearn.execution.outcome import Outcome
from evolearn.execution.parcel import Reply
from evolearn.execution.slot import START_SECONDS
from evolearn.execution.worker_program import describe

# On top of a task's limit, which the worker measures itself: time to travel, and for a worker
# that has just joined to import what it needs.
TRAVEL_SECONDS = 5.0


@dataclass
class Flight:
    """A pickled task that can be sent more than once.

    Attributes
    ----------
    alone : bool
        Whether nothing else is on its way: it is suspected of having broken an executor.
    n_repairs : int
        The repairs of the executor before it was last sent.
    deadline : float
        When it is given up, on the monotonic clock.
    """

    key: int
    payload: bytes
    timeout: float | None
    alone: bool = False
    n_repairs: int = 0
    sent: float = 0.0
    deadline: float = math.inf

    def depart(self, n_repairs: int, *, warm: bool) -> None:
        """Note that it is sent now, to workers that have done tasks before if `warm`."""
        self.n_repairs = n_repairs
        self.sent = time.monotonic()
        if self.timeout is not None:
            travel = TRAVEL_SECONDS if warm else START_SECONDS
            self.deadline = self.sent + self.timeout + travel

    def answered(self, reply: Reply) -> Outcome:
        """Return the outcome that a worker's reply means."""
        if self.timeout is not None and reply.seconds > self.timeout:
            return self._late(reply.seconds)
        if reply.reason:
            # An interruption of its process (Ctrl-C reaches all of a terminal) is none of its.
            status = "died" if reply.interrupted else "raised"
            return Outcome(self.key, status, None, reply.reason, reply.seconds)
        try:
            value = pickle.loads(reply.value)
        except Exception as error:
            reason = f"the result could not be unpickled: {describe(error)}"
            return Outcome(self.key, "raised", None, reason, reply.seconds)
        return Outcome(self.key, "done", value, "", reply.seconds)

    def overdue(self) -> Outcome:
        """Return the outcome of a task that has not come back in time."""
        return self._late(time.monotonic() - self.sent)

    def _late(self, seconds: float) -> Outcome:
        reason = f"exceeded its limit of {self.timeout:.3g} s"
        return Outcome(self.key, "timed_out", None, reason, seconds)
