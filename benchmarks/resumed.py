"""Measurements that go on where they stopped: one JSON line each, appended to a file."""

import json
import time
from pathlib import Path

from suite import commit, read_rows

# What a measurement is told besides its cell: of another budget it is another measurement.
SETTINGS = "budget", "rows", "folds", "light", "rounds", "n_jobs"


def add_out(parser):
    """Add where the lines go, and that they may only be printed."""
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, appended to")
    parser.add_argument("--table", action="store_true", help="only print what is in --out")


def numbers(text):
    """Return the whole numbers of a text that separates them by commas."""
    return [int(word) for word in text.split(",")]


def resumed(args, cells, measure):
    """Measure the cells that have no line in a file yet; return all of these settings in it.

    Parameters
    ----------
    args : Namespace
        Has ``out`` and ``table``, see `add_out`. Those of `SETTINGS` that it has become a part
        of each line.
    cells : iterable of dict
        What tells one measurement from all others, texts and plain numbers; it becomes a part
        of its line.
    measure : callable
        Takes a cell's values as keywords and returns a dict.

    Returns
    -------
    list of dict
        The lines of the file with the same settings, those of other cells included.
    """
    settings = {name: value for name, value in vars(args).items() if name in SETTINGS}
    rows = [r for r in read_rows(args.out) if settings.items() <= _scalars(r).items()]
    for cell in [] if args.table else cells:
        if any(cell.items() <= row.items() for row in map(_scalars, rows)):
            continue
        start = time.perf_counter()
        row = {**settings, **cell, **measure(**cell), "commit": commit()}
        with args.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        rows.append(row)
        print(f"{_scalars(row)} in {time.perf_counter() - start:.1f} s", flush=True)
    return rows


def _scalars(row):
    """Return what of a line tells it from others, or fits on one of a terminal."""
    return {key: value for key, value in row.items() if not isinstance(value, list | dict)}
