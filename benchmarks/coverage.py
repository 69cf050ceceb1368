"""Measure how often intervals and sets of classes hold the truth, on a suite of tables.

    python benchmarks/coverage.py SUITE_FOLDER --out coverage.jsonl --budget 10 --splits 0,1,2
    python benchmarks/coverage.py SUITE_FOLDER --out coverage.jsonl --table

Each run appends a JSON line to --out; runs that are there already are not repeated. The table
shows, for each nominal coverage, the share of test rows whose target is inside (mean over the
tables, and the lowest), the width of intervals relative to the standard deviation of the
target, and the number of classes in a set. ``exact`` are sets that may be empty.
"""

import json
import statistics
import time

import numpy as np
from estimate import arguments
from suite import SCORING, read_rows
from suite_reader import datasets, read_split

LEVELS = (0.8, 0.9, 0.95)
QUANTILES = (0.1, 0.5, 0.9)


def measured_intervals(model, X, y):
    """Return coverage and width of intervals by level, and the mean pinball loss."""
    found = {}
    for level in LEVELS:
        low, high = model.predict_interval(X, level).T
        found[f"{level:g}"] = {
            "coverage": float(np.mean((low <= y) & (y <= high))),
            "width": float(np.mean(high - low) / np.std(y)),
        }
    errors = y[:, None] - model.predict_quantiles(X, QUANTILES)
    losses = np.maximum(np.array(QUANTILES) * errors, (np.array(QUANTILES) - 1) * errors)
    return {"levels": found, "pinball": (losses.mean(axis=0) / np.std(y)).tolist()}


def measured_sets(model, X, y):
    """Return coverage and size of sets by level, with and without empty ones."""
    codes, found = np.searchsorted(model.classes_, y), {}
    for level in LEVELS:
        values = {}
        for name, empty in (("coverage", False), ("exact", True)):
            sets = model.predict_set(X, level, allow_empty=empty)
            values[name] = float(sets[np.arange(len(y)), codes].mean())
            values[f"{name}_size"] = float(sets.sum(axis=1).mean())
        found[f"{level:g}"] = values
    return {"levels": found}


def run(args, name, split):
    """Fit one split of one table, and measure on its test rows."""
    from evolearn import EvolutionaryClassifier, EvolutionaryRegressor

    data = read_split(args.suite, name, split)
    regression = data.task == "regression"
    kind = EvolutionaryRegressor if regression else EvolutionaryClassifier
    model = kind(
        scoring=SCORING[data.task],
        time_budget=args.budget,
        n_jobs=args.n_jobs,
        random_state=split,
    )
    start = time.perf_counter()
    model.fit(data.X_train, data.y_train)
    seconds = time.perf_counter() - start
    y = np.asarray(data.y_test)
    measure = measured_intervals if regression else measured_sets
    return {
        "name": name,
        "split": split,
        "task": data.task,
        "n_training": len(data.y_train),
        "n_test": len(y),
        "fit_s": seconds,
        **measure(model, data.X_test, y),
    }


def run_all(args):
    """Run what is missing in --out."""
    done = {(row["name"], row["split"]) for row in read_rows(args.out)}
    for split in map(int, args.splits.split(",")):
        for name in args.names.split(",") if args.names else datasets(args.suite):
            if (name, split) in done:
                continue
            row = run(args, name, split)
            with args.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            shown = {level: one["coverage"] for level, one in row["levels"].items()}
            print(f"{name:20s}{split} {shown}", flush=True)


def print_table(rows):
    """Print the mean and the lowest coverage over tables, and sizes, for each level."""
    tasks = {
        "intervals": (
            [row for row in rows if row["task"] == "regression"],
            "coverage",
            "width",
        ),
        "sets": (
            [row for row in rows if row["task"] != "regression"],
            "coverage",
            "coverage_size",
        ),
        "exact": ([row for row in rows if row["task"] != "regression"], "exact", "exact_size"),
    }
    print(f"{'':12s}{'nominal':>8s}{'mean':>8s}{'lowest':>8s}{'size':>8s}  table")
    for task, (some, key, size) in tasks.items():
        for level in LEVELS if some else ():
            by_name, sizes = {}, []
            for row in some:
                values = row["levels"][f"{level:g}"]
                by_name.setdefault(row["name"], []).append(values[key])
                sizes.append(values[size])
            means = {name: statistics.fmean(values) for name, values in by_name.items()}
            lowest = min(means, key=means.get)
            print(
                f"{task:12s}{level:8.2f}{statistics.fmean(means.values()):8.3f}"
                f"{means[lowest]:8.3f}{statistics.fmean(sizes):8.2f}  {lowest}"
            )


def main():
    args = arguments(__doc__)
    if not args.table:
        run_all(args)
    print_table(read_rows(args.out))


if __name__ == "__main__":
    main()
