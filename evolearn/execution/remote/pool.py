"""A pool of workers on any executor of `concurrent.futures`: other processes or machines.

    submit --> executor --> run(function, task) in a worker
                                     |
    collect <-- limits, by giving up <-- one inbox of finished futures

Unlike workers of our own, a running task cannot be stopped. One that exceeds its limit has its
outcome at once, but its worker is missing until the task ends by itself.
"""

import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from typing import Any

from evolearn.execution.pool import Outcome, Pool
from evolearn.execution.remote.pending_task import PendingTask
from evolearn.execution.remote.serialized_function import (
    Reply,
    SerializedFunction,
    remove_cached,
    run_cached,
)
from evolearn.execution.serialization import describe

# If tasks past their limit have held all workers for this time, another executor is needed.
STUCK_SECONDS = 5.0
# A queue accepts no infinite time.
MAX_WAIT_SECONDS = 3600.0
# A cluster that has lost all its workers may start others: it is checked at this interval, for
# at most this time.
RETRY_SECONDS = 0.5
REPAIR_SECONDS = 60.0
# If none of so many executors in a row has done a task, the next one will not either.
MAX_REPAIRS = 10


class ExecutorPool(Pool):
    """Workers of an executor of `concurrent.futures` that run one function on many tasks.

    It does what `WorkerPool` does, as far as an executor can. Memory is not limited. The worker
    measures the time of a task. A task past its limit has "timed_out" some seconds later at the
    latest; it is cancelled if it has not started, else its worker is missing until it ends.

    When a worker is lost, an executor may lose all running tasks, and does not report which of
    them killed the worker. So a broken executor is replaced by a new one, and the lost tasks
    are tried once more, one at a time: a task that is lost again has "died", the others lose
    nothing.

    A task names its function by a digest. A worker process that does not have the function
    says so, and gets the task again together with the function. So the function is sent about
    once per process, no folder must be visible to all machines, and a worker that joins late
    or replaces another one gets it too.

    Parameters
    ----------
    executor : concurrent.futures.Executor
        It is shut down when the pool is closed.
    open_executor : callable
        Returns another one to replace it.
    n_workers : int
        The number of tasks to run at a time.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from evolearn.execution.remote.pool import ExecutorPool
    >>> with ExecutorPool(ThreadPoolExecutor(), ThreadPoolExecutor, 2) as pool:
    ...     pool.install(lambda x: x * x)
    ...     pool.submit(0, 7)
    ...     [outcome] = pool.collect()
    >>> outcome.status, outcome.value
    ('done', 49)
    """

    _serialize = staticmethod(SerializedFunction.of)

    def __init__(
        self, executor: Executor, open_executor: Callable[[], Executor], n_workers: int
    ) -> None:
        super().__init__(n_workers)
        self._executor = executor
        self._open_executor = open_executor
        self._function: SerializedFunction | None = None
        self._running: dict[Future[Any], PendingTask] = {}
        self._stuck: set[Future[Any]] = set()
        self._stuck_since = math.inf
        self._suspects: deque[PendingTask] = deque()
        self._workers_ready = False
        self._breakage = ""
        self._broken_since = 0.0
        # All repairs, and those since a task was last done.
        self._n_repairs = 0
        self._n_vain_repairs = 0

    @property
    def idle(self) -> int:
        """The number of tasks that can be submitted now; none while suspects are tried."""
        if self._suspects or any(task.is_alone for task in self._running.values()):
            return 0
        return max(0, self.n_workers - len(self._running) - len(self._stuck))

    @property
    def _has_tasks(self) -> bool:
        return bool(self._running or self._suspects)

    @property
    def _is_waiting(self) -> bool:
        return self._has_tasks or self._all_stuck

    def _install(self, serialized: SerializedFunction | None) -> None:
        if self._function is not None:
            remove_cached(self._function.digest)  # tasks in threads cache it in this process
        self._function = serialized

    def _cancel_tasks(self) -> None:
        for future, task in list(self._running.items()):
            del self._running[future]
            self._finish(task, "cancelled", "cancelled while it was running")
            if not future.cancel():  # which is possible until it has started
                self._mark_stuck(future)
        while self._suspects:
            self._finish(self._suspects.popleft(), "cancelled", "cancelled before it was tried")

    def _release_workers(self) -> None:
        """Shut the executor down, without waiting for stuck tasks."""
        self._executor.shutdown(wait=not self._stuck)
        self._install(None)

    def _submit(self, payload: bytes, *, with_function: bool) -> Future[Any]:
        """Send a pickled task to the executor.

        The future's result is a `Reply`, or None if the worker does not have the function: the
        task must be sent again, together `with_function`.
        """
        assert self._function is not None
        function = self._function if with_function else None
        return self._executor.submit(run_cached, self._function.digest, function, payload)

    def _give_up(self, future: Future[Any]) -> bool:
        """Give up a task past its limit; return whether its worker is free."""
        return future.cancel()

    def _replace_executor(self) -> bool:
        """Replace a broken executor; return whether there are workers again."""
        self._executor.shutdown(wait=False)
        self._executor = self._open_executor()
        return True

    # -- the way of a task -------------------------------------------------------------------

    def _send(self, key: int, payload: bytes, timeout: float | None) -> None:
        self._start(PendingTask(key, payload, timeout))

    def _start(self, task: PendingTask, *, with_function: bool = False) -> None:
        if self._breakage and not self._repair(task):
            return
        task.mark_sent(self._n_repairs, workers_ready=self._workers_ready)
        try:
            future = self._submit(task.payload, with_function=with_function)
        except Exception as error:
            self._handle_loss(task, describe(error))
            return
        self._running[future] = task
        future.add_done_callback(self._inbox.put)

    def _repair(self, task: PendingTask) -> bool:
        """Repair the executor; if that fails, keep the task for later or give it up."""
        if self._n_vain_repairs < MAX_REPAIRS:
            try:
                ready = self._replace_executor()
            except Exception as error:
                self._n_vain_repairs += 1
                self._finish(task, "died", f"there is no executor for it: {describe(error)}")
                return False
            if ready:
                self._n_vain_repairs += 1
                self._n_repairs += 1
                self._stuck.clear()
                self._stuck_since = math.inf
                self._breakage = ""
                self._workers_ready = False
                return True
            if time.monotonic() < self._broken_since + REPAIR_SECONDS:
                self._suspects.appendleft(task)
                return False
        self._finish(task, "died", f"no worker is left to run it: {self._breakage}")
        return False

    def _mark_broken(self, reason: str) -> None:
        if not self._breakage:
            self._broken_since = time.monotonic()
        self._breakage = reason

    def _handle_loss(self, task: PendingTask, reason: str) -> None:
        """Try a task that was lost with its worker once more, while no other task runs."""
        # A task that was sent through an earlier executor says nothing about this one.
        if task.n_repairs == self._n_repairs:
            self._mark_broken(reason)
        if task.is_alone:
            self._finish(task, "died", f"its worker was lost: {reason}")
        else:
            self._suspects.append(task)

    def _handle(self, message: Future[Any]) -> None:
        self._stuck.discard(message)
        task = self._running.pop(message, None)
        if task is None:
            return  # given up before: its outcome is known
        try:
            reply: Reply | None = message.result()
        except CancelledError:
            self._handle_loss(task, "the executor cancelled the task")
        except Exception as error:  # of the executor: those of tasks come as replies
            self._handle_loss(task, describe(error))
        else:
            self._workers_ready = True
            if reply is None:
                self._start(task, with_function=True)
            else:
                self._n_vain_repairs = 0
                self._finished.append(task.outcome_of(reply))

    def _finish(self, task: PendingTask, status: str, reason: str) -> None:
        self._finished.append(Outcome(task.key, status, None, reason, 0.0))

    # -- limits -------------------------------------------------------------------------------

    @property
    def _all_stuck(self) -> bool:
        return len(self._stuck) >= self.n_workers

    def _seconds_to_next_limit(self) -> float:
        if self._suspects and not self._running:
            return RETRY_SECONDS
        deadlines = [task.deadline for task in self._running.values()]
        until = min([self._stuck_since + STUCK_SECONDS, *deadlines])
        return min(until - time.monotonic(), MAX_WAIT_SECONDS)

    def _enforce_limits(self) -> None:
        """Give up tasks past their limit, replace a stuck executor, try the next suspect."""
        now = time.monotonic()
        for future, task in list(self._running.items()):
            if now >= task.deadline:
                del self._running[future]
                self._finished.append(task.overdue())
                if not self._give_up(future):
                    self._mark_stuck(future)
        if not self._all_stuck:
            self._stuck_since = math.inf
        elif now >= self._stuck_since + STUCK_SECONDS and not self._breakage:
            self._mark_broken(f"all {self.n_workers} workers were held by tasks without an end")
            self._stuck.clear()
        if self._suspects and not self._running:
            task = self._suspects.popleft()
            task.is_alone = task.sent > 0  # else it has only waited for a repair
            self._start(task)

    def _mark_stuck(self, future: Future[Any]) -> None:
        """Count the worker of a task that was given up as busy until the task ends."""
        if not future.done():
            self._stuck.add(future)
            if self._all_stuck:
                self._stuck_since = time.monotonic()
