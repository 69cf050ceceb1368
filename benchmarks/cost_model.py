"""Measure the expected seconds of a fit of every component of the default catalogue.

    python benchmarks/cost_model.py [--out costs.jsonl] [--names ridge,extra_trees]

Fits each component, as it is without mutation, on generated tables of growing size in one
thread, and fits a power law to the seconds: what `Cost` in evolearn/models/catalogue holds.
Prints the measured law beside the one in the catalogue. Resumes from --out; a fit that takes
longer than 8 seconds ends a component's growth.
"""

import argparse
import json
import os
import time
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from sklearn.datasets import make_classification, make_regression

from evolearn import SearchSpace
from evolearn.data import prepare_table
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.problem import Problem

ROWS, COLUMNS, CLASSES = (500, 2000, 8000), (5, 25, 100), (2, 8)
LONGEST = 8.0


def table(task, n_rows, n_columns, n_classes):
    informative = max(2, min(n_columns - 1, 10))
    if task == "regression":
        X, y = make_regression(
            n_rows, n_columns, n_informative=informative, noise=10.0, random_state=0
        )
        return X, np.tanh(y / 100) + 0.1 * np.random.default_rng(0).normal(size=n_rows)
    return make_classification(
        n_rows,
        n_columns,
        n_informative=max(informative, 4),
        n_redundant=0,
        n_classes=n_classes,
        n_clusters_per_class=1,
        flip_y=0.1,
        random_state=0,
    )


def seconds_of_fit(task, name, n_rows, n_columns, n_classes):
    X, y = table(task, n_rows, n_columns, n_classes)
    problem = Problem(
        task,
        prepare_table(X).schema,
        n_classes=n_classes,
        smallest_class=n_rows // max(2 * n_classes, 1),
        positive_target=True,
    )
    space = SearchSpace.default(task)
    model = build_pipeline(space.genome({"estimator": name}), space, problem, seed=0)
    best = float("inf")
    for _ in range(2):
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(X, y)
            model.predict(X[: n_rows // 4])
        best = min(best, time.perf_counter() - start)
        if best > 0.5:
            break
    return best


def measure(out, names):
    done = {}
    if out.exists():
        for line in out.read_text().splitlines():
            row = json.loads(line)
            done[row["task"], row["name"], row["rows"], row["columns"], row["classes"]] = row
    for task in ("regression", "classification"):
        for name in SearchSpace.default(task).names:
            if names and name not in names:
                continue
            for n_classes in CLASSES if task == "classification" else (0,):
                for n_columns in COLUMNS:
                    for n_rows in ROWS:
                        key = (task, name, n_rows, n_columns, n_classes)
                        if key not in done:
                            try:
                                seconds = seconds_of_fit(*key)
                            except ValueError as error:  # too few rows for its columns
                                print(*key, error)
                                continue
                            fields = ("task", "name", "rows", "columns", "classes")
                            row = dict(zip(fields, key, strict=True)) | {"seconds": seconds}
                            with out.open("a") as file:
                                file.write(json.dumps(row) + "\n")
                            done[key] = row
                        # The next step is four times the rows: stop where that is too long.
                        if done[key]["seconds"] * 4 > LONGEST:
                            break
    return done


def law(rows):
    """Least squares of the logarithms, the largest tables counting most."""
    seconds = np.array([row["seconds"] for row in rows])
    features = [
        np.ones(len(rows)),
        np.log([row["rows"] / 1000 for row in rows]),
        np.log([row["columns"] / 10 for row in rows]),
    ]
    outputs = [row["classes"] if row["classes"] > 2 else 1 for row in rows]
    if len(set(outputs)) > 1:
        features.append(np.log(outputs))
    weight = np.sqrt(np.clip(seconds, 1e-3, None))
    A = np.column_stack(features) * weight[:, None]
    solution, *_ = np.linalg.lstsq(A, np.log(seconds) * weight, rcond=None)
    return [float(np.exp(solution[0])), *map(float, solution[1:])]


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", default="costs.jsonl")
    parser.add_argument("--names", default="")
    options = parser.parse_args()
    done = measure(Path(options.out), [n for n in options.names.split(",") if n])
    print(f"{'task':15s}{'component':34s}{'measured':38s}catalogue")
    for task in ("regression", "classification"):
        for name in SearchSpace.default(task).names:
            rows = [row for key, row in done.items() if key[:2] == (task, name)]
            if len(rows) > 4:
                found = ", ".join(f"{value:.3g}" for value in law(rows))
                print(f"{task:15s}{name:34s}{found:38s}{SearchSpace.default(task)[name].cost}")


main()
