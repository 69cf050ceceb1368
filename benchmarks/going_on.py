"""What it is worth that boosted trees go on from their parent's rounds.

    python benchmarks/going_on.py SUITE_FOLDER --out going_on.jsonl
    python benchmarks/going_on.py SUITE_FOLDER --out going_on.jsonl --table

Children of the default genome, with more rounds and a lower learning rate for those, cross-
validated by going on from its fold models, and again from nothing with all rounds at the last
rate: seconds of the processor, errors, and what it takes to keep the models of the parent.
"""

import argparse
import tempfile
import time
import warnings
from itertools import product
from pathlib import Path
from random import Random

import numpy as np
from among_networks import OneProcess, add_arguments, plan_of
from resumed import resumed
from suite_reader import read_split
from threadpoolctl import threadpool_limits

from evolearn import SearchSpace
from evolearn.evaluation.tasks import EvaluationTask
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.lineage import line_factor, longer

TABLES = "kin8nm,phoneme,vehicle"
ROUNDS = {"hist_gradient_boosting": "max_iter", "gradient_boosting": "n_estimators"}
WAYS = ("parent", "saving", "going on", "alone")


def measure(suite, name, estimator, seed, args):
    """Return the seconds and errors of a parent and of its child either way."""
    split = read_split(suite, name, 0)
    task = "regression" if split.task == "regression" else "classification"
    space = SearchSpace.default(task).only(estimator).without("constructed", "related")
    plan = plan_of(split, space, args.rows, args.folds, seed)
    described = {"estimator": estimator, f"{estimator}__{ROUNDS[estimator]}": args.rounds}
    parent = plan.space.genome(described)
    child = longer(parent, plan.space, Random(seed))
    evaluator = plan.evaluator(OneProcess())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "parent.models"
        kept = {"models_path": path, "most_bytes": 2**30}
        tasks = {
            "parent": EvaluationTask(parent),  # and the preparation, which others find done
            "saving": EvaluationTask(parent, **kept),
            "going on": EvaluationTask(child, parent_models=path),
            "alone": EvaluationTask(Genome(child.genes)),
        }
        found = {}
        for way in WAYS:
            start = time.process_time()
            evaluation = evaluator(tasks[way])
            seconds = time.process_time() - start
            found[way] = {"seconds": round(seconds, 4), "error": evaluation.error}
        megabytes = path.stat().st_size / 1e6
    values = dict(child["estimator"].values)
    return {
        "more": values[ROUNDS[estimator]] / args.rounds,
        "rate": values["learning_rate"] / dict(parent["estimator"].values)["learning_rate"],
        "expected": 1 / line_factor(child, plan.space, plan.problem),
        "megabytes": round(megabytes, 3),
        **found,
    }


def print_table(rows):
    """Print seconds and errors, those of a child relative to what it is from nothing."""
    print(
        f"{'table':14s}{'estimator':24s}{'more':>6s}{'rate':>6s}{'alone':>9s}{'going on':>10s}"
        f"{'ratio':>7s}{'expected':>10s}{'error':>8s}{'gain':>8s}{'saving':>8s}{'MB':>7s}"
    )
    ratios = []
    for row in rows:
        seconds = {way: row[way]["seconds"] for way in WAYS}
        errors = {way: row[way]["error"] for way in WAYS}
        ratios.append(seconds["going on"] / seconds["alone"])
        print(
            f"{row['name']:14s}{row['estimator']:24s}{row['more']:6.2f}{row['rate']:6.2f}"
            f"{seconds['alone']:8.2f}s{seconds['going on']:9.2f}s{ratios[-1]:7.2f}"
            f"{row['expected']:10.2f}{errors['going on'] / errors['alone']:8.3f}"
            f"{errors['going on'] / errors['parent']:8.3f}"
            f"{seconds['saving'] - seconds['parent']:7.2f}s{row['megabytes']:7.2f}"
        )
    print(f"geometric mean of the ratios of seconds: {np.exp(np.mean(np.log(ratios))):.2f}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add_arguments(parser, TABLES, rows=1_000)
    parser.add_argument("--rounds", type=int, default=100, help="of the parent")
    args = parser.parse_args()
    cells = (
        {"name": name, "estimator": estimator, "seed": seed}
        for seed, name, estimator in product(args.seeds, args.names.split(","), ROUNDS)
    )

    def measured(name, estimator, seed):
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return measure(args.suite, name, estimator, seed, args)

    print_table(resumed(args, cells, measured))


if __name__ == "__main__":
    main()
