"""A pool of worker processes that can be killed one at a time.

    submit --> worker's pipe --> the function --> worker's pipe --> reader thread
                                                                          |
    collect <-- limits enforced by killing <-- one inbox per pool <-------+

The parent alone decides how a task ends. It waits on one inbox for replies and deaths, and
checks the limits of time and memory in between. A task that is stuck, in Python or in C, costs
its own worker and nothing else.
"""

import pickle
import time
from collections.abc import Sequence
from typing import Any

from evolearn.execution.local.interpreter import find_interpreter
from evolearn.execution.local.temporary_folder import make_folder, remove_folder
from evolearn.execution.local.worker import ENDED, Worker
from evolearn.execution.local.worker_cache import WORKER_CACHE
from evolearn.execution.local.worker_program import RAISED, Frame
from evolearn.execution.local.worker_slot import (
    TICK_SECONDS,
    Task,
    WorkerSlot,
    cause_of_death,
)
from evolearn.execution.pool import Outcome, Pool
from evolearn.execution.serialization import describe, pickled

# A worker that is killed from outside before it started its task is replaced, but one that the
# function itself kills would be replaced for ever.
MAX_DISPATCHES = 2
# Time for killed workers to let go of files in the shared folder.
JOIN_SECONDS = 1.0


class WorkerPool(Pool):
    """Worker processes of this machine that run one function on many tasks.

    The workers are forks of a fork server or fresh interpreters, not forks of this process: the
    script needs no ``if __name__ == "__main__"``. Idle workers are kept for the next pool.
    Numerical libraries use one thread in a worker.

    Parameters
    ----------
    n_workers : int
        The number of workers.
    memory_limit : int or None, default=None
        The bytes that a worker and the processes that its task starts may take beyond what it
        has when it is ready for its first task. Enforced on Linux only, where the memory of a
        process can be read.
    preload : sequence of str, default=()
        Modules to import at once, while the parent is still preparing; on Linux once for all
        workers. Modules that cannot be imported are ignored.

    Examples
    --------
    >>> from evolearn.execution.local.pool import WorkerPool
    >>> with WorkerPool(1) as pool:
    ...     pool.install(lambda x: x * x)
    ...     pool.submit(0, 7)
    ...     [outcome] = pool.collect()
    >>> outcome.status, outcome.value
    ('done', 49)
    """

    _serialize = staticmethod(pickled)

    def __init__(
        self,
        n_workers: int,
        *,
        memory_limit: int | None = None,
        preload: Sequence[str] = (),
    ) -> None:
        super().__init__(n_workers)
        find_interpreter()  # before anything is there to be removed
        self._memory_limit = memory_limit
        self._preload = tuple(preload)
        self._function = b""
        self._killed: list[Worker] = []
        self.shared_folder = make_folder()
        self._slots = [WorkerSlot(self.shared_folder) for _ in range(n_workers)]
        for slot in self._slots:
            self._fill(slot)

    @property
    def idle(self) -> int:
        """The number of slots without a task."""
        return sum(slot.task is None for slot in self._slots)

    @property
    def _has_tasks(self) -> bool:
        return self.idle < self.n_workers

    def _install(self, serialized: bytes | None) -> None:
        self._function = serialized or b""
        for slot in self._slots:
            if slot.worker is not None:
                slot.worker.install(self._function)

    def _send(self, key: int, payload: bytes, timeout: float | None) -> None:
        # Slots with a living worker first: the others would have to start theirs.
        slot = min(
            (slot for slot in self._slots if slot.task is None),
            key=lambda slot: slot.worker is None or slot.worker.returncode is not None,
        )
        slot.task = Task(key, payload, timeout)
        self._dispatch(slot)

    def _cancel_tasks(self) -> None:
        for slot in self._slots:
            if slot.task is not None:
                self._finish(slot, "cancelled", "cancelled while it was running")
                self._kill(slot)

    def _release_workers(self) -> None:
        """Keep the workers for other pools, and remove the shared folder."""
        for slot in self._slots:
            if slot.worker is not None:
                WORKER_CACHE.give(slot.worker)
        for worker in self._killed:
            worker.join(JOIN_SECONDS)
        assert self.shared_folder is not None
        remove_folder(self.shared_folder)

    def _fill(self, slot: WorkerSlot) -> None:
        """Put a worker into a slot; it has ended at once if the system cannot start one."""
        slot.worker = WORKER_CACHE.take(self._preload)
        slot.worker.report_to(self._inbox)
        if self._function:
            slot.worker.install(self._function)

    def _dispatch(self, slot: WorkerSlot) -> None:
        task = slot.task
        assert task is not None
        if slot.worker is None or slot.worker.returncode is not None:
            self._fill(slot)
        assert slot.worker is not None
        task.sent = time.monotonic()
        task.dispatches += 1
        slot.worker.submit(task.payload)

    def _handle(self, message: tuple[Worker, Frame]) -> None:
        worker, (kind, payload) = message
        slot = next((slot for slot in self._slots if slot.worker is worker), None)
        if slot is None:
            return  # killed before: the outcome of its task is known
        if kind == ENDED:
            self._handle_death(slot)
        elif slot.task is None:  # a reply to no task
            self._kill(slot)
            self._fill(slot)
        else:
            self._handle_reply(slot, kind, payload)
            self._replace_if_spoilt(slot)

    def _handle_death(self, slot: WorkerSlot) -> None:
        worker, task = slot.worker, slot.task
        assert worker is not None
        if task is None:  # nothing is lost; the next task gets another worker
            slot.worker = None
        elif worker.started is None and task.dispatches < MAX_DISPATCHES:
            self._dispatch(slot)
        else:
            self._finish(slot, "died", cause_of_death(worker))
            self._fill(slot)

    def _handle_reply(self, slot: WorkerSlot, kind: int, payload: bytes) -> None:
        if kind == RAISED:
            self._finish(slot, "raised", payload.decode())
            return
        try:
            value = pickle.loads(payload)
        except Exception as error:
            reason = f"the result could not be unpickled: {describe(error)}"
            self._finish(slot, "raised", reason)
        else:
            self._finish(slot, "done", value=value)

    def _finish(
        self, slot: WorkerSlot, status: str, reason: str = "", value: Any = None
    ) -> None:
        assert slot.task is not None
        started = None if slot.worker is None else slot.worker.started
        seconds = 0.0 if started is None else time.monotonic() - started
        self._finished.append(Outcome(slot.task.key, status, value, reason, seconds))
        slot.task = None

    def _kill(self, slot: WorkerSlot) -> None:
        assert slot.worker is not None
        slot.worker.kill()
        self._killed = [worker for worker in self._killed if worker.returncode is None]
        self._killed.append(slot.worker)
        slot.worker = None

    def _enforce_limits(self) -> None:
        for slot in self._slots:
            exceeded = slot.exceeded_limit(self._memory_limit)
            if exceeded is not None:
                self._finish(slot, *exceeded)
                self._kill(slot)
                # At once, so that it imports what it needs while the others work.
                self._fill(slot)

    def _seconds_to_next_limit(self) -> float:
        return min(TICK_SECONDS, *(slot.seconds_left() for slot in self._slots))

    def _replace_if_spoilt(self, slot: WorkerSlot) -> None:
        """Replace a worker in which a task left threads or half a limit of memory behind."""
        assert slot.worker is not None
        limit = self._memory_limit
        leaks = limit is not None and slot.excess_memory() > limit / 2
        if slot.worker.is_spoilt or leaks:
            self._kill(slot)
            self._fill(slot)
