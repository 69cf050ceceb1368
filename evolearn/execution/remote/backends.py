"""The ways to send a function and its tasks to the workers of an executor."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, Protocol

from evolearn.execution.remote.serialized_function import (
    SerializedFunction,
    remove_cached,
    run_cached,
)


class Backend(Protocol):
    """Sends one function, and any number of tasks for it, to an executor."""

    def install(self, function: SerializedFunction | None) -> None:
        """Replace the function; None removes it."""

    def send(self, payload: bytes, *, with_function: bool) -> Future[Any]:
        """Send a pickled task.

        The future's result is a `Reply`, or None if the worker does not have the function: the
        task must be sent again, together `with_function`.
        """

    def stop(self, future: Future[Any]) -> bool:
        """Give up a task past its limit; return whether its worker is free."""

    def cancel(self, future: Future[Any]) -> bool:
        """Give up a task that is not needed; return whether its worker is free."""

    def repair(self) -> bool:
        """Replace a broken executor; return whether there are workers again."""

    def close(self, *, wait: bool) -> None:
        """Shut the executor down, and wait for running tasks or not."""


class ExecutorBackend:
    """For any executor of `concurrent.futures`.

    A task names its function by a digest. A worker process that does not have the function
    says so, and gets the task again together with the function. So the function is sent about
    once per process, no folder must be visible to all machines, and a worker that joins late
    or replaces another one gets it too.

    Parameters
    ----------
    executor : concurrent.futures.Executor
        It is shut down when the backend is closed.
    open_executor : callable
        Returns another one to replace it.
    """

    def __init__(self, executor: Executor, open_executor: Callable[[], Executor]) -> None:
        self._executor = executor
        self._open_executor = open_executor
        self._function: SerializedFunction | None = None

    def install(self, function: SerializedFunction | None) -> None:
        """Keep the function for the tasks to come."""
        if self._function is not None:
            remove_cached(self._function.digest)  # tasks in threads cache it in this process
        self._function = function

    def send(self, payload: bytes, *, with_function: bool) -> Future[Any]:
        """Send a pickled task."""
        assert self._function is not None
        function = self._function if with_function else None
        return self._executor.submit(run_cached, self._function.digest, function, payload)

    def stop(self, future: Future[Any]) -> bool:
        """Cancel a task, which is possible until it has started."""
        return future.cancel()

    def cancel(self, future: Future[Any]) -> bool:
        """Cancel a task, which is possible until it has started."""
        return future.cancel()

    def repair(self) -> bool:
        """Open a new executor."""
        self._executor.shutdown(wait=False)
        self._executor = self._open_executor()
        return True

    def close(self, *, wait: bool) -> None:
        """Shut the executor down."""
        self._executor.shutdown(wait=wait)
        self.install(None)
