"""What single parameters of networks are worth beside the default network.

    python benchmarks/network_genes.py SUITE_FOLDER --out network_genes.jsonl
    python benchmarks/network_genes.py SUITE_FOLDER --out network_genes.jsonl --table

Cross-validated, with the same folds and seeds: the error with one parameter changed over that
of the default network, and the seconds of its fits likewise.
"""

import argparse
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
from inheritance import NETWORK
from ratios import geometric_mean
from suite_reader import read_split

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, SearchSpace
from evolearn.estimators.data import read_data
from evolearn.estimators.plan import choose_effort, make_plan
from evolearn.evaluation.tasks import EvaluationTask

TABLES = "kin8nm,phoneme,concrete,vehicle,california_housing,bike_sharing,abalone,credit_g"
GENES = {
    "default": {},
    "skip": {"skip": True},
    "linear": {"schedule": "linear"},
    "constant": {"schedule": "constant"},
    "constant, slower": {"schedule": "constant", "learning_rate_init": 2e-3},
    "sgd 0.01": {"solver": "sgd", "learning_rate_init": 0.01},
    "sgd 0.03": {"solver": "sgd", "learning_rate_init": 0.03},
    "sgd 0.1": {"solver": "sgd", "learning_rate_init": 0.1},
    "early stopping": {"early_stopping": True},
    "early, 100 epochs": {"early_stopping": True, "max_iter": 100},
    "100 epochs": {"max_iter": 100},
}


class OneProcess:
    """Stands for a pool: networks are evaluated right here."""

    scratch = None


def measure(split, values, args, seed):
    """Return error and seconds of the default network with some values changed."""
    rows = np.random.default_rng(seed).permutation(len(split.X_train))[: args.rows]
    regression = split.task == "regression"
    task = "regression" if regression else "classification"
    space = SearchSpace.default(task).only(NETWORK).without("constructed")
    component = space[NETWORK]
    parameters = {k: v for k, v in component.parameters.items() if k not in values}
    changed = replace(
        component,
        estimator=component.prototype().set_params(**values),
        parameters=parameters,
    )
    kind = EvolutionaryRegressor if regression else EvolutionaryClassifier
    space = SearchSpace([changed], space.preparation)
    estimator = kind(time_budget=None, cv=args.folds, random_state=seed, search_space=space)
    X, y = split.X_train.iloc[rows], split.y_train.iloc[rows]
    data = read_data(estimator, X, y, None, None, task)
    plan = make_plan(estimator, data, choose_effort(estimator, data))
    genome = plan.space.genome({"estimator": NETWORK})
    evaluation = plan.evaluator(OneProcess())(EvaluationTask(genome))
    return evaluation.error, sum(evaluation.fit_seconds)


def print_table(rows):
    """Print the ratios of errors and of seconds to those of the default network."""
    cells = {}
    for row in rows:
        cells.setdefault((row["name"], row["seed"]), {})[row["gene"]] = row
    print(f"{'':20s}{'error':>8s}{'better on':>12s}{'seconds':>9s}")
    for gene in GENES:
        logs = {"error": {}, "seconds": {}}
        for (name, _), cell in cells.items():
            if gene in cell and "default" in cell:
                for what, of in logs.items():
                    ratio = cell[gene][what] / cell["default"][what]
                    of.setdefault(name, []).append(math.log(ratio))
        if not logs["error"]:
            continue
        better = sum(np.mean(values) < 0 for values in logs["error"].values())
        of_tables = f"{better} of {len(logs['error'])}"
        print(
            f"{gene:20s}{geometric_mean(logs['error']):8.3f}"
            f"{of_tables:>12s}{geometric_mean(logs['seconds']):9.2f}"
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("suite", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="JSON lines, appended to")
    parser.add_argument("--names", default=TABLES)
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--rows", type=int, default=1_000, help="training rows at most")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--table", action="store_true", help="only print what is in --out")
    args = parser.parse_args()
    rows = []
    if args.out.exists():
        rows = [json.loads(line) for line in args.out.read_text().splitlines()]
    if not args.table:
        done = {(row["gene"], row["name"], row["seed"]) for row in rows}
        for seed in map(int, args.seeds.split(",")):
            for name in args.names.split(","):
                split = read_split(args.suite, name, 0)
                for gene, values in GENES.items():
                    if (gene, name, seed) in done:
                        continue
                    error, seconds = measure(split, values, args, seed)
                    row = {"gene": gene, "name": name, "seed": seed}
                    rows.append({**row, "error": error, "seconds": seconds})
                    with args.out.open("a") as file:
                        file.write(json.dumps(rows[-1]) + "\n")
    print_table(rows)


if __name__ == "__main__":
    main()
