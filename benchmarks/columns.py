"""Measure what the steps for dates and text are worth.

    python benchmarks/columns.py --out columns.jsonl
    python benchmarks/columns.py --out columns.jsonl --table

For each table of `column_tables.py` and each seed the full default space is searched with and
without what is made of dates (`cyclic_dates`, `date_differences`) and of text (`text_svd`,
`text_words`), for the same seconds. The error is the root mean squared one on rows that were
not fitted on, noise included, so that the noise is the least there can be; of classes it is the
log loss. What is told is the error with over that without; of numbers also how much is closed
of the gap to the noise. Appends a JSON line per fit to --out; fits that are there already are
not repeated.
"""

import argparse
import time
import warnings
from itertools import product

import numpy as np
from column_tables import TABLES, draw
from resumed import add_out, numbers, resumed
from sklearn.metrics import log_loss

STEPS = ("cyclic_dates", "date_differences", "text_svd", "text_words")


def fit(name, seed, with_steps, args):
    """Return what one search gives."""
    from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, SearchSpace

    task = TABLES[name][0]
    X, y, X_test, truth, noise = draw(name, seed)
    space = SearchSpace.default(task)
    kind = EvolutionaryClassifier if task == "classification" else EvolutionaryRegressor
    model = kind(
        time_budget=args.budget,
        n_jobs=args.n_jobs,
        random_state=seed,
        search_space=space if with_steps else space.without(*STEPS),
    )
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # members served by fold models are no news here
        model.fit(X, y)
    seconds = time.perf_counter() - start
    if task == "classification":
        error = log_loss(truth, model.predict_proba(X_test), labels=model.classes_)
    else:
        error = np.sqrt(np.mean((model.predict(X_test) - truth) ** 2) + noise**2)
    return {
        "error": float(error),
        "noise": float(noise),
        "fit_s": seconds,
        "evaluations": int(model.n_evaluations_),
        "best": model.best_params_["estimator"],
        "dates": model.best_params_.get("dates"),
        "text": model.best_params_.get("text"),
    }


def print_table(rows):
    """Print, for each table, the errors and their ratio, the geometric mean over seeds."""
    print(f"{'table':16s}{'without':>10s}{'with':>10s}{'ratio':>8s}{'closed':>8s}  best model")
    ratios = []
    for name in dict.fromkeys(row["name"] for row in rows):
        mine = {(r["seed"], r["with"]): r for r in rows if r["name"] == name}
        seeds = [s for s, with_steps in mine if with_steps and (s, False) in mine]
        if not seeds:
            continue
        without, with_them = (
            np.array([mine[seed, with_steps]["error"] for seed in seeds])
            for with_steps in (False, True)
        )
        noise = np.array([mine[seed, True]["noise"] for seed in seeds])
        ratio = float(np.exp(np.mean(np.log(with_them / without))))
        ratios.append(ratio)
        closed = np.mean((without - with_them) / (without - noise))
        best = mine[seeds[0], True]
        told = f"{best['best']}, {best['dates'] or best['text']}"
        print(
            f"{name:16s}{without.mean():10.4f}{with_them.mean():10.4f}{ratio:8.3f}"
            f"{100 * closed:7.0f}%  {told}"
        )
    if ratios:
        print(f"\ngeometric mean of the ratios: {np.exp(np.mean(np.log(ratios))):.3f}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_out(parser)
    parser.add_argument("--tables", default=",".join(TABLES))
    parser.add_argument("--seeds", type=numbers, default=[0, 1])
    parser.add_argument("--budget", type=float, default=20.0)
    parser.add_argument("--n-jobs", type=int, default=1)
    args = parser.parse_args()
    cells = (
        {"name": name, "seed": seed, "with": with_steps}
        for seed, name, with_steps in product(args.seeds, args.tables.split(","), (True, False))
    )

    def measured(name, seed, **steps):
        return fit(name, seed, steps["with"], args)

    print_table(resumed(args, cells, measured))


if __name__ == "__main__":
    main()
