"""The parent's side of the cleanup process, which removes processes and folders left behind.

A process that is killed with SIGKILL cannot clean up. Neither can workers that are stuck in a C
loop, and PR_SET_PDEATHSIG ends only a worker, not what its task has forked nor its folder.
Hence each parent has one small process that does nothing else and cannot get stuck: it ends
when the parent ends, in whatever way, and removes everything that was registered.
"""

import atexit
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Literal

from evolearn.execution.local.interpreter import find_interpreter, process_refused

Kind = Literal["folder", "group"]
PROGRAM = pathlib.Path(__file__).with_name("cleanup_program.py")


class CleanupProcess:
    """The cleanup process of this process, started at the first registration."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: set[tuple[Kind, str]] = set()
        self._process: subprocess.Popen[bytes] | None = None

    def register(self, kind: Kind, name: str) -> None:
        """Register a folder (its path) or a process group (its number) for removal."""
        with self._lock:
            self._entries.add((kind, name))
            try:
                self._send_entries()
            except BaseException:
                self._entries.discard((kind, name))
                raise

    def unregister(self, kind: Kind, name: str) -> None:
        """Unregister a folder or process group that is gone."""
        with self._lock:
            if (kind, name) in self._entries:
                self._entries.remove((kind, name))
                self._send_entries()

    def _send_entries(self) -> None:
        line = json.dumps(list(self._entries)).encode() + b"\n"
        if self._process is not None:
            with contextlib.suppress(OSError):
                if self._process.poll() is None:
                    _write(self._process, line)
                    return
            # It has ended: start another one.
            self._process.kill()
            self._process.communicate()
            self._process = None
        self._process = _start()
        _write(self._process, line)

    def finish(self) -> None:
        """Have the cleanup process remove everything now, and end."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None and process.stdin is not None:
                process.stdin.close()
                try:
                    process.wait(timeout=1.0)
                except subprocess.TimeoutExpired:
                    process.returncode = 0  # it goes on removing files by itself

    def disown(self) -> None:
        """Forget the process, in a fork of this one: it belongs to the original."""
        process = self._process
        self.__init__()  # type: ignore[misc]
        if process is not None and process.stdin is not None:
            process.stdin.close()
            process.returncode = 0


def _start() -> subprocess.Popen[bytes]:
    command = [find_interpreter(), "-I", "-S", str(PROGRAM), str(os.getpid())]
    try:
        with _sigterm_blocked():
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,
            )
    except OSError as error:
        raise process_refused(error) from error


@contextlib.contextmanager
def _sigterm_blocked() -> Iterator[None]:
    """Block SIGTERM in a process that is started, until it has a handler for it."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _write(process: subprocess.Popen[bytes], line: bytes) -> None:
    assert process.stdin is not None
    rest = memoryview(line)
    while rest:
        rest = rest[process.stdin.write(rest) :]


CLEANUP_PROCESS = CleanupProcess()
atexit.register(CLEANUP_PROCESS.finish)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=CLEANUP_PROCESS.disown)
