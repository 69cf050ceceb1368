"""Where candidates run: what `executor` and `n_jobs` mean, here and now."""

import sys
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from functools import partial
from importlib import import_module
from typing import Any

from joblib import effective_n_jobs

from evolearn.execution.carrier import DaskCarrier, ExecutorCarrier, dask_client
from evolearn.execution.cluster import ExecutorPool
from evolearn.execution.contract import Pool
from evolearn.execution.joblib_backend import JoblibExecutor, chosen_backend


def open_pool(executor: Any, n_jobs: int | None, local: Callable[[int], Pool]) -> Pool:
    """Return a pool where the user wants the work done.

    Parameters
    ----------
    executor : None, "dask" or callable
        None: the joblib backend that the user has set to work elsewhere, or this machine.
        "dask": the cluster of the current client. A callable: the executor that it returns.
    n_jobs : int or None
        Tasks at a time. None: as many as a Dask cluster has threads, else joblib's default.
    local : callable
        Returns a pool of so many workers on this machine.

    Raises
    ------
    TypeError, ValueError, ImportError, RuntimeError
        If the executor cannot be used; the message says what to pass instead.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from evolearn.execution.choice import open_pool
    >>> from evolearn.execution.pool import WorkerPool
    >>> with open_pool(ThreadPoolExecutor, 2, WorkerPool) as pool:
    ...     type(pool).__name__, pool.n_workers
    ('ExecutorPool', 2)
    """
    check_executor(executor)
    if callable(executor):
        return _pool_of(executor, n_jobs)
    if inside_dask_task():
        # One process in place of the one thread that the cluster has granted. Were the task to
        # wait for tasks of its own, it would hold the very thread that they need.
        return local(1)
    if executor == "dask":
        return _dask_pool(current_client(), {}, n_jobs)
    chosen = chosen_backend()
    if chosen is None:
        return local(effective_n_jobs(n_jobs))
    backend, default_n_jobs = chosen
    if hasattr(backend, "client"):  # joblib's own backend for Dask
        n_jobs = default_n_jobs if n_jobs is None else n_jobs
        return _dask_pool(backend.client, {}, n_jobs)
    n_workers = effective_n_jobs(n_jobs)
    if n_workers == 1:  # which joblib runs without any backend
        return local(1)
    return _pool_of(partial(JoblibExecutor, backend, n_workers), n_workers)


def check_executor(executor: Any) -> None:
    """Raise an error that says what to pass instead of something that is no use."""
    if executor is None or (isinstance(executor, str) and executor == "dask"):
        return
    name = type(executor).__name__
    if isinstance(executor, Executor):
        raise TypeError(
            f"executor got an open {name}, which cannot be cloned; pass a callable that "
            "returns a new executor each time, such as `lambda: ProcessPoolExecutor(2)`."
        )
    if _is_client(executor):
        raise TypeError(
            f"executor got a Dask {name}, which cannot be cloned; pass 'dask', which stands "
            "for the current client."
        )
    if not callable(executor):
        raise ValueError(
            "executor must be None, 'dask' or a callable that returns a "
            f"concurrent.futures.Executor, got {executor!r}."
        )


def inside_dask_task() -> bool:
    """Tell whether a Dask worker runs this code as a task."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return False
    try:
        distributed.get_worker()
    except ValueError:
        return False
    return True


def current_client() -> Any:
    """Return the current Dask client.

    Raises
    ------
    ImportError, RuntimeError
        If Dask is not installed, or there is no client.
    """
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


def _pool_of(open_executor: Callable[[], Any], n_jobs: int | None) -> Pool:
    executor = open_executor()
    if not isinstance(executor, Executor):
        raise TypeError(
            "The callable passed as executor must return a concurrent.futures.Executor, got "
            f"{type(executor).__name__}."
        )
    dask = dask_client(executor)
    if dask is not None:
        return _dask_pool(*dask, n_jobs)
    return ExecutorPool(ExecutorCarrier(executor, open_executor), effective_n_jobs(n_jobs))


def _dask_pool(client: Any, options: Mapping[str, Any], n_jobs: int | None) -> Pool:
    n_threads = sum(client.nthreads().values())
    if not n_threads:
        raise RuntimeError(
            "The Dask cluster has no workers; start some, or wait for them with "
            "client.wait_for_workers(1)."
        )
    if n_jobs is None:
        n_jobs = n_threads
    elif n_jobs < 0:
        n_jobs = max(1, n_threads + 1 + n_jobs)
    return ExecutorPool(DaskCarrier(client, options), n_jobs)


def _is_client(value: Any) -> bool:
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(value, distributed.Client)
