"""The program of the cleanup process: outlive the parent, then clean up after it.

It reads lines of JSON from standard input: each is the list of all entries, ``[kind, name]``.
The kind is "folder" or "group" (of processes). It imports little, so that it is ready in a
hundredth of a second.

SIGTERM ends it if there is nothing to clean up; the parent starts another one when it needs it.
Otherwise it ignores the signal, which may have been sent to all processes of a group.
"""

import json
import os
import select
import shutil
import signal
import sys
import threading
import time
from importlib.machinery import SourceFileLoader
from types import FrameType, ModuleType
from typing import Any

# Interval of looks at the parent: no noticeable load, and the cleanup ends within five seconds.
POLL_SECONDS = 0.5
# Longest time to remove folders: a process that was killed may hold its files for a moment.
REMOVAL_SECONDS = 10.0

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "process_tree.py")  # noqa: PTH100, PTH118, PTH120
process_tree: Any = ModuleType("process_tree")
SourceFileLoader("process_tree", PATH).exec_module(process_tree)


def clean(entries: list[list[str]]) -> None:
    """Kill the groups of processes, then remove the folders."""
    for kind, name in entries:
        if kind == "group" and hasattr(os, "killpg"):
            process_tree.kill_tree(int(name))
    folders = [name for kind, name in entries if kind == "folder"]
    deadline = time.monotonic() + REMOVAL_SECONDS
    while folders and time.monotonic() < deadline:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        folders = [folder for folder in folders if os.path.lexists(folder)]
        time.sleep(0.05 if folders else 0)


def listen(entries: list[list[str]], parent_gone: threading.Event) -> None:
    """Update the entries until the pipe is closed, by the parent or by its end."""
    for line in sys.stdin.buffer:
        entries[:] = json.loads(line)
    parent_gone.set()


def main() -> None:
    """Wait for the end of the parent and clean up."""
    entries: list[list[str]] = []

    def end_if_idle(number: int, frame: FrameType | None) -> None:
        # The last entries may not have been read yet.
        if not entries and not select.select([0], [], [], 0)[0]:
            os._exit(0)

    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, end_if_idle)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
    parent, parent_gone = int(sys.argv[1]), threading.Event()
    threading.Thread(target=listen, args=(entries, parent_gone), daemon=True).start()
    # A fork of the parent may hold the pipe open after the parent's end, hence the second
    # condition.
    while not parent_gone.wait(POLL_SECONDS) and os.getppid() == parent:
        pass
    clean(list(entries))


if __name__ == "__main__":
    main()
