"""Changes that a task may make to its process only if that is one of evolearn's workers."""

import contextlib
import ctypes
import math
import random
import signal
import threading
from collections.abc import Iterator
from types import FrameType

import numpy as np

# The number of a parameter of mallopt(3), and the bytes from which on blocks are mapped.
M_MMAP_THRESHOLD, LARGE_BLOCK = -3, 2**20


class TimeLimitExceeded(BaseException):
    """A time limit has passed; not an `Exception`, so that tasks do not suppress it."""


class State:
    """The state of this process."""

    is_worker = False
    needs_replacement = False


def enter(seed: int) -> None:
    """Mark this process as a worker of evolearn, and seed Python's and NumPy's generators.

    It must never be called in a user's process. Where the C library is glibc, it then returns
    arrays of a megabyte and more to the system as soon as they are freed.
    """
    if not State.is_worker:
        # It would learn to keep freed blocks of up to 32 MB.
        with contextlib.suppress(AttributeError, OSError, TypeError):
            ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)
    State.is_worker = True
    random.seed(seed)  # noqa: TID251, likewise
    np.random.seed(seed)  # noqa: NPY002, it is the global one that is to be seeded


def request_replacement() -> None:
    """Have this process replaced after its task, if it is a worker of evolearn.

    Code that was interrupted anywhere may leave a lock held or a module half imported.
    """
    State.needs_replacement = State.is_worker


@contextlib.contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimeLimitExceeded` in the body after so many seconds.

    It is raised between two steps of Python code; code that is stuck in C is ended only by the
    pool, which kills the process. The limit holds in the main thread of evolearn's workers,
    where the system has timers. Elsewhere there is none, because a user's process keeps its
    signal handlers.
    """
    is_main = threading.current_thread() is threading.main_thread()
    can_limit = State.is_worker and is_main and hasattr(signal, "setitimer")
    if not can_limit or math.isinf(seconds):
        yield
        return
    alarms = []

    def handle_alarm(number: int, frame: FrameType | None) -> None:
        alarms.append(number)
        raise TimeLimitExceeded

    before = signal.signal(signal.SIGALRM, handle_alarm)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3))
    try:
        yield
    except BaseException as error:
        # Code in C may turn the exception into one of its own, CatBoost into KeyboardInterrupt.
        if alarms:
            raise TimeLimitExceeded from error
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    if alarms:  # or suppress it, and leave anything behind
        raise TimeLimitExceeded
