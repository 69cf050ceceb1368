"""Fit large tables: the time over budget, the error, and the memory it takes.

    python benchmarks/size.py --out size.jsonl
    python benchmarks/size.py --out size.jsonl --names long,wide --budget 120
    python benchmarks/size.py --out size.jsonl --table

The tables are drawn from a generator, each in a fresh process; the error is on rows that were
not fitted on, beside that of scikit-learn's histogram gradient boosting with default settings.
Memory is the sum of the proportional set sizes of the process and its workers, sampled from
outside, less what they hold when they idle after a first small fit, before there is a table; it
is given as a multiple of the bytes of X and y, which the caller holds all the time. Appends a
JSON line per table to --out; tables that are there already are not repeated. Linux only.
"""

import argparse
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
from apart import memory, process_tree
from suite import commit, read_rows

SAMPLE_SECONDS = 0.1
IDLE_SECONDS = 3.0
TEST_ROWS = 100_000


def signal_of(numbers, rng):
    """Return a target that is neither linear nor additive, with noise, of numeric columns."""
    a, b, c, d, e = numbers.T[:5]
    signal = np.sin(2 * a) + b * c + np.maximum(d, 0) * e + 0.5 * (a > 1)
    return signal + rng.normal(0, 0.3, len(signal))


def long_table(n_rows, rng):
    """Return a million rows, 30 columns of numbers."""
    X = rng.normal(size=(n_rows, 30))
    return X, signal_of(X, rng)


def wide_table(n_rows, rng):
    """Return 2,000 columns of numbers, of which 45 matter, in two classes."""
    X = rng.normal(size=(n_rows, 2_000))
    score = signal_of(X, rng) + X[:, 5:45].sum(axis=1) / 6
    return X, (score > 0).astype(int)


def mixed_table(n_rows, rng):
    """Return 30 columns of numbers and 20 of strings, with 5 to 5,000 different ones."""
    numbers = rng.normal(size=(n_rows, 30))
    table = pd.DataFrame(numbers, columns=[f"number{i}" for i in range(30)])
    y = signal_of(numbers, rng)
    for i, levels in enumerate(np.geomspace(5, 5_000, 20).astype(int)):
        codes = rng.integers(levels, size=n_rows)
        table[f"text{i}"] = np.array([f"level {code}" for code in range(levels)], object)[codes]
        y = y + 0.3 * np.sin(np.arange(levels))[codes]
    return table, y


TABLES = {
    "long": (long_table, 1_000_000, "EvolutionaryRegressor"),
    "wide": (wide_table, 20_000, "EvolutionaryClassifier"),
    "mixed": (mixed_table, 200_000, "EvolutionaryRegressor"),
}


def size_of(X, y):
    """Return the bytes of a table and its target."""
    held = X.memory_usage(deep=True).sum() if isinstance(X, pd.DataFrame) else X.nbytes
    return int(held) + y.nbytes


def say(**told):
    print(json.dumps(told), flush=True)


def run_here(name, budget, n_jobs):
    """Fit one table, telling each phase on standard output."""
    import evolearn

    make, n_rows, kind = TABLES[name]
    small = np.random.default_rng(0).normal(size=(60, 2))
    settings = {"time_budget": None, "n_evaluations": 2, "search_space": ["decision_tree"]}
    target = (small[:, 0] > 0).astype(int)
    getattr(evolearn, kind)(**settings, n_jobs=n_jobs, random_state=0).fit(small, target)
    say(phase="idle")
    time.sleep(IDLE_SECONDS)
    say(phase="table")
    rng = np.random.default_rng(0)
    X, y = make(n_rows, rng)
    say(phase="fit", bytes=size_of(X, y))
    model = getattr(evolearn, kind)(time_budget=budget, n_jobs=n_jobs, random_state=0)
    start = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - start
    say(phase="predict", fit_s=seconds, over_s=seconds - budget)
    start = time.perf_counter()
    model.predict(X)
    seconds = time.perf_counter() - start
    say(phase="compare", predict_s=seconds)
    X_test, y_test = make(TEST_ROWS if name != "wide" else 5_000, rng)
    say(
        error=error_of(model, X_test, y_test),
        boosting_error=error_of(boosting(X, y, kind), as_numbers(X_test), y_test),
        evaluations=int(model.n_evaluations_),
        failures=sum(bool(reason) for reason in model.cv_results_["failure"]),
        members=len(getattr(model.estimator_, "members", [0])),
        best=model.best_params_["estimator"],
    )


def as_numbers(X):
    if not isinstance(X, pd.DataFrame):
        return X
    return X.apply(lambda c: c if c.dtype.kind == "f" else c.str.slice(6).astype(float))


def boosting(X, y, kind):
    """Return default boosted trees; categories are their numbers, for they are too many."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    classify = kind == "EvolutionaryClassifier"
    boosted = HistGradientBoostingClassifier if classify else HistGradientBoostingRegressor
    return boosted(random_state=0).fit(as_numbers(X), y)


def error_of(model, X, y):
    """Return the log loss of classifiers, the root mean squared error of regressors."""
    from sklearn.metrics import log_loss, root_mean_squared_error

    if hasattr(model, "predict_proba"):
        return float(log_loss(y, model.predict_proba(X)))
    return float(root_mean_squared_error(y, model.predict(X)))


def run_apart(name, budget, n_jobs):
    """Run a table in a fresh process, sampling its memory phase by phase."""
    command = [
        sys.executable, __file__, "--out", "none", "--one", name,
        "--budget", str(budget), "--n-jobs", str(n_jobs),
    ]  # fmt: skip
    told, peaks = {"phase": "start"}, {}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def listen():
        for line in process.stdout:
            told.update(json.loads(line))

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    while process.poll() is None:
        phase = told["phase"]
        held = memory(process_tree(process.pid))
        peaks[phase] = max(peaks.get(phase, 0.0), held)
        time.sleep(SAMPLE_SECONDS)
    listener.join()
    if process.returncode:
        raise SystemExit(f"{name} failed with exit code {process.returncode}")
    told.pop("phase")
    table = told["bytes"] / 2**20
    for phase in ("fit", "predict"):
        told[f"{phase}_peak"] = (peaks[phase] - peaks["idle"]) / table
    return {"name": name, "budget": budget, "table_mb": table, **told, "commit": commit()}


HEADER = (
    f"{'table':8s}{'MB':>7s}{'over s':>8s}{'error':>9s}{'boosting':>10s}{'evals':>7s}"
    f"{'failed':>7s}{'models':>7s}{'fit, x MB':>11s}{'predict, x MB':>15s}{'predict s':>11s}"
    "  best"
)


def describe(row):
    return (
        f"{row['name']:8s}{row['table_mb']:7.0f}{row['over_s']:8.2f}{row['error']:9.4f}"
        f"{row['boosting_error']:10.4f}{row['evaluations']:7d}{row['failures']:7d}"
        f"{row['members']:7d}{row['fit_peak']:11.2f}{row['predict_peak']:15.2f}"
        f"{row['predict_s']:11.1f}  {row['best']}"
    )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--names", default=",".join(TABLES))
    parser.add_argument("--budget", type=float, default=120.0)
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--table", action="store_true", help="only print what is in --out")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        run_here(args.one, args.budget, args.n_jobs)
        return
    print(HEADER)
    done = {row["name"]: row for row in read_rows(args.out)}
    for name in args.names.split(","):
        if name not in done and not args.table:
            done[name] = run_apart(name, args.budget, args.n_jobs)
            with args.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(done[name]) + "\n")
        if name in done:
            print(describe(done[name]), flush=True)


if __name__ == "__main__":
    main()
