"""Measure the error estimate, and the answer to "would longer help?", on a suite of tables.

    python benchmarks/estimate.py SUITE_FOLDER --out runs.jsonl --budget 10 --splits 0,1,2
    python benchmarks/estimate.py SUITE_FOLDER --out runs.jsonl --budget 60 --splits 0
    python benchmarks/estimate.py SUITE_FOLDER --out runs.jsonl --table

Each run appends a JSON line to --out; runs that are there already are not repeated. The table
shows, by size of the table, the bias of the naive and of the corrected error relative to the
error on the test rows: mean over tables with its standard error, median of the tables, and a
mean of logarithms over runs in which those with few test rows count less. It also shows how
often the interval holds the error on the test rows, and its width relative to that error. With
runs of two budgets, it also shows how often the error fell by more than 1 %, beside the
probability that ``would_longer_help`` gave for six times the time.
"""

import argparse
import json
import math
import statistics
import time
from pathlib import Path

from suite import SCORING, answers, error, read_rows
from suite_reader import datasets, read_split

# Standard deviation of the bias, on the scale of logarithms, between tables.
BETWEEN_TABLES = 0.1
SIZES = (("all", 0, math.inf), ("below 1,000", 0, 1e3), ("below 10,000", 1e3, 1e4),
         ("from 10,000", 1e4, math.inf))  # fmt: skip


def run(args, name, split):
    """Fit one split of one table; return what was estimated and what was measured."""
    from evolearn import EvolutionaryClassifier, EvolutionaryRegressor

    data = read_split(args.suite, name, split)
    kind = EvolutionaryRegressor if data.task == "regression" else EvolutionaryClassifier
    model = kind(
        scoring=SCORING[data.task],
        time_budget=args.budget,
        n_jobs=args.n_jobs,
        random_state=split,
    )
    start = time.perf_counter()
    model.fit(data.X_train, data.y_train)
    seconds = time.perf_counter() - start
    estimate = model.estimate_
    outlook = model.would_longer_help()
    low, high = estimate.interval(n_new_rows=len(data.y_test))
    return {
        "name": name,
        "split": split,
        "budget": args.budget,
        "n_training": len(data.y_train),
        "n_test": len(data.y_test),
        "fit_s": seconds,
        "test": float(error(data, answers(model, data, data.X_test))),
        "probability": outlook.probability,
        "expected_gain": outlook.expected_gain,
        **estimate.as_dict(),
        "lower": low,
        "upper": high,
    }


def run_all(args):
    """Run what is missing in --out."""
    done = {(row["name"], row["split"], row["budget"]) for row in read_rows(args.out)}
    for split in map(int, args.splits.split(",")):
        for name in args.names.split(",") if args.names else datasets(args.suite):
            if (name, split, args.budget) in done:
                continue
            row = run(args, name, split)
            with args.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
            print(f"{name:20s}{split} test {row['test']:.4g} naive {row['naive']:.4g} "
                  f"corrected {row['corrected']:.4g}", flush=True)  # fmt: skip


def print_estimates(rows):
    """Print bias and coverage by size of the table."""
    print(
        f"{'rows':14s}{'tables':>7s}{'naive':>16s}{'corrected':>16s}{'medians':>16s}"
        f"{'weighted':>16s}{'covered':>9s}{'width':>7s}"
    )
    for label, least, most in SIZES:
        some = [row for row in rows if least <= row["n_training"] < most and not row["reason"]]
        if not some:
            continue
        naive, corrected = biases(some, "naive"), biases(some, "corrected")
        covered = statistics.fmean(row["lower"] <= row["test"] <= row["upper"] for row in some)
        width = statistics.median((row["upper"] - row["lower"]) / row["test"] for row in some)
        print(
            f"{label:14s}{len(naive):7d}{mean_of(naive):>16s}{mean_of(corrected):>16s}"
            f"{statistics.median(naive):+8.3f}{statistics.median(corrected):+8.3f}"
            f"{weighted_bias(some, 'naive'):+8.3f}{weighted_bias(some, 'corrected'):+8.3f}"
            f"{covered:9.0%}{width:7.2f}"
        )
    absent = [f"{row['name']} ({row['reason']})" for row in rows if row["reason"]]
    print(f"without an estimate: {', '.join(absent) or 'none'}")


def print_outlooks(rows, longer):
    """Print how often the error fell by more than 1 % in longer fits, in three groups."""
    after = {(row["name"], row["split"]): row["test"] for row in longer}
    pairs = [
        (row["probability"], row["expected_gain"], 1 - after[place] / row["test"])
        for row in rows
        if (place := (row["name"], row["split"])) in after
    ]
    pairs.sort()
    print(
        f"{'runs':6s}{'probability':>12s}{'frequency':>10s}{'expected gain':>14s}{'gain':>8s}"
    )
    for third in range(3):
        some = pairs[third * len(pairs) // 3 : (third + 1) * len(pairs) // 3]
        if some:
            probability, expected, gains = zip(*some, strict=True)
            frequency = statistics.fmean(gain > 0.01 for gain in gains)
            print(
                f"{len(some):<6d}{statistics.fmean(probability):12.2f}{frequency:10.2f}"
                f"{statistics.fmean(expected):14.3f}{statistics.median(gains):8.3f}"
            )


def biases(rows, key):
    """Return the relative bias of each table, the errors of its splits added up.

    Single errors on few test rows would decide the mean.
    """
    sums = {}
    for row in rows:
        estimated, measured = sums.get(row["name"], (0.0, 0.0))
        sums[row["name"]] = estimated + row[key], measured + row["test"]
    return [estimated / measured - 1 for estimated, measured in sums.values()]


def weighted_bias(rows, key):
    """Return the mean of log(estimate / test error), in which noisy runs count less.

    Its weights are those of a random effects model: the variance of a run is that of the
    estimate and of the error on so few test rows, and that between tables.
    """
    logs, weights = [], []
    for row in rows:
        relative = row["standard_error"] / row["corrected"]
        variance = relative**2 * (1 + row["n_rows"] / row["n_test"])
        logs.append(math.log(row[key] / row["test"]))
        weights.append(1 / (variance + BETWEEN_TABLES**2))
    return statistics.fmean(logs, weights)


def mean_of(values):
    """Return mean and standard error of the bias as text."""
    error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else math.nan
    return f"{statistics.fmean(values):+.3f} ({error:.3f})"


def arguments(description):
    """Return the arguments of a benchmark that fits the splits of a suite."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("suite", type=Path, help="folder with suite.json and the tables")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, appended to")
    parser.add_argument("--budget", type=float, default=10.0, help="seconds for each fit")
    parser.add_argument("--n-jobs", type=int, default=1)
    parser.add_argument("--splits", default="0,1,2", help="numbers, separated by commas")
    parser.add_argument("--names", default="", help="tables, separated by commas; default all")
    parser.add_argument("--table", action="store_true", help="only print what is in --out")
    return parser.parse_args()


def main():
    args = arguments(__doc__)
    if not args.table:
        run_all(args)
    by_budget = {}
    for row in read_rows(args.out):
        by_budget.setdefault(row["budget"], []).append(row)
    budgets = sorted(by_budget)
    for budget in budgets:
        print(f"\n{budget:g} s")
        print_estimates(by_budget[budget])
    if len(budgets) > 1:
        print(f"\nWould longer help? From {budgets[0]:g} s to {budgets[-1]:g} s")
        print_outlooks(by_budget[budgets[0]], by_budget[budgets[-1]])


if __name__ == "__main__":
    main()
