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
from typing import Protocol

PROGRAM = pathlib.Path(__file__).with_name("worker_program.py")
# Stands for an unknown exit code; no process ends with it.
UNKNOWN_CODE = 256


class Process(Protocol):
    """A process, forked or fresh.

    The system gives its number to no other process before `wait` has returned.
    """

    @property
    def pid(self) -> int:
        """The number of the process and of its group."""

    def wait(self) -> int:
        """Wait for the end of the process, and return its exit code."""


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


def start_fresh(
    environment: Mapping[str, str], orders: io.FileIO, replies: io.FileIO
) -> subprocess.Popen[bytes]:
    """Start a worker as a fresh interpreter."""
    return subprocess.Popen(
        [sys.executable, "-P", str(PROGRAM)],
        stdin=orders,
        stdout=replies,
        stderr=subprocess.DEVNULL,
        env=environment,
        # A session of its own: Ctrl-C in the terminal does not reach it, and a kill of its
        # process group ends everything that a task has forked.
        start_new_session=True,
    )


def kill_group(process: Process) -> None:
    """Kill a process and all that it has started."""
    if not hasattr(os, "killpg"):
        with contextlib.suppress(OSError):  # it has ended already
            os.kill(process.pid, signal.SIGTERM)  # on Windows this kills it at once
        return
    # macOS refuses to signal a group that has only a zombie left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


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
