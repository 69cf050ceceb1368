"""The contract of a pool of workers, and the outcome of a task."""

import math
import os
import queue
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from evolearn.execution.serialization import describe, pickled

# Longest time in seconds from the submission of a task until a worker starts it. Imports on a
# slow disk take ten seconds; a worker that needs much longer never becomes ready.
START_SECONDS = 120.0


@dataclass(frozen=True)
class Outcome:
    """Outcome of one task of a pool.

    Parameters
    ----------
    key : int
        The key that the task was submitted with.
    status : {"done", "raised", "timed_out", "died", "out_of_memory", "cancelled"}
        How it ended.
    value : object
        The function's result when "done", else None.
    reason : str
        What went wrong, in one sentence; empty when "done".
    seconds : float
        Seconds from the moment the worker started the task to its outcome. Zero for a task
        that no worker started.

    Examples
    --------
    >>> from evolearn.execution.pool import Outcome
    >>> Outcome(key=3, status="timed_out", value=None,
    ...         reason="exceeded its limit of 5 s", seconds=5.0).reason
    'exceeded its limit of 5 s'
    """

    key: int
    status: str
    value: Any
    reason: str
    seconds: float


class Pool(ABC):
    """Workers that run one function on many tasks, each worker one task at a time.

    `WorkerPool` has them in processes of its own, `ExecutorPool` wherever an executor of
    `concurrent.futures` runs calls. `evolearn.testing.executors` checks the contract. A pool
    is used by one thread at a time, and not in a fork of its process.

    Parameters
    ----------
    n_workers : int
        The number of tasks to run at a time.

    Attributes
    ----------
    n_workers : int
        The same number.
    shared_folder : pathlib.Path or None
        A private temporary folder in which this process and the workers can read and write,
        removed when the pool is closed; None where they share none.
    """

    shared_folder: Path | None = None
    # Serializes a function for `_install`.
    _serialize: Callable[[Callable[[Any], Any]], Any]

    def __init__(self, n_workers: int) -> None:
        if n_workers < 1:
            raise ValueError(f"n_workers must be at least 1, got {n_workers}.")
        self.n_workers = n_workers
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._finished: list[Outcome] = []
        self._has_function = False
        self._owner = os.getpid()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    @abstractmethod
    def idle(self) -> int:
        """The number of tasks that can be submitted now."""

    def install(self, function: Callable[[Any], Any] | None) -> None:
        """Set the function for the tasks to come, and send it to the workers.

        It is serialized once, and sent once to every worker, those included that start later.

        Parameters
        ----------
        function : callable or None
            Takes a task and returns a result that can be pickled. It may come from a script
            or notebook. None removes the current function.

        Raises
        ------
        TypeError
            If the function cannot be pickled.
        RuntimeError
            If tasks are running.
        """
        self._check_open()
        if self._has_tasks:
            raise RuntimeError("A function cannot be installed while tasks run; collect first.")
        try:
            serialized = None if function is None else self._serialize(function)
        except Exception as error:
            raise TypeError(
                f"The function cannot be sent to the workers: {describe(error)}."
            ) from error
        self._install(serialized)
        self._has_function = function is not None

    def submit(self, key: int, task: Any, *, timeout: float | None = None) -> None:
        """Send a task to an idle worker.

        Parameters
        ----------
        key : int
            Identifies the task in its outcome.
        task : object
            The argument of the function. If it cannot be pickled, its outcome is "raised".
        timeout : float or None, default=None
            The limit in seconds from the moment the worker starts the task: the start of the
            worker and its imports do not count.

        Raises
        ------
        RuntimeError
            If no worker is idle, or no function is installed.
        """
        self._check_open()
        if not self._has_function:
            raise RuntimeError("No function is installed; call install before submit.")
        if not self.idle:
            raise RuntimeError(f"All {self.n_workers} workers are busy; call collect first.")
        try:
            payload = pickled(task)
        except Exception as error:
            reason = f"the task could not be pickled: {describe(error)}"
            self._finished.append(Outcome(key, "raised", None, reason, 0.0))
            return
        self._send(key, payload, timeout)

    def collect(self, timeout: float | None = None) -> list[Outcome]:
        """Wait for the first outcome, and return all that are there.

        Parameters
        ----------
        timeout : float or None, default=None
            The seconds to wait; None waits as long as it takes.

        Returns
        -------
        list of Outcome
            Empty if the time is up, or if there is nothing to wait for.
        """
        self._check_open()
        end = math.inf if timeout is None else time.monotonic() + timeout
        self._receive(0.0)
        self._enforce_limits()
        while not self._finished and self._is_waiting:
            wait = end - time.monotonic()
            if wait <= 0:
                break
            # Not zero: a limit that is just due is enforced after this wait.
            self._receive(max(0.001, min(wait, self._seconds_to_next_limit())))
            self._enforce_limits()
        return self._take_finished()

    def cancel(self) -> list[Outcome]:
        """End all tasks, with the outcome "cancelled".

        Returns
        -------
        list of Outcome
            Theirs, and unchanged those of tasks that had ended before.
        """
        self._check_open()
        self._receive(0.0)
        self._cancel_tasks()
        return self._take_finished()

    def close(self) -> None:
        """Cancel all tasks and release the workers; a closed pool is of no further use."""
        # In a fork of the process that made it, a pool is a copy without workers.
        if self._closed or os.getpid() != self._owner:
            return
        self.cancel()
        self._closed = True
        self._release_workers()

    def check_shared_folder(self) -> None:
        """Raise an error if the shared folder was removed by another process."""
        if self.shared_folder is not None and not self.shared_folder.exists():
            raise FileNotFoundError(
                f"The temporary folder {self.shared_folder} was removed while it was in use; "
                "set the environment variable TMPDIR to a folder that nothing else cleans up."
            )

    def _check_open(self) -> None:
        name = type(self).__name__
        if os.getpid() != self._owner:
            raise RuntimeError(f"This {name} cannot be used in a fork of its process.")
        if self._closed:
            raise RuntimeError(f"This {name} is closed.")

    def _receive(self, wait: float) -> None:
        """Handle all messages of the workers, after waiting for the first."""
        with suppress(queue.Empty):
            message = self._inbox.get(timeout=wait) if wait > 0 else self._inbox.get_nowait()
            while True:
                self._handle(message)
                message = self._inbox.get_nowait()

    def _take_finished(self) -> list[Outcome]:
        outcomes, self._finished = self._finished, []
        return outcomes

    @property
    @abstractmethod
    def _has_tasks(self) -> bool:
        """Whether tasks run, or wait for a worker."""

    @property
    def _is_waiting(self) -> bool:
        """Whether `collect` has anything to wait for."""
        return self._has_tasks

    @abstractmethod
    def _install(self, serialized: Any) -> None:
        """Replace the function of the workers; None removes it."""

    @abstractmethod
    def _send(self, key: int, payload: bytes, timeout: float | None) -> None:
        """Send a pickled task."""

    @abstractmethod
    def _handle(self, message: Any) -> None:
        """Handle one message of the inbox."""

    @abstractmethod
    def _enforce_limits(self) -> None:
        """End the tasks that are past a limit."""

    @abstractmethod
    def _seconds_to_next_limit(self) -> float:
        """Seconds until limits must be checked again."""

    @abstractmethod
    def _cancel_tasks(self) -> None:
        """End all tasks."""

    @abstractmethod
    def _release_workers(self) -> None:
        """Give up the workers of a pool without tasks."""
