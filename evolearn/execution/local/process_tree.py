"""A process and its descendants: their memory, and their end.

Descendants and memory are known on Linux only. Like the programs that load this file by its
path, it uses the standard library alone.
"""

import contextlib
import os
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36  # of prctl(2)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and not yet waited for."""
    found: list[int] = []
    with contextlib.suppress(OSError):  # not Linux, or it has ended
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208, pathlib is slow to import
            with contextlib.suppress(OSError):
                found += map(int, _read(f"/proc/{pid}/task/{thread}/children").split())
    return found


def descendants(pid: int) -> list[int]:
    """Return the children of a process, theirs, and so on."""
    found: list[int] = []
    waiting = children(pid)
    while waiting:
        child = waiting.pop()
        found.append(child)
        waiting += children(child)
    return found


def adopt_orphans() -> None:
    """Make this process the parent of descendants whose own parent has ended.

    Otherwise a process that has left the group, as daemons do, would be out of reach.
    """
    if sys.platform != "linux":
        return
    import ctypes  # takes 5 ms

    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_group(pid: int) -> None:
    """Kill the group of processes that a process leads."""
    if not hasattr(os, "killpg"):
        with contextlib.suppress(OSError):  # it has ended already
            os.kill(pid, signal.SIGTERM)  # on Windows this kills it at once
        return
    # macOS refuses to signal a group that has only a zombie left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_descendants(pid: int) -> None:
    """Kill all that a process has started, in whatever group."""
    for descendant in descendants(pid):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(descendant, signal.SIGKILL)


def kill_tree(pid: int) -> None:
    """Kill a process and all that it has started."""
    # Descendants first: those of a process that has ended cannot be found. A process that leads
    # no group is another one, which has got the number meanwhile.
    with contextlib.suppress(AttributeError, OSError):
        if os.getpgid(pid) == pid:
            kill_descendants(pid)
    kill_group(pid)


def own_memory(pid: int | str = "self") -> int | None:
    """Private memory of a process, and memory without a file that it shares, in bytes.

    Mapped files, such as the table, are not counted, unless they lie in a file system in
    memory. None where unknown.
    """
    return _sum_of_fields(f"/proc/{pid}/status", (b"RssAnon:", b"RssShmem:"))


def mapped_shared_memory(pid: int) -> int:
    """Bytes of shared memory that a process has mapped, files in memory included."""
    return _sum_of_fields(f"/proc/{pid}/status", (b"RssShmem:",)) or 0


def memory_of_descendants(pid: int) -> int:
    """Bytes of private memory of all that a process has started.

    Pages that a fork has in common with its parent are not counted.
    """
    fields = (b"Private_Dirty:",)
    return sum(
        _sum_of_fields(f"/proc/{child}/smaps_rollup", fields) or 0 for child in descendants(pid)
    )


def _sum_of_fields(path: str, names: tuple[bytes, ...]) -> int | None:
    """Sum of fields of a file in /proc in bytes; None if it has none of them."""
    try:
        lines = _read(path).splitlines()
    except OSError:  # not Linux, or the process has ended
        return None
    kilobytes = [int(line.split()[1]) for line in lines if line.startswith(names)]
    return 1024 * sum(kilobytes) if kilobytes else None


def _read(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123, pathlib is slow to import
        return file.read()
