"""Start, watch and kill the processes of workers."""

import contextlib
import io
import os
import pathlib
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

# Stands for an unknown exit code; no process ends with it.
UNKNOWN_CODE = 256


class Pipes:
    """The two pipes between a worker and its parent, four ends in all."""

    def __init__(self) -> None:
        self.orders_out, self.orders_in = _pipe()
        try:
            self.replies_out, self.replies_in = _pipe()
        except OSError:
            self.orders_out.close()
            self.orders_in.close()
            raise

    def close_worker_ends(self) -> None:
        """Close the ends that the worker uses."""
        self.orders_out.close()
        self.replies_in.close()

    def close(self) -> None:
        """Close all ends."""
        self.close_worker_ends()
        self.orders_in.close()
        self.replies_out.close()


def _pipe() -> tuple[io.FileIO, io.FileIO]:
    end, beginning = os.pipe()
    return io.FileIO(end, "rb"), io.FileIO(beginning, "wb")


def start_program(
    program: str, environment: Mapping[str, str], stdin: Any, stdout: Any
) -> subprocess.Popen[bytes]:
    """Start a program of this folder as a fresh interpreter."""
    return subprocess.Popen(
        [sys.executable, "-P", str(pathlib.Path(__file__).with_name(program))],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        env=environment,
        # A session of its own: Ctrl-C in the terminal does not reach it, and a kill of its
        # process group ends everything that a task has forked.
        start_new_session=True,
    )


def kill_group(pid: int) -> None:
    """Kill a process and all that it has started."""
    if not hasattr(os, "killpg"):
        with contextlib.suppress(OSError):  # it has ended already
            os.kill(pid, signal.SIGTERM)  # on Windows this kills it at once
        return
    # macOS refuses to signal a group that has only a zombie left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


@contextlib.contextmanager
def death_watch(pid: int) -> Iterator[int | None]:
    """Open a file descriptor that becomes readable when the process ends; None without Linux.

    The end of its pipe does not show that: a process that a task has forked holds the pipe
    open too.
    """
    try:
        watch = os.pidfd_open(pid)
    except (AttributeError, OSError):  # not Linux, or not allowed
        yield None
        return
    try:
        yield watch
    finally:
        os.close(watch)


def read_alive(pipe: int, watch: int | None, length: int) -> bytes:
    """Read from the pipe of a process; empty once it has ended and the pipe is empty."""
    if watch is not None:
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        poll.register(watch, select.POLLIN)
        if [descriptor for descriptor, _ in poll.poll()] == [watch]:
            return b""
    return os.read(pipe, length)
