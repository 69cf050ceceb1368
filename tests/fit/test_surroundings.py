"""Fits that are interrupted, terminated, or lose their temporary folder."""

import importlib.util
import pathlib
import shutil
import signal
import sys

import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from evolearn import EvolutionaryRegressor, Integer, SearchError

SCRIPT = """
import os, signal, sys, threading, time, warnings
from pathlib import Path
import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from evolearn import EvolutionaryRegressor

class Mean(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        time.sleep(SECONDS)
        Path("fitted").touch()
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)

def interrupt():
    while not Path(MARK).exists():
        time.sleep(0.01)
    time.sleep(0.3)
    os.kill(os.getpid(), NUMBER)

def fit(**settings):
    warnings.simplefilter("ignore")
    threading.Thread(target=interrupt, daemon=True).start()
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = EvolutionaryRegressor(search_space=[Mean()], n_iter_no_change=None, **settings)
    Path("begun").touch()
    model.fit(X, X[:, 0])
    print("returned", model.stop_reason_)
"""


def run(run_script, number, *, seconds, mark, settings):
    head = f"NUMBER, SECONDS, MARK = {int(number)}, {seconds}, {mark!r}\n"
    process = run_script(head + SCRIPT + f"\nfit({settings})")
    out, err = process.communicate(timeout=100)
    return process.returncode, out, err


def test_ctrl_c_before_anything_was_evaluated_is_a_keyboard_interrupt(run_script):
    settings = "time_budget=None"
    code, out, err = run(run_script, signal.SIGINT, seconds=60, mark="begun", settings=settings)
    assert (code, out) == (-signal.SIGINT, ""), err
    assert "KeyboardInterrupt" in err


def test_sigterm_gives_the_best_so_far_where_that_is_asked_for(run_script, tmp_path):
    settings = "time_budget=60, on_sigterm='best', journal='runs', population_size=4"
    code, out, err = run(
        run_script, signal.SIGTERM, seconds=0.01, mark="fitted", settings=settings
    )
    assert (code, out.split()) == (0, ["returned", "interrupted"]), err
    assert list((tmp_path / "runs").glob("*.sqlite"))


def test_sigterm_before_anything_was_evaluated_ends_the_process(run_script):
    settings = "time_budget=None, on_sigterm='best'"
    code, out, err = run(
        run_script, signal.SIGTERM, seconds=60, mark="begun", settings=settings
    )
    assert (code, out) == (128 + signal.SIGTERM, ""), err


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


@pytest.fixture
def endless(fast):
    return {**fast, "n_evaluations": None, "time_budget": 60, "n_iter_no_change": None}


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
