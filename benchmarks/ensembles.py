"""How far the ensemble's out-of-fold error can be believed, and what other rules would choose.

    python benchmarks/ensembles.py collect SUITE_FOLDER --out FOLDER --budget 60 --slots 2
    python benchmarks/ensembles.py table FOLDER

`collect` searches as a user does, but keeps the out-of-fold predictions of all candidates,
fits each on all training rows afterwards and lets it predict the test rows of the suite.
`table` then chooses ensembles from them by several rules and compares, table by table, the
error out of fold (what the choice was made by) with that on test rows (which no choice saw).
"""

import argparse
import json
import math
import pickle
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from among_networks import OneProcess
from fit_one import carry_out
from races import add_arguments, race
from suite import FLOOR, answers, error, new_search

from evolearn.ensemble.library import Entry
from evolearn.ensemble.selection import library_size, select
from evolearn.evaluation.tasks import RefitTask
from evolearn.fit.data import read_data
from evolearn.fit.run import fit
from evolearn.fit.settings import Settings
from evolearn.fit.setup import choose_effort, make_plan
from evolearn.policy import Policy
from evolearn.search.record import Observer
from evolearn.tasks.pooling import logarithms, pooled

REFIT_SHARE = 1.5  # of the budget: what all refits of a table may take together


# -- collecting -----------------------------------------------------------------------------


class Entries(Observer):
    """Observer that keeps all candidates that have an error."""

    def __init__(self):
        self.entries = []

    def candidate_evaluated(self, candidate, evaluation):
        """Keep the candidate, if it has an error."""
        if evaluation.error is not None:
            self.entries.append(Entry(candidate, evaluation))


def searched(data, run):
    """Fit; return the estimator, the plan, and an entry for every candidate with an error."""
    model, noted = new_search(data, run), Entries()
    settings = replace(Settings.of(model), policy=Policy(keep_all_predictions=True))
    for name, value in fit(settings, data.X_train, data.y_train, observer=noted).items():
        setattr(model, name, value)
    read = read_data(settings, data.X_train, data.y_train, None, None)
    plan = make_plan(settings, read, choose_effort(settings, read))
    return model, plan, noted.entries


def tested(plan, entries, X, seconds):
    """Return what each candidate predicts, fitted on all rows; the best first, in time."""
    data, started = plan.data, time.monotonic()
    evaluator = plan.evaluator(OneProcess())
    matrix = data.prepared.preparer.transform(X)
    for entry in sorted(entries, key=lambda entry: entry.error):
        if time.monotonic() - started > seconds:
            return
        evaluation, genome = entry.evaluation, entry.candidate.genome
        model = evaluator(RefitTask(genome, evaluation.rounds))
        predicted = data.task.predictions_of(model, matrix)
        yield {
            "number": entry.candidate.number,
            "params": genome.params,
            "error": entry.error,
            "scores": evaluation.scores,
            "seconds": sum(evaluation.fit_seconds) + sum(evaluation.score_seconds),
            "out_of_fold": evaluation.predictions,
            "test": np.asarray(predicted, dtype=float),
        }


def collected(data, run):
    """Take the steps of a run, see `systems`; what is kept is written as a file."""
    yield
    model, plan, entries = searched(data, run)
    yield f"{model.n_evaluations_} candidates"
    served = answers(model, data, data.X_test)
    offered = [entry for entry in entries if entry.evaluation.predictions is not None]
    candidates = list(tested(plan, offered, data.X_test, REFIT_SHARE * run.budget))
    kept = {
        "name": run.name,
        "split": run.split,
        "task": data.task,
        "n_rows": len(data.y_train),
        "n_candidates": model.n_evaluations_,
        "scorer": plan.out_of_fold(),
        "y_test": np.asarray(data.y_test),
        "n_classes": data.n_classes,
        "served": served,
        "candidates": candidates,
    }
    with (Path(run.folder) / f"{run.name}_{run.split}.pickle").open("wb") as file:
        pickle.dump(kept, file)
    yield served


def collect(args):
    args.folder = args.out
    args.folder.mkdir(parents=True, exist_ok=True)
    args.out = args.folder / "runs.jsonl"
    folder = str(args.folder.resolve())
    race(
        args,
        ["evolearn"],
        lambda run: [sys.executable, __file__, "--one", json.dumps({**run, "folder": folder})],
    )


# -- rules ----------------------------------------------------------------------------------


def single(kept):
    """Choose the candidate with the lowest error out of fold."""
    return kept["candidates"][:1], None


def greedy(kept, size=None, steps=25):
    """Choose greedily from the best candidates, as many as `library_size` says."""
    offers = kept["candidates"][: size or library_size(kept["n_rows"])]
    return offers, select([offer["out_of_fold"] for offer in offers], kept["scorer"], steps)


RULES = {
    "single": single,
    "greedy": greedy,
    "half the size": lambda kept: greedy(kept, library_size(kept["n_rows"]) // 2),
    "twice the size": lambda kept: greedy(kept, 2 * library_size(kept["n_rows"])),
    "all candidates": lambda kept: greedy(kept, 10**6),
    "100 steps": lambda kept: greedy(kept, steps=100),
}


def judged(kept, rule):
    """Return the error out of fold and the error on test rows of what a rule chooses."""
    offers, selection = rule(kept)
    scorer, data = kept["scorer"], SimpleNamespace(**kept)
    if selection is None:
        return scorer.error(offers[0]["out_of_fold"][scorer.positions]), error(
            data, offers[0]["test"]
        )
    parts = list(zip(selection.members, selection.weights, strict=True))
    if kept["task"] == "regression":
        predicted = sum(weight * offers[i]["test"] for i, weight in parts)
    else:
        logs = sum(weight * logarithms(offers[i]["test"]) for i, weight in parts)
        predicted = pooled(selection.sharpness * logs)
    return selection.error, error(data, predicted)


def floored(kept, value):
    return max(value, FLOOR[kept["task"]])


def table(args):
    names = list(RULES)
    print("test error / that of the best single candidate; in brackets test / out of fold\n")
    print(f"{'':22s}{'rows':>7s}{'cand.':>7s}" + "".join(f"{name:>18s}" for name in names))
    gains, optimism = {name: [] for name in names}, {name: [] for name in names}
    for path in sorted(args.folder.glob("*.pickle")):
        kept = pickle.loads(path.read_bytes())
        if len(kept["candidates"]) < 2:
            continue
        line = f"{path.stem:22s}{kept['n_rows']:7d}{len(kept['candidates']):7d}"
        alone = floored(kept, judged(kept, single)[1])
        for name in names:
            inner, outer = (floored(kept, value) for value in judged(kept, RULES[name]))
            gains[name].append(math.log(outer / alone))
            optimism[name].append(math.log(outer / inner))
            line += f"{f'{outer / alone:.3f} ({outer / inner:.2f})':>18s}"
        print(line, flush=True)
    means = ((np.exp(np.mean(gains[n])), np.exp(np.mean(optimism[n]))) for n in names)
    print(f"{'geometric mean':36s}" + "".join(f"{f'{g:.3f} ({o:.2f})':>18s}" for g, o in means))


def main():
    if sys.argv[1:2] == ["--one"]:
        run = SimpleNamespace(**json.loads(sys.argv[2]))
        carry_out(run, collected)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    gather = commands.add_parser("collect", help="search, and keep what all candidates predict")
    add_arguments(gather)
    gather.set_defaults(do=collect)
    show = commands.add_parser("table", help="print what rules would choose")
    show.add_argument("folder", type=Path)
    show.set_defaults(do=table)
    args = parser.parse_args()
    args.do(args)


if __name__ == "__main__":
    main()
