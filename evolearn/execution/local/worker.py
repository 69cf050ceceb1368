"""The parent's side of one worker process: start it, send orders, read replies, kill it."""

import contextlib
import logging
import os
import pickle
import queue
import secrets
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from evolearn.execution.local.cleanup_process import CLEANUP_PROCESS
from evolearn.execution.local.fork_server import FORK_SERVERS, IS_AVAILABLE, ForkedProcess
from evolearn.execution.local.process import (
    UNKNOWN_CODE,
    Pipes,
    death_watch,
    read_alive,
    start_program,
)
from evolearn.execution.local.process_tree import kill_tree
from evolearn.execution.local.worker_program import (
    INSTALL,
    KEY_BYTES,
    LEFTOVERS,
    PREPARE,
    READY,
    REPLIES,
    STARTED,
    TASK,
    Frame,
    FrameError,
    read_frame,
    write_frame,
)
from evolearn.execution.serialization import describe

LOGGER = logging.getLogger("evolearn")

ENDED = -1  # kind of the last message of a worker: its process has ended

# Idle time after which workers end: long enough for the next fit of an interactive session,
# short enough to return the memory.
IDLE_SECONDS = 300.0

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMEXPR_MAX_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    "LOKY_MAX_CPU_COUNT",  # the number that n_jobs=-1 stands for inside a task
)

# The system gives its number to no other process before `wait` has returned.
Process = subprocess.Popen[bytes] | ForkedProcess
Inbox = queue.SimpleQueue[tuple["Worker", Frame]]


def _current_folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:  # the folder was removed
        return ""


class Worker:
    """A process that runs tasks one at a time and can be killed at any moment.

    One thread starts the process, reads its replies and waits for its end, another one writes
    to it, so that neither a slow start nor a large message nor a stuck process blocks the
    caller.

    The process is a fork of a fork server if there are modules to import and the system is
    Linux. If the fork server fails, which is logged, the process is a fresh interpreter, as on
    other systems, and the next worker tries with a new fork server.
    """

    def __init__(self, preload: Sequence[str]) -> None:
        self.modules: Mapping[str, tuple[int, int]] = {}  # of the user, when it became idle
        self.preload = frozenset(preload)  # modules that it has been ordered to import
        self.inbox: Inbox | None = None
        self.pid = 0  # until the process has started
        self.returncode: int | None = None  # while it starts and runs
        self.start_failure = ""  # the reason if no process could be started
        self.bad_reply = ""  # the reason if it was killed for a reply that is none
        self.started: float | None = None  # when it started its task, on the monotonic clock
        self.baseline: int | None = None  # private memory when it was ready for tasks, bytes
        self.is_spoilt = False  # by what a task left behind, which would disturb the next one
        # Orders to prepare or install. Each counter is written by one thread alone.
        self._n_orders = 0
        self._n_confirmed = 0
        self._owes_reply = False  # it has said that it started a task, and has not replied
        self._key = secrets.token_bytes(KEY_BYTES)
        self._lock = threading.Lock()
        self._is_killed = False
        self._reaping = False
        self._process: Process | None = None
        self._outbox: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._supervisor = threading.Thread(
            target=self._supervise, args=(self._settings(preload),), daemon=True
        )
        try:
            self._pipes = Pipes()
            _alive.add(self)
            self._supervisor.start()
        except (OSError, RuntimeError) as error:  # no memory, file or thread is left
            self.start_failure = describe(error)
            self.returncode = UNKNOWN_CODE

    def report_to(self, inbox: Inbox) -> None:
        """Send replies to this inbox, and the end of the process even if it has come before."""
        with self._lock:
            self.inbox = inbox
            if self.returncode is not None:
                inbox.put((self, (ENDED, b"")))

    @property
    def is_ready(self) -> bool:
        """Whether it has carried out all orders to prepare or install."""
        return self._n_confirmed == self._n_orders

    def prepare(self, preload: Sequence[str]) -> None:
        """Update path and environment, and import modules ahead of their use."""
        self.preload |= set(preload)
        self._n_orders += 1
        self._outbox.put((PREPARE, pickle.dumps(self._settings(preload))))

    def install(self, function: bytes) -> None:
        """Send the pickled function that runs the tasks; empty bytes remove it."""
        self.baseline = None
        self._n_orders += 1
        self._outbox.put((INSTALL, function))

    def submit(self, task: bytes) -> None:
        """Send a pickled task."""
        self.started = None
        self._outbox.put((TASK, task))

    def kill(self) -> None:
        """Kill the process and all that it has started, without waiting for its end."""
        with self._lock:
            self._is_killed = True
            # Once the process is reaped, the system may give its number to another one.
            if self._process is not None and not self._reaping:
                kill_tree(self.pid)
        self._outbox.put(None)

    def join(self, timeout: float) -> None:
        """Wait at most `timeout` seconds until a killed process has ended."""
        if self._process is not None:  # else it has not started, and holds nothing
            self._supervisor.join(timeout)

    def disown(self) -> None:
        """Close the pipes, in a fork of the parent: the process belongs to the original."""
        self._pipes.close()
        if isinstance(self._process, subprocess.Popen):
            self._process.returncode = 0

    def _settings(self, preload: Sequence[str]) -> dict[str, Any]:
        limits = dict.fromkeys(THREAD_VARIABLES, "1")
        # Fixed hashes: the order of a set must not differ between two workers or two runs.
        hashes = {"PYTHONHASHSEED": "0"}
        return {
            "folder": _current_folder(),
            "path": [str(entry) or _current_folder() for entry in sys.path],
            "environment": {**os.environ, **limits, **hashes},
            "idle_seconds": IDLE_SECONDS,
            "preload": list(preload),
        }

    def _supervise(self, settings: dict[str, Any]) -> None:
        """Start the process, pass on its replies, and wait for its end."""
        try:
            self._adopt(self._start(settings))
            # Not before the cleanup process knows it: without orders it cannot get stuck.
            self._writer.start()
        except (OSError, RuntimeError) as error:
            # No memory, process or thread is left.
            self.start_failure = describe(error)
            self._pipes.close()
        else:
            self._pipes.close_worker_ends()
            self._read()
        self._reap()

    def _adopt(self, process: Process) -> None:
        with self._lock:
            self._process = process
            self.pid = process.pid
            if self._is_killed:
                kill_tree(self.pid)
        CLEANUP_PROCESS.register("group", str(self.pid))

    def _start(self, settings: dict[str, Any]) -> Process:
        ends = self._pipes.orders_out, self._pipes.replies_in
        if IS_AVAILABLE and settings["preload"]:
            try:
                return FORK_SERVERS.fork(settings, *(pipe.fileno() for pipe in ends))
            except (OSError, RuntimeError) as error:
                LOGGER.debug("A worker is started without a fork server: %s.", describe(error))
        if self._is_killed:
            raise RuntimeError("the worker was killed before it was started")
        descriptors = (pipe.fileno() for pipe in ends)
        return start_program("worker_program.py", settings["environment"], *descriptors)

    def _write(self) -> None:
        # If it has ended, the other thread reports that.
        with self._pipes.orders_in as pipe, contextlib.suppress(OSError):
            pipe.write(self._key)
            for frame in iter(self._outbox.get, None):
                write_frame(pipe.write, self._key, *frame)

    def _read(self) -> None:
        with self._pipes.replies_out as pipe, death_watch(self.pid) as watch:

            def read(length: int) -> bytes:
                return read_alive(pipe.fileno(), watch, length)

            try:
                while (frame := read_frame(read, self._key, REPLIES)) is not None:
                    self._receive(frame)
            except FrameError as error:
                self.bad_reply = str(error)

    def _receive(self, frame: Frame) -> None:
        kind, payload = frame
        if kind == READY:
            self.baseline = int(payload) if payload else None
            self._n_confirmed += 1
        elif kind == STARTED:
            self.started = time.monotonic()
            self._owes_reply = True
        elif kind == LEFTOVERS:
            self.is_spoilt = True
        else:
            # The next task may have been sent already, and this would pass for its reply.
            if not self._owes_reply:
                raise FrameError("it replied twice to one task")
            self._owes_reply = False
            if self.inbox is not None:
                self.inbox.put((self, frame))

    def _reap(self) -> None:
        # It has ended, or has closed its pipe and is of no use. What its task has forked must
        # end in both cases.
        self.kill()
        with self._lock:
            self._reaping = True
        code = UNKNOWN_CODE if self._process is None else self._process.wait()
        CLEANUP_PROCESS.unregister("group", str(self.pid))
        with self._lock:
            self.returncode = code
            if self.inbox is not None:
                self.inbox.put((self, (ENDED, b"")))


_alive: weakref.WeakSet[Worker] = weakref.WeakSet()


def kill_all() -> None:
    """Kill all workers, when this process exits."""
    workers = list(_alive)
    for worker in workers:
        worker.kill()
    for worker in workers:
        worker.join(timeout=1.0)


def disown_all() -> None:
    """Forget all workers, in a fork of the parent: they belong to the original."""
    for worker in list(_alive):
        worker.disown()
    _alive.clear()
