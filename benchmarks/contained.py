"""Calls in a process of their own, which may crash or hang, each reported as a verdict."""

import argparse
import contextlib
import multiprocessing
import os
import re
import signal
import sys
import traceback
import warnings
from pathlib import Path

from resumed import add_out, resumed

# What messages are, at most: one sentence of evolearn, or two with the remedy.
LONGEST_MESSAGE = 700


class Contained:
    """A process that runs one function on many cases; it is replaced if it crashes or hangs.

    Parameters
    ----------
    function : callable
        Of a module; takes keywords and returns a dict with a ``verdict``.
    seconds : float
        A case that takes longer is a hang.
    """

    def __init__(self, function, seconds):
        self._function, self._seconds = function, seconds
        self._process = None

    def __call__(self, **case):
        """Return what the function returns, or the verdict "crash" or "hang"."""
        if self._process is None:
            self._start()
        self._pipe.send(case)
        try:
            if self._pipe.poll(self._seconds):
                return self._pipe.recv()
            verdict, note = "hang", f"no result within {self._seconds:g} s"
        except EOFError:
            self._process.join()
            verdict, note = "crash", f"the process ended with {self._process.exitcode}"
        self.close()
        return {"verdict": verdict, "note": note}

    def _start(self):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(self._function, theirs))
        self._process.start()
        theirs.close()

    def close(self):
        """End the process."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)
            self._process.join()
            self._process = None


def _serve(function, pipe):
    warnings.simplefilter("ignore")
    while True:
        try:
            case = pipe.recv()
        except EOFError:
            return
        try:
            result = function(**case)
        except BaseException as error:
            result = verdict_of(error)
        pipe.send(result)


def verdict_of(error):
    """Return the verdict on an error: "refused" if it is one that users may get."""
    message = str(error)
    place = traceback.extract_tb(error.__traceback__)[-1]
    file = Path(place.filename)
    told = {
        "error": type(error).__name__,
        "note": message[:LONGEST_MESSAGE],
        "place": f"{file.parent.name}/{file.name}:{place.lineno}",
    }
    lines = [line for line in message.splitlines() if line.strip()]
    is_sentence = len(lines) == 1 and len(message) <= LONGEST_MESSAGE
    if not (isinstance(error, ValueError | TypeError) and is_sentence):
        return {"verdict": "FAULT", **told}
    # A message from the inside of a library names neither the column nor the remedy.
    ours = re.search(r"evolearn", place.filename) is not None
    return {"verdict": "refused" if ours else "inner", **told}


def print_verdicts(rows, *columns):
    """Print how often each verdict was given, by some columns, and all that are faults."""
    counts = {}
    for row in rows:
        key = (*(row.get(column) for column in columns), row["verdict"])
        counts[key] = counts.get(key, 0) + 1
    for key, count in sorted(counts.items(), key=repr):
        print(f"{count:6d}  {'  '.join(map(str, key))}")
    for row in rows:
        if row["verdict"] in ("crash", "hang", "FAULT"):
            print({name: value for name, value in row.items() if name != "commit"})


def fuzz(description, function, *, runs, seconds, column):
    """Run the command line of a script that calls a function with one seed after the other.

    Exits with 1 if a verdict is a fault, a crash or a hang.
    """
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    add_out(parser)
    parser.add_argument("--runs", type=int, default=runs)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    args = parser.parse_args()
    contained = Contained(function, seconds)
    cells = [{"seed": seed} for seed in range(args.first, args.first + args.runs)]
    rows = resumed(args, cells, contained)
    contained.close()
    print_verdicts(rows, column)
    sys.exit(any(row["verdict"] in ("FAULT", "crash", "hang") for row in rows))
