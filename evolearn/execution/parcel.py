"""A function on its way to workers that are not ours, and what they do with it there."""

import hashlib
import pickle
import sys
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property, lru_cache
from typing import Any, NamedTuple, Self

from joblib import parallel_config
from threadpoolctl import ThreadpoolController

from evolearn.execution.worker_program import describe, import_cloudpickle, pickled

# Parcels that a worker process holds on to: the one in use, and that of a search beside it.
KEPT_PARCELS = 2


class Reply(NamedTuple):
    """What a worker answers: a pickled value, or else why there is none.

    Whether it was interrupted says nothing of the task.
    """

    value: bytes
    reason: str
    seconds: float
    interrupted: bool = False


class Parcel:
    """A pickled function that any worker can open.

    Large arrays in it are kept apart from the rest, as bytes: opening copies nothing, and
    nobody can change them, neither for the next task nor for another thread.
    """

    def __init__(self, digest: str, head: bytes, buffers: tuple[bytes, ...]) -> None:
        self.digest = digest
        self.head = head
        self.buffers = buffers

    @classmethod
    def of(cls, function: Callable[[Any], Any]) -> Self:
        """Return a parcel of a function."""
        buffers: list[pickle.PickleBuffer] = []
        head = import_cloudpickle().dumps(function, protocol=5, buffer_callback=buffers.append)
        contents = tuple(bytes(buffer.raw()) for buffer in buffers)
        digest = hashlib.sha256(head)
        for content in contents:
            digest.update(content)
        return cls(digest.hexdigest(), head, contents)

    def __reduce__(self) -> tuple[Any, ...]:
        # Without the opened function, when one worker hands the parcel on to another.
        return type(self), (self.digest, self.head, self.buffers)

    @cached_property
    def function(self) -> Callable[[Any], Any]:
        """The function; opened once per process, and gone with the parcel."""
        function: Callable[[Any], Any] = pickle.loads(self.head, buffers=self.buffers)
        return function


def run(parcel: Parcel, payload: bytes) -> Reply:
    """Give a pickled task to a parcel's function, in whatever process this is."""
    started = time.monotonic()
    doing = "the task could not be unpickled in the worker: "
    try:
        function, task = parcel.function, pickle.loads(payload)
        doing = ""
        with one_thread():
            started = time.monotonic()
            value = function(task)
        doing = "the result could not be pickled: "
        return Reply(pickled(value), "", time.monotonic() - started)
    except BaseException as error:
        # SystemExit and KeyboardInterrupt too: one bad task must not end its worker. Text
        # alone goes back, because the error itself may not survive pickling.
        interrupted = isinstance(error, KeyboardInterrupt)
        return Reply(b"", doing + describe(error), time.monotonic() - started, interrupted)


_kept: OrderedDict[str, Parcel] = OrderedDict()
_lock = threading.Lock()


def run_kept(digest: str, parcel: Parcel | None, payload: bytes) -> Reply | None:
    """Do the same with a parcel that this process may have; None: send it along, please."""
    with _lock:
        if parcel is not None:
            _kept[digest] = _kept.get(digest, parcel)
        kept = _kept.get(digest)
        if kept is None:
            return None
        _kept.move_to_end(digest)
        while len(_kept) > KEPT_PARCELS:
            _kept.popitem(last=False)
    return run(kept, payload)


def drop(digest: str) -> None:
    """Let go of a parcel in this process."""
    with _lock:
        _kept.pop(digest, None)


class _Process:
    """What is set for the whole process while tasks run in it, in one thread or several.

    The first task sets it and the last one to end puts it back: were each thread to restore
    what it had found, threads that overlap would leave the settings of a task behind.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_tasks = 0
        self._settings = ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            if self._n_tasks == 0:
                # Tasks set and reset the filters to collect warnings, also those of a task
                # in another thread, which must not fall back to a user's "error".
                self._settings.enter_context(warnings.catch_warnings(record=True))
                warnings.simplefilter("default")
                self._settings.enter_context(_one_blas_thread())
            self._n_tasks += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._n_tasks -= 1
            if self._n_tasks == 0:
                self._settings.close()


_PROCESS = _Process()


def quiet_process() -> AbstractContextManager[None]:
    """Collect warnings unseen, as tasks do, also where they run in threads of this process.

    Filters of warnings belong to the process: what sets them back in another order than threads
    of tasks have set them leaves them behind.
    """
    return _PROCESS


@lru_cache(maxsize=1)  # until something has been imported
def _libraries(n_modules: int) -> ThreadpoolController:
    """Return the libraries that have threads; the search takes milliseconds."""
    return ThreadpoolController()


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Hold the linear algebra of the process to one thread.

    In a thread of its own: threadpoolctl lets only the thread that has set OpenBLAS put it
    back, and the last task to end may be in another one than the first.
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
    """Hold numerical libraries and joblib to the thread that a task runs in."""
    with (
        _PROCESS,
        # OpenMP's number of threads belongs to the thread that sets it.
        _libraries(len(sys.modules)).select(user_api="openmp").limit(limits=1),
        parallel_config(backend="sequential", n_jobs=1),
    ):
        yield
