"""A pool of workers that can be killed one at a time.

    submit --> worker's pipe --> the function --> worker's pipe --> reader thread
                                                                          |
    collect <-- limits enforced by killing <-- one inbox per pool <-------+

The parent alone decides how a task ends. It waits on one inbox for replies and deaths and
looks at the limits of time and memory in between, so a task that is stuck, whether in Python
or in C, costs its own slot and nothing else.
"""

import math
import os
import pickle
import queue
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

from evolearn.execution.outcome import Outcome
from evolearn.execution.scratch import make_scratch, remove_scratch
from evolearn.execution.slot import Slot, Task, cause_of_death, next_look
from evolearn.execution.warm import WARM
from evolearn.execution.worker import GONE, Inbox, Worker
from evolearn.execution.worker_program import DONE, Frame, describe, pickled

# A worker that is killed from outside before it took up its task is replaced, but one that
# dies of the function itself would be replaced for ever.
MAX_DISPATCHES = 2
# Time for killed workers to let go of files in the scratch folder.
JOIN_SECONDS = 1.0


class WorkerPool:
    """Worker processes that run one function on many tasks.

    The workers are no forks of this process but of a template or fresh interpreters: the script
    needs no ``if __name__ == "__main__"``, and the function may come from a notebook. They are
    kept warm for the next pool. One thread at a time may use a pool; two threads use two pools.

    Parameters
    ----------
    n_workers : int
        The number of slots, each of which runs one task at a time.
    threads_per_worker : int, default=1
        The threads that numerical libraries may use in a worker.
    memory_limit : int or None, default=None
        The bytes that a worker may take for itself beyond what it had when it was ready.
        Only Linux tells; elsewhere the limit is not enforced.
    preload : sequence of str, default=()
        Modules to import at once, while the parent is still preparing; on Linux once for all
        workers. Names that cannot be imported are passed over.

    Attributes
    ----------
    scratch : pathlib.Path
        A private temporary folder that parent and workers may write to. It goes with the
        pool, or with this process, however that ends.

    Examples
    --------
    >>> from evolearn.execution.pool import WorkerPool
    >>> with WorkerPool(1) as pool:
    ...     pool.install(lambda x: x * x)
    ...     pool.submit(0, 7)
    ...     [outcome] = pool.collect()
    >>> outcome.status, outcome.value
    ('done', 49)
    """

    def __init__(
        self,
        n_workers: int,
        *,
        threads_per_worker: int = 1,
        memory_limit: int | None = None,
        preload: Sequence[str] = (),
    ) -> None:
        if n_workers < 1:
            raise ValueError(f"n_workers must be at least 1, got {n_workers}.")
        self._threads = threads_per_worker
        self._memory_limit = memory_limit
        self._preload = tuple(preload)
        self._function: bytes | None = None
        self._inbox: Inbox = queue.SimpleQueue()
        self._finished: list[Outcome] = []
        self._killed: list[Worker] = []
        self._refusal = ""
        self._owner = os.getpid()
        self._closed = False
        self._slots = [Slot() for _ in range(n_workers)]
        self.scratch = make_scratch()
        for slot in self._slots:
            self._staff(slot)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def n_workers(self) -> int:
        """The number of slots."""
        return len(self._slots)

    @property
    def idle(self) -> int:
        """The number of slots that can take a task now."""
        return sum(slot.task is None for slot in self._slots)

    def install(self, function: Callable[[Any], Any] | None) -> None:
        """Send the function that the following tasks are given to.

        It is pickled once, and sent once to every worker, those included that are started
        later in place of others.

        Parameters
        ----------
        function : callable or None
            Takes a task and returns a result that can be pickled. None takes the former
            function away.

        Raises
        ------
        TypeError
            If the function cannot be pickled.
        RuntimeError
            If tasks are running.
        """
        self._check_open()
        if self.idle < self.n_workers:
            raise RuntimeError("A function cannot be installed while tasks run; collect first.")
        try:
            blob = b"" if function is None else pickled(function)
        except Exception as error:
            raise TypeError(
                f"The function cannot be sent to the workers: {describe(error)}."
            ) from error
        self._function = blob or None
        for slot in self._slots:
            if slot.worker is not None:
                slot.worker.install(blob)

    def submit(self, key: int, task: Any, *, timeout: float | None = None) -> None:
        """Give a task to an idle slot.

        Parameters
        ----------
        key : int
            Comes back in the outcome.
        task : object
            What the function is called with. If it cannot be pickled, its outcome says so.
        timeout : float or None, default=None
            The seconds after which the task is killed, from when the worker takes it up: the
            start of the worker and its imports do not count.

        Raises
        ------
        RuntimeError
            If no slot is idle, or no function is installed.
        """
        self._check_open()
        if self._function is None:
            raise RuntimeError("No function is installed; call install before submit.")
        free = [slot for slot in self._slots if slot.task is None]
        if not free:
            raise RuntimeError(f"All {self.n_workers} slots are busy; call collect first.")
        try:
            payload = pickled(task)
        except Exception as error:
            reason = f"the task could not be pickled: {describe(error)}"
            self._finished.append(Outcome(key, "raised", None, reason, 0.0))
            return
        # One that has a living worker first: the others would have to start theirs.
        slot = min(
            free, key=lambda slot: slot.worker is None or slot.worker.returncode is not None
        )
        slot.task = Task(key, payload, timeout)
        self._dispatch(slot)

    def collect(self, timeout: float | None = None) -> list[Outcome]:
        """Wait for outcomes and return all that are there.

        Parameters
        ----------
        timeout : float or None, default=None
            The seconds to wait for the first outcome; None waits as long as it takes.

        Returns
        -------
        list of Outcome
            Empty when the time is up, and at once when no task runs.
        """
        self._check_open()
        deadline = None if timeout is None else time.monotonic() + timeout
        self._receive(0.0)
        self._enforce_limits()
        while not self._finished and self.idle < self.n_workers:
            wait = math.inf if deadline is None else deadline - time.monotonic()
            if wait <= 0:
                break
            self._receive(min(wait, next_look(self._slots)))
            self._enforce_limits()
        return self._take_finished()

    def cancel(self) -> list[Outcome]:
        """Kill what runs and return its outcomes, "cancelled".

        Outcomes that were there before and not yet collected are returned too, as they are.
        """
        self._check_open()
        self._receive(0.0)
        for slot in self._slots:
            if slot.task is not None:
                self._finish(slot, "cancelled", "cancelled while it was running")
                self._kill(slot)
        return self._take_finished()

    def close(self) -> None:
        """Cancel what runs, keep idle workers warm for others and remove `scratch`."""
        # In a fork of the process that made it, a pool is a copy without workers.
        if self._closed or os.getpid() != self._owner:
            return
        self.cancel()
        self._closed = True
        for slot in self._slots:
            if slot.worker is not None:
                WARM.give(slot.worker)
        for worker in self._killed:
            worker.join(JOIN_SECONDS)
        remove_scratch(self.scratch)

    def _check_open(self) -> None:
        if os.getpid() != self._owner:
            raise RuntimeError("A WorkerPool cannot be used in a fork of its process.")
        if self._closed:
            raise RuntimeError("This WorkerPool is closed.")

    def _take_finished(self) -> list[Outcome]:
        outcomes, self._finished = self._finished, []
        return outcomes

    def _staff(self, slot: Slot) -> None:
        """Put a worker into a slot, unless the system refuses to start one."""
        slot.worker = None
        try:
            worker = WARM.take(self._threads, self._preload)
        except (OSError, RuntimeError) as error:
            # No memory, process or thread is left. The slot stays empty and the next task
            # tries again: fewer slots are better than none.
            self._refusal = describe(error)
            return
        worker.report_to(self._inbox)
        if self._function is not None:
            worker.install(self._function)
        slot.worker = worker

    def _dispatch(self, slot: Slot) -> None:
        task = slot.task
        assert task is not None
        if slot.worker is None or slot.worker.returncode is not None:
            self._staff(slot)
        if slot.worker is None:
            self._finish(slot, "died", f"no worker could be started: {self._refusal}")
            return
        task.sent = time.monotonic()
        task.dispatches += 1
        slot.worker.submit(task.key, task.payload)

    def _receive(self, wait: float) -> None:
        """Take in what has arrived, after waiting for the first."""
        try:
            message = self._inbox.get(timeout=wait) if wait > 0 else self._inbox.get_nowait()
            while True:
                self._settle(*message)
                message = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _settle(self, worker: Worker, frame: Frame) -> None:
        slot = next((slot for slot in self._slots if slot.worker is worker), None)
        if slot is None:
            return  # killed before: its outcome is out
        kind, _, payload = frame
        if kind == GONE:
            self._bury(slot)
        else:
            self._answer(slot, kind, payload)
            self._retire_if_spoilt(slot)

    def _bury(self, slot: Slot) -> None:
        worker, task = slot.worker, slot.task
        assert worker is not None
        if task is None:  # nothing lost; the next task gets another worker
            slot.worker = None
        elif worker.started is None and task.dispatches < MAX_DISPATCHES:
            self._dispatch(slot)
        else:
            self._finish(slot, "died", cause_of_death(worker))
            self._staff(slot)

    def _answer(self, slot: Slot, kind: int, payload: bytes) -> None:
        try:
            content = pickle.loads(payload)
        except Exception as error:
            reason = f"the result could not be unpickled: {describe(error)}"
            self._finish(slot, "raised", reason)
            return
        if kind == DONE:
            self._finish(slot, "done", value=content)
        else:
            reason, details = content
            self._finish(slot, "raised", reason, details=details)

    def _finish(
        self, slot: Slot, status: str, reason: str = "", value: Any = None, details: str = ""
    ) -> None:
        assert slot.task is not None
        started = None if slot.worker is None else slot.worker.started
        seconds = 0.0 if started is None else time.monotonic() - started
        self._finished.append(Outcome(slot.task.key, status, value, reason, seconds, details))
        slot.task = None

    def _kill(self, slot: Slot) -> None:
        assert slot.worker is not None
        slot.worker.kill()
        self._killed = [worker for worker in self._killed if worker.returncode is None]
        self._killed.append(slot.worker)
        slot.worker = None

    def _enforce_limits(self) -> None:
        for slot in self._slots:
            verdict = slot.verdict(self._memory_limit)
            if verdict is not None:
                self._finish(slot, *verdict)
                self._kill(slot)
                # At once, so that it imports what it needs while the others work.
                self._staff(slot)

    def _retire_if_spoilt(self, slot: Slot) -> None:
        """Replace a worker in which a task left threads or half a limit of memory behind."""
        assert slot.worker is not None
        leaked = self._memory_limit is not None and slot.excess() > self._memory_limit / 2
        if slot.worker.tainted or leaked:
            self._kill(slot)
            self._staff(slot)
