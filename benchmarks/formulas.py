"""Measure what constructed features are worth where the target is a formula.

    python benchmarks/formulas.py --out formulas.jsonl
    python benchmarks/formulas.py --out formulas.jsonl --suite physics --seeds 0
    python benchmarks/formulas.py --out formulas.jsonl --table

For each formula of `formula_tables.py` and each seed the full default space is searched with
and without constructed features, for the same seconds. The error is the root mean squared one
on rows that were not fitted on, noise included, so that the noise is the least there can be;
the gap is from there to the error without constructed features, and what is told is how much
of it is closed with them. Appends a JSON line per fit to --out; fits that are there already are
not repeated.
"""

import argparse
import time
import warnings
from itertools import product

import numpy as np
from formula_tables import FORMULAS, PHYSICS, draw
from resumed import add_out, numbers, resumed

SUITES = {"formulas": FORMULAS, "physics": PHYSICS}


def fit(formula, seed, constructed, args):
    """Return what one search gives."""
    from evolearn import EvolutionaryRegressor, SearchSpace

    X, y, X_test, truth, noise = draw(formula, seed)
    space = SearchSpace.default("regression")
    model = EvolutionaryRegressor(
        time_budget=args.budget,
        n_jobs=args.n_jobs,
        random_state=seed,
        search_space=space if constructed else space.without("constructed"),
    )
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # members served by fold models are no news here
        model.fit(X, y)
    seconds = time.perf_counter() - start
    missed = np.mean((model.predict(X_test) - truth) ** 2)
    return {
        "error": float(np.sqrt(missed + noise**2)),
        "ceiling": float(noise),
        "fit_s": seconds,
        "evaluations": int(model.n_evaluations_),
        "best": model.best_params_["estimator"],
        "shown": shown(model),
    }


def shown(model):
    """Return the names of the constructed features of the best model."""
    steps = model.best_estimator_[:-1]
    names = steps.get_feature_names_out() if len(steps) else []
    plain = ("x", "numbers__x", "poly")
    return [n for n in names if not (n.startswith(plain) and n.lstrip("numbers_x").isdigit())]


def print_table(rows):
    """Print, for each formula, how much of the gap is closed, and the formula that is shown."""
    print(f"{'formula':24s}{'written':40s}{'without':>9s}{'with':>7s}{'closed':>8s}  shown")
    closed = {}
    for name in dict.fromkeys(row["name"] for row in rows):
        mine = [row for row in rows if row["name"] == name]
        ratios = {
            constructed: {
                r["seed"]: r["error"] / r["ceiling"]
                for r in mine
                if r["constructed"] is constructed
            }
            for constructed in (True, False)
        }
        seeds = ratios[True].keys() & ratios[False].keys()
        if not seeds:
            continue
        without = float(np.mean([ratios[False][seed] for seed in seeds]))
        with_them = float(np.mean([ratios[True][seed] for seed in seeds]))
        closed[name] = (without - with_them) / (without - 1)
        shown = next((r["shown"] for r in mine if r["constructed"] and r["shown"]), [])
        print(
            f"{name:24s}{mine[0]['text']:40s}{without:9.3f}{with_them:7.3f}"
            f"{100 * closed[name]:7.0f}%  {'; '.join(shown)[:120]}"
        )
    half = sum(share >= 0.5 for share in closed.values())
    print(f"\nat least half of the gap closed: {half} of {len(closed)}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_out(parser)
    parser.add_argument("--suite", choices=SUITES, default="formulas")
    parser.add_argument("--seeds", type=numbers, default=[0, 1, 2])
    parser.add_argument("--budget", type=float, default=60.0)
    parser.add_argument("--n-jobs", type=int, default=1)
    args = parser.parse_args()
    formulas = SUITES[args.suite]
    cells = (
        {"suite": args.suite, "name": name, "seed": seed, "constructed": constructed}
        for seed, name, constructed in product(args.seeds, formulas, (True, False))
    )

    def measured(name, seed, constructed, **_):
        formula = formulas[name]
        return {"text": formula.text, **fit(formula, seed, constructed, args)}

    rows = resumed(args, cells, measured)
    print_table([row for row in rows if row["suite"] == args.suite])


if __name__ == "__main__":
    main()
