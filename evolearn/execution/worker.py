"""One worker process, as its parent sees it: started, talked to, killed."""

import logging
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from evolearn.execution.bytecode import bytecode_environment
from evolearn.execution.janitor import JANITOR
from evolearn.execution.process import (
    UNKNOWN_CODE,
    Pipes,
    Process,
    death_watch,
    kill_group,
    read_alive,
    start_fresh,
)
from evolearn.execution.template import AVAILABLE, TEMPLATES
from evolearn.execution.worker_program import (
    INSTALL,
    LEFTOVERS,
    PREPARE,
    READY,
    STARTED,
    TASK,
    Frame,
    describe,
    read_frame,
    write_frame,
)

LOGGER = logging.getLogger("evolearn")

GONE = -1  # what a worker's inbox gets when the process has ended

# Long enough for the next fit of somebody at work, short enough to give the memory back.
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
    "LOKY_MAX_CPU_COUNT",  # what n_jobs=-1 inside a task comes to
)

Inbox = queue.SimpleQueue[tuple["Worker", Frame]]


def worker_environment(threads: int) -> dict[str, str]:
    """Return the environment of a worker with so many threads."""
    limits = dict.fromkeys(THREAD_VARIABLES, str(threads))
    # Fixed hashes: the order of a set must not differ between two workers or two runs.
    return {**os.environ, **limits, **bytecode_environment(), "PYTHONHASHSEED": "0"}


def _current_folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109
    except OSError:  # somebody removed it
        return ""


class Worker:
    """A process that carries out tasks one at a time and can be killed at any moment.

    One thread starts the process, reads its replies and buries it, another one writes to it,
    so that neither a slow start nor a large message nor a stuck process blocks the caller.

    The process is a fork of a template, if there is something to import and the system is
    Linux. If the template fails, which is logged, it is a fresh interpreter, as elsewhere, and
    the next worker tries with a new template.

    Parameters
    ----------
    threads : int
        The threads that numerical libraries may use in it.
    preload : sequence of str, default=()
        The modules to have imported when it starts, where it can be forked.

    Attributes
    ----------
    pid : int
        The number of the process; 0 until there is one.
    preload : frozenset of str
        The modules that it was told to import.
    inbox : queue.SimpleQueue or None
        Where replies go, as pairs of worker and frame.
    returncode : int or None
        How the process ended; None while it starts and runs.
    refusal : str
        Why no process could be started, if so.
    started : float or None
        When the process took up its current task, on the monotonic clock.
    baseline : int or None
        The memory in bytes that it had to itself when it was ready for tasks.
    tainted : bool
        Whether a task left threads running in it.
    """

    def __init__(self, threads: int, preload: Sequence[str] = ()) -> None:
        self.threads = threads
        self.modules: Mapping[str, tuple[int, int]] = {}
        self.preload = frozenset(preload)
        self.inbox: Inbox | None = None
        self.pid = 0
        self.returncode: int | None = None
        self.refusal = ""
        self.started: float | None = None
        self.baseline: int | None = None
        self.tainted = False
        # Two counters, each written by one thread alone.
        self._n_orders = 0
        self._n_confirmed = 0
        self._lock = threading.Lock()
        self._doomed = False
        self._reaping = False
        self._process: Process | None = None
        self._outbox: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._pipes = Pipes()
        _alive.add(self)
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._companion = threading.Thread(
            target=self._live, args=(self._settings(preload),), daemon=True
        )
        self._companion.start()

    def report_to(self, inbox: Inbox) -> None:
        """Send replies there, and the end of the process, also if it has come before."""
        with self._lock:
            self.inbox = inbox
            if self.returncode is not None:
                inbox.put((self, (GONE, 0, b"")))

    @property
    def settled(self) -> bool:
        """Whether it has carried out all orders to prepare or install."""
        return self._n_confirmed == self._n_orders

    def prepare(self, preload: Sequence[str]) -> None:
        """Bring path and environment up to date and import modules ahead of their use."""
        self.preload |= set(preload)
        self._n_orders += 1
        self._outbox.put((PREPARE, 0, pickle.dumps(self._settings(preload))))

    def install(self, function: bytes) -> None:
        """Send the pickled function that tasks are given to; nothing takes it away."""
        self.baseline = None
        self._n_orders += 1
        self._outbox.put((INSTALL, 0, function))

    def submit(self, key: int, task: bytes) -> None:
        """Send a pickled task."""
        self.started = None
        self._outbox.put((TASK, key, task))

    def kill(self) -> None:
        """End the process and all it has started, at once, without waiting for it."""
        with self._lock:
            self._doomed = True
            # Once it is reaped the system may give its number to somebody else.
            if self._process is not None and not self._reaping:
                kill_group(self._process)
        self._outbox.put(None)

    def join(self, timeout: float) -> None:
        """Wait until a killed process is really gone, but not for ever."""
        if self._process is not None:  # one that is not born yet has touched nothing
            self._companion.join(timeout)

    def disown(self) -> None:
        """In a fork of the parent: let go of the pipes, the process is the original's."""
        self._pipes.close()
        if isinstance(self._process, subprocess.Popen):
            self._process.returncode = 0

    def _settings(self, preload: Sequence[str]) -> dict[str, Any]:
        return {
            "folder": _current_folder(),
            "path": [str(entry) or _current_folder() for entry in sys.path],
            "environment": worker_environment(self.threads),
            "threads": self.threads,
            "idle_seconds": IDLE_SECONDS,
            "preload": list(preload),
        }

    def _live(self, settings: dict[str, Any]) -> None:
        """Accompany the process from its start to its end."""
        try:
            self._adopt(self._start(settings))
            # Not before the janitor knows of it: without orders it cannot get stuck.
            self._writer.start()
        except (OSError, RuntimeError) as error:
            # No memory, process or thread is left.
            self.refusal = describe(error)
            self._pipes.close()
        else:
            self._pipes.close_theirs()
            self._read()
        self._bury()

    def _adopt(self, process: Process) -> None:
        with self._lock:
            self._process = process
            self.pid = process.pid
            if self._doomed:
                kill_group(process)
        JANITOR.watch("group", str(self.pid))

    def _start(self, settings: dict[str, Any]) -> Process:
        theirs = self._pipes.orders_out, self._pipes.replies_in
        if AVAILABLE and settings["preload"]:
            try:
                return TEMPLATES.fork(settings, *(pipe.fileno() for pipe in theirs))
            except (OSError, RuntimeError) as error:
                LOGGER.debug("A worker is started without a template: %s.", describe(error))
        if self._doomed:
            raise RuntimeError("the worker was killed before it was born")
        return start_fresh(settings["environment"], *theirs)

    def _write(self) -> None:
        with self._pipes.orders_in as pipe:
            for frame in iter(self._outbox.get, None):
                try:
                    write_frame(pipe.write, *frame)
                except OSError:  # it is dead: the other thread reports it
                    return

    def _read(self) -> None:
        with self._pipes.replies_out as pipe, death_watch(self.pid) as watch:
            while (
                frame := read_frame(lambda n: read_alive(pipe.fileno(), watch, n))
            ) is not None:
                self._receive(frame)

    def _receive(self, frame: Frame) -> None:
        kind = frame[0]
        if kind == READY:
            self.baseline = pickle.loads(frame[2])
            self._n_confirmed += 1
        elif kind == STARTED:
            self.started = time.monotonic()
        elif kind == LEFTOVERS:
            self.tainted = True
        elif self.inbox is not None:
            self.inbox.put((self, frame))

    def _bury(self) -> None:
        # Either it has ended, which a signal cannot change any more, or it closed its pipe
        # and is of no use; what its task forked must go in both cases.
        self.kill()
        with self._lock:
            self._reaping = True
        code = UNKNOWN_CODE if self._process is None else self._process.wait()
        JANITOR.forget("group", str(self.pid))
        with self._lock:
            self.returncode = code
            if self.inbox is not None:
                self.inbox.put((self, (GONE, 0, b"")))


_alive: weakref.WeakSet[Worker] = weakref.WeakSet()


def kill_all() -> None:
    """End every worker of this process: it is about to exit."""
    workers = list(_alive)
    for worker in workers:
        worker.kill()
    for worker in workers:
        worker.join(timeout=1.0)


def disown_all() -> None:
    """In a fork of the parent: forget the original's workers."""
    for worker in list(_alive):
        worker.disown()
    _alive.clear()
