"""What may be done to a process only if it is one of evolearn's own."""

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


class OutOfTime(BaseException):
    """Time is up; no `Exception`, so that code which swallows those lets it pass."""


class _Here:
    """What is known of this process."""

    is_own = False
    is_spoilt = False


def enter(seed: int) -> None:
    """Declare this process to be one of evolearn's own, and seed its global generators.

    Python's and NumPy's; never to be called in a user's process. Where the C library is
    glibc, arrays of a megabyte and more go back to the system as soon as they are freed.
    """
    if not _Here.is_own:
        _give_large_blocks_back()
    _Here.is_own = True
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002, it is the global one that is to be seeded


def _give_large_blocks_back() -> None:
    """Stop glibc from keeping what was freed: it learns to keep blocks of up to 32 MB."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK)


def spoil() -> None:
    """Have this process replaced after its task, if it is one of evolearn's own.

    What is ended at any point may leave a lock held or a module half imported.
    """
    _Here.is_spoilt = _Here.is_own


def is_spoilt() -> bool:
    """Tell whether this process is to be replaced."""
    return _Here.is_spoilt


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raise `OutOfTime` in the body after so many seconds, as soon as it is in Python code.

    Only in processes of evolearn's own that have timers, elsewhere the body takes its time: a
    user's process keeps its signals. What is stuck in C is not stopped by this, but by the
    limit from outside.
    """
    in_main = threading.current_thread() is threading.main_thread()
    timed = _Here.is_own and in_main and hasattr(signal, "setitimer")
    if not timed or math.isinf(seconds):
        yield
        return
    rung = []

    def ring(number: int, frame: FrameType | None) -> None:
        rung.append(number)
        raise OutOfTime

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-3))
    try:
        yield
    except Exception as error:
        # Code in C may turn what is raised inside it into an error of its own.
        if rung:
            raise OutOfTime from error
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    if rung:  # or swallow it, and leave who knows what behind
        raise OutOfTime
