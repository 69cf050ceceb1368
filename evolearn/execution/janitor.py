"""Leave nothing behind: processes and folders that must not outlive this process.

A process that is killed with SIGKILL cannot clean up, nor can workers that are stuck in a C
loop, and PR_SET_PDEATHSIG ends only the worker, not what its task has forked nor its folder.
So one small process per parent does it, which has nothing else to do and cannot get stuck: it
ends when the parent does, however that happens, and takes everything in its charge along.
"""

import atexit
import json
import os
import pathlib
import subprocess
import sys
import threading
from typing import Literal

Kind = Literal["folder", "group"]
PROGRAM = pathlib.Path(__file__).with_name("janitor_program.py")


class Janitor:
    """The parent's side of the janitor; started with the first charge."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._charges: dict[tuple[Kind, str], None] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self, kind: Kind, name: str) -> None:
        """Take charge of a folder (its path) or a process group (its number)."""
        with self._lock:
            self._charges[kind, name] = None
            self._tell("+", kind, name)

    def forget(self, kind: Kind, name: str) -> None:
        """Hand a folder or group back that has been dealt with."""
        with self._lock:
            if self._charges.pop((kind, name), 0) is None:
                self._tell("-", kind, name)

    def _tell(self, action: str, kind: Kind, name: str) -> None:
        line = json.dumps([action, kind, name]).encode() + b"\n"
        try:
            self._write(line)
        except OSError:
            # Somebody killed the janitor: the next one gets the whole list.
            if self._process is not None:
                self._process.kill()
                self._process.wait()
            self._process = None
            charges = (json.dumps(["+", *charge]).encode() + b"\n" for charge in self._charges)
            self._write(b"".join(charges))

    def _write(self, lines: bytes) -> None:
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
        rest = memoryview(lines)
        while rest:
            rest = rest[self._process.stdin.write(rest) :]

    def dismiss(self) -> None:
        """Let the janitor clean up now and end."""
        with self._lock:
            process, self._process = self._process, None
            if process is not None and process.stdin is not None:
                process.stdin.close()
                try:
                    process.wait(timeout=1.0)
                except subprocess.TimeoutExpired:
                    process.returncode = 0  # still removing files; it needs nobody for that

    def disown(self) -> None:
        """In a fork of this process: the janitor stays the original's."""
        process = self._process
        self.__init__()  # type: ignore[misc]
        if process is not None and process.stdin is not None:
            process.stdin.close()
            process.returncode = 0


JANITOR = Janitor()
atexit.register(JANITOR.dismiss)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=JANITOR.disown)
