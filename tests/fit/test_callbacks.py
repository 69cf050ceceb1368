"""Callbacks of scikit-learn: what they get, and what they may do to a fit."""

import pytest
from sklearn.model_selection import GridSearchCV

from evolearn import EvolutionaryClassifier
from evolearn.exceptions import EvolearnWarning

callback = pytest.importorskip("sklearn.callback")


class Recorder:
    """Callback that records every hook; it stops after so many candidates."""

    def __init__(self, stop_after=None, fails_in=()):
        self.stop_after, self.fails_in = stop_after, fails_in
        self.events, self.ended, self.models = [], [], []

    def setup(self, estimator, context):
        self._note("setup", context)

    def teardown(self, estimator, context):
        self._note("teardown", context)

    def on_fit_task_begin(self, estimator, context, *, X=None, metadata=None):
        self._note("begin", context)

    def on_fit_task_end(
        self, estimator, context, *, X=None, metadata=None, fitted_estimator=None
    ):
        self._note("end", context)
        if context.task_name == "candidate":
            self.ended.append(metadata)
        else:
            self.models.append((fitted_estimator, X))
        return len(self.ended) == self.stop_after

    def _note(self, event, context):
        self.events.append((event, context.task_name))
        if (event, context.task_name) in self.fails_in:
            raise RuntimeError("no more room")


class Propagated(Recorder):
    """The same callback for meta-estimators."""

    max_propagation_depth = None


@pytest.fixture
def model(fast, cheap_classifiers):
    return EvolutionaryClassifier(search_space=cheap_classifiers, **fast)


def test_callbacks_see_the_fit_and_every_candidate(model, numbers):
    recorder = Recorder()
    model.set_callbacks(recorder).fit(*numbers)
    events = recorder.events
    assert events[:2] == [("setup", "fit"), ("begin", "fit")]
    assert events[-2:] == [("end", "fit"), ("teardown", "fit")]
    assert events.count(("begin", "candidate")) == events.count(("end", "candidate")) == 6
    last = recorder.ended[-1]
    assert last["n_evaluations"] == 6
    assert last["best_fitness"] == min(one["fitness"] for one in recorder.ended)
    assert last["params"]["estimator"] in ("logistic_regression", "decision_tree")
    [(fitted, X)] = recorder.models
    assert X is numbers[0]
    assert fitted.score(*numbers) == model.score(*numbers)


def test_a_callback_ends_the_search(model, numbers):
    model.set_callbacks(Recorder(stop_after=2)).fit(*numbers)
    assert model.stop_reason_ == "callback"
    assert model.n_evaluations_ == 2
    assert model.predict(numbers[0]).shape == (len(numbers[0]),)


@pytest.mark.parametrize("task", ["candidate", "fit"])
def test_an_error_in_a_callback_does_not_cost_the_model(model, numbers, task):
    recorder = Recorder(fails_in=[("end", task)])
    with pytest.warns(EvolearnWarning, match=r"callback raised .*no more room"):
        model.set_callbacks(recorder).fit(*numbers)
    assert model.n_evaluations_ == 6
    assert recorder.events[-1] == ("teardown", "fit")
    assert recorder.events.count(("end", task)) == 1


def test_an_error_at_the_beginning_ends_the_fit(model, numbers):
    recorder = Recorder(fails_in=[("begin", "fit")])
    with pytest.raises(RuntimeError, match="no more room"):
        model.set_callbacks(recorder).fit(*numbers)
    assert recorder.events[-1] == ("teardown", "fit")


def test_a_grid_search_passes_its_callbacks_on(model, numbers):
    recorder = Propagated()
    model.set_params(n_evaluations=2)
    search = GridSearchCV(model, {"random_state": [0, 1]}, cv=2, refit=False)
    search.set_callbacks(recorder).fit(*numbers)
    assert recorder.events.count(("end", "candidate")) == 2 * 2 * 2
    assert not hasattr(model, "_parent_callback_ctx")


def test_scikit_learns_progress_bar_takes_the_place_of_the_panel(
    model, numbers, monkeypatch, capfd
):
    pytest.importorskip("rich")
    from evolearn.fit import run

    monkeypatch.setattr(run, "find_screen", lambda: pytest.fail("a second display"))
    model.set_callbacks(callback.ProgressBar()).fit(*numbers)
    assert "EvolutionaryClassifier - fit" in capfd.readouterr().out
