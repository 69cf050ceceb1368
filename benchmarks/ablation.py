"""Ablation: the error without each part of evolearn, compared with that of the whole.

    python benchmarks/ablation.py SUITE_FOLDER --out ablation.jsonl --splits 0,1,2 --slots 2
    python benchmarks/ablation.py SUITE_FOLDER --out ablation.jsonl --parts racing,ensemble
    python benchmarks/ablation.py SUITE_FOLDER --out ablation.jsonl --table

Runs as `compare.py` does: fresh processes, pinned to cores, results as JSON lines which
`compare.py table` reads as well. Parts are switched off by the policy of a fit, see
`evolearn.policy.Policy`, or by a parameter. A further part is an entry of `PARTS`.
"""

import argparse
import json
import sys
from dataclasses import dataclass, field
from types import SimpleNamespace

from fit_one import carry_out
from races import add_arguments, race
from ratios import LEVEL, errors, geometric_mean, interval, log_ratios, read_results, selected
from systems import evolearn

from evolearn.policy import Policy

WHOLE = "evolearn"
WITHOUT = "without "


@dataclass(frozen=True)
class Part:
    """A part of evolearn that can be switched off.

    Attributes
    ----------
    instead : str
        What there is in its place.
    policy : dict
        Fields of the policy that switch it off.
    parameters : dict
        Parameters of the estimator that switch it off.
    """

    instead: str
    policy: dict = field(default_factory=dict)
    parameters: dict = field(default_factory=dict)


PARTS = {
    "portfolio": Part("generation 0 is drawn at random", {"portfolio": False}),
    "evolution": Part("after the portfolio, random search", {"evolution": False}),
    "fidelity": Part(
        "all folds that the rows ask for, all trees, rounds and epochs of expensive entries",
        {"reduced_fidelity": False},
    ),
    "racing": Part("all folds of all candidates", {"racing": False}),
    "ensemble": Part("the best single model", parameters={"final_model": "single"}),
    "stacking": Part("the ensemble without a stacking layer", {"stacking": False}),
    "formulas": Part("no constructed features", {"left_out": ("constructed",)}),
    "relations": Part(
        "no relations of categories to other columns", {"left_out": ("related",)}
    ),
    "masks": Part("no column masks", {"left_out": ("masked",)}),
    "traits": Part(
        "none of these three, and no networks",
        {"left_out": ("constructed", "related", "masked", "multi_layer_perceptron")},
    ),
    "inheritance": Part("every network trains from scratch", {"weight_inheritance": 0.0}),
    "going_on": Part(
        "boosted trees never continue their parent's boosting", {"boosting_continuation": 0.0}
    ),
    "preparation_cache": Part(
        "every candidate prepares its rows", {"preparation_cache_bytes": 0}
    ),
    "fold_models": Part("final models are refitted, or missing", {"fold_models": False}),
}


def run_here(run):
    """Fit with a part switched off, print the result, and end the process."""
    part = PARTS.get(run.system.removeprefix(WITHOUT), Part("nothing is switched off"))
    policy = Policy(**part.policy)
    carry_out(run, lambda data, run: evolearn(data, run, policy, **part.parameters))


def print_worth(rows):
    """Print what the error without each part is relative to the whole."""
    cells = errors(rows)
    print(
        "error without the part / error of the whole, geometric mean and "
        f"{LEVEL:.0%} interval; above 1 the part is worth it\n\n"
        f"{'part':14s}{'ratio':>7s}{'interval':>14s}{'worse on':>12s}{'runs':>6s}"
        f"{'failed':>8s}  instead"
    )
    for part, described in PARTS.items():
        logs = log_ratios(cells, WITHOUT + part, WHOLE)
        if not logs:
            continue
        low, high = interval(logs)
        mine = [row for row in rows if row["system"] == WITHOUT + part]
        worse = sum(geometric_mean({name: splits}) > 1 for name, splits in logs.items())
        print(
            f"{part:14s}{geometric_mean(logs):7.3f}{f'{low:.3f}-{high:.3f}':>14s}"
            f"{f'{worse} of {len(logs)}':>12s}{len(mine):6d}"
            f"{sum(not row['ok'] for row in mine):8d}  {described.instead}"
        )


def parts_of(text):
    """Return the parts that are named, which must be known."""
    parts = text.split(",")
    if unknown := set(parts) - set(PARTS):
        raise argparse.ArgumentTypeError(
            f"no part is called {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}"
        )
    return parts


def main():
    if sys.argv[1:2] == ["--one"]:
        run_here(SimpleNamespace(**json.loads(sys.argv[2])))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_arguments(parser)
    parser.add_argument("--parts", type=parts_of, default=list(PARTS), help="default all")
    parser.add_argument("--table", action="store_true", help="only print what is in --out")
    args = parser.parse_args()
    if not args.table:
        systems = [WHOLE, *(WITHOUT + part for part in args.parts)]
        race(args, systems, lambda run: [sys.executable, __file__, "--one", json.dumps(run)])
    budgets = [float(budget) for budget in args.budgets.split(",")]
    for budget in budgets:
        rows = selected(read_results([args.out]), [budget], args.n_jobs)
        print(f"\n{budget:g} s, n_jobs={args.n_jobs}")
        print_worth(rows)


if __name__ == "__main__":
    main()
