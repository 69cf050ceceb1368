"""Settings of a process while tasks run in it: warnings and numbers of threads."""

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import lru_cache

from joblib import parallel_config
from threadpoolctl import ThreadpoolController


class _SharedSettings:
    """Settings that all tasks of the process share, in one thread or several.

    The first task sets them and the last one to end restores them. If each thread restored
    what it had found, threads that overlap would leave the settings of a task behind.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_tasks = 0
        self._warnings = ExitStack()
        self._threads = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._n_tasks == 0:
                self._replace_filters()
                self._threads.enter_context(_one_blas_thread())
            self._n_tasks += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._n_tasks -= 1
            if self._n_tasks == 0:
                self._threads.close()
                self._warnings.close()

    @contextmanager
    def users_filters(self) -> Iterator[None]:
        """Restore the user's filters of warnings for a moment, while tasks may run."""
        with self._lock:
            self._warnings.close()
            try:
                yield
            finally:
                if self._n_tasks:
                    self._replace_filters()

    def _replace_filters(self) -> None:
        # Tasks replace the filters to collect warnings. Those of a task in another thread must
        # not meet a user's filter "error" then.
        self._warnings.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter("default")


_SHARED_SETTINGS = _SharedSettings()


def quiet_process() -> AbstractContextManager[None]:
    """Discard warnings, also while tasks run in threads of this process.

    Filters of warnings belong to the process. Code that restores them in another order than
    the threads of tasks have set them would leave wrong ones behind.
    """
    return _SHARED_SETTINGS


def users_filters() -> AbstractContextManager[None]:
    """Restore the user's filters of warnings, while tasks may run in threads of this process.

    A thread cannot be ended: it may still run a candidate when the fit is over.
    """
    return _SHARED_SETTINGS.users_filters()


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


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit numerical libraries and joblib to the thread of a task."""
    with (
        _SHARED_SETTINGS,
        # The number of threads of OpenMP belongs to the thread that sets it.
        _libraries(len(sys.modules)).select(user_api="openmp").limit(limits=1),
        parallel_config(backend="sequential", n_jobs=1),
    ):
        yield
