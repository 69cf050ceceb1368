"""Settings of a process while tasks run in it: warnings and numbers of threads."""

import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import lru_cache
from typing import Any

from joblib import parallel_config
from threadpoolctl import ThreadpoolController

from evolearn.recorded_warnings import QUIET


class _SharedSettings:
    """Settings that all tasks of the process share, in one thread or several.

    The first task sets them and the last one to end restores them. If each thread restored
    what it had found, threads that overlap would leave the settings of a task behind.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_tasks = 0
        self._settings = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._n_tasks == 0:
                self._settings.enter_context(QUIET)
                self._settings.enter_context(_one_blas_thread())
            self._n_tasks += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._n_tasks -= 1
            if self._n_tasks == 0:
                self._settings.close()


_SHARED_SETTINGS = _SharedSettings()


def quiet_process() -> AbstractContextManager[None]:
    """Discard warnings, also while tasks run in threads of this process."""
    return _SHARED_SETTINGS


@lru_cache(maxsize=1)  # until another module is imported
def _libraries(n_modules: int) -> ThreadpoolController:
    """Libraries that have threads; the search for them takes milliseconds."""
    return ThreadpoolController()


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Limit the linear algebra of the process to one thread.

    It is set in a thread of its own: threadpoolctl lets only the thread that has set OpenBLAS
    restore it, and the last task to end may be in another thread than the first.
    """
    is_set, over = threading.Event(), threading.Event()

    def hold() -> None:
        with _libraries(len(sys.modules)).select(user_api="blas").limit(limits=1):
            is_set.set()
            over.wait()

    holder = threading.Thread(target=hold, daemon=True)
    holder.start()
    is_set.wait()
    try:
        yield
    finally:
        over.set()
        holder.join()


def one_openmp_thread() -> AbstractContextManager[Any]:
    """Limit OpenMP to one thread in the thread that calls; other threads keep their number."""
    limited: AbstractContextManager[Any] = (
        _libraries(len(sys.modules)).select(user_api="openmp").limit(limits=1)
    )
    return limited


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit numerical libraries and joblib to the thread of a task."""
    with (
        _SHARED_SETTINGS,
        one_openmp_thread(),
        parallel_config(backend="sequential", n_jobs=1),
    ):
        yield
