"""The program that a worker process runs.

It is started by its path, not imported as a part of the package, so that a worker is up in
some hundredths of a second and decides itself what to import. Hence it imports the standard
library alone until it knows the parent's ``sys.path``.

Parent and worker speak in frames over two pipes: a kind, a key and a payload of bytes.

    parent                                       worker
      | -- PREPARE  path, environment, imports --> |
      | <----------------------- READY  own memory |
      | -- INSTALL  pickled function ------------> |
      | <----------------------- READY  own memory |
      | -- TASK     key, pickled task -----------> |
      | <----------------------------- STARTED key |
      | <--- DONE key, value  or  RAISED key, text |
"""

import contextlib
import gc
import importlib
import os
import pickle
import queue
import signal
import struct
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any

PREPARE, INSTALL, TASK, READY, STARTED, LEFTOVERS, DONE, RAISED = range(8)
HEADER = struct.Struct("<BqQ")  # kind, key, length of the payload

# Longer than any message meant for people; only dumps of whole arrays are cut.
REASON_LENGTH = 1000
DETAILS_LENGTH = 20_000

Frame = tuple[int, int, bytes]


def read_frame(read: Callable[[int], bytes]) -> Frame | None:
    """Read one frame; None when the other side is gone."""
    header = _read_exactly(read, HEADER.size)
    if header is None:
        return None
    kind, key, length = HEADER.unpack(header)
    payload = _read_exactly(read, length)
    return None if payload is None else (kind, key, payload)


def _read_exactly(read: Callable[[int], bytes], length: int) -> bytes | None:
    chunks = bytearray()
    while len(chunks) < length:
        chunk = read(min(length - len(chunks), 1 << 16))
        if not chunk:
            return None
        chunks += chunk
    return bytes(chunks)


def write_frame(write: Callable[[Any], int], kind: int, key: int, payload: bytes) -> None:
    """Write one frame completely, however little the pipe takes at a time."""
    # Small frames go out in one piece: one system call, one wake-up of the other side.
    small = len(payload) < 1 << 15
    header = HEADER.pack(kind, key, len(payload))
    for part in [header + payload] if small else [header, payload]:
        rest = memoryview(part)
        while rest:
            rest = rest[write(rest) :]


def import_cloudpickle() -> Any:
    """Import cloudpickle: a dependency of joblib since 1.6, a part of it before."""
    try:
        return importlib.import_module("cloudpickle")
    except ModuleNotFoundError:
        return importlib.import_module("joblib.externals.cloudpickle")


def pickled(value: Any) -> bytes:
    """Pickle anything, lambdas and what is defined in a script or notebook included."""
    blob: bytes = import_cloudpickle().dumps(value, protocol=5)
    return blob


def own_memory(pid: int | str = "self") -> int | None:
    """Return the bytes of memory that a process has to itself; None where unknown.

    Pages shared with others, such as a memory-mapped table, are not counted.
    """
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123, pathlib is slow to import
            _, resident, shared, *_ = file.read().split()
    except (OSError, ValueError):  # not Linux, or the process is just ending
        return None
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def describe(error: BaseException) -> str:
    """Return type and message of an error on one line."""
    try:
        text = "".join(traceback.format_exception_only(error))
    except BaseException:
        # A message that fails to format must not hide which error it was.
        text = type(error).__name__
    text = " ".join(text.split())
    return text if len(text) <= REASON_LENGTH else text[:REASON_LENGTH] + " ..."


def _traceback_of(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))[-DETAILS_LENGTH:]
    except BaseException:
        return describe(error)


def bring_up_to_date(settings: dict[str, Any]) -> None:
    """Take over the parent's folder, path and environment, and import modules."""
    with contextlib.suppress(OSError):  # it may be gone, which need not concern the tasks
        os.chdir(settings["folder"])
    sys.path[:] = settings["path"]
    os.environ.clear()
    os.environ.update(settings["environment"])
    for name in settings["preload"]:
        # Only to save time: who really needs the module will say why it fails.
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    import_cloudpickle()


class Server:
    """Carry out the parent's orders, one after the other."""

    def __init__(self, orders: int, replies: int) -> None:
        self._pid = os.getpid()
        self._orders = orders
        self._replies = replies
        self._queue: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._function: Callable[[Any], Any] | None = None
        self._failure: tuple[str, str] | None = None
        self._threads: int = 1
        self._idle_seconds: float | None = None

    def run(self) -> None:
        """Serve until the parent goes away, or nobody needs this worker for long."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            needed = self._function is not None or self._failure is not None
            try:
                order, key, payload = self._queue.get(
                    timeout=None if needed else self._idle_seconds
                )
            except queue.Empty:
                os._exit(0)
            if order == TASK:
                self._serve(key, payload)
            else:
                (self._prepare if order == PREPARE else self._install)(payload)
                self._reply(READY, 0, pickle.dumps(own_memory()))

    def _listen(self) -> None:
        while (frame := read_frame(lambda n: os.read(self._orders, n))) is not None:
            self._queue.put(frame)
        # The parent is gone: end, with everything that a task may have forked.
        if hasattr(os, "killpg") and os.getpgrp() == self._pid:
            os.killpg(self._pid, signal.SIGKILL)
        os._exit(0)

    def _reply(self, kind: int, key: int, payload: bytes = b"") -> None:
        write_frame(lambda part: os.write(self._replies, part), kind, key, payload)

    def _prepare(self, payload: bytes) -> None:
        settings = pickle.loads(payload)
        self._threads = settings["threads"]
        self._idle_seconds = settings["idle_seconds"]
        bring_up_to_date(settings)
        self._limit_threads()

    def _limit_threads(self) -> None:
        # The environment has limited what loads later; this also binds what has loaded
        # already with a limit of its own.
        importlib.import_module("threadpoolctl").threadpool_limits(self._threads)

    def _install(self, payload: bytes) -> None:
        self._function = self._failure = None
        if (shared := sys.modules.get("evolearn.execution.shared")) is not None:
            shared.forget()
        gc.collect()
        if not payload:
            if _has_children():
                # It has served, and goes with its group: what a task left running must not
                # run on between two pools.
                os._exit(0)
            return
        try:
            self._function = pickle.loads(payload)
        except BaseException as error:
            reason = f"the function could not be unpickled in the worker: {describe(error)}"
            self._failure = reason, _traceback_of(error)
        self._limit_threads()

    def _serve(self, key: int, payload: bytes) -> None:
        self._reply(STARTED, key)
        kind, answer = self._answer(payload)
        if os.getpid() != self._pid:
            # The task forked and its copy of this process came back as well.
            os._exit(0)
        own_process = sys.modules.get("evolearn.execution.own_process")
        spoilt = own_process is not None and own_process.is_spoilt()
        if spoilt or any(_is_leftover(thread) for thread in threading.enumerate()):
            self._reply(LEFTOVERS, key)
        self._reply(kind, key, answer)

    def _answer(self, payload: bytes) -> tuple[int, bytes]:
        if self._failure is not None:
            return RAISED, pickle.dumps(self._failure)
        doing = "the task could not be unpickled in the worker: "
        try:
            task = pickle.loads(payload)
            doing = ""
            assert self._function is not None
            # A function may set up the process, which is its own here and nowhere else.
            enter = getattr(self._function, "enter_process", None)
            if enter is not None:
                enter(task)
            value = self._function(task)
            doing = "the result could not be pickled: "
            return DONE, pickled(value)
        except BaseException as error:
            # SystemExit and KeyboardInterrupt too: one bad task must not end its worker.
            # Text alone goes back, because the error itself may not survive pickling.
            return RAISED, pickle.dumps((doing + describe(error), _traceback_of(error)))


def _is_leftover(thread: threading.Thread) -> bool:
    """Tell whether a task left this thread running, which would slow down the next one.

    Daemon threads are spared: they are helpers that libraries keep for their next call.
    """
    return thread is not threading.main_thread() and not thread.daemon


def _has_children() -> bool:
    if not hasattr(os, "waitid"):
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def detach() -> None:
    """Cut the process off from the parent's terminal and output."""
    # Whatever a task prints, from Python or from C, goes nowhere: it can neither garble the
    # replies nor block on a pipe that nobody empties.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    # The parent decides when a task ends; Ctrl-C is the parent's to handle.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A parent that ignores the end of its children hands that down, and the system would then
    # reap ours before we can learn how they ended.
    if hasattr(signal, "SIGCHLD"):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def serve(orders: int, replies: int) -> None:
    """Carry out orders from one pipe and reply to the other."""
    # When the machine runs out of memory the kernel is to pick a worker, not the parent.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:  # noqa: PTH123
        file.write("1000")
    Server(orders, replies).run()


def main() -> None:
    """Set up the process and serve."""
    orders, replies = os.dup(0), os.dup(1)
    detach()
    serve(orders, replies)


if __name__ == "__main__":
    main()
