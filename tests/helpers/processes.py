"""Processes of the system, as tests look at them."""

import pathlib
import time

# Seconds for what should take no time at all, on a machine that is busy.
PATIENCE = 60.0


def is_running(pid):
    """Whether a process exists and has not ended."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def wait_until(condition):
    """Wait until a condition holds, for at most `PATIENCE`; return whether it does."""
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return condition()
