"""A pool of workers on a Dask cluster, and access to the current client."""

import asyncio
import sys
from collections.abc import Mapping
from concurrent.futures import Executor, Future
from importlib import import_module
from typing import Any

from evolearn.execution.remote.pool import ExecutorPool
from evolearn.execution.remote.serialized_function import SerializedFunction, run


class DaskPool(ExecutorPool):
    """Workers of a Dask cluster: the function is scattered to all of them once.

    The client's executor is not used: when a result is lost while it is being fetched, its
    futures stay pending for ever.

    Parameters
    ----------
    client : distributed.Client
        It stays open.
    options : dict
        For ``Client.submit``, such as ``workers`` or ``resources``.
    n_workers : int
        The number of tasks to run at a time.
    """

    def __init__(self, client: Any, options: Mapping[str, Any], n_workers: int) -> None:
        super().__init__(client, lambda: client, n_workers)
        self._client = client
        # If it were pure, Dask would take a task that is sent again for the first one.
        self._options = {**options, "pure": False}
        self._scattered: Any = None
        self._given_up: list[Future[Any]] = []

    def _install(self, serialized: SerializedFunction | None) -> None:
        self._function = serialized
        self._scattered = None
        if serialized is not None:
            self._scattered = self._client.scatter(serialized, broadcast=True, hash=False)

    def _submit(self, payload: bytes, *, with_function: bool) -> Future[Any]:
        task = self._client.submit(run, self._scattered, payload, **self._options)
        loop = self._client.loop.asyncio_loop
        return asyncio.run_coroutine_threadsafe(_result_of(task), loop)

    def _give_up(self, future: Future[Any]) -> bool:
        """Keep a task that may be running, because Dask cannot end it.

        A cancelled task would run on, but Dask would consider its worker idle and send it the
        next tasks, which would wait there until their own limits.
        """
        self._given_up.append(future)
        return False

    def _replace_executor(self) -> bool:
        """Scatter the function again: it may be lost with the last worker that had it."""
        if not self._client.nthreads():
            return False
        self._cancel_given_up()
        self._install(self._function)
        return True

    def _release_workers(self) -> None:
        self._cancel_given_up()
        self._install(None)

    def _cancel_given_up(self) -> None:
        while self._given_up:
            self._given_up.pop().cancel()


async def _result_of(task: Any) -> Any:
    """Wait for a task; Dask cancels it as soon as nothing refers to it any more."""
    return await task


def client_of(executor: Executor) -> tuple[Any, Mapping[str, Any]] | None:
    """Dask client of an executor, and its options; None for any other executor.

    It needs private names of Dask, because Dask's executor cannot scatter.
    """
    module = sys.modules.get("distributed.cfexecutor")
    if module is None or not isinstance(executor, module.ClientExecutor):
        return None
    return executor._client, executor._kwargs


def is_client(value: Any) -> bool:
    """Whether a value is a Dask client."""
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(value, distributed.Client)


def is_inside_task() -> bool:
    """Whether a Dask worker runs this code as a task."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return False
    try:
        distributed.get_worker()
    except ValueError:
        return False
    return True


def current_client() -> Any:
    """Return the current Dask client; raise an error if there is none, or no Dask."""
    try:
        distributed: Any = import_module("distributed")
    except ModuleNotFoundError as error:
        raise ImportError(
            'executor="dask" needs the package distributed; install it, or the extra "dask".'
        ) from error
    try:
        return distributed.Client.current()
    except ValueError as error:
        raise RuntimeError(
            'executor="dask" found no active Dask client; make one first, such as '
            "`client = distributed.Client(address)`."
        ) from error
