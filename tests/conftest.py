"""Small tables and frugal settings shared by the tests."""

import os
import signal
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from dataclasses import replace

# One thread for linear algebra and boosting, before NumPy is imported: tests run in several
# processes at once, whose threads would wait for each other.
for library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(library, "1")

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
import pytest  # noqa: E402

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor  # noqa: E402
from evolearn.execution.serialization import import_cloudpickle  # noqa: E402

# Estimators and functions that tests define are pickled by value, also where workers could
# import the modules of the tests, which would take seconds.
import_cloudpickle().register_pickle_by_value(sys.modules["tests"])

N_ROWS = 120

# Enough candidates for the portfolio of generation 0 to have offspring.
SEARCH = {
    "time_budget": None,
    "n_evaluations": 36,
    "n_iter_no_change": None,
    "population_size": 4,
    "cv": 3,
    "n_jobs": 2,
    "random_state": 0,
}


def mixed_table(n_rows, seed):
    """Numbers, an integer, a category in strings, missing values, and a signal in them."""
    rng = np.random.default_rng(seed)
    city = rng.choice(["Aachen", "Bonn", "Celle"], n_rows)
    table = pd.DataFrame(
        {
            "size": rng.normal(50, 15, n_rows),
            "rooms": rng.integers(1, 7, n_rows),
            "age": rng.exponential(20, n_rows),
            "city": pd.Series(city, dtype=object),
        }
    )
    signal = table["size"] / 15 + table["rooms"] + 2.0 * (city == "Bonn")
    table.loc[::11, "age"] = np.nan
    table.loc[3::17, "city"] = None
    return table, signal.to_numpy()


@pytest.fixture
def binary():
    """A mixed table and a target of 0 and 1."""
    table, signal = mixed_table(N_ROWS, seed=0)
    return table, (signal > np.median(signal)).astype(int)


@pytest.fixture
def multiclass():
    """A mixed table and a target of three strings."""
    table, signal = mixed_table(N_ROWS, seed=1)
    labels = np.array(["cheap", "fair", "dear"], dtype=object)
    return table, labels[np.searchsorted(np.quantile(signal, [1 / 3, 2 / 3]), signal)]


@pytest.fixture
def regression():
    """A mixed table and a continuous target."""
    table, signal = mixed_table(N_ROWS, seed=2)
    return table, signal + np.random.default_rng(2).normal(0, 0.2, N_ROWS)


@pytest.fixture
def numbers():
    """A table of plain numbers and a target of 0 and 1 that a straight line separates."""
    X = np.random.default_rng(3).normal(size=(N_ROWS, 4))
    return X, (X[:, 0] + X[:, 1] > 0).astype(int)


@pytest.fixture
def fast():
    """Estimator settings of a search that ends within a second and repeats itself exactly."""
    return {
        "time_budget": None,
        "n_evaluations": 6,
        "population_size": 4,
        "cv": 3,
        "n_jobs": 1,
        "random_state": 0,
    }


@pytest.fixture
def cheap_classifiers():
    """Names of the catalogue whose training takes milliseconds."""
    return ["logistic_regression", "decision_tree"]


@pytest.fixture
def cheap_regressors():
    """Names of the catalogue whose training takes milliseconds."""
    return ["ridge", "decision_tree"]


@pytest.fixture(scope="session")
def fitted_classifier():
    """A classifier fitted once over the default search space; not to be changed by tests."""
    table, signal = mixed_table(N_ROWS, seed=1)
    labels = np.array(["cheap", "fair", "dear"], dtype=object)
    y = labels[np.searchsorted(np.quantile(signal, [1 / 3, 2 / 3]), signal)]
    return EvolutionaryClassifier(**SEARCH).fit(table, y), table, y


@pytest.fixture(scope="session")
def fitted_regressor():
    """A regressor fitted once over the default search space; not to be changed by tests."""
    table, signal = mixed_table(N_ROWS, seed=2)
    return EvolutionaryRegressor(**SEARCH).fit(table, signal), table, signal


@pytest.fixture
def run_script(tmp_path):
    """Start a script in a fresh process, as a user would; returns its open Popen."""

    def run(source, *arguments):
        script = tmp_path / "script.py"
        script.write_text(textwrap.dedent(source), encoding="utf-8")
        return subprocess.Popen(
            [sys.executable, "-W", "error", str(script), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            # Where the tests run in the background, Ctrl-C is ignored, and that is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            # The script's own output must come from the script alone.
            env={
                key: value for key, value in os.environ.items() if key != "PYTEST_CURRENT_TEST"
            },
        )

    return run


@pytest.fixture
def small_disk():
    """A context in which no file grows beyond 2,000 bytes, as on a disk that is full.

    Entered around the one write it is for: held for a whole test, it would also cut off what
    pytest itself writes into a log that is longer.
    """
    resource = pytest.importorskip("resource")

    @contextmanager
    def full():
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, limits[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, before)

    return full


@pytest.fixture
def with_policy():
    """Return an estimator with some fields of its policy changed."""

    def changed(estimator, **fields):
        estimator._policy = replace(estimator._policy, **fields)
        return estimator

    return changed
