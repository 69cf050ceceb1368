"""Tasks on any executor of `concurrent.futures`: other processes, or other machines.

    submit --> carrier --> executor --> run(function, task) in a worker
                                                 |
    collect <-- limits, by giving up <-- one inbox of finished futures

What is different from workers of our own: a task that runs cannot be stopped. One that exceeds
its limit has its outcome at once, but keeps its slot until it ends by itself.

How function and tasks get to the workers is a carrier's business.
"""

import math
import queue
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from typing import Any, Self

from evolearn.execution.carrier import Carrier
from evolearn.execution.flight import Flight
from evolearn.execution.outcome import Outcome
from evolearn.execution.parcel import Parcel, Reply
from evolearn.execution.worker_program import describe, pickled

# If all slots are held by tasks past their limit for so long, another executor is needed.
STUCK_SECONDS = 5.0
# Seconds; for ever is more than a queue takes for a time.
LONGEST_WAIT = 3600.0
# A cluster that has lost all its workers may start others: looked for at this interval, for
# so long.
RETRY_SECONDS = 0.5
REPAIR_SECONDS = 60.0
# If none of so many executors has done a task, the next one will not either.
MAX_REPAIRS = 10


class ExecutorPool:
    """Run one function on many tasks with an executor of `concurrent.futures`.

    It does what `WorkerPool` does, as far as an executor can. Memory is not limited. A time
    limit makes an outcome "timed_out"; the task itself is cancelled if it has not begun, else
    it goes on, its slot is missing until it ends, and its result is dropped.

    When a worker is lost, an executor may lose all that runs, or not tell which task it was
    that the worker died of. So an executor that is broken is replaced by a new one, and the
    tasks that were lost are tried once more, one at a time: the one that is lost again has
    "died", the others lose nothing.

    Parameters
    ----------
    carrier : Carrier
        Brings functions and tasks to an executor, which it shuts down in the end.
    n_workers : int
        The number of tasks to have on the way at a time.

    Attributes
    ----------
    scratch : None
        There is no folder that parent and workers are sure to share.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from evolearn.execution.carrier import ExecutorCarrier
    >>> from evolearn.execution.cluster import ExecutorPool
    >>> carrier = ExecutorCarrier(ThreadPoolExecutor(), ThreadPoolExecutor)
    >>> with ExecutorPool(carrier, 2) as pool:
    ...     pool.install(lambda x: x * x)
    ...     pool.submit(0, 7)
    ...     [outcome] = pool.collect()
    >>> outcome.status, outcome.value
    ('done', 49)
    """

    scratch = None

    def __init__(self, carrier: Carrier, n_workers: int) -> None:
        if n_workers < 1:
            raise ValueError(f"n_workers must be at least 1, got {n_workers}.")
        self.n_workers = n_workers
        self._carrier = carrier
        self._installed = False
        self._inbox: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        self._running: dict[Future[Any], Flight] = {}
        self._stuck: set[Future[Any]] = set()
        self._stuck_since = math.inf
        self._suspects: deque[Flight] = deque()
        self._finished: list[Outcome] = []
        self._warm = False
        self._breakage = ""
        self._broken_since = 0.0
        # All repairs, and those since the last time that a task was done.
        self._n_repairs = 0
        self._n_vain = 0
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def idle(self) -> int:
        """The number of slots that can take a task now; none while suspects are tried."""
        if self._suspects or any(flight.alone for flight in self._running.values()):
            return 0
        return max(0, self.n_workers - len(self._running) - len(self._stuck))

    def install(self, function: Callable[[Any], Any] | None) -> None:
        """Pack the function that the following tasks are given to; None: take it away.

        Raises
        ------
        TypeError
            If the function cannot be pickled.
        RuntimeError
            If tasks are running.
        """
        self._check_open()
        if self._running or self._suspects:
            raise RuntimeError("A function cannot be installed while tasks run; collect first.")
        try:
            parcel = None if function is None else Parcel.of(function)
        except Exception as error:
            raise TypeError(
                f"The function cannot be sent to the workers: {describe(error)}."
            ) from error
        self._carrier.deliver(parcel)
        self._installed = parcel is not None

    def submit(self, key: int, task: Any, *, timeout: float | None = None) -> None:
        """Send a task.

        Parameters
        ----------
        key : int
            Comes back in the outcome.
        task : object
            What the function is called with. If it cannot be pickled, its outcome says so.
        timeout : float or None, default=None
            The seconds that the function may take, as measured by the worker. A task that has
            not come back some seconds after that is given up.

        Raises
        ------
        RuntimeError
            If no slot is idle, or no function is installed.
        """
        self._check_open()
        if not self._installed:
            raise RuntimeError("No function is installed; call install before submit.")
        if not self.idle:
            raise RuntimeError(f"All {self.n_workers} slots are busy; call collect first.")
        try:
            payload = pickled(task)
        except Exception as error:
            reason = f"the task could not be pickled: {describe(error)}"
            self._finished.append(Outcome(key, "raised", None, reason, 0.0))
            return
        self._send(Flight(key, payload, timeout))

    def collect(self, timeout: float | None = None) -> list[Outcome]:
        """Wait for outcomes and return all that are there.

        Parameters
        ----------
        timeout : float or None, default=None
            The seconds to wait for the first outcome; None waits as long as it takes.

        Returns
        -------
        list of Outcome
            Empty when the time is up, when no task runs, and when a slot has become idle that
            a stuck task had held.
        """
        self._check_open()
        until = math.inf if timeout is None else time.monotonic() + timeout
        self._receive(0.0)
        self._look()
        while not self._finished and (self._running or self._suspects or self._all_stuck):
            now = time.monotonic()
            if now >= until:
                break
            # Not zero: what is due gets its look right after.
            wait = max(0.001, min(until, self._next_look()) - now)
            self._receive(min(wait, LONGEST_WAIT))
            self._look()
        return self._take_finished()

    def cancel(self) -> list[Outcome]:
        """Give up what runs and return its outcomes, "cancelled".

        Outcomes that were there before and not yet collected are returned too, as they are.
        """
        self._check_open()
        self._receive(0.0)
        for future, flight in list(self._running.items()):
            del self._running[future]
            self._finish(flight, "cancelled", "cancelled while it was running")
            if not self._carrier.cancel(future):
                self._leave(future)
        while self._suspects:
            self._finish(self._suspects.popleft(), "cancelled", "cancelled before it was tried")
        return self._take_finished()

    def close(self) -> None:
        """Give up what runs and shut the executor down, without waiting for stuck tasks."""
        if self._closed:
            return
        self.cancel()
        self._closed = True
        self._carrier.close(wait=not self._stuck)

    # -- the way of a task -------------------------------------------------------------------

    def _send(self, flight: Flight, *, complete: bool = False) -> None:
        if self._breakage and not self._repaired(flight):
            return
        flight.depart(self._n_repairs, warm=self._warm)
        try:
            future = self._carrier.start(flight.payload, complete=complete)
        except Exception as error:
            self._lose(flight, describe(error))
            return
        self._running[future] = flight
        future.add_done_callback(self._inbox.put)

    def _repaired(self, flight: Flight) -> bool:
        """Replace what is broken; where that fails keep the task for later, or give it up."""
        if self._n_vain < MAX_REPAIRS:
            try:
                ready = self._carrier.renew()
            except Exception as error:
                self._n_vain += 1
                self._finish(flight, "died", f"there is no executor for it: {describe(error)}")
                return False
            if ready:
                self._n_vain += 1
                self._n_repairs += 1
                self._stuck.clear()
                self._stuck_since = math.inf
                self._breakage = ""
                self._warm = False
                return True
            if time.monotonic() < self._broken_since + REPAIR_SECONDS:
                self._suspects.appendleft(flight)
                return False
        self._finish(flight, "died", f"nothing is left to run it: {self._breakage}")
        return False

    def _break(self, reason: str) -> None:
        if not self._breakage:
            self._broken_since = time.monotonic()
        self._breakage = reason

    def _lose(self, flight: Flight, reason: str) -> None:
        """Have a task tried again that was lost with its worker, once, with none beside it."""
        # Those that were on the way through an earlier executor say nothing about this one.
        if flight.n_repairs == self._n_repairs:
            self._break(reason)
        if flight.alone:
            self._finish(flight, "died", f"its worker was lost: {reason}")
        else:
            self._suspects.append(flight)

    def _receive(self, wait: float) -> None:
        """Take in what has come back, after waiting for the first."""
        try:
            future = self._inbox.get(timeout=wait) if wait > 0 else self._inbox.get_nowait()
            while True:
                self._settle(future)
                future = self._inbox.get_nowait()
        except queue.Empty:
            return

    def _settle(self, future: Future[Any]) -> None:
        self._stuck.discard(future)
        flight = self._running.pop(future, None)
        if flight is None:
            return  # given up before: its outcome is out
        try:
            reply: Reply | None = future.result()
        except CancelledError:
            self._lose(flight, "the executor cancelled the task")
        except Exception as error:  # of the executor: those of tasks come as replies
            self._lose(flight, describe(error))
        else:
            self._warm = True
            if reply is None:
                self._send(flight, complete=True)
            else:
                self._n_vain = 0
                self._finished.append(flight.answered(reply))

    def _finish(self, flight: Flight, status: str, reason: str) -> None:
        self._finished.append(Outcome(flight.key, status, None, reason, 0.0))

    # -- limits -------------------------------------------------------------------------------

    @property
    def _all_stuck(self) -> bool:
        return len(self._stuck) >= self.n_workers

    def _next_look(self) -> float:
        if self._suspects and not self._running:
            return time.monotonic() + RETRY_SECONDS
        deadlines = [flight.deadline for flight in self._running.values()]
        return min([self._stuck_since + STUCK_SECONDS, *deadlines])

    def _look(self) -> None:
        """Give up what is past its limit, replace what is stuck, try the next suspect."""
        now = time.monotonic()
        for future, flight in list(self._running.items()):
            if now >= flight.deadline:
                del self._running[future]
                self._finished.append(flight.overdue())
                if not self._carrier.stop(future):
                    self._leave(future)
        if not self._all_stuck:
            self._stuck_since = math.inf
        elif now >= self._stuck_since + STUCK_SECONDS and not self._breakage:
            self._break(f"all {self.n_workers} slots were held by tasks that did not end")
            self._stuck.clear()
        if self._suspects and not self._running:
            flight = self._suspects.popleft()
            flight.alone = flight.sent > 0  # else it has only waited for a repair
            self._send(flight)

    def _leave(self, future: Future[Any]) -> None:
        """Leave a task to itself: it holds its slot until it ends."""
        if not future.done():
            self._stuck.add(future)
            if self._all_stuck:
                self._stuck_since = time.monotonic()

    def _take_finished(self) -> list[Outcome]:
        outcomes, self._finished = self._finished, []
        return outcomes

    def _check_open(self) -> None:
        if self._closed:
            raise RuntimeError("This ExecutorPool is closed.")
