"""Measure configurations on a suite, and choose the portfolio that generation 0 should be.

    python benchmarks/portfolio.py measure SUITE_FOLDER --out measured --configurations 120
    python benchmarks/portfolio.py choose SUITE_FOLDER --out measured --size 20

`measure` draws configurations from the default space, the present portfolio first, and fits
each on three fifths of the training rows of every table (never on test rows of the suite):
another fifth is for choosing an ensemble, the last one judges it. It keeps predictions and
seconds, a file per table; what is there already is not repeated.

`choose` adds one configuration after the other: the one that, by the geometric mean over
tables, lowers the error of the greedy ensemble most per expected second. It prints the chosen
ones, how good they are, and the same for tables that had no say: portfolios chosen without a
table, judged on it alone (leave-tables-out).
"""

import argparse
import json
import math
import statistics
import time
import warnings
from pathlib import Path
from random import Random

import numpy as np
from evolearn.search.portfolio_entries import STARTS
from sklearn.model_selection import train_test_split
from suite import FLOOR, SCORING
from suite_reader import datasets, read_split

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor
from evolearn.ensemble.selection import OutOfFold, select
from evolearn.evaluation.folds import Folds
from evolearn.evaluation.tasks import EvaluationTask
from evolearn.fit.data import read_data
from evolearn.fit.run import open_workers
from evolearn.fit.settings import Settings
from evolearn.fit.setup import Effort, make_plan
from evolearn.pipeline.search_space import SearchSpace
from evolearn.search.variation import mutate
from evolearn.tasks import Classification, Regression

SEED = 0
LIMIT_SECONDS = 10.0  # for one fit; what takes longer is no start
MOST_ROWS = 12_000  # training rows used of a table: the order of configurations changes little
# Choosing makes thousands of ensembles: so many rows and steps tell good members from bad.
CHOICE_ROWS, CHOICE_STEPS = 1_500, 8
# Seconds that a configuration may take as if they were none. With a twentieth of a second here
# trifles are chosen first, and portfolios do worse on tables that had no say in them.
ROOM_SECONDS = 1.0
# Few rows that judge can make an error of next to nothing, whose ratio would decide the mean:
# no error counts as less than this share of that of the best single configuration.
LEAST_SHARE = 0.5
NEAR_SHARE, MUTATIONS = 0.5, 3
# How many configurations are drawn per estimator: more where more of them can matter.
SHARES = {
    "hist_gradient_boosting": 8,
    "extra_trees": 4,
    "random_forest": 3,
    "multi_layer_perceptron": 8,
    "support_vector_machine": 2,
    "nearest_neighbors": 2,
}


# -- configurations and what they do ---------------------------------------------------------


def entries_of(task):
    """Return the entries of the present portfolio whose libraries are installed."""
    names = SearchSpace.default(task).names
    return [entry for entry in STARTS[task] if entry["estimator"] in names]


def configurations(task, number):
    """Return flat configurations: the portfolio's, then, estimators in turn, others.

    Half of these are drawn from the whole space, half near a good start: mutated three times.
    """
    space, rng = SearchSpace.default(task), Random(SEED)
    entries = entries_of(task)
    starts = [space.genome(entry) for entry in entries]
    starts += [space.genome({"estimator": name}) for name in space.names]
    found = [genome.params for genome in starts[: len(entries)]]
    turn = [name for name in space.names for _ in range(SHARES.get(name, 1))]
    while len(found) < number:
        name = turn[len(found) % len(turn)]
        genome = space.sample(rng, name)
        if rng.random() < NEAR_SHARE:
            genome = rng.choice([start for start in starts if start.estimator == name])
            for _ in range(MUTATIONS):
                genome = mutate(genome, space=space, rng=rng)
        found.append(genome.params)
    return found[:number]


def parts_of(target, classification):
    """Return the rows that train, those for choosing and those that judge."""
    rows = np.arange(len(target))
    labels = np.asarray(target) if classification else None

    def divide(rows, share):
        strata = None if labels is None else labels[rows]
        try:
            return train_test_split(rows, test_size=share, random_state=SEED, stratify=strata)
        except ValueError:  # a class with one row
            return train_test_split(rows, test_size=share, random_state=SEED)

    if len(rows) > MOST_ROWS:
        rows = divide(rows, MOST_ROWS / len(rows))[1]
    train, held = divide(rows, 0.4)
    return np.sort(train), *(np.sort(part) for part in divide(held, 0.5))


def measure_table(suite, name, number, out, n_jobs):
    """Fit what is missing of the configurations on one table."""
    data = read_split(suite, name, 0)
    classification = data.task != "regression"
    train, choose, judge = parts_of(data.y_train, classification)
    kind = EvolutionaryClassifier if classification else EvolutionaryRegressor
    task = "classification" if classification else "regression"
    estimator = kind(
        scoring=SCORING[data.task], cv=[(train, np.concatenate([choose, judge]))],
        time_budget=None, random_state=SEED, n_jobs=n_jobs,
    )  # fmt: skip
    path = out / f"{name}.jsonl"
    done = {row["number"] for row in read_lines(path)}
    todo = [(i, c) for i, c in enumerate(configurations(task, number)) if i not in done]
    if not todo:
        return
    settings = Settings.of(estimator)
    read = read_data(settings, data.X_train, data.y_train, None, None)
    plan = make_plan(settings, read, Effort(1, LIMIT_SECONDS))
    np.savez(out / f"{name}.parts.npz", choose=choose, judge=judge)
    with open_workers(settings) as pool, path.open("a", encoding="utf-8") as file:
        pool.install(plan.evaluator(pool))
        running = 0
        while todo or running:
            while todo and pool.idle:
                i, params = todo.pop(0)
                if params["estimator"] not in plan.space.names:
                    write(file, {"number": i, "status": "left out"})
                    continue
                genome = plan.space.genome(params)
                pool.submit(i, EvaluationTask(genome), timeout=LIMIT_SECONDS)
                running += 1
            for outcome in pool.collect() if running else ():
                running -= 1
                write(file, told(outcome, out / f"{name}.{outcome.key}.npy"))


def told(outcome, path):
    """Return what became of a fit; its predictions go to a file."""
    evaluation = outcome.value
    row = {"number": outcome.key, "status": outcome.status}
    if outcome.status == "done":
        row |= {"status": evaluation.status, "seconds": sum(evaluation.fit_seconds)}
        if evaluation.predictions is not None:
            np.save(path, evaluation.predictions.astype(np.float32))
    return row


def write(file, row):
    file.write(json.dumps(row) + "\n")
    file.flush()


def read_lines(path):
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# -- choosing ---------------------------------------------------------------------------------


class Measured:
    """What is known of one table: predictions and seconds by configuration."""

    def __init__(self, suite, name, out):
        data = read_split(suite, name, 0)
        self.name, self.task = name, data.task
        parts = np.load(out / f"{name}.parts.npz")
        target = np.asarray(data.y_train)
        task = Classification(np.unique(target)) if data.n_classes else Regression()
        n_choose = len(parts["choose"])
        self.seconds, self._choose, self._judge = {}, {}, {}
        for row in read_lines(out / f"{name}.jsonl"):
            path = out / f"{name}.{row['number']}.npy"
            if row["status"] == "scored" and path.exists():
                predictions = np.load(path).astype(float)
                self.seconds[row["number"]] = row["seconds"]
                self._choose[row["number"]] = predictions[:n_choose]
                self._judge[row["number"]] = predictions[n_choose:]
        objective = task.objective(SCORING[self.task])

        def scored(rows):
            folds = Folds((rows[:0],), (rows,))
            return OutOfFold(objective, folds, target, task, None, SEED)

        few = np.random.default_rng(SEED).permutation(n_choose)[:CHOICE_ROWS]
        self._few = np.sort(few)
        self._scorers = scored(parts["choose"][self._few]), scored(parts["judge"])
        self._known = {}
        self._alone = {n: self._scorers[0].error(self._offer(n)) for n in self.seconds}
        judged = [self._scorers[1].error(p) for p in self._judge.values()]
        self._least = max(LEAST_SHARE * min(judged), FLOOR[self.task])

    def _offer(self, number):
        return self._choose[number][self._few]

    def error(self, numbers):
        """Return the error, on rows not used before, of the greedy ensemble of these."""
        there = tuple(sorted(n for n in numbers if n in self.seconds))
        if there not in self._known:
            self._known[there] = self._error(there)
        return self._known[there]

    def _error(self, there):
        chooser, judge = self._scorers
        if not there:
            return math.inf
        ranked = sorted(there, key=lambda n: self._alone[n])
        chosen = select([self._offer(n) for n in ranked], chooser, CHOICE_STEPS)
        members = zip(chosen.members, chosen.weights, strict=True)
        parts = [(weight, self._judge[ranked[member]]) for member, weight in members]
        blend = judge.task.pool(parts, chosen.sharpness)
        return max(judge.error(blend[judge.positions]), self._least)


def mean_log(tables, numbers):
    return statistics.fmean(math.log(table.error(numbers)) for table in tables)


def choose(tables, candidates, size):
    """Return configurations in the order in which they help most per second."""
    first = min(
        (n for n in candidates if all(n in table.seconds for table in tables)),
        key=lambda n: mean_log(tables, [n]) + 0.1 * math.log(cost(tables, n)),
    )
    chosen = [first]
    # Gains mostly shrink as more is chosen: only those that were large are looked at again
    # (the lazy greedy algorithm of Minoux, 1978), which gives nearly the same choice.
    gains = {n: math.inf for n in candidates if n != first}
    while len(chosen) < size and gains:
        now, fresh = mean_log(tables, chosen), set()
        while (best := max(gains, key=gains.get)) not in fresh:
            gains[best] = (now - mean_log(tables, [*chosen, best])) / cost(tables, best)
            fresh.add(best)
        if gains.pop(best) <= 0:
            break
        chosen.append(best)
    return chosen


def cost(tables, number):
    """Return the typical seconds of a configuration, and some: a minute has room for many."""
    seconds = [t.seconds[number] for t in tables if number in t.seconds]
    return (
        ROOM_SECONDS + math.exp(statistics.fmean(map(math.log, seconds)))
        if seconds
        else math.inf
    )


def report(suite, out, size, names, tasks):
    for task in tasks:
        known = [n for n in names if (out / f"{n}.parts.npz").exists()]
        tables = [Measured(suite, name, out) for name in known]
        tables = [t for t in tables if (t.task == "regression") == (task == "regression")]
        if len(tables) < 3:
            print(f"{task}: fewer than three tables are measured")
            continue
        count = 1 + max(n for t in tables for n in t.seconds)
        every = configurations(task, count)
        candidates = [n for n in range(count) if any(n in t.seconds for t in tables)]
        chosen = choose(tables, candidates, size)
        print(f"\n{task}: {len(candidates)} configurations on {len(tables)} tables")
        for rank in range(1, len(chosen) + 1):
            gain = math.exp(mean_log(tables, chosen[:rank]) - mean_log(tables, chosen[:1]))
            number = chosen[rank - 1]
            print(
                f"{gain:7.4f} {cost(tables, number):7.2f} s  {number:3d} {every[number]}",
                flush=True,
            )
        present = range(len(entries_of(task)))
        left_out = []
        for table in tables:
            others = [other for other in tables if other is not table]
            without = choose(others, candidates, size)
            left_out.append(math.log(table.error(without) / table.error(present)))
            ratio = math.exp(left_out[-1])
            print(f"{table.name:20s} chosen without it / present: {ratio:.4f}", flush=True)
        inside = math.exp(mean_log(tables, chosen) - mean_log(tables, present))
        print(
            f"error over that of the present portfolio: {inside:.4f}, on tables that had no "
            f"say {math.exp(statistics.fmean(left_out)):.4f}"
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("what", choices=["measure", "choose"])
    parser.add_argument("suite", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for what is measured")
    parser.add_argument("--names", default="", help="tables, separated by commas; default all")
    parser.add_argument("--configurations", type=int, default=120)
    parser.add_argument("--size", type=int, default=20)
    parser.add_argument("--task", choices=["classification", "regression"])
    parser.add_argument("--n-jobs", type=int, default=2)
    args = parser.parse_args()
    names = args.names.split(",") if args.names else list(datasets(args.suite))
    if args.what == "choose":
        tasks = [args.task] if args.task else ["classification", "regression"]
        report(args.suite, args.out, args.size, names, tasks)
        return
    args.out.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    for name in names:
        start = time.monotonic()
        measure_table(args.suite, name, args.configurations, args.out, args.n_jobs)
        print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
