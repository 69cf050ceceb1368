"""The ways to bring a function and its tasks to the workers of an executor."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any, Protocol

from evolearn.execution.parcel import Parcel, drop, run, run_kept


class Carrier(Protocol):
    """Brings one function, and any number of tasks for it, to an executor."""

    def deliver(self, parcel: Parcel | None) -> None:
        """Take a function on; None: let go of the former."""

    def start(self, payload: bytes, *, complete: bool) -> Future[Any]:
        """Hand a pickled task over.

        The future's result is a `Reply`, or None if the worker wants the task again with the
        function, which is then `complete`.
        """

    def stop(self, future: Future[Any]) -> bool:
        """Give up a task past its limit; return whether its slot is free."""

    def cancel(self, future: Future[Any]) -> bool:
        """Give up a task that nobody waits for; return whether its slot is free."""

    def renew(self) -> bool:
        """Replace what is broken; return whether there is anything to go on with yet."""

    def close(self, *, wait: bool) -> None:
        """Shut the executor down, and wait for what runs in it or not."""


class ExecutorCarrier:
    """For an executor of which nothing is known but that it is one.

    A task names its function by a digest. A worker process that does not have the function
    says so, and is sent the task again together with the function. So it travels about once
    per process, no folder needs to be seen by all machines, and a worker that joins late or
    takes another one's place gets it too.

    Parameters
    ----------
    executor : concurrent.futures.Executor
        The carrier shuts it down in the end.
    open_executor : callable
        Returns another one in its place.
    """

    def __init__(self, executor: Executor, open_executor: Callable[[], Executor]) -> None:
        self._executor = executor
        self._open_executor = open_executor
        self._parcel: Parcel | None = None

    def deliver(self, parcel: Parcel | None) -> None:
        """Keep the function until a task goes."""
        if self._parcel is not None:
            drop(self._parcel.digest)  # threads have kept it in this process
        self._parcel = parcel

    def start(self, payload: bytes, *, complete: bool) -> Future[Any]:
        """Hand a pickled task over."""
        assert self._parcel is not None
        parcel = self._parcel if complete else None
        return self._executor.submit(run_kept, self._parcel.digest, parcel, payload)

    def stop(self, future: Future[Any]) -> bool:
        """Cancel a task, which works as long as it has not begun."""
        return future.cancel()

    def cancel(self, future: Future[Any]) -> bool:
        """Cancel a task, which works as long as it has not begun."""
        return future.cancel()

    def renew(self) -> bool:
        """Go on with a new executor."""
        self._executor.shutdown(wait=False)
        self._executor = self._open_executor()
        return True

    def close(self, *, wait: bool) -> None:
        """Shut the executor down."""
        self._executor.shutdown(wait=wait)
        self.deliver(None)


class DaskCarrier:
    """For a Dask cluster: the function is scattered to all workers, once.

    Not by way of the client's executor: when a result is lost while it is being fetched, the
    futures of that one stay pending for ever.

    Parameters
    ----------
    client : distributed.Client
        It stays open.
    options : dict
        For ``Client.submit``, such as ``workers`` or ``resources``.
    """

    def __init__(self, client: Any, options: Mapping[str, Any]) -> None:
        self._client = client
        # Pure, a task sent a second time would be taken for the first.
        self._options = {**options, "pure": False}
        self._parcel: Parcel | None = None
        self._scattered: Any = None
        self._left: list[Future[Any]] = []

    def deliver(self, parcel: Parcel | None) -> None:
        """Scatter the function."""
        self._parcel = parcel
        self._scattered = None
        if parcel is not None:
            self._scattered = self._client.scatter(parcel, broadcast=True, hash=False)

    def start(self, payload: bytes, *, complete: bool) -> Future[Any]:
        """Submit a pickled task, which is small: Dask gives it the scattered function."""
        task = self._client.submit(run, self._scattered, payload, **self._options)
        loop = self._client.loop.asyncio_loop
        return asyncio.run_coroutine_threadsafe(_result_of(task), loop)

    def stop(self, future: Future[Any]) -> bool:
        """Leave a task alone: it may be running, which Dask cannot end.

        Cancelled it would run on all the same, but Dask would take its worker for idle and
        send it the next tasks, which would wait there until their own time is up.
        """
        self._left.append(future)
        return False

    def cancel(self, future: Future[Any]) -> bool:
        """Cancel a task; one that runs goes on for nobody, and keeps its worker so long."""
        return future.cancel()

    def renew(self) -> bool:
        """Scatter the function again: it may be lost with the last worker that had it."""
        if not self._client.nthreads():
            return False
        self._cancel_left()
        self.deliver(self._parcel)
        return True

    def close(self, *, wait: bool) -> None:
        """Let go of the function and of tasks that were left alone."""
        self._cancel_left()
        self.deliver(None)

    def _cancel_left(self) -> None:
        while self._left:
            self._left.pop().cancel()


async def _result_of(task: Any) -> Any:
    """Wait for a task of Dask, which cancels it once nobody refers to it any more."""
    return await task


def dask_client(executor: Executor) -> tuple[Any, Mapping[str, Any]] | None:
    """Return the Dask client of an executor, and its options; None for any other executor.

    The only private names of Dask that are needed: its executor cannot scatter.
    """
    module = sys.modules.get("distributed.cfexecutor")
    if module is None or not isinstance(executor, module.ClientExecutor):
        return None
    return executor._client, executor._kwargs
