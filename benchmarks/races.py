"""Many runs, each in a process of its own, some side by side; results as JSON lines."""

import itertools
import json
import os
import time
from pathlib import Path

from apart import Apart
from fit_one import NOT_BEGUN
from suite import commit, read_rows

KEY = "system", "name", "split", "budget", "n_jobs"
LOOK_SECONDS = 0.1
SAMPLE_SECONDS = 1.0  # between two looks at the memory: they take time from the runs


def add_arguments(parser):
    """Add what says which runs are wanted."""
    parser.add_argument("suite", type=Path, help="folder with suite.json and the tables")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, appended to")
    parser.add_argument("--names", default="", help="tables, separated by commas; default all")
    parser.add_argument("--splits", default="0", help="default 0; 0,1,2 for three")
    parser.add_argument("--budgets", default="60", help="seconds for each fit; or 10,30,60,180")
    parser.add_argument("--n-jobs", type=int, default=1, help="cores of each run")
    parser.add_argument("--slots", type=int, default=1, help="runs at a time")


def planned(args, systems):
    """Return the runs that are wanted; the systems one after another on the same rows."""
    from suite_reader import datasets

    known = list(datasets(args.suite))
    names = args.names.split(",") if args.names else known
    if unknown := set(names) - set(known):
        raise SystemExit(f"{args.suite} has no table {', '.join(sorted(unknown))}.")
    splits, budgets = map(int, args.splits.split(",")), map(float, args.budgets.split(","))
    product = itertools.product(splits, names, budgets, systems)
    return [
        dict(zip(KEY, (system, name, split, budget, args.n_jobs), strict=True))
        for split, name, budget, system in product
    ]


def key(row):
    """Return what tells one run from all others."""
    return tuple(row[part] for part in KEY)


def core_groups(slots, n_jobs):
    """Return the cores of each slot: no run takes more than it is given, or from others."""
    cores = sorted(os.sched_getaffinity(0))
    if slots * n_jobs > len(cores):
        msg = f"{slots} runs at a time take {n_jobs} cores each, and there are {len(cores)}."
        raise SystemExit(msg)
    return [cores[slot * n_jobs : (slot + 1) * n_jobs] for slot in range(slots)]


def race(args, systems, command):
    """Carry out what is wanted and not in --out yet.

    ``command`` makes a list of words of a run: a dict with the parts of `KEY`, the suite and
    the cores.
    """
    done = {key(row) for row in read_rows(args.out)}
    waiting = [run for run in planned(args, systems) if key(run) not in done]
    free = core_groups(args.slots, args.n_jobs)
    running = []
    try:
        while waiting or running:
            while waiting and free:
                run, cores = waiting.pop(0), free.pop(0)
                given = {**run, "suite": str(args.suite.resolve()), "cores": cores}
                apart = Apart(
                    command(given), run["budget"], args.n_jobs,
                    sample_seconds=SAMPLE_SECONDS, cores=cores,
                )  # fmt: skip
                running.append((apart, run, cores))
            for ended in [entry for entry in running if entry[0].over()]:
                running.remove(ended)
                free.append(ended[2])
                take(args.out, ended[0], ended[1])
            time.sleep(LOOK_SECONDS)
    finally:
        for apart, *_ in running:
            apart.end()


def take(out, apart, run):
    """Append the result of an ended run; what could not even begin is no result."""
    row = {**run, "commit": commit(), **apart.end()}
    begun = apart.exit_code != NOT_BEGUN
    if begun:
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    print(describe(row, begun), flush=True)


def describe(row, begun=True):
    """Return a run as a line for those who watch."""
    start = f"{row['system']:18s}{row['name']:20s}{row['split']:3d}{row['budget']:7g} s  "
    if not row["ok"]:
        return f"{start}{'FAILED' if begun else 'NOT BEGUN, not recorded'}: {row['note']}"
    return f"{start}error {row['err']:<10.5g} fit {row['fit_s']:7.2f} s  {row['note'][:60]}"
