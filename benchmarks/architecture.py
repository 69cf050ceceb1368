"""What a search for an architecture is worth beside one that is fixed, and beside luck.

    python benchmarks/architecture.py SUITE_FOLDER --out architecture.jsonl
    python benchmarks/architecture.py SUITE_FOLDER --out architecture.jsonl --table

On each table, among networks alone and with the same seconds of the processor: evolution as it
is, random search over the same space (it begins with the default network), and the default
network alone, which needs but its own seconds. One single network each, the best in
cross-validation fitted on all training rows; errors are those on unseen rows: log loss, or root
mean squared error.
"""

import argparse
import math
from itertools import product

import numpy as np
from among_networks import NETWORK, add_search_arguments, search
from ratios import geometric_mean
from resumed import resumed
from suite_reader import read_split

from evolearn.policy import Policy

TABLES = (
    "kin8nm,phoneme,concrete,vehicle,california_housing,bike_sharing,abalone,credit_g,"
    "eucalyptus,mammography,protein,titanic"
)


def default_first(space):
    """Return the default network alone, in place of the portfolio."""
    return [space.genome({"estimator": NETWORK})]


#: Policy, first genomes, and largest number of candidates.
SYSTEMS = {
    "evolution": (Policy(), None, math.inf),
    "random": (Policy(evolution=False), default_first, math.inf),
    "default": (Policy(), default_first, 1),
}


def print_table(rows):
    """Print the errors, and in how many tables evolution has the lower one."""
    cells = {}
    for row in rows:
        cells.setdefault(row["name"], {}).setdefault(row["system"], {})[row["seed"]] = row
    print(f"{'table':20s}{'seeds':>6s}" + "".join(f"{system:>12s}" for system in SYSTEMS))
    logs = {system: {} for system in SYSTEMS if system != "evolution"}
    for name, cell in cells.items():
        if set(cell) != set(SYSTEMS):
            continue
        seeds = sorted(set.intersection(*(set(of) for of in cell.values())))
        errors = {s: [cell[s][seed]["test_error"] for seed in seeds] for s in SYSTEMS}
        means = [math.exp(np.mean(np.log(errors[s]))) for s in SYSTEMS]
        print(f"{name:20s}{len(seeds):6d}" + "".join(f"{mean:12.5g}" for mean in means))
        for system, of in logs.items():
            pairs = zip(errors["evolution"], errors[system], strict=True)
            of[name] = [math.log(mine / other) for mine, other in pairs]
    for system, of in logs.items():
        better = sum(np.mean(values) < 0 for values in of.values())
        print(f"evolution / {system}: {geometric_mean(of):.3f}, lower on {better} of {len(of)}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_search_arguments(parser, TABLES)
    args = parser.parse_args()
    cells = (
        {"system": system, "name": name, "seed": seed}
        for seed, name, system in product(args.seeds, args.names.split(","), SYSTEMS)
    )

    def measured(system, name, seed):
        found = search(read_split(args.suite, name, 0), seed, args, *SYSTEMS[system])
        return {
            "n_candidates": len(found.pairs),
            "cv_error": found.best.error,
            "test_error": found.test_error,
        }

    print_table(resumed(args, cells, measured))


if __name__ == "__main__":
    main()
