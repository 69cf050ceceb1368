"""Kill a search at random moments, resume it from its checkpoint, compare with one left alone.

    python benchmarks/resume.py
    python benchmarks/resume.py --kills 10 --seed 0

A search with ``time_budget=None`` runs once undisturbed. Then, for each kill, a fresh process
runs the same with a checkpoint and is ended by SIGKILL at a moment drawn from the time the
first one took; another process resumes it. Prints what had been evaluated at the kill, and
whether the final predictions, members and results are equal. Exits with 1 if one is not.
"""

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

FIT = """
import hashlib, json, sys, time, warnings
import numpy as np
from sklearn.datasets import load_diabetes
from evolearn import EvolutionaryRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True)
model = EvolutionaryRegressor(
    time_budget=None, n_generations=4, n_iter_no_change=None, cv=3, n_jobs=2, random_state=0,
    journal=sys.argv[1] if len(sys.argv) > 1 else None,
)
print("started", flush=True)
start = time.monotonic()
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    model.fit(X, y)
results = model.cv_results_
outcome = [
    results["mean_test_score"].tolist(),
    [str(params) for params in results["params"]],
    model.history_["best_fitness"].tolist(),
]
digest = hashlib.sha256(json.dumps(outcome).encode() + model.predict(X).tobytes()).hexdigest()
print(json.dumps({"digest": digest, "seconds": time.monotonic() - start}))
"""


def start(*arguments):
    """Start the fit in a process of its own; return it once it has imported."""
    process = subprocess.Popen(
        [sys.executable, "-c", FIT, *arguments], stdout=subprocess.PIPE, text=True
    )
    process.stdout.readline()
    return process


def finish(process):
    """Return what the fit printed in the end."""
    out = process.communicate()[0]
    if process.returncode:
        raise SystemExit(f"the fit ended with exit code {process.returncode}")
    return json.loads(out.splitlines()[-1])


def evaluations(folder):
    """Return how many evaluations the checkpoint in a folder holds."""
    total = 0
    for file in Path(folder).glob("*.sqlite"):
        with closing(sqlite3.connect(file)) as connection:
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                query = "SELECT count(*) FROM evaluations"
                total += connection.execute(query).fetchone()[0]
    return total


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    whole = finish(start())
    print(f"undisturbed: {whole['seconds']:.1f} s, {whole['digest'][:12]}", flush=True)
    draw = random.Random(args.seed)
    unequal = 0
    print(f"{'killed after s':>15s}{'stored':>16s}{'resumed in s':>14s}  equal")
    for _ in range(args.kills):
        moment = draw.uniform(0, whole["seconds"])
        with tempfile.TemporaryDirectory() as folder:
            process = start(folder)
            time.sleep(moment)
            process.send_signal(signal.SIGKILL)
            process.wait()
            kept = evaluations(folder)
            resumed = finish(start(folder))
        equal = resumed["digest"] == whole["digest"]
        unequal += not equal
        print(
            f"{moment:15.2f}{kept:16d}{resumed['seconds']:14.1f}  {'yes' if equal else 'NO'}",
            flush=True,
        )
    sys.exit(bool(unequal))


if __name__ == "__main__":
    main()
