"""The script of a user whose estimator misbehaves; `faults.py` runs it, once per fault.

    python benchmarks/fault_script.py FAULT --budget 7 --marks FOLDER --out result.json

It has no main guard, and all that misbehaves lives in its ``__main__``, as in a notebook. The
faulty estimator is the best one of the search space as long as its fault lets it.
"""

import argparse
import ctypes
import json
import mmap
import multiprocessing.spawn
import os
import re
import resource
import shutil
import signal
import sys
import tempfile
import threading
import time
import warnings
from collections import Counter
from contextlib import suppress
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import mean_absolute_error, r2_score

from evolearn import EvolutionaryRegressor
from evolearn.execution.local import worker

LIMIT = 1.0  # seconds for one candidate
MEGABYTE = 2**20

# -- what a candidate may do at the end of its fit ------------------------------------------


def nothing(model):
    pass


def python_loop(model):
    while True:
        pass


def stubborn_loop(model):
    while True:
        with suppress(BaseException):
            python_loop(model)


def c_loop(model):
    re.match(r"(a+)+$", "a" * 60 + "b")  # holds the GIL for years


def sleep(model):
    time.sleep(600)


def stop(model):
    os.kill(os.getpid(), signal.SIGSTOP)


def segfault(model):
    ctypes.string_at(0)


def os_exit(model):
    os._exit(3)


def sys_exit(model):
    sys.exit("enough")


def keyboard_interrupt(model):
    raise KeyboardInterrupt


def huge_allocation(model):
    np.ones(100_000 * MEGABYTE // 8)


def slow_leak(model):
    kept = []
    while True:
        kept.append(np.ones(MEGABYTE))
        time.sleep(0.01)


def leak_across_candidates(model):
    sys.leaked = [*getattr(sys, "leaked", []), np.ones(MEGABYTE // 2)]


class Immovable:
    """Cannot be pickled."""

    def __reduce__(self):
        raise TypeError("not this one")


class Explosive:
    """Can be pickled, but not unpickled."""

    def __reduce__(self):
        return _raise, (KeyError("only where it was made"),)


def _raise(error):
    raise error


class ImmovableArray(np.ndarray):
    """Numbers that cannot be pickled."""

    def __reduce__(self):
        raise TypeError("not these numbers")


class FussyError(Exception):
    """Can be neither pickled nor made anew."""

    def __init__(self, one, two):
        super().__init__(threading.Lock())

    def __str__(self):
        return "a fussy message"


def unpicklable_model(model):
    model.spare_ = Immovable()


def unloadable_model(model):
    model.spare_ = Explosive()


def unpicklable_result(model):
    model.twist_ = lambda values: values.view(ImmovableArray)


def unpicklable_exception(model):
    raise FussyError(1, 2)


def nan_scores(model):
    model.score_ = float("nan")


def infinite_scores(model):
    model.score_ = float("inf")


def nan_predictions(model):
    model.twist_ = lambda values: values * np.nan


def wrong_length(model):
    model.twist_ = lambda values: values[:-1]


def output_flood(model):
    for descriptor in (1, 2):
        for _ in range(16):
            os.write(descriptor, b"x" * MEGABYTE)
    print("y" * MEGABYTE, flush=True)


def warning_flood(model):
    for number in range(5_000):
        warnings.warn(f"warning {number}", stacklevel=1)


def fork(model):
    if os.fork() == 0:
        time.sleep(600)


def thread(model):
    threading.Thread(target=python_loop, args=(model,)).start()


def daemon(model):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)


def shared_hog(model):
    with mmap.mmap(-1, 60 * MEGABYTE) as shared:
        for start in range(0, len(shared), 4 * MEGABYTE):
            shared[start : start + 4 * MEGABYTE] = bytes(4 * MEGABYTE)
        time.sleep(600)


def hog_in_children(model):
    for _ in range(4):
        if os.fork() == 0:
            kept = np.ones(60 * MEGABYTE // 8)
            time.sleep(600)
            del kept
    time.sleep(600)


def scratch_removed(model):
    for folder in Path(tempfile.gettempdir()).glob("evolearn-*"):
        shutil.rmtree(folder)
    raise OSError("as it is when a file is missing")


def full_disk(model):
    with tempfile.TemporaryFile() as file:
        while True:
            file.write(bytes(MEGABYTE))
            file.flush()


def wait(model):
    mark()
    time.sleep(0.05 * LIMIT)  # in each of eight folds


def hold(model):
    """Be as hard to get rid of as can be: stuck in C, with a child of its own."""
    fork(model)
    mark()
    c_loop(model)


def mark():
    """Tell those outside that the fault has begun, and where."""
    (MARKS / str(os.getpid())).touch()


# -- what the user or the machine may have done before --------------------------------------


def few_files():
    resource.setrlimit(resource.RLIMIT_NOFILE, (48, 48))


def folder_removed():
    os.chdir(tempfile.mkdtemp())
    Path.cwd().rmdir()


def children_ignored():
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def line_at_start():
    """Have each interpreter that starts from now on print a line."""
    worker.IS_AVAILABLE = False
    (MARKS / "sitecustomize.py").write_text("print('a line of text', flush=True)")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(MARKS), os.environ.get("PYTHONPATH", "")])


def no_interpreter():
    """Be embedded in a program that is no interpreter."""
    sys.executable = None
    sys.exec_prefix = "/nowhere"
    multiprocessing.spawn.set_executable(None)


BEFORE = {
    "line_at_start": line_at_start,
    "no_interpreter": no_interpreter,
    "few_files": few_files,
    "folder_removed": folder_removed,
    "children_ignored": children_ignored,
}

# -- the estimator and its fit --------------------------------------------------------------


class Faulty(RegressorMixin, BaseEstimator):
    """Least squares with the one product that the target is made of, and a fault."""

    def fit(self, X, y):
        """Fit, then do what the fault does."""
        self.weights_ = np.linalg.lstsq(self._columns(X), y, rcond=None)[0]
        FAULT(self)
        return self

    def predict(self, X):
        """Predict, twisted if the fault says so."""
        values = self._columns(X) @ self.weights_
        return self.twist_(values) if hasattr(self, "twist_") else values

    def _columns(self, X):
        return np.column_stack([X, X[:, 0] * X[:, 1], np.ones(len(X))])


def scorer(model, X, y):
    step = getattr(model, "steps", [("", None)])[-1][1]
    step = getattr(step, "regressor_", step)
    return getattr(step, "score_", -mean_absolute_error(y, model.predict(X)))


def make_table(n_rows, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 8))
    return X, X @ np.arange(8) + 3 * X[:, 0] * X[:, 1] + rng.normal(size=n_rows)


def describe(model, seconds, caught):
    """Return what became of a fit, as far as it can be told from inside."""
    results = model.cv_results_
    faulty = results["param_estimator"] == "Faulty"
    ends = zip(results["status"][faulty], results["failure"][faulty], strict=True)
    X, y = make_table(200, seed=1)
    return {
        "fit_s": seconds,
        "r2": r2_score(y, model.predict(X)),
        "faulty": [[*end, count] for end, count in Counter(ends).most_common()],
        "others_scored": int((results["status"][~faulty] == "scored").sum()),
        "most_warnings": max(map(len, results["warnings"]), default=0),
        "stop_reason": model.stop_reason_,
        "warnings": [str(warning.message) for warning in caught],
    }


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("fault")
parser.add_argument("--before", default="")
parser.add_argument("--budget", type=float, required=True)
parser.add_argument("--memory-limit", type=int)
parser.add_argument("--journal", type=Path)
parser.add_argument("--on-sigterm")
parser.add_argument("--marks", type=Path, required=True)
parser.add_argument("--out", type=Path, required=True)
args = parser.parse_args()

FAULT = globals()[args.fault]
MARKS = args.marks
model = EvolutionaryRegressor(
    search_space=["ridge", "decision_tree", "nearest_neighbors", Faulty()],
    scoring=scorer,
    time_budget=args.budget,
    evaluation_timeout=LIMIT,
    memory_limit=args.memory_limit,
    journal=args.journal,
    on_sigterm=args.on_sigterm,
    n_iter_no_change=None,
    n_jobs=2,
    random_state=0,
)
X, y = make_table(400, seed=0)
if args.before:
    BEFORE[args.before]()
(MARKS / "fit").touch()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    start = time.perf_counter()
    model.fit(X, y)
    seconds = time.perf_counter() - start
args.out.write_text(json.dumps(describe(model, seconds, caught)), encoding="utf-8")
