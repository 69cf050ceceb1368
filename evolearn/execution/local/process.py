"""Start and watch the processes of workers."""

import contextlib
import io
import os
import pathlib
import select
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from evolearn.execution.local.interpreter import find_interpreter

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
    program: str, environment: Mapping[str, str], *descriptors: int
) -> subprocess.Popen[bytes]:
    """Start a program of this folder as a fresh interpreter that inherits file descriptors.

    Their numbers are the program's arguments. Its standard streams lead nowhere, because code
    that runs when an interpreter starts, such as ``sitecustomize``, may write to them.
    """
    path = str(pathlib.Path(__file__).with_name(program))
    with contextlib.ExitStack() as copies:
        numbers, options = _inherited([_above_standard(each, copies) for each in descriptors])
        return subprocess.Popen(
            [find_interpreter(), "-P", path, *map(str, numbers)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            # A session of its own: Ctrl-C in the terminal does not reach it, and a kill of its
            # process group ends everything that a task has forked.
            start_new_session=True,
            **options,
        )


def _above_standard(descriptor: int, copies: contextlib.ExitStack) -> int:
    """Return the descriptor, or a copy if the child needs its number for a standard stream."""
    if descriptor > 2 or sys.platform == "win32":
        return descriptor
    import fcntl

    copy = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)
    copies.callback(os.close, copy)
    return copy


def _inherited(descriptors: list[int]) -> tuple[list[int], dict[str, Any]]:
    """Return the numbers that a child gets, and the arguments of Popen that pass them on."""
    if sys.platform != "win32":
        return descriptors, {"pass_fds": descriptors}
    import msvcrt

    handles = [msvcrt.get_osfhandle(descriptor) for descriptor in descriptors]
    for handle in handles:
        os.set_handle_inheritable(handle, True)
    startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": handles})
    return handles, {"startupinfo": startup}


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
