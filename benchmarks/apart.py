"""Runs a command in a process of its own and watches it from outside.

Linux only: memory, descendants and environments are read from /proc.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

SAMPLE_SECONDS = 0.25  # between two looks at the memory
TOKEN = "EVOLEARN_BENCHMARK_RUN"  # in the environment of all that a run starts


class Apart:
    """A run in a process of its own, which prints its result as a JSON line at the end.

    It has a folder of its own for temporary files and to be in: some systems leave files
    wherever they are. What it leaves running is known by its environment, and ends with it.

    Parameters
    ----------
    command : list of str
    budget : float
        Seconds that it is to take; after three times as many and 120 s it is ended by force.
    n_jobs : int
        Threads that numerical libraries may take, unless the environment says otherwise.
    sample_seconds : float, default=0.25
        Time between two looks at its memory, which cost it some milliseconds each.
    cores : list of int or None, default=None
        The cores that it may run on; None: all.
    """

    def __init__(self, command, budget, n_jobs, *, sample_seconds=SAMPLE_SECONDS, cores=None):
        self._folder = Path(tempfile.mkdtemp(prefix="apart-"))
        self._out, self._err = self._folder / "stdout", self._folder / "stderr"
        work = self._folder / "work"
        work.mkdir()
        self._limit = 3 * budget + 120
        self._sample_seconds = sample_seconds
        self._sampled, self._peak, self._late = float("-inf"), 0.0, False
        threads = {"OMP_NUM_THREADS": str(n_jobs), "OPENBLAS_NUM_THREADS": str(n_jobs)}
        # Compiling sources again in each run would take its share of their budgets.
        compiled = {"PYTHONDONTWRITEBYTECODE": ""}
        own = {"TMPDIR": str(work), TOKEN: str(self._folder), **compiled}
        self._started = time.monotonic()
        with self._out.open("w") as out, self._err.open("w") as err:
            self._process = subprocess.Popen(
                command, stdout=out, stderr=err, cwd=work,
                env={**threads, **os.environ, **own}, start_new_session=True,
                preexec_fn=cores and partial(os.sched_setaffinity, 0, cores),
            )  # fmt: skip

    @property
    def exit_code(self):
        """How the process ended, None as long as it has not."""
        return self._process.poll()

    def over(self):
        """Look at the process; return whether it has ended or must be."""
        now = time.monotonic()
        if self.exit_code is None and now >= self._sampled + self._sample_seconds:
            self._peak = max(self._peak, memory(process_tree(self._process.pid)))
            self._sampled = now
        self._late = now > self._started + self._limit
        return self._late or self.exit_code is not None

    def end(self):
        """End the process and all that it started; return its result, or why there is none."""
        seconds = time.monotonic() - self._started
        while living := carrying(TOKEN, self._folder):
            for number in living:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)
            time.sleep(0.01)
        self._process.wait()
        lines, complaints = (
            path.read_text(errors="replace").splitlines() for path in (self._out, self._err)
        )
        shutil.rmtree(self._folder, ignore_errors=True)
        told = {"peak_mb": round(self._peak)}
        if self._late:
            note = "ended by force: three budgets and 120 s had passed"
            return {"ok": False, "note": note, "fit_s": self._limit, **told}
        if self.exit_code != 0 or not lines:
            note = complaints[-1] if complaints else f"exit code {self.exit_code}"
            return {"ok": False, "note": note[:300], "fit_s": seconds, **told}
        return {"ok": True, **json.loads(lines[-1]), **told}


def process_tree(root):
    """Return the numbers of a process and of all processes that descend from it."""
    children = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # the process has ended meanwhile
            # The command's name, in brackets, may hold spaces; the parent is the second after.
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            children.setdefault(int(parent), []).append(int(folder.name))
    tree = [root]
    for process in tree:
        tree += children.get(process, [])
    return tree


def memory(processes):
    """Return the megabytes that processes hold together, shared pages shared out."""
    total = 0
    for process in processes:
        with contextlib.suppress(OSError):
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def carrying(variable, value):
    """Return the living processes, daemons included, with this in their environment."""
    token = f"{variable}={value}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            # Of one that waits to be reaped, nothing but its number is left.
            if token in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found
