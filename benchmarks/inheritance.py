"""What it is worth that networks start from the weights of their parents.

    python benchmarks/inheritance.py SUITE_FOLDER --out inheritance.jsonl
    python benchmarks/inheritance.py SUITE_FOLDER --out inheritance.jsonl --table

Searches over networks alone, with and without inheritance, same seconds of the processor, same
folds. An epoch is one look at all training rows: what candidates took, folds that were not run
left out, and where the weights of a parent had to be trained again, those epochs too. The table
says after which share of the epochs a search with inheritance has the error that the one
without ends with, and what the errors are at the end, in cross-validation and on unseen rows.
"""

import argparse
import math
from itertools import product

import numpy as np
from among_networks import add_search_arguments, curve, search
from ratios import geometric_mean
from resumed import resumed
from suite_reader import read_split

from evolearn.policy import Policy

TABLES = "kin8nm,phoneme,concrete,vehicle,california_housing,bike_sharing"
WITHOUT = "without"


def measure(suite, name, seed, inheritance, args):
    """Return what one search did."""
    policy = Policy(weight_inheritance=inheritance)
    found = search(read_split(suite, name, 0), seed, args, policy)
    evaluations = [evaluation for _, evaluation in found.pairs]
    return {
        "curve": curve(found.pairs),
        "seconds": [round(s, 2) for s in found.seconds],
        "test_error": found.test_error,
        "n_candidates": len(evaluations),
        "n_heirs": sum(c.genome.parent is not None for c, _ in found.pairs),
        "n_retrained": sum(e.retrained for e in evaluations),
        "best_line": len(found.best.candidate.genome.lineage),
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
    add_search_arguments(parser, TABLES)
    parser.add_argument("--shares", default="0.8", help="of children that inherit if they can")
    parser.add_argument("--tag", default="", help="set apart what else was changed")
    args = parser.parse_args()
    shares = {WITHOUT: 0.0}
    shares |= {f"share {s}{args.tag}": float(s) for s in args.shares.split(",")}
    cells = (
        {"system": system, "name": name, "seed": seed}
        for seed, name, system in product(args.seeds, args.names.split(","), shares)
    )

    def measured(system, name, seed):
        return measure(args.suite, name, seed, shares[system], args)

    print_table(resumed(args, cells, measured))


if __name__ == "__main__":
    main()
