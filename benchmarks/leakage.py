"""Does anything leak? Targets of pure noise, categories of many levels, each gene alone.

    python benchmarks/leakage.py --out leakage.jsonl
    python benchmarks/leakage.py --out leakage.jsonl --part searches
    python benchmarks/leakage.py --out leakage.jsonl --table

Genes: each encoder, selector and kind of made column is put alone into a fixed configuration,
and cross-validated on 20 tables whose target has nothing to do with their columns. The mean
AUC (in regression, of being above the median) must be that of chance: within two standard
errors of 0.5, which of a hundred cases without any leak five miss by luck. A control that does
leak, categories encoded by the target before rows are held out, shows what would be seen.

Searches: the winner of a search over noise is chosen for its luck, and so looks better in
cross-validation than it is. By how much, and what is handed back instead, with the guards
(a search that ends when nothing improves, an ensemble that is calibrated) and without.

Appends a JSON line per result to --out; what is there already is not repeated.
"""

import argparse
import itertools
import warnings

import numpy as np
from resumed import add_out, resumed

N_ROWS, N_NUMBERS, LEVELS = 600, 3, (2, 30, 150, 300)
FOLDS = 5
LINEAR = {"classification": "logistic_regression", "regression": "ridge"}
BOOSTING = {"estimator": "hist_gradient_boosting", "hist_gradient_boosting__max_iter": 30}
NETWORK = {"estimator": "multi_layer_perceptron", "multi_layer_perceptron__max_iter": 10}
FORMULAS = ("div(x0, x1)", "mul(x1, x2)")
SELECTORS = {"classification": "", "regression": "_regression"}
RELATED = {
    "frequency": ("frequency(c2)", "frequency(c3)"),
    "cross": ("cross(c0, c1)", "cross(c0, c2)"),
    "mean": ("mean(x0 | c2)", "mean(x1 | c3)"),
    "std": ("std(x0 | c2)", "std(x1 | c3)"),
    "deviation": ("x0 - mean(x0 | c2)", "x1 - mean(x1 | c3)"),
}
CONTROL = "control: encoded before"
NOISE_ROWS, NOISE_TEST_ROWS, MOST_EVALUATIONS = 300, 20_000, 96


def cases(task):
    """Return the configurations by name, as in ``best_params_``; all fixed beforehand."""
    linear = LINEAR[task]
    known = {
        f"{linear}, {e}": {"estimator": linear, "encoder": e}
        for e in ("one_hot", "target_mean")
    }
    for encoder in ("native", "ordinal", "target_mean"):
        known[f"boosting, {encoder}"] = {**BOOSTING, "encoder": encoder}
    for selector in ("univariate", "by_trees"):
        name = f"{selector}{SELECTORS[task]}"
        known[f"{linear}, {selector}"] = {"estimator": linear, "selector": name}
    for shown, model in ((linear, {"estimator": linear}), ("boosting", BOOSTING)):
        known[f"{shown}, constructed"] = {
            **model,
            "features": "constructed",
            "constructed__expressions": FORMULAS,
        }
        for kind, relations in RELATED.items():
            related = {**model, "relations": "related", "related__relations": relations}
            known[f"{shown}, {kind}, target_mean"] = {**related, "encoder": "target_mean"}
    crossed = {"relations": "related", "related__relations": RELATED["cross"]}
    known["boosting, cross, native"] = {**BOOSTING, **crossed, "encoder": "native"}
    known[f"{linear}, masked"] = {
        "estimator": linear,
        "mask": "masked",
        "masked__left_out": (0, 4),
    }
    for transformer in ("bins", "random_projection", "spline", "pca"):
        known[f"{linear}, {transformer}"] = {"estimator": linear, "transformer": transformer}
    for shown, model in ((linear, {"estimator": linear}), ("boosting", BOOSTING)):
        known[f"{shown}, identifiers"] = {**model, "identifiers": "identifier_means"}
    known["network, embedded"] = {**NETWORK, "encoder": "embedded"}
    return {**known, CONTROL: {"estimator": linear}}


def draw(seed, n_rows, task):
    """Return a table of numbers and coded categories, and a target of noise."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n_rows, N_NUMBERS))
    codes = rng.integers(0, LEVELS, size=(n_rows, len(LEVELS))).astype(float)
    target = rng.normal(size=n_rows)
    return np.hstack([numbers, codes]), target if task == "regression" else (target > 0) * 1


# -- each gene alone ------------------------------------------------------------------------


def measured(task, params, seed, control):
    """Return the mean AUC over the folds of one table."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import KFold, StratifiedKFold
    from sklearn.preprocessing import TargetEncoder

    from evolearn import SearchSpace
    from evolearn.cost.restriction import restrict
    from evolearn.data.schema import TableSchema
    from evolearn.pipeline.build import build_pipeline
    from evolearn.pipeline.problem import Problem

    X, y = draw(seed, N_ROWS, task)
    cardinalities = LEVELS
    if control:
        # Fit and transform apart, which makes nothing out of fold.
        kind = "continuous" if task == "regression" else "binary"
        encoder = TargetEncoder(target_type=kind).fit(X[:, N_NUMBERS:], y)
        X[:, N_NUMBERS:] = encoder.transform(X[:, N_NUMBERS:])
        cardinalities = ()
    identified = params.get("identifiers") == "identifier_means"
    if identified:  # the codes are numbers then
        cardinalities = ()
    names = tuple(f"x{j}" for j in range(X.shape[1]))
    n_numbers = X.shape[1] - len(cardinalities)
    schema = TableSchema(len(X), n_numbers, cardinalities, names, False, False)
    problem = Problem(
        task,
        schema,
        n_classes=2,
        smallest_class=int(min(sum(y == 0), sum(y == 1))),
        findings={"identifiers": tuple(range(N_NUMBERS, X.shape[1]))} if identified else {},
    )
    space = restrict(SearchSpace.default(task), problem)
    genome = space.genome(params)
    assert control or genome in space, f"no configuration of the space: {params}"
    folds = (KFold if task == "regression" else StratifiedKFold)(
        FOLDS, shuffle=True, random_state=seed
    )
    scores = []
    for train, test in folds.split(X, y):
        model = build_pipeline(genome, space, problem, seed).fit(X[train], y[train])
        if task == "regression":
            scores.append(roc_auc_score(y[test] > np.median(y[test]), model.predict(X[test])))
        else:
            scores.append(roc_auc_score(y[test], model.predict_proba(X[test])[:, 1]))
    return float(np.mean(scores))


def run_genes(args):
    cells = (
        {"part": "genes", "task": task, "case": case, "seed": seed}
        for seed, task in itertools.product(range(args.tables), LINEAR)
        for case in cases(task)
    )

    def auc(task, case, seed, **_):
        return {"auc": measured(task, cases(task)[case], seed, case == CONTROL)}

    return resumed(args, cells, auc)


def print_genes(rows):
    """Print the mean AUC of each case and how many standard errors it is from chance."""
    print(f"{'task':16s}{'configuration':44s}{'AUC':>8s}{'error':>9s}{'off':>7s}")
    missed, cases_of = [], {}
    for row in rows:
        cases_of.setdefault((row["task"], row["case"]), []).append(row["auc"])
    for (task, case), scores in cases_of.items():
        error = np.std(scores, ddof=1) / np.sqrt(len(scores))
        off = (np.mean(scores) - 0.5) / error
        print(f"{task:16s}{case:44s}{np.mean(scores):8.4f}{error:9.4f}{off:+7.1f}")
        if case != CONTROL and abs(off) > 2:
            missed.append(f"{task}, {case}")
    n_cases = sum(case != CONTROL for _, case in cases_of)
    print(f"\nmore than two standard errors from chance: {len(missed)} of {n_cases}")
    print("\n".join(missed))


# -- whole searches -------------------------------------------------------------------------

ARMS = {
    "with guards": {},
    "without": {"final_model": "single", "n_iter_no_change": None},
}


def searched(seed, arm, n_jobs):
    """Return how a search over noise looks in cross-validation, and how good it is."""
    from sklearn.metrics import log_loss

    from evolearn import EvolutionaryClassifier

    X, y = draw(seed, NOISE_ROWS, "classification")
    X_test, y_test = draw(10_000 + seed, NOISE_TEST_ROWS, "classification")
    model = EvolutionaryClassifier(
        time_budget=None,
        n_evaluations=MOST_EVALUATIONS,
        n_jobs=n_jobs,
        random_state=seed,
        **ARMS[arm],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # members served by fold models are no news here
        model.fit(frame(X), y)
    return {
        "evaluations": int(model.n_evaluations_),
        "looks": float(np.log(2) - model.best_fitness_),
        "best": model.best_params_["estimator"],
        "winner": float(
            np.log(2) - log_loss(y_test, model.best_estimator_.predict_proba(frame(X_test)))
        ),
        "handed": float(np.log(2) - log_loss(y_test, model.predict_proba(frame(X_test)))),
    }


def frame(X):
    """Return the table with its categories as text."""
    import pandas as pd

    names = [f"number{j}" for j in range(N_NUMBERS)]
    table = pd.DataFrame(X[:, :N_NUMBERS], columns=names)
    for j in range(len(LEVELS)):
        table[f"category{j}"] = [f"level{int(code)}" for code in X[:, N_NUMBERS + j]]
    return table


def run_searches(args):
    cells = (
        {"part": "searches", "arm": arm, "seed": seed}
        for seed, arm in itertools.product(range(args.searches), ARMS)
    )
    return resumed(args, cells, lambda arm, seed, **_: searched(seed, arm, args.n_jobs))


def print_searches(rows):
    """Print by how much the winner looks better than chance, and what is handed back is."""
    print(
        f"log loss below that of chance ({np.log(2):.3f}): above 0 it seems or is better\n\n"
        f"{'arm':14s}{'searches':>9s}{'evaluated':>10s}{'winner seems':>14s}{'winner is':>11s}"
        f"{'handed back is':>16s}"
    )
    for arm in ARMS:
        mine = [row for row in rows if row["arm"] == arm]
        if mine:
            means = [
                np.mean([r[k] for r in mine])
                for k in ("evaluations", "looks", "winner", "handed")
            ]
            print(
                f"{arm:14s}{len(mine):9d}{means[0]:10.0f}{means[1]:+14.4f}{means[2]:+11.4f}"
                f"{means[3]:+16.4f}"
            )


PARTS = {"genes": (run_genes, print_genes), "searches": (run_searches, print_searches)}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_out(parser)
    parser.add_argument("--part", choices=PARTS, default="genes")
    parser.add_argument("--tables", type=int, default=20, help="how many, of the first part")
    parser.add_argument("--searches", type=int, default=5, help="how many, of the second part")
    parser.add_argument("--n-jobs", type=int, default=1)
    args = parser.parse_args()
    run, show = PARTS[args.part]
    show([row for row in run(args) if row["part"] == args.part])


if __name__ == "__main__":
    main()
