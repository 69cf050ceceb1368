"""A place in a pool: a worker, the task it has, and whether that task is within its limits."""

import contextlib
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass

from evolearn.execution.process import UNKNOWN_CODE
from evolearn.execution.worker import Worker
from evolearn.execution.worker_program import own_memory

# How often limits are looked at: a process fills some 100 MB in this time, and the look costs
# about 20 microseconds.
TICK_SECONDS = 0.05
# Imports on a slow disk take ten seconds; a worker that needs much longer never gets there.
START_SECONDS = 120.0


@dataclass
class Task:
    """A task on its way: pickled, so that it can be sent again if its worker is lost."""

    key: int
    payload: bytes
    timeout: float | None
    sent: float = 0.0
    dispatches: int = 0


@dataclass
class Slot:
    """A place for one worker, which may be missing, and one task."""

    worker: Worker | None = None
    task: Task | None = None

    @property
    def ready(self) -> bool:
        """Whether there is a living worker without a task."""
        return self.task is None and self.worker is not None and self.worker.returncode is None

    def seconds_left(self) -> float | None:
        """Return the time until the task must be killed; None while no limit runs."""
        if self.worker is None or self.task is None:
            return None
        if self.worker.started is None:
            return self.task.sent + START_SECONDS - time.monotonic()
        if self.task.timeout is None:
            return None
        return self.worker.started + self.task.timeout - time.monotonic()

    def verdict(self, memory_limit: int | None) -> tuple[str, str] | None:
        """Return status and reason if the task has exceeded a limit."""
        left = self.seconds_left()
        if left is not None and left <= 0:
            assert self.worker is not None
            assert self.task is not None
            if self.worker.started is None:
                return "died", f"its worker was not ready within {START_SECONDS:g} s"
            return "timed_out", f"exceeded its limit of {self.task.timeout:.3g} s"
        if memory_limit is not None and self.task is not None and self.excess() > memory_limit:
            limit = memory_limit / 2**20
            return "out_of_memory", f"exceeded its limit of {limit:.0f} MiB of memory"
        return None

    def excess(self) -> int:
        """Return the bytes that the worker has taken since it was ready, as far as known."""
        if self.worker is None or self.worker.baseline is None:
            return 0
        memory = own_memory(self.worker.pid)
        return 0 if memory is None else memory - self.worker.baseline


def next_look(slots: Iterable[Slot]) -> float:
    """Return the seconds until the limits must be looked at."""
    lefts = (slot.seconds_left() for slot in slots)
    # Not zero: the one whose time is just up gets its look right after.
    return max(0.001, min([TICK_SECONDS, *(left for left in lefts if left is not None)]))


def cause_of_death(worker: Worker) -> str:
    """Return how the process of a worker ended, as a sentence."""
    code = worker.returncode
    assert code is not None
    if worker.refusal:
        return f"no worker could be started: {worker.refusal}"
    when = "" if worker.started is not None else " before it took up the task"
    if code == UNKNOWN_CODE:
        return f"its process ended{when}, and the template that knew how has ended too"
    if code >= 0:
        return f"its process exited with code {code}{when}"
    name = str(-code)
    with contextlib.suppress(ValueError):  # a real-time signal has no name
        name = signal.Signals(-code).name
    return f"its process was killed by signal {name}{when}"
