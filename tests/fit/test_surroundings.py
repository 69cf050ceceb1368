"""Fits that are interrupted, terminated, or lose their temporary folder."""

import importlib.util
import os
import pathlib
import shutil
import signal
import sqlite3
import sys
import threading
import time
from contextlib import closing

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from evolearn import EvolearnWarning, EvolutionaryRegressor, Integer, SearchError


class Marking(RegressorMixin, BaseEstimator):
    """The mean; leaves a file in a folder for each fit."""

    def __init__(self, folder=None, seconds=0.0, depth=1):
        self.folder = folder
        self.seconds = seconds
        self.depth = depth

    def fit(self, X, y):
        (pathlib.Path(self.folder) / f"mark-{time.monotonic_ns()}").touch()
        time.sleep(self.seconds)
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


@pytest.fixture
def send_after(tmp_path):
    """Return a function that sends this process a signal after so many fits have begun."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threads = []

    def send(number, n_fits):
        def wait_and_send():
            while len(list(tmp_path.glob("mark-*"))) < n_fits:
                time.sleep(0.01)
            os.kill(os.getpid(), number)

        threads.append(threading.Thread(target=wait_and_send, daemon=True))
        threads[-1].start()

    yield send
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def endless(fast):
    return {**fast, "n_evaluations": None, "time_budget": 60, "n_iter_no_change": None}


@pytest.mark.parametrize(
    ("number", "exception"),
    [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)],
)
@pytest.mark.parametrize("time_budget", [None, 60])
def test_without_a_model_a_signal_is_an_exception(
    endless, regression, tmp_path, send_after, number, exception, time_budget
):
    space = [Marking(str(tmp_path), seconds=60)]
    settings = {**endless, "time_budget": time_budget, "on_sigterm": "best"}
    model = EvolutionaryRegressor(**settings, search_space=space)
    send_after(number, 1)
    with pytest.raises(exception):
        model.fit(*regression)
    assert not hasattr(model, "estimator_")


def test_sigterm_gives_the_best_so_far_where_that_is_asked_for(
    endless, regression, tmp_path, send_after
):
    space = [(Marking(str(tmp_path), seconds=0.01), {"depth": Integer(1, 1000)})]
    settings = {**endless, "journal": tmp_path / "runs", "on_sigterm": "best"}
    send_after(signal.SIGTERM, 30)
    with pytest.warns(EvolearnWarning, match="interrupted"):
        model = EvolutionaryRegressor(**settings, search_space=space).fit(*regression)
    assert model.stop_reason_ == "interrupted"
    assert model.n_evaluations_ > 0
    with closing(sqlite3.connect(*(tmp_path / "runs").glob("*.sqlite"))) as connection:
        runs = connection.execute("SELECT stop_reason FROM runs").fetchall()
    assert runs == [("interrupted",)]


class Failing(RegressorMixin, BaseEstimator):
    """Fails, and first removes temporary folders if asked to."""

    def __init__(self, removes_in=None, depth=1):
        self.removes_in = removes_in
        self.depth = depth

    def fit(self, X, y):
        if self.removes_in is not None:
            for folder in pathlib.Path(self.removes_in).glob("evolearn-*"):
                shutil.rmtree(folder)
        raise OSError("the licence server is away")

    def predict(self, X):
        raise AssertionError


def test_a_temporary_folder_that_is_removed_during_a_fit_is_one_error(
    endless, regression, tmp_path, monkeypatch
):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    model = EvolutionaryRegressor(**endless, search_space=[Failing(str(tmp_path))])
    with pytest.raises(FileNotFoundError, match=r"temporary folder .* was removed.*TMPDIR"):
        model.fit(*regression)


def test_a_search_in_which_everything_fails_ends_early(endless, regression):
    space = [(Failing(), {"depth": Integer(1, 1000)})]
    with pytest.raises(SearchError, match=r"All \d\d candidates failed .*licence server"):
        EvolutionaryRegressor(**endless, search_space=space).fit(*regression)


class Licensed(Marking):
    """Fails in folds once it has been fitted often enough."""

    def fit(self, X, y):
        n_fits = len(list(pathlib.Path(self.folder).glob("mark-*")))
        if n_fits >= 12 and len(X) < 120:
            raise OSError("the licence server is away")
        return super().fit(X, y)


def test_a_search_in_which_everything_fails_from_some_time_on_ends_with_what_it_has(
    endless, regression, tmp_path
):
    space = [(Licensed(str(tmp_path)), {"depth": Integer(1, 1000)})]
    with pytest.warns(EvolearnWarning, match=r"last \d+ candidates failed .*licence server"):
        model = EvolutionaryRegressor(**endless, search_space=space).fit(*regression)
    assert model.stop_reason_ == "no_improvement"
    assert np.isfinite(model.best_fitness_)


def test_an_estimator_of_a_module_loaded_by_path_can_be_evolved(
    fast, regression, tmp_path, monkeypatch
):
    path = tmp_path / "loaded_by_path.py"
    path.write_text("from sklearn.linear_model import Ridge\nclass Own(Ridge):\n    pass\n")
    spec = importlib.util.spec_from_file_location("loaded_by_path", path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "loaded_by_path", module)
    spec.loader.exec_module(module)
    model = EvolutionaryRegressor(**fast, search_space=[module.Own()]).fit(*regression)
    assert set(model.cv_results_["status"]) == {"scored"}
    assert isinstance(model.best_estimator_[-1], module.Own)
