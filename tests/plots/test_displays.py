"""Displays: the data that they show, their pictures, and what they refuse."""

import sys
from copy import copy
from dataclasses import replace

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.dummy import DummyRegressor
from sklearn.exceptions import NotFittedError

from evolearn import EvolutionaryRegressor, plots
from evolearn.plots.comparisons import FoldScores, changed_genes, median_interval, pairs
from evolearn.plots.style import error_limits
from evolearn.results.insights import MadeColumn
from tests.conftest import mixed_table

# Candidates of the fitted model, in generations of four.
N = 24
DISPLAYS = [getattr(plots, name) for name in plots.__all__]


class Failing(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        raise ValueError("it never fits")


@pytest.fixture(scope="module")
def data():
    table, signal = mixed_table(90, seed=2)
    return table, signal


@pytest.fixture(scope="module")
def model(data):
    space = ["ridge", "decision_tree", Failing()]
    model = EvolutionaryRegressor(
        search_space=space, time_budget=None, n_evaluations=N, population_size=4, cv=3,
        n_iter_no_change=None, n_jobs=1, random_state=1,
    ).fit(*data)  # fmt: skip
    made = MadeColumn("a / b", "features", 2, 0.5, 0.01, None, None, 1)
    model.insights_ = replace(model.insights_, made_columns=(made,))
    return model


@pytest.fixture(autouse=True)
def close_figures():
    plt.close("all")  # of other modules
    yield
    plt.close("all")


def changed(model, rows=slice(None), **columns):
    """Return the model with some rows of its results, and some columns replaced."""
    other = copy(model)
    results = {**model.cv_results_, **columns}
    other.cv_results_ = {name: column[rows] for name, column in results.items()}
    return other


# -- all displays ---------------------------------------------------------------------------


@pytest.mark.parametrize("display", DISPLAYS)
def test_data_first_then_a_picture_on_any_axes(display, model):
    settings = dict(plt.rcParams)
    shown = display.from_estimator(model)
    assert not plt.get_fignums()
    assert len(shown.frame())
    assert shown.plot() is shown
    assert shown.figure_ is shown.ax_.figure
    figure, ax = plt.subplots(figsize=(3.9, 3.0), layout="constrained")
    shown.plot(ax)
    assert shown.ax_ is ax
    assert ax.get_xlabel()
    figure.draw_without_rendering()
    assert plt.rcParams == settings


@pytest.mark.parametrize("display", DISPLAYS)
@pytest.mark.parametrize(
    ("estimator", "error", "message"),
    [
        (EvolutionaryRegressor(), NotFittedError, "not fitted"),
        (DummyRegressor(), TypeError, "got DummyRegressor"),
        ("empty", ValueError, "evaluated no candidate"),
    ],
)
def test_models_without_a_search_are_refused(display, estimator, error, message, model):
    estimator = changed(model, rows=slice(0)) if estimator == "empty" else estimator
    with pytest.raises(error, match=message):
        display.from_estimator(estimator)


def one_candidate(model):
    return changed(model, rows=slice(1))


def equal_errors(model):
    scores = {name: -np.ones(N) for name in model.cv_results_ if "_test_score" in name}
    return changed(model, fitness=np.ones(N), status=["scored"] * N, **scores)


def failures_only(model):
    scores = {name: np.full(N, np.nan) for name in model.cv_results_ if "_test_score" in name}
    return changed(model, fitness=np.full(N, np.nan), status=["failed"] * N, **scores)


@pytest.mark.parametrize("strange", [one_candidate, equal_errors, failures_only])
@pytest.mark.parametrize(
    "display",
    [
        plots.FamiliesDisplay,
        plots.GenerationsDisplay,
        plots.GenesDisplay,
        plots.ParetoDisplay,
        plots.SearchProgressDisplay,
        plots.TimelineDisplay,
    ],
)
def test_strange_searches_have_a_picture_or_a_sentence(display, strange, model):
    refused = {
        (plots.GenesDisplay, one_candidate): "differs from its parent in one gene alone",
        (plots.GenesDisplay, failures_only): "differs from its parent in one gene alone",
        (plots.ParetoDisplay, failures_only): "no candidate has an error",
    }
    if (display, strange) in refused:
        with pytest.raises(ValueError, match=refused[display, strange]):
            display.from_estimator(strange(model))
    else:
        display.from_estimator(strange(model)).plot().figure_.draw_without_rendering()


def test_a_missing_library_is_named(model, monkeypatch):
    display = plots.FamiliesDisplay.from_estimator(model)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(
        ImportError, match=r"FamiliesDisplay.plot needs .* 'evolearn-automl\[plots\]'"
    ):
        display.plot()


# -- the data of each -----------------------------------------------------------------------


def test_progress_is_ordered_by_time(model):
    backwards = changed(model, end_seconds=np.arange(float(N))[::-1])
    display = plots.SearchProgressDisplay.from_estimator(backwards)
    np.testing.assert_array_equal(display.error, model.cv_results_["fitness"][::-1])
    assert display.best_so_far[-1] == model.best_fitness_
    counted = plots.SearchProgressDisplay.from_estimator(backwards, x="candidates").frame()
    assert list(counted["candidates"]) == list(range(1, N + 1))
    with pytest.raises(ValueError, match="'seconds' or 'candidates', got 'hours'"):
        plots.SearchProgressDisplay.from_estimator(model, x="hours")


def test_families_count_candidates_and_failures(model):
    frame = plots.FamiliesDisplay.from_estimator(model).frame().set_index("family")
    assert frame["tried"].sum() == N
    assert frame.loc["Failing", "tried"] == frame.loc["Failing", "failed"] > 0
    assert frame["best_error"].iloc[0] == model.best_fitness_
    assert np.isnan(frame.loc["Failing", "best_error"])


def test_the_front_has_all_that_nothing_dominates(model):
    display = plots.ParetoDisplay.from_estimator(model, x="complexity")
    front = model.pareto_front_
    best = set(zip(front["complexity"], front["fitness"], strict=True))
    on_front = display.on_front
    assert set(zip(display.cost[on_front], display.error[on_front], strict=True)) == best
    with pytest.raises(ValueError, match="'predict_seconds', got 'size'"):
        plots.ParetoDisplay.from_estimator(model, x="size")


def test_generations_have_the_candidates_asked_in_them(model):
    frame = plots.GenerationsDisplay.from_estimator(model).frame()
    assert list(frame["n_candidates"]) == [4] * (N // 4)
    assert frame["best_so_far"].iloc[-1] == model.best_fitness_
    assert (frame["best"].dropna() <= frame["median"].dropna()).all()


def test_workers_and_their_outcomes(model):
    halves = {"start_seconds": np.arange(N) / 2, "end_seconds": np.arange(N) / 2 + 1}
    times = changed(model, worker=np.arange(N) % 2, **halves)
    display = plots.TimelineDisplay.from_estimator(times)
    assert display.workers == [0, 1]
    assert display.busy_share == pytest.approx(N / (N + 1))
    failed = display.frame().query("outcome == 'failed'")
    assert set(failed["estimator"]) == {"Failing"}


def test_the_ensemble_has_the_weights_of_the_leaderboard(model):
    display = plots.EnsembleDisplay.from_estimator(model)
    weights = dict(
        zip(model.leaderboard_["candidate"], model.leaderboard_["ensemble_weight"], strict=True)
    )
    assert list(display.weight) == [weights[number] for number in display.candidate]
    assert display.weight.sum() == pytest.approx(1)
    np.testing.assert_allclose(display.correlation, display.correlation.T)
    np.testing.assert_allclose(np.diag(display.correlation), 1)


def test_a_single_pipeline_has_no_ensemble(model, data):
    single = EvolutionaryRegressor(
        search_space=["ridge"], time_budget=None, n_evaluations=1, final_model="single",
        cv=2, n_jobs=1, random_state=0,
    ).fit(*data)  # fmt: skip
    with pytest.raises(ValueError, match="needs an ensemble: the model is a single pipeline"):
        plots.EnsembleDisplay.from_estimator(single)
    with pytest.raises(ValueError, match="No candidate of this search made columns"):
        plots.MadeColumnsDisplay.from_estimator(single)
    assert plots.EstimateDisplay.from_estimator(single).model[-1] == "best single (ridge)"


def test_the_lineage_ends_with_the_best_candidate(model):
    display = plots.LineageDisplay.from_estimator(model)
    board = model.leaderboard_
    assert display.candidate[-1] == board["candidate"][board["rank"] == 1]
    assert display.error[-1] == model.best_fitness_
    assert (np.diff(display.generation) >= 0).all()


def test_held_out_errors_are_those_of_the_metric(model, data):
    table, y = data
    display = plots.EstimateDisplay.from_estimator(model, table, y)
    error = np.sqrt(np.mean((model.predict(table) - y) ** 2))
    assert display.model[-1] == "ensemble"
    assert display.held_out[-1] == pytest.approx(error)
    assert np.isnan(display.held_out[0])
    with pytest.raises(ValueError, match="both X_test and y_test"):
        plots.EstimateDisplay.from_estimator(model, table)


def test_the_estimate_is_that_of_the_model_that_predicts(model):
    estimate = model.estimate_
    frame = plots.EstimateDisplay.from_estimator(model).frame().set_index("model")
    shown = frame.loc["ensemble", ["naive", "corrected", "lower", "upper"]]
    known = [estimate.naive, estimate.corrected, estimate.lower, estimate.upper]
    np.testing.assert_array_equal(shown.to_numpy(float), known)
    assert frame.loc["baseline", "naive"] == model.baseline_fitness_
    progress = plots.SearchProgressDisplay.from_estimator(model)
    assert progress.ensemble_error == estimate.naive
    assert progress.plot().ax_.get_ylabel() == "cross-validated error (RMSE)"


# -- comparisons of candidates --------------------------------------------------------------


RIDGE = {"scaler": "none", "estimator": "ridge", "ridge__alpha": 1.0}


@pytest.mark.parametrize(
    ("change", "genes"),
    [
        ({}, set()),
        ({"ridge__alpha": 2.0}, {"hyperparameters"}),
        ({"scaler": "standard"}, {"scaler"}),
        ({"scaler": "standard", "ridge__alpha": 2.0}, {"scaler", "hyperparameters"}),
        ({"estimator": "tree", "scaler": "standard"}, {"estimator"}),
    ],
)
def test_genes_that_were_changed(change, genes):
    assert changed_genes(RIDGE, {**RIDGE, **change}) == genes


def test_given_up_children_are_compared_on_their_folds():
    results = {
        "candidate": np.array([5, 9]),
        "params": [RIDGE, {**RIDGE, "scaler": "standard"}],
        "parents": [(), (5,)],
        "inherits": [None, None],
        "fitness": np.array([3.0, np.nan]),
        "split0_test_score": np.array([-2.0, -3.0]),
        "split1_test_score": np.array([-4.0, np.nan]),
    }
    assert list(pairs(results)) == [(0, 1, "scaler")]
    assert FoldScores(results).change_percent(0, 1) == pytest.approx(50)


def test_the_interval_of_the_median_covers_it():
    draws = np.random.default_rng(0).exponential(size=(300, 12))
    intervals = np.array([median_interval(draw) for draw in draws])
    covered = (intervals[:, 0] <= np.log(2)) & (np.log(2) <= intervals[:, 1])
    assert covered.mean() > 0.88
    assert np.isnan(median_interval(draws[0, :3])).all()


@pytest.mark.parametrize(
    ("errors", "reference", "limits"),
    [
        ([1.0, 2.0, 3.0], np.nan, (0.88, 3.12)),
        ([1.0, 2.0, 3.0], 1000.0, (0.88, 3.12)),
        ([*np.linspace(1, 2, 20), 500.0], np.nan, (0.94, 2.06)),
        ([1.0, 1.0], np.nan, None),
        ([np.nan], 1.0, None),
    ],
)
def test_axes_leave_out_what_is_far_away(errors, reference, limits):
    assert error_limits(errors, reference) == (limits and pytest.approx(limits, abs=0.01))
