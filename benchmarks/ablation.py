"""What each part of evolearn is worth: it is switched off, and the error is compared.

    python benchmarks/ablation.py SUITE_FOLDER --out ablation.jsonl --splits 0,1,2 --slots 2
    python benchmarks/ablation.py SUITE_FOLDER --out ablation.jsonl --parts racing,ensemble
    python benchmarks/ablation.py SUITE_FOLDER --out ablation.jsonl --table

Runs as `compare.py` does: fresh processes, pinned to cores, results as JSON lines which
`compare.py table` reads as well. evolearn has no switches for its parts: one function or class
is replaced in the process that calls ``fit``. What runs in the workers cannot be reached so.
A further part is an entry of `PARTS`.
"""

import argparse
import json
import math
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from unittest import mock

from fit_one import carry_out
from races import add_arguments, race
from ratios import LEVEL, errors, geometric_mean, interval, log_ratios, read_results, selected
from systems import evolearn

import evolearn.fit.run as outcome
import evolearn.fit.setup as plan
from evolearn.cost.restriction import restrict
from evolearn.ensemble.library import Library
from evolearn.evaluation.folds import n_folds
from evolearn.evaluation.preparation import PreparationCache
from evolearn.search import evolution, portfolio
from evolearn.search.ask_tell import RandomSearch
from evolearn.search.loop import SearchRun

WHOLE = "evolearn"
WITHOUT = "without "


@dataclass(frozen=True)
class Part:
    """How a part is switched off.

    Attributes
    ----------
    instead : str
        What there is in its place.
    replaced : tuple of (owner, name, value)
        What is replaced in the process that calls ``fit``.
    parameters : dict
        What the estimator is given.
    """

    instead: str
    replaced: tuple = ()
    parameters: dict = field(default_factory=dict)


def lacking(*names):
    """Return what is replaced so that the space is without these components, if it has them."""

    def restricted(*given):
        space = restrict(*given)
        known = {*space.names, *(c.name for cs in space.preparation.values() for c in cs)}
        return space.without(*known.intersection(names))

    return ((plan, "restrict", restricted),)


def most_folds(n_rows, reference_seconds, time_budget):
    """Return the folds of a table as if time were no matter."""
    return n_folds(n_rows, reference_seconds, None)


def as_it_is(genome, space, part):
    """Return the genome, however dear it is."""
    return genome


PARTS = {
    "portfolio": Part(
        "generation 0 is drawn at random", ((plan, "portfolio", lambda *given: []),)
    ),
    "evolution": Part(
        "after the portfolio, random search", ((plan, "Evolution", RandomSearch),)
    ),
    "fidelity": Part(
        "all folds that the rows ask for, no fewer trees, rounds or epochs for dear entries",
        (
            (plan, "n_folds", most_folds),
            (evolution, "cheaper", as_it_is),
            (portfolio, "cheaper", as_it_is),
        ),
    ),
    "racing": Part("all folds of all candidates", ((Library, "rival", lambda library: None),)),
    "ensemble": Part("the best single model", parameters={"final_model": "single"}),
    "second_layer": Part(
        "the ensemble serves, whatever could be learned from its members",
        ((outcome, "suits", lambda plan, wish: False),),
    ),
    "formulas": Part("no constructed features", lacking("constructed")),
    "relations": Part("no relations of categories to other columns", lacking("related")),
    "masks": Part("no column masks", lacking("masked")),
    "traits": Part(
        "none of these three, and no networks",
        lacking("constructed", "related", "masked", "multi_layer_perceptron"),
    ),
    "inheritance": Part(
        "every network trains from scratch", ((evolution, "INHERITANCE", 0.0),)
    ),
    "going_on": Part(
        "boosted trees never go on from their parent's rounds", ((evolution, "GOING_ON", 0.0),)
    ),
    "preparation_cache": Part(
        "every candidate prepares its rows",
        ((plan, "PreparationCache", lambda most_bytes: PreparationCache(0)),),
    ),
    "fold_models": Part(
        "final models are refitted, or missing",
        (
            (SearchRun, "_save_above", lambda run: math.inf),
            (Library, "save_below", property(lambda library: -math.inf)),
        ),
    ),
}


@contextmanager
def switched_off(part):
    """Replace what belongs to a part; an error if evolearn has it no more."""
    with ExitStack() as stack:
        for owner, name, value in part.replaced:
            stack.enter_context(mock.patch.object(owner, name, value))
        yield


def run_here(run):
    """Fit with a part switched off, print the result, and end the process."""
    part = PARTS.get(run.system.removeprefix(WITHOUT), Part("nothing is switched off"))
    with switched_off(part):
        carry_out(run, lambda data, run: evolearn(data, run, **part.parameters))


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
