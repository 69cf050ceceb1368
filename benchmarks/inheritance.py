"""What it is worth that networks start from the weights of their parents.

    python benchmarks/inheritance.py SUITE_FOLDER --out inheritance.jsonl
    python benchmarks/inheritance.py SUITE_FOLDER --out inheritance.jsonl --table

Searches over networks alone, with and without inheritance, same seconds, same folds. An epoch
is one look at all training rows: what candidates took, folds that were not run left out, and
where the weights of a parent had to be trained again, those epochs too. The table says after
which share of the epochs a search with inheritance has the error that the one without ends
with, and what the errors are at the end, in cross-validation and on unseen rows.
"""

import argparse
import json
import math
import time
import warnings
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import numpy as np
from ratios import geometric_mean
from sklearn.metrics import log_loss, root_mean_squared_error
from suite_reader import read_split

import evolearn.estimators.outcome as outcome
from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, SearchSpace
from evolearn.evolution import evolution
from evolearn.networks.training import HEIR_EPOCHS
from evolearn.search import SearchRun

NETWORK = "multi_layer_perceptron"
TABLES = "kin8nm,phoneme,concrete,vehicle,california_housing,bike_sharing"
WITHOUT = "without"


def epochs_of(genome):
    """Return the epochs that a fit which starts where its parent stood takes."""
    epochs = dict(genome["estimator"].values)["max_iter"]
    return epochs if genome.parent is None else max(1, round(HEIR_EPOCHS * epochs))


def curve(records):
    """Return the epochs spent and the best error so far, after each candidate."""
    spent, best, points = 0.0, math.inf, []
    for record in records:
        genome, evaluation = record.candidate.genome, record.evaluation
        trained = genome.line if evaluation.retrained else (genome,)
        share = len(evaluation.fit_seconds) / max(len(evaluation.scores), 1)
        spent += share * sum(epochs_of(one) for one in trained)
        best = min(best, math.inf if evaluation.error is None else evaluation.error)
        points.append((spent, best))
    return points


def search(split, seed, args, replaced=(), **settings):
    """Search among networks, parts of evolearn replaced; return seconds, run and test error."""
    rows = np.random.default_rng(seed).permutation(len(split.X_train))[: args.rows]
    regression = split.task == "regression"
    task = "regression" if regression else "classification"
    kind = EvolutionaryRegressor if regression else EvolutionaryClassifier
    runs = []

    class Watched(SearchRun):
        def finish(self):
            runs.append(self)
            super().finish()

    fixed = {"n_iter_no_change": None, "cv": args.folds, "n_jobs": 1, "final_model": "single"}
    space = SearchSpace.default(task).only(NETWORK).without("constructed")
    model = kind(
        **fixed, time_budget=args.budget, random_state=seed, search_space=space, **settings
    )
    with ExitStack() as stack:
        for owner, name, value in [(outcome, "SearchRun", Watched), *replaced]:
            stack.enter_context(mock.patch.object(owner, name, value))
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        start = time.monotonic()
        model.fit(split.X_train.iloc[rows], split.y_train.iloc[rows])
        seconds = time.monotonic() - start
    if regression:
        error = root_mean_squared_error(split.y_test, model.predict(split.X_test))
    else:
        answers = model.predict_proba(split.X_test)
        error = log_loss(split.y_test, answers, labels=model.classes_)
    return seconds, runs[0], error


def measure(suite, name, seed, inheritance, args):
    """Return what one search did."""
    replaced = [(evolution, "INHERITANCE", inheritance)]
    seconds, run, error = search(read_split(suite, name, 0), seed, args, replaced)
    evaluations = [record.evaluation for record in run.records]
    heirs = [r for r in run.records if r.candidate.genome.parent is not None]
    return {
        "seconds": round(seconds, 2),
        "curve": curve(run.records),
        "test_error": error,
        "n_candidates": len(evaluations),
        "n_heirs": len(heirs),
        "n_retrained": sum(e.retrained for e in evaluations),
        "fit_seconds": round(sum(sum(e.fit_seconds) for e in evaluations), 2),
        "best_line": len(run.library.best.candidate.genome.line),
    }


def reached(points, error):
    """Return the epochs after which an error was reached, infinitely many if it never was."""
    return next((spent for spent, best in points if best <= error), math.inf)


def print_table(rows):
    """Print the ratios of each table, and their geometric means."""
    cells = {}
    for row in rows:
        cells.setdefault((row["name"], row["seed"]), {})[row["system"]] = row
    systems = list(dict.fromkeys(r["system"] for r in rows if r["system"] != WITHOUT))
    for system in systems:
        both = {k: c for k, c in cells.items() if WITHOUT in c and system in c}
        print(
            f"\n{system}\n{'table':20s}{'seeds':>6s}{'epochs':>8s}{'missed':>7s}{'cv':>8s}"
            f"{'test':>8s}{'candidates':>12s}{'heirs':>7s}{'retrained':>10s}"
        )
        logs = {"epochs": {}, "cv": {}, "test": {}}
        for name in dict.fromkeys(name for name, _ in both):
            mine = [cell for (table, _), cell in both.items() if table == name]
            ratios = {"epochs": [], "cv": [], "test": []}
            missed = 0
            for cell in mine:
                base, other = cell[WITHOUT]["curve"], cell[system]["curve"]
                needed, took = reached(base, base[-1][1]), reached(other, base[-1][1])
                missed += math.isinf(took)
                # One that never came there took all it had, at the least.
                ratios["epochs"].append(math.log(min(took, other[-1][0]) / needed))
                ratios["cv"].append(math.log(other[-1][1] / base[-1][1]))
                errors = [cell[one]["test_error"] for one in (system, WITHOUT)]
                ratios["test"].append(math.log(errors[0] / errors[1]))
            for what, values in ratios.items():
                logs[what][name] = values
            counts = [
                np.mean([cell[system][what] for cell in mine])
                for what in ("n_candidates", "n_heirs", "n_retrained")
            ]
            means = {what: math.exp(np.mean(values)) for what, values in ratios.items()}
            before = np.mean([cell[WITHOUT]["n_candidates"] for cell in mine])
            print(
                f"{name:20s}{len(mine):6d}{means['epochs']:8.2f}{missed:7d}{means['cv']:8.3f}"
                f"{means['test']:8.3f}{f'{before:.0f}-{counts[0]:.0f}':>12s}{counts[1]:7.0f}"
                f"{counts[2]:10.0f}"
            )
        means = {what: geometric_mean(of) for what, of in logs.items()}
        print(
            f"{'geometric mean':33s}{means['epochs']:8.2f}{'':7s}{means['cv']:8.3f}"
            f"{means['test']:8.3f}".replace("geometric mean ", "geometric mean", 1)
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("suite", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, appended to")
    parser.add_argument("--names", default=TABLES)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--shares", default="0.5", help="of children that inherit if they can")
    parser.add_argument("--budget", type=float, default=60.0, help="seconds per search")
    parser.add_argument("--rows", type=int, default=1_000, help="training rows at most")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--tag", default="", help="set apart what else was changed")
    parser.add_argument("--table", action="store_true", help="only print what is in --out")
    args = parser.parse_args()
    rows = []
    if args.out.exists():
        rows = [json.loads(line) for line in args.out.read_text().splitlines()]
    if not args.table:
        done = {(row["system"], row["name"], row["seed"]) for row in rows}
        systems = {WITHOUT: 0.0}
        systems |= {f"share {s}{args.tag}": float(s) for s in args.shares.split(",")}
        for seed in map(int, args.seeds.split(",")):
            for name in args.names.split(","):
                for system, share in systems.items():
                    if (system, name, seed) in done:
                        continue
                    found = measure(args.suite, name, seed, share, args)
                    row = {"system": system, "name": name, "seed": seed, **found}
                    rows.append(row)
                    with args.out.open("a") as file:
                        file.write(json.dumps(row) + "\n")
                    print(
                        f"{system:12s} {name:20s} {seed} {row['seconds']:6.1f} s "
                        f"{row['n_candidates']:4d} candidates, {row['n_heirs']} heirs, "
                        f"cv {row['curve'][-1][1]:.5g}, test {row['test_error']:.5g}",
                        flush=True,
                    )
    print_table(rows)


if __name__ == "__main__":
    main()
