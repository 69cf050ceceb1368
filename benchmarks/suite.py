"""Fit every table of a suite, each in a fresh process, beside default boosted trees.

    python benchmarks/suite.py SUITE_FOLDER --out results.jsonl --budget 60 --n-jobs 2
    python benchmarks/suite.py SUITE_FOLDER --out results.jsonl --names adult,ames --split 1
    python benchmarks/suite.py SUITE_FOLDER --out results.jsonl --table

Each run appends a JSON line to --out; runs that are there already are not repeated. The
error is 1 - ROC-AUC (binary), log loss (multiclass) or root mean squared error (regression)
on rows that no search has seen. Linux only: memory is read from /proc.
"""

import argparse
import json
import math
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from apart import SAMPLE_SECONDS, Apart

ROOT = Path(__file__).resolve().parent.parent
SCORING = {
    "binary": "roc_auc",
    "multiclass": "neg_log_loss",
    "regression": "neg_root_mean_squared_error",
}
FLOOR = {
    "binary": 5e-4,
    "multiclass": 1e-3,
    "regression": 0.0,
}  # no perfect score decides a mean
CODED_LEVELS = 250  # above this a category is given as its number: boosting takes 255 at most


# -- one run, in a process of its own -------------------------------------------------------


def new_search(data, args, **parameters):
    """Return the search as it is compared, not fitted yet."""
    from evolearn import EvolutionaryClassifier, EvolutionaryRegressor

    kind = EvolutionaryRegressor if data.task == "regression" else EvolutionaryClassifier
    return kind(
        scoring=SCORING[data.task],
        time_budget=args.budget,
        n_jobs=args.n_jobs,
        random_state=args.split,
        **parameters,
    )


def answers(model, data, X):
    """Return predicted probabilities, or numbers in regression."""
    return model.predict_proba(X) if data.n_classes else model.predict(X)


def fit_evolearn(data, args):
    """Fit the search; return what it predicts, the seconds it took and what it tells."""
    model = new_search(data, args)
    start = time.perf_counter()
    model.fit(data.X_train, data.y_train)
    fitted = time.perf_counter()
    predicted = answers(model, data, data.X_test)
    done = time.perf_counter()
    failed = Counter(reason for reason in model.cv_results_["failure"] if reason)
    return predicted, {
        "fit_s": fitted - start,
        "over_s": fitted - start - args.budget,
        "predict_s": done - fitted,
        "evaluations": int(model.n_evaluations_),
        "generations": int(model.n_generations_),
        "failures": sum(failed.values()),
        "failure_reasons": dict(failed.most_common(5)),
        "stop_reason": model.stop_reason_,
        "best": model.best_params_["estimator"],
        "best_fitness": float(model.best_fitness_),
    }


def new_boosting(data, args):
    """Return default histogram gradient boosting, which knows categories by their dtype."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kinds = HistGradientBoostingClassifier, HistGradientBoostingRegressor
    return kinds[data.task == "regression"](
        categorical_features="from_dtype", random_state=args.split
    )


def typed(table, data):
    """Return a table whose categories have their dtype, with the levels of the fitted rows."""
    import pandas as pd

    table = table.copy()
    for column in data.categorical:
        levels = sorted(set(data.X_train[column].dropna()))
        table[column] = pd.Categorical(table[column], categories=levels)
        if len(levels) > CODED_LEVELS:
            table[column] = table[column].cat.codes
    return table


def fit_boosting(data, args):
    """Fit default histogram gradient boosting; return what it predicts and its seconds."""
    model = new_boosting(data, args)
    start = time.perf_counter()
    model.fit(typed(data.X_train, data), data.y_train)
    seconds = time.perf_counter() - start
    return answers(model, data, typed(data.X_test, data)), {"fit_s": seconds}


def error(data, predicted):
    """Return the error of predictions for the test rows; lower is better."""
    import numpy as np
    from sklearn.metrics import log_loss, roc_auc_score

    if data.task == "binary":
        return 1 - roc_auc_score(data.y_test, predicted[:, 1])
    if data.task == "multiclass":
        predicted = np.clip(predicted, 1e-15, 1)
        predicted = predicted / predicted.sum(axis=1, keepdims=True)
        return log_loss(data.y_test, predicted, labels=list(range(data.n_classes)))
    # By hand, for the scikit-learn of some environments is older than its function.
    return float(np.sqrt(np.mean((data.y_test - np.ravel(predicted)) ** 2)))


def run_here(args):
    """Fit one system on one table and print one JSON line."""
    from suite_reader import read_split

    data = read_split(args.suite, args.one, args.split)
    predicted, told = {"evolearn": fit_evolearn, "boosting": fit_boosting}[args.system](
        data, args
    )
    result = {"task": data.task, "error": float(error(data, predicted)), **told}
    print(json.dumps(result), flush=True)


# -- the processes from outside -------------------------------------------------------------


def run_apart(args, name, system):
    """Run this script on one table in a fresh process; return its result or its failure."""
    command = [
        sys.executable, __file__, str(args.suite.resolve()), "--out", str(args.out),
        "--budget", str(args.budget), "--n-jobs", str(args.n_jobs), "--split", str(args.split),
        "--one", name, "--system", system,
    ]  # fmt: skip
    apart = Apart(command, args.budget, args.n_jobs)
    try:
        while not apart.over():
            time.sleep(SAMPLE_SECONDS)
    finally:
        result = apart.end()
    return result


def commit():
    """Return the commit of the package that is measured, marked if it was changed since."""

    def git(*words):
        command = ["git", "-C", str(ROOT), *words]
        return subprocess.run(
            command, capture_output=True, text=True, check=False
        ).stdout.strip()

    changed = git("status", "--porcelain", "--", "evolearn")
    return git("rev-parse", "--short", "HEAD") + ("+changes" if changed else "")


def run_suite(args):
    """Run what is missing in --out, one table after another."""
    from suite_reader import datasets

    names = args.names.split(",") if args.names else list(datasets(args.suite))
    done = {key(row) for row in read_rows(args.out)}
    for name in names:
        settings = {
            "name": name,
            "split": args.split,
            "budget": args.budget,
            "n_jobs": args.n_jobs,
        }
        if key(settings) in done:
            continue
        row = {**settings, "commit": commit(), **run_apart(args, name, "evolearn")}
        boosting = run_apart(args, name, "boosting")
        row |= {
            "boosting_error": boosting.get("error"),
            "boosting_fit_s": boosting.get("fit_s"),
        }
        with args.out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(describe(row), flush=True)


# -- the table ------------------------------------------------------------------------------


def key(row):
    return row["name"], row["split"], row["budget"], row["n_jobs"]


def read_rows(path):
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def ratio(row):
    """Return the error relative to that of boosting, or None of a failure."""
    if not row["ok"] or row["boosting_error"] is None:
        return None
    floor = FLOOR[row["task"]]
    return max(row["error"], floor) / max(row["boosting_error"], floor)


HEADER = (
    f"{'table':20s}{'split':>6s}{'error':>11s}{'boosting':>11s}{'ratio':>7s}{'over s':>8s}"
    f"{'evals':>7s}{'failed':>7s}{'MB':>7s}{'pred s':>8s}  stopped by, best"
)


def describe(row):
    """Return a run as a line of the table."""
    start = f"{row['name']:20s}{row['split']:6d}"
    if not row["ok"]:
        return f"{start}  FAILED: {row['note']}"
    relative = ratio(row)
    boosting = f"{row['boosting_error']:11.5g}{relative:7.3f}" if relative else f"{'-':>18s}"
    return (
        f"{start}{row['error']:11.5g}{boosting}{row['over_s']:8.2f}{row['evaluations']:7d}"
        f"{row['failures']:7d}{row['peak_mb']:7d}{row['predict_s']:8.3f}"
        f"  {row['stop_reason']}, {row['best']}"
    )


def print_table(rows):
    print(HEADER)
    for row in rows:
        print(describe(row))
    fitted = [row for row in rows if row["ok"]]
    relative = [r for r in map(ratio, rows) if r is not None]
    if not relative:
        return
    mean = math.exp(statistics.fmean(map(math.log, relative)))
    print(
        f"\n{len(rows)} runs, {len(rows) - len(fitted)} failed; error over that of default "
        f"boosted trees: geometric mean {mean:.3f}, lower on {sum(r < 1 for r in relative)} of "
        f"{len(rows)}\nworst overrun {max(row['over_s'] for row in fitted):.2f} s, most memory "
        f"{max(row['peak_mb'] for row in fitted)} MB, commits "
        f"{', '.join(sorted({row['commit'] for row in rows}))}"
    )


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("suite", type=Path, help="folder with suite.json and the tables")
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, appended to")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds for each fit")
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--split", type=int, default=0)
    parser.add_argument("--names", default="", help="tables, separated by commas; default all")
    parser.add_argument("--table", action="store_true", help="only print what is in --out")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--system", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    args = arguments()
    if args.one:
        run_here(args)
        return
    if not args.table:
        run_suite(args)
    rows = read_rows(args.out)
    if not args.table:
        rows = [r for r in rows if key(r)[1:] == (args.split, args.budget, args.n_jobs)]
    print_table(rows)


if __name__ == "__main__":
    main()
