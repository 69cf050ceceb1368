"""Live progress of a fit: what is shown, where, and that it never harms the fit."""

import io
import sys
import threading
import time

import pytest
from sklearn.base import clone

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor
from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.tasks import Evaluation
from evolearn.exceptions import EvolearnWarning
from evolearn.fit import run
from evolearn.pipeline.genome import Allele, Genome
from evolearn.report.live import display
from evolearn.report.live.display import LiveDisplay, find_screen
from evolearn.report.live.html import card
from evolearn.report.live.screens import LineScreen, NotebookScreen, Screen
from evolearn.report.live.state import LiveState
from evolearn.report.live.view import one_line, summary_of, view_of
from evolearn.search.record import SearchRecord


class Terminal(io.StringIO):
    """Standard output of an interactive terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


class Kept(Screen):
    """Screen that keeps what it is shown."""

    def __init__(self):
        self.views, self.summary = [], None

    def show(self, view):
        self.views.append(view)

    def close(self, summary):
        self.summary = list(summary)


def candidate(number, estimator="ridge"):
    scaler, alpha = Allele("standard"), Allele.of(estimator, {"alpha": 1.0 + number})
    return Candidate(number, 0, Genome((("scaler", scaler), ("estimator", alpha))), "random")


def evaluation(error=None):
    failure = "" if error is not None else "it diverged"
    return Evaluation((), "scored" if error else "failed", error, failure=failure)


@pytest.fixture
def state():
    """A search in which two workers are busy, and two of four candidates improved the best."""
    state = LiveState("regression", budget=60.0, most_candidates=20)
    state.phase_started("searching")
    state.search_started("RMSE", 60.0, SearchRecord(4))
    for number, (name, error) in enumerate(
        [("ridge", 60.0), ("sgd", None), ("lightgbm", 30.0), ("ridge", 45.0)]
    ):
        state.candidate_started(candidate(number, name), 0)
        state.candidate_finished(candidate(number, name))
        state.candidate_evaluated(candidate(number, name), evaluation(error))
    for worker, number in enumerate((4, 5, 6)):
        state.candidate_started(candidate(number), worker)
    state.candidate_finished(candidate(5))
    return state


def test_a_snapshot_has_errors_counts_families_workers_and_the_last_gain(state):
    snapshot = state.snapshot()
    assert (snapshot.baseline, snapshot.best, snapshot.gain.share) == (60.0, 30.0, 0.5)
    assert (snapshot.n_done, snapshot.n_failed) == (4, 1)
    assert snapshot.leading == (("lightgbm", 30.0), ("ridge", 45.0))
    assert [one.worker for one in snapshot.running] == [0, 2]
    assert snapshot.curve[-1] == 30.0


def test_candidates_of_the_search_are_not_shown_in_the_next_phase(state):
    state.phase_started("fitting the final models")
    assert not state.snapshot().running


def test_the_view_says_it_in_words(state):
    view = view_of(state.snapshot())
    rows = dict(view.rows)
    assert rows["RMSE"] == "30, 50 % below the baseline (60)"
    assert rows["candidates"] == "4 of 20 done, 1 failed"
    assert rows["worker 0"].endswith("standardise -> ridge")
    assert view.clock == "0 s of 1 min"


@pytest.mark.parametrize(
    ("budget", "most", "expected"), [(None, 20, 0.2), (None, None, None), (1e9, 20, 0.0)]
)
def test_the_bar_shows_time_or_else_candidates(budget, most, expected):
    state = LiveState("regression", budget, most)
    for number in range(4):
        state.candidate_evaluated(candidate(number), evaluation(1.0))
    assert view_of(state.snapshot()).fraction == pytest.approx(expected, abs=1e-6)


def test_every_moment_of_a_fit_can_be_drawn(state):
    nothing_yet = LiveState("classification", None, None)
    for moment in (nothing_yet, state):
        view = view_of(moment.snapshot())
        assert view.title in card(view)
        assert view.phase in one_line(view)


def test_text_of_the_table_cannot_break_the_html(state):
    state.search_started("<script>alert(1)</script>", None, SearchRecord(4))
    assert "<script>" not in card(view_of(state.snapshot()))


def test_the_panel_fits_into_a_terminal_of_any_width(state):
    console = pytest.importorskip("rich.console")
    from evolearn.report.live.screens import panel

    for columns in (20, 80, 200):
        file = io.StringIO()
        drawn = panel(view_of(state.snapshot()), columns)
        console.Console(file=file, width=columns).print(drawn)
        assert max(len(line) for line in file.getvalue().splitlines()) <= columns
    assert "50 % below the baseline" in file.getvalue()


def test_the_panel_is_replaced_by_the_summary(state):
    pytest.importorskip("rich")
    from evolearn.report.live.screens import PanelScreen

    file = Terminal()
    screen = PanelScreen(file)
    screen.show(view_of(state.snapshot()))
    screen.close(["in short"])
    assert file.getvalue().endswith("in short\n")
    assert not file.getvalue().rpartition("\x1b[?25")[2].startswith("l")  # the cursor is there


def test_one_line_is_written_again_without_escape_codes(state):
    file = Terminal()
    screen = LineScreen(file)
    screen.show(view_of(state.snapshot()))
    screen.close(["in short"])
    assert "\x1b" not in file.getvalue()
    assert file.getvalue().rpartition("\r")[2] == "in short\n"


# -- where it is shown ----------------------------------------------------------------------


@pytest.fixture
def screen_in_terminal(monkeypatch):
    """Function that returns the screen found if standard output is a terminal."""

    def find():  # pytest replaces the standard output when a test begins
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", Terminal())
            return find_screen()

    monkeypatch.setenv("TERM", "xterm")
    return find


def test_a_terminal_without_rich_gets_one_line(screen_in_terminal, monkeypatch):
    monkeypatch.setattr(display.importlib.util, "find_spec", lambda name: None)
    assert isinstance(screen_in_terminal(), LineScreen)


def test_a_terminal_that_cannot_write_a_line_again_gets_nothing(
    screen_in_terminal, monkeypatch
):
    monkeypatch.setenv("TERM", "dumb")
    assert screen_in_terminal() is None


@pytest.mark.parametrize("file", [io.StringIO(), None])
def test_a_file_gets_nothing(monkeypatch, file):
    monkeypatch.setattr(sys, "stdout", file)
    assert find_screen() is None


def test_a_notebook_gets_a_display(monkeypatch):
    class Shell:
        kernel = object()

    class IPython:
        get_ipython = Shell

    monkeypatch.setitem(sys.modules, "IPython", IPython)
    assert isinstance(find_screen(), NotebookScreen)


def test_threads_show_nothing(screen_in_terminal):
    found = []
    thread = threading.Thread(target=lambda: found.append(screen_in_terminal()))
    thread.start()
    thread.join()
    assert found == [None]


def test_processes_of_joblib_show_nothing(screen_in_terminal, monkeypatch):
    class Worker:
        name = "LokyProcess-1"

    monkeypatch.setattr(display.multiprocessing, "current_process", Worker)
    assert screen_in_terminal() is None


# -- the thread -----------------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch):
    """A display that updates often."""
    monkeypatch.setattr(display, "INTERVAL_SECONDS", 0.005)


def threads():
    return [one for one in threading.enumerate() if one.name == "evolearn-live"]


def shown_until(error, state, screen):
    with LiveDisplay(state, screen):
        while not screen.views:
            time.sleep(0.001)
        raise error


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_the_display_ends_with_the_fit_however_it_ends(state, quick, error):
    screen = Kept()
    with pytest.raises(error):
        shown_until(error, state, screen)
    assert screen.summary == []
    assert not threads()


def test_a_fit_within_a_fit_shows_nothing(state, quick):
    outer, inner = Kept(), Kept()
    with LiveDisplay(state, outer):
        with LiveDisplay(state, inner):
            while not outer.views:
                time.sleep(0.001)
        assert inner.summary is None
        assert not inner.views


def test_a_terminal_that_takes_no_output_does_not_hold_the_fit(state, quick, monkeypatch):
    monkeypatch.setattr(display, "JOIN_SECONDS", 0.01)
    stopped, reached = threading.Event(), threading.Event()

    class Stopped(Kept):
        def show(self, view):
            reached.set()
            stopped.wait()

    with LiveDisplay(state, Stopped()):
        reached.wait()
    stopped.set()
    while threads():
        time.sleep(0.001)


def test_a_display_that_fails_costs_the_display_alone(state, quick):
    class Broken(Kept):
        def show(self, view):
            raise OSError("the terminal is gone")

    live = LiveDisplay(state, Broken())
    live.__enter__()
    while threads():
        time.sleep(0.001)
    with pytest.warns(EvolearnWarning, match="terminal is gone"):
        live.__exit__()


# -- the estimators -------------------------------------------------------------------------


def test_a_fit_is_shown_and_its_result_does_not_depend_on_it(
    fast, numbers, cheap_classifiers, quick, monkeypatch
):
    X, y = numbers
    screen = Kept()
    monkeypatch.setattr(run, "find_screen", lambda: screen)
    shown = EvolutionaryClassifier(search_space=cheap_classifiers, **fast).fit(X, y)
    silent = clone(shown).set_params(verbose=0).fit(X, y)
    assert shown.best_params_ == silent.best_params_
    assert shown.best_fitness_ == silent.best_fitness_
    assert "searching" in {view.phase for view in screen.views}
    assert screen.summary[0].startswith("evolearn: 6 candidates in ")
    assert "n_evaluations was reached" in screen.summary[0]
    assert "Cross-validated" in screen.summary[1]
    assert "on new rows" in screen.summary[2]


def test_summary_of_a_fit_without_a_model():
    state = LiveState("regression", 1.0, None)
    state.finished(
        {
            "stop_reason_": "time_budget",
            "n_evaluations_": 0,
            "best_params_": {},
            "estimator_": None,
        }
    )
    assert len(summary_of(state.ending)) == 1


def test_nothing_is_shown_by_default_where_output_is_no_terminal(
    fast, numbers, cheap_classifiers, capfd
):
    X, y = numbers
    EvolutionaryClassifier(search_space=cheap_classifiers, **fast).fit(X, y)
    assert capfd.readouterr() == ("", "")


def test_verbose_is_auto_and_keeps_scikit_learns_conventions():
    model = EvolutionaryRegressor()
    assert model.get_params()["verbose"] == "auto"
    assert repr(clone(model)) == "EvolutionaryRegressor()"
    assert model.set_params(verbose=2).verbose == 2
    with pytest.raises(ValueError, match="'verbose' parameter"):
        EvolutionaryRegressor(verbose="loud").fit([[0.0]], [0.0])
