"""What single parameters of networks are worth beside the default network.

    python benchmarks/network_genes.py SUITE_FOLDER --out network_genes.jsonl
    python benchmarks/network_genes.py SUITE_FOLDER --out network_genes.jsonl --table
    python benchmarks/network_genes.py SUITE_FOLDER --out encoders.jsonl --encoders

Cross-validated, with the same folds and seeds: the error with one parameter changed over that
of the default network, and the seconds of its fits likewise. With --encoders: with another
encoding of categories than one-hot, on tables that have some, a fifth of the rows held out.
"""

import argparse
import math
import time
from dataclasses import replace
from itertools import product

import numpy as np
from among_networks import NETWORK, OneProcess, add_arguments, networks_alone, plan_of
from ratios import geometric_mean
from resumed import resumed
from sklearn.model_selection import ShuffleSplit
from suite_reader import read_split
from threadpoolctl import threadpool_limits

from evolearn import SearchSpace
from evolearn.evaluation.tasks import EvaluationTask

TABLES = "kin8nm,phoneme,concrete,vehicle,california_housing,bike_sharing,abalone,credit_g"
GENES = {
    "default": {},
    "100 epochs": {"max_iter": 100},
    "slower": {"learning_rate_init": 2e-3},
    "dropout": {"dropout": 0.1},
}
ENCODED = "splice,soybean,eucalyptus,credit_g,titanic,bank_marketing,adult"
ENCODERS = {
    "default": {},
    "target_mean": {"encoder": "target_mean"},
    "embedded": {"encoder": "embedded"},
}


def measure(split, values, args, seed):
    """Return error and seconds of the default network with some values changed."""
    space, slots = networks_alone(split), {}
    if args.encoders:
        values, slots = {}, values
    component = space[NETWORK]
    changed = replace(
        component,
        estimator=component.prototype().set_params(**values),
        parameters={k: v for k, v in component.parameters.items() if k not in values},
    )
    space = SearchSpace([changed], space.preparation)
    folds = ShuffleSplit(1, test_size=0.2, random_state=seed) if args.encoders else args.folds
    plan = plan_of(split, space, args.rows, folds, seed)
    genome = plan.space.genome({"estimator": NETWORK, **slots})
    with threadpool_limits(1):
        start = time.process_time()
        evaluation = plan.evaluator(OneProcess())(EvaluationTask(genome))
        return {"error": evaluation.error, "seconds": time.process_time() - start}


def print_table(rows, genes):
    """Print the ratios of errors and of seconds to those of the default network."""
    cells = {}
    for row in rows:
        cells.setdefault((row["name"], row["seed"]), {})[row["gene"]] = row
    print(f"{'':20s}{'error':>8s}{'better on':>12s}{'seconds':>9s}")
    for gene in genes:
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
        ratios = {name: math.exp(np.mean(values)) for name, values in logs["error"].items()}
        print(" " * 4 + ", ".join(f"{name} {ratio:.3f}" for name, ratio in ratios.items()))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_arguments(parser, None, rows=1_000)
    parser.add_argument("--encoders", action="store_true")
    args = parser.parse_args()
    genes, names = (ENCODERS, ENCODED) if args.encoders else (GENES, TABLES)
    cells = (
        {"gene": gene, "name": name, "seed": seed}
        for seed, name, gene in product(args.seeds, (args.names or names).split(","), genes)
    )

    def measured(gene, name, seed):
        return measure(read_split(args.suite, name, 0), genes[gene], args, seed)

    print_table(resumed(args, cells, measured), genes)


if __name__ == "__main__":
    main()
