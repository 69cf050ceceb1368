"""Searches among networks in one process, their time counted as the processor's.

Seconds of the clock would measure what else the machine does, and the pool of workers.
"""

import math
import tempfile
import time
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from resumed import add_out, numbers
from sklearn.metrics import log_loss, root_mean_squared_error
from threadpoolctl import threadpool_limits

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, SearchSpace
from evolearn.ensemble.library import MOST_BYTES_EACH, Entry, Library
from evolearn.ensemble.selection import library_size
from evolearn.evaluation.tasks import EvaluationTask, RefitTask
from evolearn.fit.data import read_data
from evolearn.fit.settings import Settings
from evolearn.fit.setup import choose_effort, make_plan
from evolearn.networks.training import WARM_START_EPOCHS
from evolearn.policy import DEFAULT_POLICY

NETWORK = "multi_layer_perceptron"
POPULATION = 16
LIGHT = {
    "hidden_layer_sizes": [(64, 64), (128, 128), (32, 32), (64,), (128,), (64, 64, 64)],
    "n_members": [2, 1, 4],
}


def add_arguments(parser, names, rows):
    """Add what all measurements of networks are told."""
    parser.add_argument("suite", type=Path, help="folder with suite.json and the tables")
    parser.add_argument("--names", default=names, help="tables, separated by commas")
    parser.add_argument("--seeds", type=numbers, default=[0], help="0,1,2 for three; default 0")
    parser.add_argument("--rows", type=int, default=rows, help="training rows at most")
    parser.add_argument("--folds", type=int, default=3)
    add_out(parser)


def add_search_arguments(parser, names):
    """Add what searches are told besides."""
    add_arguments(parser, names, rows=600)
    parser.add_argument("--budget", type=float, default=30.0, help="of one search")
    parser.add_argument("--light", action="store_true", help="smaller networks, fewer members")


class OneProcess:
    """Stands for a pool: networks are evaluated right here."""

    shared_folder = None


@dataclass
class Found:
    """What a search did: candidates and evaluations, and the error of its model."""

    pairs: list = field(default_factory=list)
    seconds: list = field(default_factory=list)
    best: Entry | None = None
    test_error: float = math.nan


def plan_of(split, space, rows, folds, seed, policy=DEFAULT_POLICY):
    """Return the plan of a fit on some rows of a table."""
    drawn = np.random.default_rng(seed).permutation(len(split.X_train))[:rows]
    task = "regression" if split.task == "regression" else "classification"
    kind = EvolutionaryRegressor if task == "regression" else EvolutionaryClassifier
    estimator = kind(
        time_budget=None,
        cv=folds,
        random_state=seed,
        search_space=space,
        population_size=POPULATION,
    )
    settings = replace(Settings.of(estimator), policy=policy)
    X, y = split.X_train.iloc[drawn], split.y_train.iloc[drawn]
    data = read_data(settings, X, y, None, None)
    return make_plan(settings, data, choose_effort(settings, data))


def networks_alone(split, *, light=False):
    """Return the space of networks; of light ones there are more in the same seconds."""
    task = "regression" if split.task == "regression" else "classification"
    space = SearchSpace.default(task).only(NETWORK).without("constructed")
    return space.constrained(NETWORK, **LIGHT) if light else space


def search(split, seed, args, policy=DEFAULT_POLICY, first=None, most=math.inf):
    """Search until the seconds are spent, by another policy; then fit the best.

    ``first`` returns the first genomes in place of the portfolio, given the space.
    """
    found = Found()
    with (
        warnings.catch_warnings(),
        threadpool_limits(1),
        tempfile.TemporaryDirectory() as folder,
    ):
        warnings.simplefilter("ignore")
        space = networks_alone(split, light=args.light)
        plan = plan_of(split, space, args.rows, args.folds, seed, policy)
        evaluator = plan.evaluator(OneProcess())
        library = Library(library_size(args.rows))
        start = time.process_time()
        search = plan.search(None if first is None else first(plan.space))
        while time.process_time() - start < args.budget and len(found.pairs) < most:
            candidate = search.ask()
            path = Path(folder) / f"{candidate.number}.models"
            task = EvaluationTask(
                candidate.genome,
                keep_below=library.keep_below(candidate.genome),
                models_path=path,
                most_bytes=MOST_BYTES_EACH,
                parent_models=library.models_of(candidate.genome.parent),
                rival=library.rival(),
            )
            evaluation = evaluator(task)
            search.tell(candidate, evaluation.error)
            if evaluation.error is not None:
                saved = path if evaluation.models_bytes else None
                library.add(Entry(candidate, evaluation, saved))
            found.pairs.append((candidate, evaluation))
            found.seconds.append(time.process_time() - start)
        found.best = library.best
        model = evaluator(RefitTask(library.best.candidate.genome))
        matrix = plan.data.prepared.preparer.transform(split.X_test)
        if split.task == "regression":
            found.test_error = root_mean_squared_error(split.y_test, model.predict(matrix))
        else:
            answers = model.predict_proba(matrix)
            found.test_error = log_loss(split.y_test, answers, labels=plan.data.task.classes)
    return found


def epochs_of(genome):
    """Return the epochs that a fit which starts where its parent stood takes."""
    epochs = dict(genome["estimator"].values)["max_iter"]
    return epochs if genome.parent is None else max(1, round(WARM_START_EPOCHS * epochs))


def curve(pairs):
    """Return the epochs spent and the best error so far, after each candidate.

    An epoch is one look at all training rows of all folds.
    """
    spent, best, points = 0.0, math.inf, []
    for candidate, evaluation in pairs:
        genome = candidate.genome
        trained = genome.lineage if evaluation.retrained else (genome,)
        share = len(evaluation.fit_seconds) / max(len(evaluation.scores), 1)
        spent += share * sum(epochs_of(one) for one in trained)
        best = min(best, math.inf if evaluation.error is None else evaluation.error)
        points.append((spent, best))
    return points
