"""The program that a worker process runs.

It is started by its path, not imported as a part of the package, so that a worker starts in
some hundredths of a second and imports only what it needs. Hence it uses the standard library
alone until it knows the parent's ``sys.path``.

Parent and worker speak in frames over two pipes: a key, a kind and a payload of bytes. The
parent makes the key and sends it first. So whatever else a process writes to a pipe is noticed,
and is not unpickled.

    parent                                       worker
      | -- key ----------------------------------> |
      | -- PREPARE  path, environment, imports --> |
      | <----------------------- READY  own memory |
      | -- INSTALL  pickled function ------------> |
      | <----------------------- READY  own memory |
      | -- TASK     pickled task ----------------> |
      | <--------------------------------- STARTED |
      | <-- DONE pickled value or RAISED reason -- |
"""

import contextlib
import gc
import hmac
import importlib
import os
import pickle
import queue
import signal
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from importlib.machinery import SourceFileLoader
from types import ModuleType
from typing import Any

PREPARE, INSTALL, TASK, READY, STARTED, LEFTOVERS, DONE, RAISED = range(8)
KEY_BYTES = 16
HEADER = struct.Struct(f"<{KEY_BYTES}sBQ")  # key, kind, length of the payload
# Longest payload of each kind in bytes. More than a terabyte is in no machine's pipe, and a
# reason is a line of text.
ORDERS = dict.fromkeys((PREPARE, INSTALL, TASK), 2**40)
REPLIES = {READY: 20, STARTED: 0, LEFTOVERS: 0, DONE: 2**40, RAISED: 2**14}

# Thousandths of the machine's memory that the kernel adds to that of a worker when it looks for
# a process to kill: more than the parent has in most fits, less than a process that fills it.
OOM_SCORE = 300

Frame = tuple[int, bytes]


class FrameError(Exception):
    """Something else than a frame came through a pipe."""


FOLDER = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120, pathlib is slow to import


def load_module(name: str, *path: str) -> Any:
    """Import a module of the package, in a process that runs this program from its file.

    The parent imports it by its name: a frozen program has no source files.
    """
    if __package__:
        return importlib.import_module(name)
    module = ModuleType(name)
    module.__file__ = os.path.join(FOLDER, *path)  # noqa: PTH118
    SourceFileLoader(name, module.__file__).exec_module(module)
    return module


serialization = load_module("evolearn.execution.serialization", os.pardir, "serialization.py")
process_tree = load_module("evolearn.execution.local.process_tree", "process_tree.py")


def read_frame(
    read: Callable[[int], bytes], key: bytes, kinds: Mapping[int, int]
) -> Frame | None:
    """Read one frame; None when the other side is gone.

    `kinds` are the kinds that may come, with their longest payload.
    """
    header = read_exactly(read, HEADER.size)
    if header is None:
        return None
    found, kind, length = HEADER.unpack(header)
    if not hmac.compare_digest(found, key) or length > kinds.get(kind, -1):
        raise FrameError("it wrote to the pipe of its replies")
    payload = read_exactly(read, length)
    return None if payload is None else (kind, payload)


def read_exactly(read: Callable[[int], bytes], length: int) -> bytes | None:
    """Read so many bytes; None when the other side is gone."""
    chunks = bytearray()
    while len(chunks) < length:
        chunk = read(min(length - len(chunks), 1 << 16))
        if not chunk:
            return None
        chunks += chunk
    return bytes(chunks)


def write_frame(write: Callable[[Any], int], key: bytes, kind: int, payload: bytes) -> None:
    """Write one frame completely, however little the pipe takes at a time."""
    # Small frames go out in one piece: one system call, one wake-up of the other side.
    small = len(payload) < 1 << 15
    header = HEADER.pack(key, kind, len(payload))
    for part in [header + payload] if small else [header, payload]:
        rest = memoryview(part)
        while rest:
            rest = rest[write(rest) :]


def update_process(settings: dict[str, Any]) -> None:
    """Set the parent's folder, path and environment, and import modules."""
    with contextlib.suppress(OSError):  # the folder may be gone; not every task needs it
        os.chdir(settings["folder"])
    sys.path[:] = settings["path"]
    os.environ.clear()
    os.environ.update(settings["environment"])
    for name in settings["preload"]:
        # It only saves time: a task that needs the module reports why it fails.
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    serialization.import_cloudpickle()


def limit_threads() -> None:
    """Limit numerical libraries to one thread."""
    # The environment limits libraries that are loaded later, this call those that have been
    # loaded with another limit.
    importlib.import_module("threadpoolctl").threadpool_limits(1)


class Server:
    """Execute the parent's orders, one after the other."""

    def __init__(self, orders: int, replies: int) -> None:
        self._pid = os.getpid()
        self._orders = orders
        self._replies = replies
        self._key = b""
        self._queue: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._function: Callable[[Any], Any] | None = None
        self._failure = ""
        self._idle_seconds: float | None = None

    def run(self) -> None:
        """Serve until the parent ends, or until no order has come for `idle_seconds`."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            is_in_use = self._function is not None or self._failure != ""
            try:
                order, payload = self._queue.get(
                    timeout=None if is_in_use else self._idle_seconds
                )
            except queue.Empty:
                os._exit(0)
            if order == TASK:
                self._serve(payload)
            else:
                (self._prepare if order == PREPARE else self._install)(payload)
                self._reply(READY, str(process_tree.own_memory() or "").encode())

    def _listen(self) -> None:
        def read(length: int) -> bytes:
            return os.read(self._orders, length)

        self._key = read_exactly(read, KEY_BYTES) or b""
        with contextlib.suppress(FrameError):
            while (frame := read_frame(read, self._key, ORDERS)) is not None:
                self._queue.put(frame)
        # The parent has ended: end too, with everything that a task may have started.
        process_tree.kill_descendants(self._pid)
        if hasattr(os, "killpg") and os.getpgrp() == self._pid:
            os.killpg(self._pid, signal.SIGKILL)
        os._exit(0)

    def _reply(self, kind: int, payload: bytes = b"") -> None:
        write_frame(lambda part: os.write(self._replies, part), self._key, kind, payload)

    def _prepare(self, payload: bytes) -> None:
        settings = pickle.loads(payload)
        self._idle_seconds = settings["idle_seconds"]
        update_process(settings)
        limit_threads()

    def _install(self, payload: bytes) -> None:
        self._function, self._failure = None, ""
        gc.collect()
        if not payload:
            if _has_children():
                # What a task left running must not run on between two pools. The parent then
                # kills the group.
                process_tree.kill_descendants(self._pid)
                os._exit(0)
            return
        try:
            self._function = pickle.loads(payload)
        except BaseException as error:
            reason = serialization.describe(error)
            self._failure = f"the function could not be unpickled in the worker: {reason}"
        limit_threads()

    def _serve(self, payload: bytes) -> None:
        self._reply(STARTED)
        kind, reply = self._run(payload)
        if os.getpid() != self._pid:
            # The task has forked, and this is the return of its copy of the process.
            os._exit(0)
        inside_worker = sys.modules.get("evolearn.execution.local.inside_worker")
        spoilt = inside_worker is not None and inside_worker.State.needs_replacement
        # A thread that the task left running would slow down the next one; daemon threads are
        # helpers that libraries keep for their next call.
        others = [thread for thread in threading.enumerate() if not thread.daemon]
        if spoilt or others != [threading.main_thread()]:
            self._reply(LEFTOVERS)
        self._reply(kind, reply)

    def _run(self, payload: bytes) -> tuple[int, bytes]:
        if self._failure:
            return RAISED, self._failure.encode(errors="replace")
        doing = "the task could not be unpickled in the worker: "
        try:
            task = pickle.loads(payload)
            doing = ""
            assert self._function is not None
            # A function may change the settings of a process that runs nothing else.
            enter = getattr(self._function, "enter_process", None)
            if enter is not None:
                enter(task)
            value = self._function(task)
            doing = "the result could not be pickled: "
            return DONE, serialization.pickled(value)
        except BaseException as error:
            # SystemExit and KeyboardInterrupt too: one bad task must not end its worker.
            # Text is sent, because the error itself may not survive pickling.
            reason = doing + serialization.describe(error)
            return RAISED, reason.encode(errors="replace")


def _has_children() -> bool:
    if not hasattr(os, "waitid"):
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def detach() -> None:
    """Detach the process from the parent's terminal and output."""
    # Output of tasks, from Python or from C, is discarded: it can neither disturb the replies
    # nor block on a pipe that nobody reads.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    # The parent decides when a task ends, and handles Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A parent may ignore SIGCHLD, and its children inherit that. The system would then reap the
    # children of this process before their exit codes can be read.
    if hasattr(signal, "SIGCHLD"):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def serve(orders: int, replies: int) -> None:
    """Execute orders from one pipe and write replies to the other."""
    process_tree.adopt_orphans()
    # When the machine runs out of memory, the kernel should rather kill a worker than the
    # parent, but neither if another process fills it.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "r+") as file:  # noqa: PTH123
        score = int(file.read())
        file.seek(0)
        file.write(str(min(1000, score + OOM_SCORE)))
    Server(orders, replies).run()


def inherited(argument: str, flags: int) -> int:
    """Return the file descriptor that the parent has passed on by its number in an argument."""
    if sys.platform == "win32":
        import msvcrt

        return msvcrt.open_osfhandle(int(argument), flags)
    os.set_inheritable(int(argument), False)
    return int(argument)


def main() -> None:
    """Set up the process and serve."""
    orders, replies = inherited(sys.argv[1], os.O_RDONLY), inherited(sys.argv[2], os.O_WRONLY)
    detach()
    serve(orders, replies)


if __name__ == "__main__":
    main()
