"""A function in bytes, for workers of other executors, and its call in a worker."""

import hashlib
import pickle
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

from evolearn.execution.process_settings import one_thread
from evolearn.execution.serialization import describe, pickled

# Functions that a worker process keeps: the one in use, and that of another search.
MAX_CACHED = 2


class Reply(NamedTuple):
    """The reply of a worker: a pickled value, or else the reason why there is none.

    An interruption came from outside and is no failure of the task.
    """

    value: bytes
    reason: str
    seconds: float
    interrupted: bool = False


@dataclass(frozen=True, eq=False)
class SerializedFunction:
    """A pickled function that is unpickled at most once per process.

    Large arrays in it are kept apart from the rest, as bytes: unpickling copies nothing, and
    nobody can change them, neither for the next task nor for another thread.
    """

    digest: str
    head: bytes
    buffers: tuple[bytes, ...]

    @classmethod
    def of(cls, function: Callable[[Any], Any]) -> Self:
        """Serialize a function."""
        buffers: list[pickle.PickleBuffer] = []
        head = pickled(function, buffers.append)
        contents = tuple(bytes(buffer.raw()) for buffer in buffers)
        digest = hashlib.sha256(head)
        for content in contents:
            digest.update(content)
        return cls(digest.hexdigest(), head, contents)

    def __reduce__(self) -> tuple[Any, ...]:
        # Without the unpickled function, when one worker sends it to another.
        return type(self), (self.digest, self.head, self.buffers)

    @cached_property
    def function(self) -> Callable[[Any], Any]:
        """The unpickled function."""
        function: Callable[[Any], Any] = pickle.loads(self.head, buffers=self.buffers)
        return function


def run(serialized: SerializedFunction, payload: bytes) -> Reply:
    """Call a serialized function with a pickled task, in the present process."""
    started = time.monotonic()
    doing = "the function could not be unpickled in the worker: "
    try:
        function = serialized.function
        doing = "the task could not be unpickled in the worker: "
        task = pickle.loads(payload)
        doing = ""
        with one_thread():
            started = time.monotonic()
            value = function(task)
        doing = "the result could not be pickled: "
        return Reply(pickled(value), "", time.monotonic() - started)
    except BaseException as error:
        # SystemExit and KeyboardInterrupt too: one bad task must not end its worker. Text is
        # sent, because the error itself may not survive pickling.
        interrupted = isinstance(error, KeyboardInterrupt)
        return Reply(b"", doing + describe(error), time.monotonic() - started, interrupted)


_cache: OrderedDict[str, SerializedFunction] = OrderedDict()
_lock = threading.Lock()


def run_cached(
    digest: str, serialized: SerializedFunction | None, payload: bytes
) -> Reply | None:
    """Call a function that this process may have cached; None if it must be sent along."""
    with _lock:
        if serialized is not None:
            _cache[digest] = _cache.get(digest, serialized)
        cached = _cache.get(digest)
        if cached is None:
            return None
        _cache.move_to_end(digest)
        while len(_cache) > MAX_CACHED:
            _cache.popitem(last=False)
    return run(cached, payload)


def remove_cached(digest: str) -> None:
    """Remove a function from the cache of this process."""
    with _lock:
        _cache.pop(digest, None)
