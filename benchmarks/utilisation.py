"""Measure what share of the workers' time goes into fitting, predicting and scoring.

    python benchmarks/utilisation.py SUITE_FOLDER --out utilisation.jsonl
    python benchmarks/utilisation.py SUITE_FOLDER --out utilisation.jsonl --names adult,ames

Fits tables of a suite as `suite.py` does, each in a fresh process, and divides the seconds that
were spent inside candidates by ``n_jobs`` times the wall time of ``fit``. Appends a JSON line
per table to --out; tables that are there already are not repeated.

scored   fit, predict and score of candidates that ended, stamped in the workers
refits   fits of the final models on all rows, from when the worker took them up
stopped  candidates that were ended by a limit of theirs, or by the end of the search
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

from suite import commit, fit_evolearn, read_rows
from suite_reader import read_split

from evolearn.evaluation.tasks import Evaluation
from evolearn.execution.local.pool import WorkerPool

# Tables on which a search of 60 s does not end by itself, small ones and large ones.
TABLES = "phoneme,kin8nm,adult,california_housing,bike_sharing"


def watched():
    """Let pools note what becomes of their tasks; return the notes."""
    spans = {"scored": 0.0, "refits": 0.0, "stopped": 0.0}
    take, cancel = WorkerPool.collect, WorkerPool.cancel

    def note(outcomes):
        for outcome in outcomes:
            if isinstance(outcome.value, Evaluation):
                seconds = sum(outcome.value.fit_seconds + outcome.value.score_seconds)
                spans["scored"] += seconds
                if outcome.value.status == "timed_out":  # inside a fold that has no span
                    spans["stopped"] += outcome.seconds - seconds
            else:
                spans["refits" if outcome.status == "done" else "stopped"] += outcome.seconds
        return outcomes

    WorkerPool.collect = lambda *given, **named: note(take(*given, **named))
    WorkerPool.cancel = lambda pool: note(cancel(pool))
    return spans


def run_here(args):
    """Fit one table and print one JSON line."""
    data = read_split(args.suite, args.one, 0)
    spans = watched()
    settings = SimpleNamespace(budget=args.budget, n_jobs=args.n_jobs, split=0)
    start = time.perf_counter()
    told = fit_evolearn(data, settings)[1]
    total = args.n_jobs * told["fit_s"]
    shares = {kind: seconds / total for kind, seconds in spans.items()}
    row = {"name": args.one, **told, **shares, "seconds": time.perf_counter() - start}
    print(json.dumps(row))


HEADER = (
    f"{'table':20s}{'wall s':>8s}{'evals':>7s}{'failed':>7s}{'scored':>8s}{'refits':>8s}"
    f"{'stopped':>9s}{'all':>8s}  stopped by"
)


def describe(row):
    """Return a row as a line of the table."""
    kinds = [row["scored"], row["refits"], row["stopped"]]
    shares = "".join(f"{100 * share:7.1f}%" for share in [*kinds[:2], kinds[2], sum(kinds)])
    return (
        f"{row['name']:20s}{row['fit_s']:8.2f}{row['evaluations']:7d}{row['failures']:7d}"
        f"{shares}  {row['stop_reason']}"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("suite", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--names", default=TABLES)
    parser.add_argument("--budget", type=float, default=60.0)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        run_here(args)
        return
    print(HEADER)
    done = {row["name"]: row for row in read_rows(args.out)}
    for name in args.names.split(","):
        if name not in done:
            command = [
                sys.executable, __file__, str(args.suite), "--out", str(args.out),
                "--one", name, "--budget", str(args.budget), "--n-jobs", str(args.n_jobs),
            ]  # fmt: skip
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            if ran.returncode:
                sys.exit(f"{name}: {ran.stderr}")
            done[name] = {**json.loads(ran.stdout.splitlines()[-1]), "commit": commit()}
            with args.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(done[name]) + "\n")
        print(describe(done[name]), flush=True)


if __name__ == "__main__":
    main()
