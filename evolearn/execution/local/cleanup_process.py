"""The parent's side of the cleanup process, which removes processes and folders left behind.

A process that is killed with SIGKILL cannot clean up. Neither can workers that are stuck in a C
loop, and PR_SET_PDEATHSIG ends only a worker, not what its task has forked nor its folder.
Hence each parent has one small process that does nothing else and cannot get stuck: it ends
when the parent ends, in whatever way, and removes everything that was registered.
"""

import atexit
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import sys
import tempfile
import threading
from typing import Literal

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
            self._send_entries()

    def unregister(self, kind: Kind, name: str) -> None:
        """Unregister a folder or process group that is gone."""
        with self._lock:
            if (kind, name) in self._entries:
                self._entries.remove((kind, name))
                self._send_entries()

    def _send_entries(self) -> None:
        line = json.dumps(list(self._entries)).encode() + b"\n"
        try:
            self._write(line)
        except OSError:  # the cleanup process was killed: start another one
            if self._process is not None:
                self._process.kill()
                self._process.wait()
            self._process = None
            self._write(line)

    def _write(self, line: bytes) -> None:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(PROGRAM), str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,
            )
        assert self._process.stdin is not None
        rest = memoryview(line)
        while rest:
            rest = rest[self._process.stdin.write(rest) :]

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


CLEANUP_PROCESS = CleanupProcess()
atexit.register(CLEANUP_PROCESS.finish)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=CLEANUP_PROCESS.disown)


def make_folder() -> pathlib.Path:
    """Make a private temporary folder, removed with this process, however it ends."""
    name = f"evolearn-{os.getpid()}-{secrets.token_hex(8)}"
    folder = pathlib.Path(tempfile.gettempdir(), name).absolute()
    # Registered before it exists, so that there is no moment in which it could stay behind.
    CLEANUP_PROCESS.register("folder", str(folder))
    folder.mkdir(mode=0o700)
    return folder


def remove_folder(folder: pathlib.Path) -> None:
    """Remove such a folder with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    # If something resists, the cleanup process tries again when this process ends.
    if not folder.exists():
        CLEANUP_PROCESS.unregister("folder", str(folder))
