"""Warnings of a fit: shown once, at its end, at the user's own line."""

import importlib.util
import inspect
import subprocess
import sys
import textwrap
import threading
import warnings

import pytest
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from evolearn import EvolearnWarning, EvolutionaryClassifier, SearchError
from evolearn.execution.process_settings import quiet_process
from evolearn.user_warnings import collected_warnings, warn


def hurried(**settings):
    """A search too short for a single candidate, of which the user is warned."""
    return EvolutionaryClassifier(time_budget=1e-6, random_state=0, **settings)


def places(caught):
    return [(warning.filename, warning.lineno) for warning in caught]


def here(offset):
    """File and line that is `offset` lines from the caller's."""
    return (__file__, inspect.currentframe().f_back.f_lineno + offset)


def test_a_warning_names_the_line_that_calls_fit(binary):
    with pytest.warns(EvolearnWarning, match="time_budget") as caught:
        hurried().fit(*binary)
    assert places(caught) == [here(-1)]


def test_a_warning_names_the_line_that_fits_a_pipeline(binary):
    with pytest.warns(EvolearnWarning, match="time_budget") as caught:
        make_pipeline(hurried()).fit(*binary)
    assert places(caught) == [here(-1)]


def test_a_warning_names_the_line_that_cross_validates(binary):
    with pytest.warns(EvolearnWarning, match="time_budget") as caught:
        cross_val_score(hurried(), *binary, cv=2)
    assert places(caught) == [here(-1)] * 2


def test_a_warning_names_the_module_that_calls_fit(binary, tmp_path):
    file = tmp_path / "someone.py"
    file.write_text("def train(model, X, y):\n    return model.fit(X, y)\n", encoding="utf-8")
    spec = importlib.util.spec_from_file_location("someone", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with pytest.warns(EvolearnWarning, match="time_budget") as caught:
        module.train(hurried(), *binary)
    assert places(caught) == [(str(file), 2)]


def test_a_warning_that_is_an_error_leaves_a_fitted_model(binary):
    model = hurried()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(EvolearnWarning, match="time_budget"):
            model.fit(*binary)
    assert model.stop_reason_ == "time_budget"
    assert model.predict(binary[0]).shape == binary[1].shape


def test_warnings_may_be_errors_in_the_whole_process():
    source = """
        from sklearn.datasets import load_iris
        from evolearn import EvolutionaryClassifier

        X, y = load_iris(return_X_y=True)
        EvolutionaryClassifier(
            time_budget=None, n_evaluations=2, search_space=["decision_tree"], n_jobs=1
        ).fit(X, y)
        EvolutionaryClassifier(time_budget=1e-6).fit(X, y)
        """
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", textwrap.dedent(source)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "EvolearnWarning: No candidate was evaluated" in done.stderr.splitlines()[-1]


def test_warnings_are_shown_before_an_error_leaves(fast, binary):
    class Broken(DecisionTreeClassifier):
        def fit(self, X, y, sample_weight=None):
            raise OSError("no disk")

    model = EvolutionaryClassifier(
        search_space=[Broken()], scoring=lambda model, X, y: 1.0, **fast
    )
    weights = [1.0] * len(binary[1])
    with pytest.warns(EvolearnWarning, match="takes no sample_weight"):  # noqa: SIM117
        with pytest.raises(SearchError, match="no disk"):
            model.fit(*binary, sample_weight=weights)


def test_the_same_warning_is_shown_once():
    def warn_thrice():
        with collected_warnings():
            for _ in range(3):
                warn("That is enough.")

    with pytest.warns(EvolearnWarning, match="enough") as caught:
        warn_thrice()
    assert len(caught) == 1


def test_without_a_fit_a_warning_is_shown_at_once():
    with pytest.warns(EvolearnWarning, match="at once") as caught:
        warn("Shown at once.")
    assert places(caught) == [here(-1)]


def test_a_warning_is_shown_while_a_thread_of_the_fit_still_runs_a_task():
    begun, over = threading.Event(), threading.Event()

    def task():
        with quiet_process():
            begun.set()
            over.wait()

    thread = threading.Thread(target=task)

    @collected_warnings()
    def fit():
        warn("once")
        thread.start()
        begun.wait()

    with pytest.warns(EvolearnWarning, match="once") as caught:
        fit()
    assert len(caught) == 1
    over.set()
    thread.join()
    with pytest.warns(UserWarning, match="the user's filters are back"):
        warnings.warn("the user's filters are back", UserWarning, stacklevel=1)
