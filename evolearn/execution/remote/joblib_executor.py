"""The joblib backend that the user has set, as an executor of `concurrent.futures`."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from joblib import Parallel
from joblib.parallel import (
    BatchedCalls,
    LokyBackend,
    MultiprocessingBackend,
    SequentialBackend,
    ThreadingBackend,
    get_active_backend,
)

# Backends of this machine. Only their number of jobs is used: their workers cannot be killed
# one at a time, those of evolearn can.
LOCAL_BACKENDS = (LokyBackend, MultiprocessingBackend, SequentialBackend, ThreadingBackend)


def active_backend() -> tuple[Any, int | None] | None:
    """Backend that the user has set to run tasks elsewhere, and its ``n_jobs``.

    None if there is none. Inside a task of joblib the active backend is joblib's choice, not
    the user's.
    """
    backend, n_jobs = get_active_backend()
    # The exact class: other libraries derive their backends from these.
    if backend.nesting_level or type(backend) in LOCAL_BACKENDS:
        return None
    return backend, n_jobs


class JoblibExecutor(Executor):
    """Run calls on a joblib backend.

    It uses the interface that joblib documents for authors of backends: ``configure`` and
    ``terminate`` by a `joblib.Parallel`, ``submit``, and ``retrieve_result_callback``, which
    all backends have since joblib 1.3. At least 2 calls run at a time.
    """

    def __init__(self, backend: Any, n_jobs: int) -> None:
        self._backend = backend
        self._parallel = Parallel(n_jobs=n_jobs, backend=backend)
        self._parallel.__enter__()
        backend.start_call()
        # The name of `submit` until joblib 1.4.
        self._submit = getattr(backend, "submit", None) or backend.apply_async

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Schedule a call."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()  # a backend cannot cancel a call

        def done(out: Any) -> None:
            try:
                [result] = self._backend.retrieve_result_callback(out)
            except Exception as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        calls = BatchedCalls([(fn, args, kwargs)], self._backend.get_nested_backend())
        self._submit(calls, callback=done)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Terminate the backend, and running calls if it can end them."""
        if not wait:
            self._backend.abort_everything(ensure_ready=False)
        self._backend.stop_call()
        self._parallel.__exit__(None, None, None)
