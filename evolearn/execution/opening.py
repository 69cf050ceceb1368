"""Open a pool of workers as the parameters `executor` and `n_jobs` say."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any

from joblib import effective_n_jobs

from evolearn.execution.pool import Pool
from evolearn.execution.remote.dask_pool import (
    DaskPool,
    client_of,
    current_client,
    is_client,
    is_inside_task,
)
from evolearn.execution.remote.joblib_executor import JoblibExecutor, active_backend
from evolearn.execution.remote.pool import ExecutorPool
from evolearn.messages import shown


def open_pool(executor: Any, n_jobs: int | None, local: Callable[[int], Pool]) -> Pool:
    """Open a pool of the workers that the user has chosen.

    Parameters
    ----------
    executor : None, "dask" or callable
        None: the joblib backend that the user has set to run tasks elsewhere, else this
        machine. "dask": the cluster of the current client. A callable: the
        `concurrent.futures.Executor` that it returns; a class is such a callable too.
    n_jobs : int or None
        The number of tasks at a time. None: the number of threads of a Dask cluster, else
        joblib's default.
    local : callable
        Returns a pool of the given number of workers on this machine.

    Raises
    ------
    TypeError, ValueError, ImportError, RuntimeError
        If the executor cannot be used; the message names an alternative.

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from evolearn.execution.opening import open_pool
    >>> from evolearn.execution.local.pool import WorkerPool
    >>> with open_pool(ThreadPoolExecutor, 2, WorkerPool) as pool:
    ...     type(pool).__name__, pool.n_workers
    ('ExecutorPool', 2)
    """
    check_executor(executor)
    if callable(executor):
        return _pool_of(executor, n_jobs)
    if is_inside_task():
        # One process in place of the one thread that the cluster has given to this task. If it
        # waited for Dask tasks of its own, it would hold the thread that they need.
        return local(1)
    if executor == "dask":
        return _dask_pool(current_client(), {}, n_jobs)
    active = active_backend()
    if active is None:
        return local(effective_n_jobs(n_jobs))
    backend, default_n_jobs = active
    if hasattr(backend, "client"):  # joblib's own backend for Dask
        n_jobs = default_n_jobs if n_jobs is None else n_jobs
        return _dask_pool(backend.client, {}, n_jobs)
    n_workers = effective_n_jobs(n_jobs)
    if n_workers == 1:  # joblib then uses no backend
        return local(1)
    return _pool_of(partial(JoblibExecutor, backend, n_workers), n_workers)


def open_threads(n_workers: int) -> Pool:
    """Open a pool of threads of this process, where no worker processes can be started."""
    open_executor = partial(ThreadPoolExecutor, n_workers)
    return ExecutorPool(open_executor(), open_executor, n_workers)


def check_executor(executor: Any) -> None:
    """Raise an error that names an alternative if the executor cannot be used."""
    if executor is None or (isinstance(executor, str) and executor == "dask"):
        return
    name = type(executor).__name__
    if isinstance(executor, Executor):
        raise TypeError(
            f"executor got an open {name}, which cannot be cloned; pass a callable that "
            "returns a new executor each time, such as `lambda: ProcessPoolExecutor(2)`."
        )
    if is_client(executor):
        raise TypeError(
            f"executor got a Dask {name}, which cannot be cloned; pass 'dask', which stands "
            "for the current client."
        )
    if not callable(executor):
        raise ValueError(
            "executor must be None, 'dask' or a callable that returns a "
            f"concurrent.futures.Executor, got {shown(executor)}."
        )


def _pool_of(open_executor: Callable[[], Any], n_jobs: int | None) -> Pool:
    n_local = effective_n_jobs(n_jobs)  # before, because it may raise
    executor = open_executor()
    if not isinstance(executor, Executor):
        raise TypeError(
            "The callable passed as executor must return a concurrent.futures.Executor, got "
            f"{type(executor).__name__}."
        )
    try:
        dask = client_of(executor)
        if dask is not None:
            return _dask_pool(*dask, n_jobs)
        return ExecutorPool(executor, open_executor, n_local)
    except BaseException:
        executor.shutdown(wait=False)
        raise


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
    return DaskPool(client, options, n_jobs)
