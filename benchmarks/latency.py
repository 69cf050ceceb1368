"""Seconds of predictions, and bytes, of fitted models; the same models with two trees.

    python benchmarks/latency.py fit SUITE_FOLDER --models FOLDER --budget 10
    PYTHONPATH=BEFORE python benchmarks/latency.py measure SUITE_FOLDER --models FOLDER \
        --out latency.jsonl --label before
    PYTHONPATH=AFTER python benchmarks/latency.py measure SUITE_FOLDER --models FOLDER \
        --out latency.jsonl --label after
    python benchmarks/latency.py table --out latency.jsonl --labels before,after

`fit` stores a pickle of each table's model. `measure` loads it with the tree on the path, and
appends a line per table: milliseconds to predict 1, 100 and 10,000 rows of a pandas frame, the
bytes of the model, and the sum and a digest of the predictions. Tables that have a line of this
label are skipped. Of several calls the lowest time counts: other processes only add to it.
`--time cpu_` compares the seconds of the processor, which depend less on them.
"""

import argparse
import hashlib
import json
import pickle
import time
import warnings
from pathlib import Path

import numpy as np
from suite_reader import datasets, read_split

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor

ROWS = (1, 100, 10_000)
# Calls for each number of rows.
CALLS = (15, 9, 3)
SCORING = {
    "binary": "roc_auc",
    "multiclass": "neg_log_loss",
    "regression": "neg_root_mean_squared_error",
}


def fit(args):
    """Fit and store the model of each table that has none yet."""
    folder = Path(args.models)
    folder.mkdir(parents=True, exist_ok=True)
    for name in chosen(args):
        path = folder / f"{name}.pkl"
        if path.exists():
            continue
        data = read_split(Path(args.suite), name, 0)
        is_number = data.task == "regression"
        estimator = EvolutionaryRegressor if is_number else EvolutionaryClassifier
        model = estimator(
            time_budget=args.budget,
            n_jobs=args.n_jobs,
            random_state=0,
            scoring=SCORING[data.task],
            verbose=0,
        ).fit(data.X_train, data.y_train)
        path.write_bytes(pickle.dumps(model))
        print(name, path.stat().st_size, flush=True)


def measure(args):
    """Measure the stored model of each table that has no line of this label yet."""
    out = Path(args.out)
    done = {(row["label"], row["name"]) for row in lines(out)}
    for name in chosen(args):
        path = Path(args.models) / f"{name}.pkl"
        if (args.label, name) in done or not path.exists():
            continue
        data = read_split(Path(args.suite), name, 0)
        model = pickle.loads(path.read_bytes())
        row = {"label": args.label, "name": name, **measured(model, data.X_test)}
        with out.open("a") as file:
            print(json.dumps(row), file=file)
        print(row, flush=True)


def measured(model, X):
    """Return times, bytes and a digest of the predictions of one model."""
    predict = getattr(model, "predict_proba", None) or model.predict
    row = {"bytes": len(pickle.dumps(model.estimator_))}
    digest = hashlib.sha256()
    for n_rows, n_calls in zip(ROWS, CALLS, strict=True):
        table = X.iloc[np.resize(np.arange(len(X)), n_rows)].reset_index(drop=True)
        predictions = predict(table)
        digest.update(np.ascontiguousarray(predictions).tobytes())
        seconds, cpu_seconds = [], []
        for _ in range(n_calls):
            start, cpu_start = time.perf_counter(), time.process_time()
            predict(table)
            cpu_seconds.append(time.process_time() - cpu_start)
            seconds.append(time.perf_counter() - start)
        row[f"ms_{n_rows}"] = 1000 * min(seconds)
        row[f"cpu_ms_{n_rows}"] = 1000 * min(cpu_seconds)
        row[f"median_ms_{n_rows}"] = 1000 * float(np.median(seconds))
    return row | {"sum": float(np.sum(predictions)), "digest": digest.hexdigest()[:16]}


def table(args):
    """Print the times of two labels side by side, with their ratios."""
    rows = {(row["label"], row["name"]): row for row in lines(Path(args.out))}
    before, after = args.labels.split(",")
    paired = [n for label, n in rows if label == before and (after, n) in rows]
    columns = [*(f"{args.time}ms_{n}" for n in ROWS), "bytes"]
    ratios = []
    for name in paired:
        one, other = rows[before, name], rows[after, name]
        ratios.append([other[column] / one[column] for column in columns])
        same = "equal" if one["digest"] == other["digest"] else "differs"
        cells = (f"{one[c]:12.1f} {other[c]:12.1f} {other[c] / one[c]:5.2f}" for c in columns)
        print(f"{name:20s}", *cells, same)
    means = np.exp(np.mean(np.log(ratios), axis=0))
    print(
        "geometric mean      ", *(f"{c} {m:.3f}" for c, m in zip(columns, means, strict=True))
    )
    for label in (before, after):
        slowest = [max(rows[label, name][column] for name in paired) for column in columns]
        print(f"largest, {label}:", *(f"{v:.1f}" for v in slowest))


def lines(path):
    """Return the lines that were written."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def chosen(args):
    """Return the names of the tables that were asked for."""
    return args.names.split(",") if args.names else [*datasets(Path(args.suite))]


def main():
    """Run a command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    for command in (fit, measure, table):
        sub = commands.add_parser(command.__name__)
        sub.set_defaults(run=command)
        if command is not table:
            sub.add_argument("suite")
            sub.add_argument("--models", required=True)
            sub.add_argument("--names")
        if command is not fit:
            sub.add_argument("--out", required=True)
    commands.choices["fit"].add_argument("--budget", type=float, default=10.0)
    commands.choices["fit"].add_argument("--n-jobs", type=int, default=1)
    commands.choices["measure"].add_argument("--label", required=True)
    commands.choices["table"].add_argument("--labels", required=True)
    commands.choices["table"].add_argument(
        "--time", choices=["", "cpu_", "median_"], default=""
    )
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    args.run(args)


if __name__ == "__main__":
    main()
