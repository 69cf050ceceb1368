"""Measure the memory that a fit of each component takes, beside what the catalogue expects.

    python benchmarks/footprint.py --rows 150000 --columns 30
    python benchmarks/footprint.py --rows 5000 --columns 2000 --names ridge,pca

Fits each estimator of the default space, and each preparation before the task's linear model,
as they are without mutation, each in a process of its own. Prints the peak of resident memory
above what was there before the fit, in copies of the training rows, beside the `Footprint` in
evolearn/models/catalogue (columns that it has not are left empty). Linux only.
"""

import argparse
import multiprocessing
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np

from evolearn import SearchSpace
from evolearn.cost import memory as frugality
from evolearn.cost.memory import with_frugal_strategy
from evolearn.data import prepare_table
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.problem import Problem

LINEAR = {"regression": "ridge", "classification": "logistic_regression"}
SLOW = ("gaussian_process", "support_vector_machine")  # left out of any large table by time
TREES = 20  # of forests: enough to see what one takes


def table(task, n_rows, n_columns):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, n_columns))
    y = np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + rng.normal(0, 0.3, n_rows)
    return X, (y if task == "regression" else (y > 0).astype(int))


def resident(field):
    """Return bytes of memory of this process, VmRSS now or VmHWM at the peak."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def measure(task, n_rows, n_columns, params):
    """Return the peak of a fit in copies of the rows, and what is expected of it."""
    warnings.simplefilter("ignore")
    X, y = table(task, n_rows, n_columns)
    schema = replace(prepare_table(X[:200]).schema, n_rows=n_rows)
    problem = Problem(
        task, schema, n_classes=2, smallest_class=n_rows // 3,
        training_rows=n_rows, row_bytes=8.0 * n_columns, memory=1e15,
    )  # fmt: skip
    space = SearchSpace.default(task)
    space = SearchSpace(
        space.estimators,
        {slot: [with_frugal_strategy(c, problem) for c in cs]
         for slot, cs in space.preparation.items()},
    )  # fmt: skip
    pipeline = build_pipeline(space.genome(params), space, problem, 0)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    pipeline.fit(X, y)
    return (resident("VmHWM") - before) / X.nbytes


def cases(task, names):
    """Yield what is measured: a label, flat parameters, and the component expected to pay."""
    space = SearchSpace.default(task)
    for component in space.estimators:
        if component.name in SLOW or (names and component.name not in names):
            continue
        params = {"estimator": component.name}
        if "forest" in component.name or "extra" in component.name:
            params[f"{component.name}__n_estimators"] = max(
                TREES, component.parameters["n_estimators"].low
            )
        if "boosting" in component.name:
            yield f"{component.name}, refit", params, component
            params = {**params, f"{component.name}__early_stopping": True}
        yield component.name, params, component
    for slot in ("scaler", "transformer", "selector"):
        for component in space.preparation[slot]:
            wanted = not names or component.name in names
            if component.estimator is not None and wanted and component.name != "truncated_svd":
                yield component.name, {"estimator": LINEAR[task], slot: component.name}, None


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--task", choices=list(LINEAR), default="regression")
    parser.add_argument("--rows", type=int, default=150_000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--names", default="")
    args = parser.parse_args()
    names = [name for name in args.names.split(",") if name]
    print(f"{'':32s}{'copies':>8s}{'expected':>10s}")
    for label, params, component in cases(args.task, names):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.apply(measure, (args.task, args.rows, args.columns, params))
        expected = "" if component is None else expected_copies(component, params, args, label)
        print(f"{label:32s}{found:8.2f}{expected:>10s}", flush=True)


def expected_copies(component, params, args, label):
    """Return what the footprint says of a component with these parameters."""
    schema = replace(
        prepare_table(np.random.default_rng(0).normal(size=(9, args.columns))).schema,
        n_rows=args.rows,
    )
    problem = Problem(
        args.task, schema, n_classes=2, training_rows=args.rows, row_bytes=8.0 * args.columns
    )
    footprint, domains = component.footprint, dict(component.parameters)
    for name in (*footprint.of_each, *footprint.of_column):  # up to what was measured
        value = params.get(f"{component.name}__{name}", domains[name].default)
        domains[name] = replace(domains[name], low=1, high=value, start=None)
    component = replace(component, parameters=domains)
    total = frugality.fit_bytes(component, problem) / (args.rows * problem.row_bytes) - 1
    if label.endswith("refit"):
        total -= footprint.copies - footprint.refit_copies
    return f"{total:.2f}"


if __name__ == "__main__":
    main()
