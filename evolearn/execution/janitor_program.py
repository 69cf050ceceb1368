"""The program of the janitor: outlive the parent, then clean up after it.

Reads lines of JSON from standard input: ``["+", kind, name]`` to take charge of something,
``["-", kind, name]`` to hand it back, where the kind is "folder" or "group" (of processes).
It uses the standard library alone, and little of it, to be there in a hundredth of a second.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
import threading
import time

# Half a second is unnoticeable as load and leaves time enough to clean up within five.
POLL_SECONDS = 0.5
# A process that was killed may need a moment to let go of its files.
REMOVAL_SECONDS = 10.0


def clean(charges: set[tuple[str, str]]) -> None:
    """Kill the groups of processes, then remove the folders."""
    for kind, name in charges:
        if kind == "group" and hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(int(name), signal.SIGKILL)
    folders = [name for kind, name in charges if kind == "folder"]
    deadline = time.monotonic() + REMOVAL_SECONDS
    while folders and time.monotonic() < deadline:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        folders = [folder for folder in folders if os.path.lexists(folder)]
        time.sleep(0.05 if folders else 0)


def listen(charges: set[tuple[str, str]], parent_gone: threading.Event) -> None:
    """Keep the list of charges until the parent closes the pipe, by will or by death."""
    for line in sys.stdin.buffer:
        action, kind, name = json.loads(line)
        (charges.add if action == "+" else charges.discard)((kind, name))
    parent_gone.set()


def main() -> None:
    """Wait for the end of the parent and clean up."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    charges: set[tuple[str, str]] = set()
    parent, parent_gone = int(sys.argv[1]), threading.Event()
    threading.Thread(target=listen, args=(charges, parent_gone), daemon=True).start()
    # A fork of the parent may hold the pipe open after the parent's death, therefore the
    # look at the process itself.
    while not parent_gone.wait(POLL_SECONDS) and os.getppid() == parent:
        pass
    clean(set(charges))


if __name__ == "__main__":
    main()
