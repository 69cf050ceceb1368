"""One place in a pool: its worker, its task, and the limits of that task."""

import contextlib
import math
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from evolearn.execution.local.process import UNKNOWN_CODE
from evolearn.execution.local.process_tree import (
    mapped_shared_memory,
    memory_of_descendants,
    own_memory,
)
from evolearn.execution.local.worker import Worker
from evolearn.execution.pool import START_SECONDS

# Interval at which limits are checked: a process fills some 100 MB in this time, and a check
# costs about 20 microseconds.
TICK_SECONDS = 0.05
# Excess memory from which on the sizes of shared files are looked up, which takes longer.
FILES_MATTER_BYTES = 2**24


@dataclass
class Task:
    """A pickled task, kept so that it can be sent again if its worker is lost."""

    key: int
    payload: bytes
    timeout: float | None
    sent: float = 0.0
    dispatches: int = 0


@dataclass
class WorkerSlot:
    """A place for one worker, which may be missing, and one task.

    The files of the shared `folder` do not count as memory of the worker.
    """

    folder: Path
    worker: Worker | None = None
    task: Task | None = None

    def seconds_left(self) -> float:
        """Seconds until the task must be killed; infinite while no limit runs."""
        if self.worker is None or self.task is None:
            return math.inf
        if self.worker.started is None:
            return self.task.sent + START_SECONDS - time.monotonic()
        if self.task.timeout is None:
            return math.inf
        return self.worker.started + self.task.timeout - time.monotonic()

    def exceeded_limit(self, memory_limit: int | None) -> tuple[str, str] | None:
        """Status and reason if the task has exceeded a limit, else None."""
        if self.worker is None or self.task is None:
            return None
        if self.seconds_left() <= 0:
            if self.worker.started is None:
                return "died", f"its worker was not ready within {START_SECONDS:g} s"
            return "timed_out", f"exceeded its limit of {self.task.timeout:.3g} s"
        if memory_limit is not None and self.excess_memory() > memory_limit:
            limit = memory_limit / 2**20
            return "out_of_memory", f"exceeded its limit of {limit:.0f} MiB of memory"
        return None

    def excess_memory(self) -> int:
        """Bytes that worker and children have taken since it was ready; 0 where unknown."""
        if self.worker is None or self.worker.baseline is None:
            return 0
        own = own_memory(self.worker.pid)
        if own is None:
            return 0
        excess = own - self.worker.baseline + memory_of_descendants(self.worker.pid)
        if excess > FILES_MATTER_BYTES and (shared := mapped_shared_memory(self.worker.pid)):
            # In a file system in memory, mapped files are shared memory.
            excess -= min(shared, _bytes_of_files(self.folder))
        return excess


def _bytes_of_files(folder: Path) -> int:
    total = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):  # removed meanwhile
                total += entry.stat().st_size
    return total


def cause_of_death(worker: Worker) -> str:
    """Sentence on the end of a worker's process."""
    code = worker.returncode
    assert code is not None
    if worker.start_failure:
        return f"no worker could be started: {worker.start_failure}"
    if worker.bad_reply:
        return f"its process was killed: {worker.bad_reply}"
    when = "" if worker.started is not None else " before it started the task"
    if code == UNKNOWN_CODE:
        return f"its process ended{when}; the fork server that knew how has ended too"
    if code >= 0:
        return f"its process exited with code {code}{when}"
    name = str(-code)
    with contextlib.suppress(ValueError):  # a real-time signal has no name
        name = signal.Signals(-code).name
    return f"its process was killed by signal {name}{when}"
