"""The parent's side of fork servers: processes that import modules once and fork workers.

There is one for each list of modules, on Linux only. If it ends, does not answer or cannot
fork, the caller gets an OSError and starts a fresh interpreter instead. A fork server that has
ended is replaced.
"""

import atexit
import logging
import os
import pickle
import socket
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from evolearn.execution.local.cleanup_process import CLEANUP_PROCESS
from evolearn.execution.local.fork_server_program import (
    ENDED,
    FORK,
    FORKED,
    MESSAGE,
    REAP,
    TOO_MANY_THREADS,
)
from evolearn.execution.local.process import UNKNOWN_CODE, start_program

LOGGER = logging.getLogger("evolearn")

IS_AVAILABLE = sys.platform == "linux"

# Half of START_SECONDS: if a fork server is stuck in an import, a fresh interpreter has the
# other half.
ANSWER_SECONDS = 60.0
# Interval of looks for the end of a process: one that was killed ends in a few milliseconds.
REAP_SECONDS = 0.002

# Keeps the allocator of Arrow from starting a thread when it is imported: it frees memory in
# the calling thread instead.
NO_THREADS = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}


class ForkedProcess:
    """A worker process that a fork server has made.

    It keeps its number until the fork server has been asked how it ended.
    """

    def __init__(self, pid: int, fork_server: "ForkServer") -> None:
        self.pid = pid
        self._fork_server = fork_server

    def wait(self) -> int:
        """Wait for the end of the process, which must be near; return the exit code."""
        try:
            while (code := self._fork_server.reap(self.pid)) is None:
                time.sleep(REAP_SECONDS)
        except OSError:  # the fork server has ended, and with it the answer
            return UNKNOWN_CODE
        return code


class ForkServer:
    """One fork server; it starts at once to import what the settings of its workers name."""

    def __init__(self, settings: dict[str, Any]) -> None:
        environment = settings["environment"] | NO_THREADS
        self.unfit = ""  # the reason if it can never fork
        self._lock = threading.Lock()
        self._socket, other_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other_end:
            program = "fork_server_program.py"
            self._process = start_program(program, environment, other_end.fileno())
        CLEANUP_PROCESS.register("group", str(self._process.pid))
        self._socket.settimeout(ANSWER_SECONDS)
        self._reaper = threading.Thread(target=self._wait, daemon=True)
        try:
            self._socket.send(pickle.dumps({**settings, "environment": environment}))
        except OSError:  # more than the socket takes in one message
            self.kill()
            raise
        finally:
            self._reaper.start()

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.returncode is not None

    def fork(self, orders: int, replies: int) -> ForkedProcess:
        """Make a worker that reads from one pipe and writes to the other.

        It waits until the fork server has imported its modules.
        """
        kind, number = self._ask(FORK, 0, [orders, replies])
        if kind == FORKED:
            return ForkedProcess(number, self)
        if kind == TOO_MANY_THREADS:
            self.unfit = f"the imported modules have started threads ({number} in all)"
            self.kill()
            raise OSError(self.unfit)
        raise OSError(number, os.strerror(number))

    def reap(self, pid: int) -> int | None:
        """Exit code of a worker; None while it runs."""
        kind, number = self._ask(REAP, pid)
        return number if kind == ENDED else None

    def kill(self) -> None:
        """Kill the process; its workers go on."""
        self._process.kill()

    def join(self, timeout: float) -> None:
        """Wait at most `timeout` seconds until a killed process has ended."""
        self._reaper.join(timeout)

    def disown(self) -> None:
        """Close the socket, in a fork of the parent: the process belongs to the original."""
        self._socket.close()
        self._process.returncode = 0

    def _ask(self, kind: int, number: int, pipes: Sequence[int] = ()) -> tuple[int, int]:
        with self._lock:
            if self._socket.fileno() < 0:
                raise ConnectionError("the fork server has ended")
            try:
                socket.send_fds(self._socket, [MESSAGE.pack(kind, number)], pipes)
                answer = self._socket.recv(MESSAGE.size)
                if not answer:
                    raise ConnectionError("the fork server has ended")
            except OSError:
                # A late answer would be taken for the answer to the next request.
                self.kill()
                self._socket.close()
                raise
        kind, number = MESSAGE.unpack(answer)
        return kind, number

    def _wait(self) -> None:
        self._process.wait()
        CLEANUP_PROCESS.unregister("group", str(self._process.pid))
        with self._lock:
            self._socket.close()


class ForkServers:
    """The fork servers of this process, each started when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._servers: dict[tuple[str, ...], ForkServer] = {}

    def fork(self, settings: dict[str, Any], orders: int, replies: int) -> ForkedProcess:
        """Make a worker by fork; raise an OSError if there is no fork server, or it cannot."""
        key = tuple(settings["preload"])
        with self._lock:
            server = self._servers.get(key)
            if server is not None and server.unfit:
                raise OSError(server.unfit)
            if server is not None and server.ended:
                LOGGER.debug("A fork server has ended; another one is started.")
            if server is None or server.ended:
                server = self._servers[key] = ForkServer(settings)
        return server.fork(orders, replies)

    def kill_all(self) -> None:
        """Kill all fork servers, when this process exits."""
        servers = list(self._servers.values())
        for server in servers:
            server.kill()
        for server in servers:
            server.join(timeout=1.0)

    def disown(self) -> None:
        """Forget all fork servers, in a fork of the parent: they belong to the original."""
        for server in self._servers.values():
            server.disown()
        self.__init__()  # type: ignore[misc]


FORK_SERVERS = ForkServers()
atexit.register(FORK_SERVERS.kill_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=FORK_SERVERS.disown)
