"""The program of a template: import once, then make workers by fork.

A worker made here is at work some hundredths of a second after it was asked for and shares
the memory of everything imported; a fresh interpreter needs seconds for the same.

Forking is safe only because of what this process never does. It never runs OpenMP or BLAS:
after a fork, an OpenMP runtime that has worked before waits for ever for threads that were not
copied. And it never has a second thread, which might hold a lock just then: before each fork it
counts, and rather gives up than forks with more than one. Hence it imports and forks, and does
nothing else.

Like the program of a worker it is started by its path and itself uses the standard library
alone. Parent and template speak over a socket that keeps messages apart: first the settings,
then one answer to each request.

    parent                                template
      | -- settings ------------------------> |  imports
      | -- FORK  with the worker's pipes ---> |  forks
      | <------------- FORKED pid, or FAILED errno, or CROWDED number of threads
      | -- REAP  pid -----------------------> |  waits for it, without blocking
      | <------------------------ ENDED exit code, or RUNNING
"""

import contextlib
import gc
import importlib
import importlib.util
import os
import pathlib
import pickle
import socket
import struct
import sys
from types import ModuleType

FORK, REAP, FORKED, FAILED, CROWDED, ENDED, RUNNING = range(7)
MESSAGE = struct.Struct("<Bq")  # kind, number
SETTINGS_BYTES = 1 << 20  # more than such a socket takes in one message


def load_worker_program() -> ModuleType:
    """Load the worker's program from beside this file, without the rest of the package."""
    name = "worker_program"
    path = pathlib.Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Template:
    """Answer the parent's requests, one after the other."""

    def __init__(self, parent: socket.socket, program: ModuleType) -> None:
        self._parent = parent
        self._program = program
        self._children: set[int] = set()

    def run(self) -> None:
        """Serve until the parent goes away, or nobody needs this template for long."""
        settings = pickle.loads(self._parent.recv(SETTINGS_BYTES))
        # Garbage that is collected later would be collected, and its pages copied, by every
        # worker; what is frozen no collector touches.
        gc.disable()
        self._program.bring_up_to_date(settings)
        # It asks the system where its C library is, which takes longer than a fork, and
        # remembers the answer.
        importlib.import_module("threadpoolctl").threadpool_info()
        gc.freeze()
        self._parent.settimeout(settings["idle_seconds"])
        while (request := self._next_request()) is not None:
            kind, number, pipes = request
            answer = self._fork(pipes) if kind == FORK else self._reap(number)
            for pipe in pipes:
                os.close(pipe)
            self._parent.send(MESSAGE.pack(*answer))

    def _next_request(self) -> tuple[int, int, list[int]] | None:
        while True:
            try:
                message, pipes, _, _ = socket.recv_fds(
                    self._parent, MESSAGE.size, 2, socket.MSG_CMSG_CLOEXEC
                )
            except TimeoutError:
                if any(_is_running(pid) for pid in self._children):
                    continue
                return None
            return (*MESSAGE.unpack(message), pipes) if message else None

    def _fork(self, pipes: list[int]) -> tuple[int, int]:
        n_threads = len(list(pathlib.Path("/proc/self/task").iterdir()))
        if n_threads > 1:
            return CROWDED, n_threads
        try:
            pid = os.fork()
        except OSError as error:
            return FAILED, error.errno or 0
        if pid == 0:
            self._work(*pipes)
        # Here too, because the parent may kill the group before the child has got so far.
        with contextlib.suppress(ProcessLookupError):
            os.setpgid(pid, pid)
        self._children.add(pid)
        return FORKED, pid

    def _work(self, orders: int, replies: int) -> None:
        """Be a worker, in the fork."""
        try:
            os.setpgid(0, 0)
            self._parent.close()
            gc.enable()
            if "numpy" in sys.modules:
                # Python's own generator does this itself. Copies of one state would draw the
                # same numbers in every worker.
                importlib.import_module("numpy.random").seed()
            self._program.serve(orders, replies)
        finally:
            os._exit(1)

    def _reap(self, pid: int) -> tuple[int, int]:
        reaped, status = os.waitpid(pid, os.WNOHANG)
        if not reaped:
            return RUNNING, pid
        self._children.discard(pid)
        return ENDED, os.waitstatus_to_exitcode(status)


def _is_running(pid: int) -> bool:
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


def main() -> None:
    """Set up the process and serve."""
    parent = socket.socket(fileno=os.dup(0))
    program = load_worker_program()
    program.detach()
    Template(parent, program).run()


if __name__ == "__main__":
    main()
