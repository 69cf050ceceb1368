"""Measure what the machinery itself costs per candidate: ask, dispatch, collect, tell.

    python benchmarks/overhead.py
    python benchmarks/overhead.py --evaluations 100,1000,10000 --n-jobs 2
    python benchmarks/overhead.py --checkpoint .

The real search over the default space runs in real workers, but the evaluator does nothing
and answers with a made-up error, and predictions as large as those of 1,000 rows. Prints the
milliseconds of wall time per candidate. With a folder for a checkpoint, every evaluation and
the order of results are stored there, as in a search with a time budget and ``journal=``.
"""

import argparse
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import numpy as np

from evolearn.checkpoint.store import CheckpointStore
from evolearn.cost.runtime_model import RuntimeModel
from evolearn.data import prepare_table
from evolearn.ensemble.library import Library
from evolearn.ensemble.planner import FinalModelsPlanner
from evolearn.ensemble.selection_options import EnsembleOptions
from evolearn.evaluation.tasks import Evaluation, EvaluationTask
from evolearn.execution.budget import Budget
from evolearn.execution.local.pool import WorkerPool
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.user_space import make_space
from evolearn.search.evolution import Evolution
from evolearn.search.loop import SearchLoop
from evolearn.search.record import Observer
from evolearn.search.schedule import Schedule
from evolearn.search.stopping import StoppingRules

ROWS = 1_000


def no_operation(task):
    """Answer at once, with an error by genome, so that selection has something to do."""
    error = task.genome.seed(0) / 2**32
    kept = np.full(ROWS, error) if error <= task.keep_below else None
    return Evaluation((-error,), "scored", error, (0.0,), (0.0,), kept)


def measure(n_evaluations, n_jobs, checkpoint=None):
    """Return the seconds of a search of so many evaluations, without the start of workers."""
    space = make_space(None, "regression")
    search = Evolution(space, population_size=16, rng=Random(0))
    with WorkerPool(n_jobs, preload=("evolearn.evaluation.evaluator",)) as pool:
        pool.install(no_operation)
        for worker in range(n_jobs):  # they are there and have imported before time is taken
            pool.submit(worker, EvaluationTask(space.sample(Random(worker))))
        waiting = n_jobs
        while waiting:
            waiting -= len(pool.collect())
        problem = Problem("regression", prepare_table(np.eye(9)).schema)
        model, budget = RuntimeModel(space, problem, 1), Budget(None)
        library = Library(30)
        loop = SearchLoop(
            search=search,
            pool=pool,
            library=library,
            schedule=Schedule(model, budget),
            rules=StoppingRules(n_evaluations=n_evaluations),
            planner=FinalModelsPlanner(
                library, EnsembleOptions(None, 1), model, budget, n_jobs
            ),
            observer=Observer(),
            checkpoint=checkpoint,
        )
        start = time.perf_counter()
        loop.run()
        seconds = time.perf_counter() - start
    if len(loop.record) != n_evaluations:
        raise SystemExit(
            f"{len(loop.record)} of {n_evaluations} evaluations: {loop.stop_reason}"
        )
    return seconds


@contextmanager
def store_in(folder):
    """Open a store in a new folder within a folder; without a folder there is none."""
    if folder is None:
        yield None
        return
    with tempfile.TemporaryDirectory(dir=folder) as new:
        path = Path(new) / "search.sqlite"
        with closing(CheckpointStore(path, fingerprint="overhead", seed=0)) as store:
            yield store


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--evaluations", default="100,1000,10000")
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--checkpoint", type=Path, help="folder for a file that is removed")
    args = parser.parse_args()
    print(f"{'evaluations':>12s}{'seconds':>10s}{'ms each':>10s}")
    for number in map(int, args.evaluations.split(",")):
        with store_in(args.checkpoint) as checkpoint:
            seconds = measure(number, args.n_jobs, checkpoint)
        print(f"{number:12d}{seconds:10.2f}{1000 * seconds / number:10.2f}", flush=True)


if __name__ == "__main__":
    main()
