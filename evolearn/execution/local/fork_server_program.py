"""The program of a fork server: import once, then make workers by fork.

A forked worker is ready some hundredths of a second after it was requested and shares the
memory of everything imported; a fresh interpreter needs seconds for the same.

Forking is safe only because this process imports and forks, and does nothing else. It never
runs OpenMP or BLAS: an OpenMP runtime that has been used before a fork waits for ever, in the
fork, for threads that were not copied. It never has a second thread, which might hold a lock
at the moment of the fork: before each fork it counts its threads, and refuses if there is more
than one.

Like the worker program it is started by its path and uses the standard library alone. Parent
and fork server exchange messages over a socket: first the settings, then one answer to each
request.

    parent                              fork server
      | -- settings ------------------------> |  imports
      | -- FORK  with the worker's pipes ---> |  forks
      | <------------- FORKED pid, FAILED errno, or TOO_MANY_THREADS and their number
      | -- REAP  pid -----------------------> |  waits for it, without blocking
      | <------------------------ ENDED exit code, or RUNNING
"""

import contextlib
import gc
import importlib
import os
import pathlib
import pickle
import signal
import socket
import struct
import sys
import time
from importlib.machinery import SourceFileLoader
from types import ModuleType

FORK, REAP, FORKED, FAILED, TOO_MANY_THREADS, ENDED, RUNNING = range(7)
MESSAGE = struct.Struct("<Bq")  # kind, number
SETTINGS_BYTES = 1 << 20  # more than the socket takes in one message
# A process that was killed ends in a few milliseconds; its children are then found here.
REAP_SECONDS, MOST_GENERATIONS = 0.002, 20


class ForkServer:
    """Answer the parent's requests, one after the other."""

    def __init__(self, parent: socket.socket, program: ModuleType) -> None:
        self._parent = parent
        self._program = program
        self._children: set[int] = set()
        self._helpers: set[int] = set()
        self._last_use = time.monotonic()
        self._idle_seconds = 0.0

    def run(self) -> None:
        """Serve until the parent ends, or until it is idle for long and has no worker."""
        settings = pickle.loads(self._parent.recv(SETTINGS_BYTES))
        # Otherwise every worker would collect the garbage of the imports, and copy its pages.
        # The collector ignores what is frozen.
        gc.disable()
        self._program.update_process(settings)
        # Its first call asks the system where its C library is, which takes longer than a fork;
        # the answer is cached.
        importlib.import_module("threadpoolctl").threadpool_info()
        # Processes that imports have started.
        self._helpers = set(self._program.process_tree.children(os.getpid()))
        self._program.process_tree.adopt_orphans()
        gc.freeze()
        self._last_use = time.monotonic()
        self._idle_seconds = settings["idle_seconds"]
        self._parent.settimeout(self._idle_seconds)
        while (request := self._next_request()) is not None:
            kind, number, pipes = request
            answer = self._fork(pipes) if kind == FORK else self._reap(number)
            for pipe in pipes:
                os.close(pipe)
            self._parent.send(MESSAGE.pack(*answer))
        self._kill_orphans()

    def _next_request(self) -> tuple[int, int, list[int]] | None:
        while not self._is_idle():
            with contextlib.suppress(TimeoutError):
                message, pipes, _, _ = socket.recv_fds(
                    self._parent, MESSAGE.size, 2, socket.MSG_CMSG_CLOEXEC
                )
                return (*MESSAGE.unpack(message), pipes) if message else None
        return None

    def _is_idle(self) -> bool:
        """Whether no worker runs, and none was needed for the idle time."""
        if time.monotonic() < self._last_use + self._idle_seconds:
            return False
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return all(os.waitid(os.P_PID, pid, how) for pid in self._children)

    def _fork(self, pipes: list[int]) -> tuple[int, int]:
        n_threads = len(list(pathlib.Path("/proc/self/task").iterdir()))
        if n_threads > 1:
            return TOO_MANY_THREADS, n_threads
        try:
            pid = os.fork()
        except OSError as error:
            return FAILED, error.errno or 0
        if pid == 0:
            self._become_worker(*pipes)
        # Here too, because the parent may kill the group before the child has set it.
        with contextlib.suppress(ProcessLookupError):
            os.setpgid(pid, pid)
        self._children.add(pid)
        self._last_use = time.monotonic()
        return FORKED, pid

    def _become_worker(self, orders: int, replies: int) -> None:
        """Run the worker program, in the fork."""
        try:
            os.setpgid(0, 0)
            self._parent.close()
            gc.enable()
            if "numpy" in sys.modules:
                # Otherwise all workers would draw the same numbers. Python reseeds its own
                # generator at a fork.
                importlib.import_module("numpy.random").seed()
            self._program.serve(orders, replies)
        finally:
            os._exit(1)

    def _reap(self, pid: int) -> tuple[int, int]:
        reaped, status = os.waitpid(pid, os.WNOHANG)
        if not reaped:
            return RUNNING, pid
        self._children.discard(pid)
        self._kill_orphans()
        code = os.waitstatus_to_exitcode(status)
        if code:  # a worker that has ended by itself, with 0, was not needed
            self._last_use = time.monotonic()
        return ENDED, code

    def _kill_orphans(self) -> None:
        """Kill what tasks have started in groups of their own, once their worker has ended."""
        for _ in range(MOST_GENERATIONS):
            known = self._children | self._helpers
            orphans = set(self._program.process_tree.children(os.getpid())) - known
            if not orphans:
                return
            for pid in orphans:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    os.waitpid(pid, os.WNOHANG)
            time.sleep(REAP_SECONDS)


def main() -> None:
    """Set up the process and serve."""
    # The worker program is loaded from its file, without the rest of the package.
    program = ModuleType("worker_program")
    program.__file__ = str(pathlib.Path(__file__).with_name("worker_program.py"))
    SourceFileLoader(program.__name__, program.__file__).exec_module(program)
    parent = socket.socket(fileno=program.inherited(sys.argv[1], os.O_RDWR))
    program.detach()
    ForkServer(parent, program).run()


if __name__ == "__main__":
    main()
