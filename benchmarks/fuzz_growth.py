"""Fit many times in one process, and look for growth.

    python benchmarks/fuzz_growth.py --out growth.jsonl --fits 300
    python benchmarks/fuzz_growth.py --out growth.jsonl --table

Memory, open files, threads, child processes and temporary files of the process are counted
after each fit. Those after the last fit must be those after the first tenth; memory may be up
to 30 MB more. A tenth of the fits fails or is given a checkpoint. Each run appends a JSON line
to --out; runs that are there already are not repeated. Linux only.
"""

import argparse
import gc
import os
import sys
import tempfile
import threading
import warnings
from pathlib import Path

from contained import Contained, print_verdicts
from resumed import add_out, resumed

HANG_SECONDS = 7200.0
MOST_MB = 30.0


def counts(folder):
    """Return what this process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    return {
        "mb": round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1),
        "files": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
        "children": len(children.split()),
        "temporary": len(list(Path(folder).iterdir())),
    }


def run(fits):
    """Fit so many times; return what the process held meanwhile."""
    import numpy as np

    from evolearn import EvolutionaryClassifier, EvolutionaryRegressor

    warnings.simplefilter("ignore")
    samples = []
    with tempfile.TemporaryDirectory() as journals, tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        for number in range(fits):
            rng = np.random.default_rng(number)
            X = rng.normal(size=(80, 4))
            y = X[:, 0] + rng.normal(size=80)
            kind = EvolutionaryRegressor if number % 2 else EvolutionaryClassifier
            linear = "ridge" if number % 2 else "logistic_regression"
            model = kind(
                time_budget=None, n_evaluations=4, population_size=4, cv=2, random_state=0,
                search_space=["extra_trees", "decision_tree", linear], n_jobs=1 + number % 2,
                journal=journals if number % 10 == 3 else None,
            )  # fmt: skip
            try:
                model.fit(X, (y if number % 2 else y > 0) if number % 10 != 7 else y[:-1])
                model.predict(X)
            except ValueError:
                assert number % 10 == 7
            samples.append(counts(folder))
        tempfile.tempdir = None
    return {**verdict(samples), "samples": samples[:: max(1, fits // 30)], "last": samples[-1]}


def verdict(samples):
    """Return whether the second half of the fits holds no more than the first half."""
    half = len(samples) // 2
    most = [
        {name: max(sample[name] for sample in part) for name in samples[0]}
        for part in (samples[:half], samples[half:])
    ]
    grown = {name: round(most[1][name] - most[0][name], 1) for name in most[0]}
    allowed = {"mb": MOST_MB, "threads": 0, "files": 0, "children": 0, "temporary": 0}
    good = all(grown[name] <= allowed[name] for name in grown)
    return {"verdict": "no growth" if good else "FAULT", "grown": grown}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_out(parser)
    parser.add_argument("--fits", type=int, default=300)
    args = parser.parse_args()
    contained = Contained(run, HANG_SECONDS)
    rows = resumed(args, [{"fits": args.fits}], contained)
    contained.close()
    print_verdicts(rows, "fits")
    for row in rows:
        print({name: row.get(name) for name in ("fits", "grown", "last", "note")})
    sys.exit(any(row["verdict"] != "no growth" for row in rows))


if __name__ == "__main__":
    main()
