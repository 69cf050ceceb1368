"""Does cross-validation promise what new rows keep? Tables of categories that repeat seldom.

    python benchmarks/unseen_categories.py --out unseen.jsonl --budget 20
    python benchmarks/unseen_categories.py --out unseen.jsonl --evaluations 12 --seeds 0,1
    python benchmarks/unseen_categories.py --out unseen.jsonl --table

Twelve generated tables have strings of high cardinality, of which new rows have values that
the training rows lack. Each is fitted with default settings (or, with --evaluations, with that
many candidates and no budget). A line has the errors in cross-validation and on new rows, of
the best candidate and of the ensemble. Their ratio, as a mean over the seeds, is to lie between
0.9 and 1.1.

Cross-validation fits on fewer rows than there are, and in these tables many values have a
single row. "fewer" is the error on new rows of the best candidate, fitted on as many rows as in
a fold: what cross-validation estimates. "cv/fewer" is 1 if it does so without bias; the rest of
"cv/new" is due to the number of rows.

Appends a JSON line per result to --out; what is there already is not repeated.
"""

import argparse
import string
from contextlib import contextmanager

import numpy as np
import pandas as pd
from resumed import add_out, numbers, resumed
from sklearn.base import clone
from sklearn.metrics import log_loss

from evolearn.ensemble import selection_options
from evolearn.fit import stacking

N_ROWS, N_NEW = 600, 4_000
N_NUMBERS = 2


def zip_codes(rng, n):
    """Postcodes with leading zeros; the target falls with them."""
    v = rng.integers(0, 500, n)
    return [f"{q * 7 + 1_000:05d}" for q in v], v / 125, "regression"


def slashed_days(rng, n):
    """Days whose strings sort by time, with a trend and a season."""
    v = rng.integers(0, 700, n)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(v, unit="D")
    return [f"day {day:%Y.%m.%d}" for day in days], v / 350 + np.sin(v / 58), "regression"


def product_codes(rng, n):
    """Product codes whose first letters are a family with an effect of its own."""
    families = ["".join(rng.choice(list(string.ascii_uppercase), 2)) for _ in range(12)]
    effects = np.random.default_rng(1).normal(size=12)
    family = rng.integers(0, 12, n)
    number = rng.integers(0, 60, n)
    codes = [f"{families[f]}-{k:03d}" for f, k in zip(family, number, strict=True)]
    return codes, 2 * effects[family], "regression"


def random_names(rng, n):
    """User names with an effect each, most of which have a few rows."""
    effects = np.random.default_rng(2).normal(size=400)
    v = rng.integers(0, 400, n)
    return [f"user_{(k * 7_919) % 10_007:05d}" for k in v], effects[v], "regression"


def frequent_and_rare(rng, n):
    """Shops of which some have most rows and hundreds have one or two."""
    v = np.minimum(rng.zipf(1.5, n), 2_000)
    effects = np.random.default_rng(3).normal(size=2_001)
    return [f"shop {k}" for k in v], effects[v], "regression"


def missing_too(rng, n):
    """Names as above, a tenth of which are missing, with a meaning of their own."""
    names, effect, task = random_names(rng, n)
    missing = rng.random(n) < 0.1
    return (
        [None if m else s for s, m in zip(names, missing, strict=True)],
        np.where(missing, 2.5, effect),
        task,
    )


def noise_names(rng, n):
    """Names that have nothing to do with the target."""
    return [f"n{k}" for k in rng.integers(0, 400, n)], np.zeros(n), "regression"


def two_columns(rng, n):
    """Cities and streets, whose effects add up."""
    city, street = rng.integers(0, 30, n), rng.integers(0, 300, n)
    effects = np.random.default_rng(4).normal(size=300)
    frame = {"city": [f"city {k}" for k in city], "street": [f"street {k}" for k in street]}
    return frame, effects[city] + effects[street], "regression"


def grouped_numbers(rng, n):
    """Sensors in the order of their level."""
    v = rng.integers(0, 200, n)
    return [f"sensor-{k:03d}" for k in v], v / 50.0, "regression"


def names_of_classes(rng, n):
    """User names that decide between two classes."""
    names, effect, _ = random_names(rng, n)
    return names, effect, "classification"


def codes_of_classes(rng, n):
    """Postcodes that decide between two classes by their region."""
    codes, effect, _ = zip_codes(rng, n)
    return codes, 2 * np.sin(3 * effect), "classification"


def three_classes(rng, n):
    """Product codes that decide among three classes."""
    codes, effect, _ = product_codes(rng, n)
    return codes, effect, "three classes"


TABLES = {
    make.__name__: make
    for make in (
        zip_codes,
        slashed_days,
        product_codes,
        random_names,
        frequent_and_rare,
        missing_too,
        noise_names,
        two_columns,
        grouped_numbers,
        names_of_classes,
        codes_of_classes,
        three_classes,
    )
}


def table(name, seed):
    """Return the rows of a table, training rows first, its target and the task."""
    rng = np.random.default_rng([seed, list(TABLES).index(name)])
    column, effect, task = TABLES[name](rng, N_ROWS + N_NEW)
    frame = pd.DataFrame(column if isinstance(column, dict) else {"code": column})
    for j in range(N_NUMBERS):
        frame[f"x{j}"] = rng.normal(size=len(frame))
    signal = effect + 0.5 * frame["x0"].to_numpy()
    if task == "regression":
        return frame, signal + 0.5 * rng.normal(size=len(frame)), task
    noisy = signal + 0.5 * rng.normal(size=len(frame))
    edges = [0.0] if task == "classification" else [-0.7, 0.7]
    return frame, np.array(["low", "mid", "top"])[np.digitize(noisy, edges)], "classification"


def error(model, X, y, task):
    """Return the error of the fitness: the root mean squared error, or the log loss."""
    if task == "regression":
        return float(np.sqrt(np.mean((model.predict(X) - y) ** 2)))
    return float(log_loss(y, model.predict_proba(X), labels=model.classes_))


@contextmanager
def selections():
    """Yield a list of the out-of-fold errors of the ensembles that are selected meanwhile."""
    modules, select, errors = (selection_options, stacking), selection_options.select, []

    def recorded(*args, **keywords):
        selection = select(*args, **keywords)
        errors.append(selection.error)
        return selection

    for module in modules:
        module.select = recorded
    try:
        yield errors
    finally:
        for module in modules:
            module.select = select


def measured(name, seed, budget, evaluations):
    """Fit a table; return its errors in cross-validation and on new rows."""
    import evolearn

    X, y, task = table(name, seed)
    limits = {"time_budget": budget}
    if evaluations is not None:
        limits = {"time_budget": None, "n_evaluations": evaluations}
    kind = {"regression": "Regressor", "classification": "Classifier"}[task]
    model = getattr(evolearn, f"Evolutionary{kind}")(**limits, random_state=seed)
    with selections() as ensembles:
        model.fit(X[:N_ROWS], y[:N_ROWS])
    X_new, y_new = X[N_ROWS:].reset_index(drop=True), y[N_ROWS:]
    best = error(model.best_estimator_, X_new, y_new, task)
    served = error(model, X_new, y_new, task)
    rows = np.random.default_rng(seed).permutation(N_ROWS)[N_ROWS // model.n_splits_ :]
    fold_model = clone(model.best_estimator_).fit(X.iloc[rows].reset_index(drop=True), y[rows])
    fewer = error(fold_model, X_new, y_new, task)
    cv_served = min([model.best_fitness_, *ensembles[-1:]])
    return {
        "cv": model.best_fitness_,
        "new": best,
        "cv_served": cv_served,
        "served": served,
        "fewer": fewer,
        "n_splits": model.n_splits_,
        "ratio": model.best_fitness_ / best,
        "ratio_served": cv_served / served,
        "ratio_fewer": model.best_fitness_ / fewer,
        "best": model.best_params_.get("estimator", "none"),
        "encoder": model.best_params_.get("encoder", ""),
        "evaluated": model.n_evaluations_,
    }


COLUMNS = {
    "cv": "cv", "new": "new", "ratio": "cv/new", "cv_served": "ens. cv", "served": "ens. new",
    "ratio_served": "cv/new", "fewer": "fewer", "ratio_fewer": "cv/fewer",
}  # fmt: skip


def show(rows):
    """Print the means over the seeds by table."""
    print(f"{'table':<20}{'seeds':>6}" + "".join(f"{head:>10}" for head in COLUMNS.values()))
    for name in TABLES:
        found = [row for row in rows if row["name"] == name]
        if not found:
            continue
        means = {column: np.mean([row[column] for row in found]) for column in COLUMNS}
        good = all(0.9 <= means[ratio] <= 1.1 for ratio in ("ratio", "ratio_served"))
        values = "".join(f"{mean:>10.3f}" for mean in means.values())
        print(f"{name:<20}{len(found):>6}{values}{'' if good else '  outside'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_out(parser)
    parser.add_argument("--budget", type=float, default=20.0, help="seconds of a fit")
    parser.add_argument("--evaluations", type=int, help="candidates, in place of a budget")
    parser.add_argument("--seeds", type=numbers, default=list(range(10)))
    parser.add_argument("--names", default=",".join(TABLES), help="tables, by commas")
    args = parser.parse_args()
    if args.evaluations is not None:
        args.budget = None
    cells = [
        {"name": name, "seed": seed, "evaluations": args.evaluations}
        for seed in args.seeds
        for name in args.names.split(",")
    ]

    def measure(name, seed, evaluations):
        return measured(name, seed, args.budget, evaluations)

    show(resumed(args, cells, measure))


if __name__ == "__main__":
    main()
