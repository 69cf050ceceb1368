"""The ways to misbehave that `faults.py` tries, and what has to become of each."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# -- what is done from outside --------------------------------------------------------------


@dataclass(frozen=True)
class Meddling:
    """When to step in, seconds after the first "candidate" or the "fit", and what to do."""

    when: str
    act: Callable[[subprocess.Popen, Path], None]
    delay: float = 0.2


def to_parent(number, *, when="candidate", delay=1.5, times=1):
    """Return the sending of a signal to the process that fits, to that one alone."""

    def send(process, marks):
        for _ in range(times):
            process.send_signal(number)
            time.sleep(0.05)  # two that are pending at once are one

    return Meddling(when, send, delay)


def kill_worker(process, marks):
    for worker in pids(marks):
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)


def kill_fork_server(process, marks):
    kill_helper(process, b"fork_server_program")


def kill_cleanup_process(process, marks):
    kill_helper(process, b"cleanup_program")


def kill_helper(process, program):
    """Kill the children of a process, whichever thread has started them, by their program."""
    threads = Path(f"/proc/{process.pid}/task").glob("*/children")
    children = [child for thread in threads for child in thread.read_text().split()]
    helpers = [c for c in children if program in Path(f"/proc/{c}/cmdline").read_bytes()]
    assert helpers, f"There is no {program.decode()} among the children of the script."
    for helper in helpers:
        os.kill(int(helper), signal.SIGKILL)


def pids(marks):
    return sorted(int(mark.name) for mark in marks.iterdir() if mark.name.isdigit())


# -- the cases ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A way to misbehave, and what has to become of it.

    ``status`` and ``reason`` are those of the faulty candidates in ``cv_results_``; with
    `some`, only of those that were hit. A case with `returncode` need not return from fit.
    `disk_bytes` is the size of the disk of the "temporary" folder or of the "journal".
    """

    name: str
    done: str
    status: str = "scored"
    reason: str = ""
    fault: str = ""
    some: bool = False
    stop_reason: str = "time_budget"
    warning: str = ""
    returncode: int = 0
    meddling: Meddling | None = None
    before: str = ""
    memory_mb: int | None = None
    disk_bytes: int | None = None
    disk: str = "temporary"
    closed_streams: bool = False
    on_sigterm: str = ""


# Killed from outside, or, in Python code, given up once its first fold takes too long.
LATE = "timed_out", "exceeded its limit of 1 s|given up after 0 of"
UNMOVED = "failed", "pickled"

CANDIDATE = [
    Case("python_loop", "candidate loops in Python for ever", *LATE),
    Case("stubborn_loop", "candidate loops and swallows every exception", *LATE),
    Case("c_loop", "candidate loops in C, holding the GIL", *LATE),
    Case("sleep", "candidate sleeps for ten minutes", *LATE),
    Case("stop", "candidate stops its process with SIGSTOP", *LATE),
    Case("segfault", "candidate reads address 0", "died", "signal SIGSEGV"),
    Case("os_exit", "candidate calls os._exit(3)", "died", "exited with code 3"),
    Case("sys_exit", "candidate calls sys.exit", "failed", "SystemExit: enough"),
    Case("keyboard_interrupt", "candidate raises KeyboardInterrupt", "failed",
         "KeyboardInterrupt"),
    Case("huge_allocation", "candidate allocates 100 GB", "failed", "Unable to allocate"),
    Case("slow_leak", "candidate takes up to 800 MB a second, limit 100 MB",
         "out_of_memory", "exceeded its limit of 95 MiB", memory_mb=100),
    Case("leak_across_candidates", "every candidate leaves 4 MB a fold, limit 100 MB",
         memory_mb=100),
    Case("unpicklable_model", "the best model cannot be pickled", *UNMOVED),
    Case("unloadable_model", "the best model is pickled, but cannot be unpickled", *UNMOVED),
    Case("unpicklable_result", "predictions are arrays that cannot be pickled"),
    Case("unpicklable_exception", "candidate raises an exception that cannot be pickled",
         "failed", "FussyError: a fussy message"),
    Case("nan_scores", "scores are NaN", "failed", "not a finite number"),
    Case("infinite_scores", "scores are infinite", "failed", "not a finite number"),
    Case("nan_predictions", "predictions are NaN", "failed", "not finite"),
    Case("wrong_length", "one prediction too few", "failed", ""),
    Case("output_flood", "candidate writes 33 MB a fold to stdout and stderr"),
    Case("warning_flood", "candidate gives 5,000 different warnings a fold"),
    Case("fork", "candidate forks a child that sleeps on"),
    Case("thread", "candidate leaves a thread running that loops"),
    Case("daemon", "candidate starts a daemon in a session of its own"),
    Case("shared_hog", "candidate fills a shared mapping, limit 40 MB", "out_of_memory",
         "exceeded its limit of 38 MiB", memory_mb=40, some=True),
    Case("hog_in_children", "candidate's children take 240 MB, limit 100 MB", "out_of_memory",
         "exceeded its limit of 95 MiB", memory_mb=100),
]  # fmt: skip

MACHINE = [
    Case("worker_killed", "worker is killed from outside, once", "died", "signal SIGKILL",
         fault="wait", some=True, meddling=Meddling("candidate", kill_worker)),
    Case("fork_server_killed", "fork server of the workers is killed from outside",
         fault="wait", meddling=Meddling("candidate", kill_fork_server)),
    Case("cleanup_process_killed", "cleanup process is killed from outside",
         fault="wait", meddling=Meddling("candidate", kill_cleanup_process)),
    Case("disk_filled", "candidate fills the disk of the temporary folder (4 MB)", "failed",
         "No space left on device", fault="full_disk", disk_bytes=2**22),
    Case("disk_full", "disk of the temporary folder has no room for the table (8 kB)",
         fault="nothing", disk_bytes=2**13, warning="cannot hold the matrix"),
    Case("journal_disk_full", "disk of the checkpoint is full after 96 kB",
         fault="nothing", disk_bytes=3 * 2**15, disk="journal", warning="could not be written"),
    Case("few_files", "process may open 48 files", "died", "SIGSEGV", fault="segfault",
         before="few_files"),
    Case("folder_removed", "working folder is removed before fit", fault="nothing",
         before="folder_removed"),
    Case("scratch_removed", "candidate removes the temporary folder", returncode=1),
    Case("line_at_start", "interpreters print a line when they start", fault="nothing",
         before="line_at_start"),
    Case("no_interpreter", "process has no Python to start", fault="nothing",
         before="no_interpreter", warning="in threads of this process"),
    Case("streams_closed", "standard input, output and error are closed", "died", "SIGSEGV",
         fault="segfault", closed_streams=True),
    Case("children_ignored", "process ignores SIGCHLD, so that the system reaps", "died",
         "signal SIGSEGV", fault="segfault", before="children_ignored"),
]  # fmt: skip

USER = [
    Case("sigint", "Ctrl-C: SIGINT to the parent", *LATE, fault="hold", some=True,
         stop_reason="interrupted", warning="interrupted", meddling=to_parent(signal.SIGINT)),
    Case("sigint_twice", "Ctrl-C twice", fault="hold", returncode=-signal.SIGINT,
         meddling=to_parent(signal.SIGINT, times=2)),
    Case("sigterm", "SIGTERM to the parent", fault="hold", returncode=-signal.SIGTERM,
         meddling=to_parent(signal.SIGTERM)),
    Case("sigint_at_start", "Ctrl-C before anything was evaluated", fault="hold",
         returncode=-signal.SIGINT, meddling=to_parent(signal.SIGINT, when="fit", delay=0.3)),
    Case("sigterm_best", "SIGTERM, on_sigterm='best'", *LATE, fault="hold", some=True,
         stop_reason="interrupted", warning="interrupted", on_sigterm="best",
         meddling=to_parent(signal.SIGTERM)),
    Case("sighup", "terminal closed: SIGHUP to the parent", fault="hold",
         returncode=-signal.SIGHUP, meddling=to_parent(signal.SIGHUP)),
    Case("kill", "kill -9 of the parent", fault="hold", returncode=-signal.SIGKILL,
         meddling=to_parent(signal.SIGKILL)),
    Case("kill_at_start", "kill -9 of the parent while its workers start", fault="hold",
         returncode=-signal.SIGKILL, meddling=to_parent(signal.SIGKILL, when="fit", delay=0.3)),
]  # fmt: skip

CASES = {case.name: case for case in CANDIDATE + MACHINE + USER}
