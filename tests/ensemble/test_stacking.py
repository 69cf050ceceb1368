"""Stacking: its columns, when there is a layer, and that it predicts as chosen."""

import pickle
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import KFold, RepeatedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from evolearn import Component, EvolutionaryClassifier, EvolutionaryRegressor, SearchSpace
from evolearn.ensemble.selection import OutOfFold
from evolearn.ensemble.stacking import (
    BLEND,
    FirstLayer,
    StackingLayer,
    honest_blend,
    stacked,
    with_columns,
)
from evolearn.evaluation.folds import Folds, make_folds
from evolearn.exceptions import EvolearnWarning
from evolearn.execution.interruption import Interruption
from evolearn.fit import run, stacking
from evolearn.fit.trainer import Trainer
from evolearn.tasks import Classification, Regression

N_ROWS = 520
SETTINGS = {
    "time_budget": None,
    "n_evaluations": 8,
    "population_size": 4,
    "cv": 3,
    "n_jobs": 1,
    "random_state": 0,
    "search_space": ["ridge", "nearest_neighbors", "decision_tree"],
}
# Extra trees take three times as long, and may be a model of the stacking layer.
WITH_TREES = SETTINGS | {"search_space": ["ridge", "nearest_neighbors", "extra_trees"]}
OF_CLASSES = ["logistic_regression", "nearest_neighbors", "decision_tree"]


def table(seed=0, n_rows=N_ROWS):
    """A line on one side, steps on the other: where to believe which model can be learned."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.uniform(-1, 1, (n_rows, 3)), columns=["a", "b", "c"])
    X["city"] = pd.Series(rng.choice(["Aachen", "Bonn", "Celle"], n_rows), dtype=object)
    y = np.where(X.a > 0, 3 * X.b, np.sign(X.b * X.c) + (X.city == "Bonn"))
    X.loc[::13, "c"] = np.nan
    return X, y + rng.normal(0, 0.1, n_rows)


def classes(n_classes, seed=0):
    X, y = table(seed)
    labels = np.array(["dear", "fair", "cheap", "free"], dtype=object)[:n_classes]
    edges = np.quantile(y, np.linspace(0, 1, n_classes + 1)[1:-1])
    return X, labels[np.searchsorted(edges, y)]


@pytest.fixture(scope="module")
def fitted():
    X, y = table()
    return EvolutionaryRegressor(**WITH_TREES).fit(X, y), X, y


# -- from predictions to columns ------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [0, 2, 4])
def test_the_ensemble_can_be_read_from_the_columns_of_its_members(n_classes):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), rng.integers(0, max(n_classes, 2), 60)
    kind = LogisticRegression if n_classes else LinearRegression
    models = [(kind().fit(X[::k], y[::k]), False) for k in (1, 2, 3)]
    shares, step = [0.5, 0.3, 0.2], Identity()
    task = Classification(np.arange(n_classes)) if n_classes else Regression()
    ensemble = task.ensemble(step, models, shares, 1.7)
    first = FirstLayer(step, models, task, position=2)
    width = 3 * (n_classes if n_classes > 2 else 1)
    assert first.transform(X).shape == (60, 3 + width)
    assert np.array_equal(first.transform(X)[:, [0, 1, -1]], X)
    blend = stacked(first, shares, 1.7, StackingLayer({BLEND: 1.0}, {}))
    ask = "predict_proba" if n_classes else "predict"
    assert np.allclose(getattr(blend, ask)(X), getattr(ensemble, ask)(X))


class Identity:
    """A step that has nothing to prepare."""

    def transform(self, X):
        return X


def test_columns_are_put_in_where_they_belong():
    matrix, columns = np.arange(8.0).reshape(2, 4), np.array([[-1.0], [-2.0]])
    assert with_columns(matrix, columns, 2).tolist() == [[0, 1, -1, 2, 3], [4, 5, -2, 6, 7]]


def test_columns_of_probabilities_know_no_common_factor():
    answers = np.array([[0.2, 0.3, 0.5]])
    assert Classification(np.arange(3)).columns(answers).sum() == pytest.approx(0.0)
    of_two = Classification(np.arange(2)).columns(answers[:, :2])
    assert np.allclose(of_two, np.log(0.3 / 0.2))


# -- the blend that is compared with it -----------------------------------------------------


@pytest.mark.parametrize("classification", [False, True])
def test_an_honest_blend_does_not_know_the_fold_that_it_predicts(classification):
    rng = np.random.default_rng(1)
    truth = rng.normal(size=90) if not classification else rng.integers(0, 2, 90)
    task = Classification(np.array([0, 1])) if classification else Regression()
    folds = make_folds(3, truth, truth, None, task=task, default_folds=3, seed=0)
    chances = [rng.uniform(0.1, 0.9, 90) for _ in range(5)]
    library = [np.column_stack([1 - p, p]) if classification else p for p in chances]
    blends = []
    for flipped in (False, True):
        target = truth.copy()
        if flipped:
            target[folds.test[1]] = target[folds.test[1]][::-1]
        scorer = OutOfFold(task.objective(None), folds, target, task, None, 0)
        blends.append(honest_blend(library, scorer, folds, 25))
    fold = folds.bounds[1]
    assert np.array_equal(blends[0][fold], blends[1][fold])
    assert not np.array_equal(blends[0], blends[1])


# -- what it learns from --------------------------------------------------------------------


@pytest.fixture
def plans(monkeypatch):
    """Collect, for each stacking layer: plan, entries, its own plan and its genomes."""
    made, plans = stacking.stacking_plan, []

    def noted(plan, entries):
        plans.append((plan, entries, *made(plan, entries)))
        return plans[-1][2:]

    monkeypatch.setattr(stacking, "stacking_plan", noted)
    return plans


def test_its_models_are_judged_on_rows_that_they_were_not_fitted_on(plans):
    X, y = table()
    EvolutionaryRegressor(**WITH_TREES).fit(X, y)
    ((first, entries, second, genomes),) = plans
    assert [genome.estimator for genome in genomes] == ["linear_blend", "extra_trees"]
    start = first.data.prepared.schema.n_numeric
    matrix = second.data.prepared.matrix
    for k, entry in enumerate(entries):
        of_rows = np.empty(len(y))
        of_rows[first.folds.scored] = entry.evaluation.predictions
        assert np.array_equal(matrix[:, start + k], of_rows)
    for fold in range(3):
        assert np.array_equal(second.folds.train[fold], first.folds.train[fold])
        assert np.array_equal(second.folds.test[fold], first.folds.test[fold])


def test_rows_that_are_not_scored_are_left_out():
    rows = np.array([1, 2, 4, 7])
    folds = Folds((np.array([0, 1, 2]), np.array([3, 4, 7])), (np.array([4, 7]), rows[:2]))
    among = stacking.folds_of_rows(folds, rows)
    assert [train.tolist() for train in among.train] == [[0, 1], [2, 3]]
    assert [test.tolist() for test in among.test] == [[2, 3], [0, 1]]


# -- through the front door -----------------------------------------------------------------


def test_where_members_are_good_in_different_places_it_serves(fitted):
    model, X, y = fitted
    assert model.stacking_weights_
    assert sum(model.stacking_weights_.values()) == pytest.approx(1.0)
    assert isinstance(model.estimator_.step, FirstLayer)
    single = clone(model).set_params(final_model="single").fit(X, y)
    X_new, y_new = table(seed=1)
    errors = [np.mean((fit.predict(X_new) - y_new) ** 2) for fit in (model, single)]
    assert errors[0] < errors[1]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classifiers_have_one_too(n_classes):
    X, y = classes(n_classes)
    model = EvolutionaryClassifier(**{**SETTINGS, "search_space": OF_CLASSES}).fit(X, y)
    assert model.stacking_weights_
    chances = model.predict_proba(X)
    assert chances.shape == (len(y), n_classes)
    assert np.allclose(chances.sum(axis=1), 1.0)
    assert np.array_equal(model.predict(X), model.classes_[chances.argmax(axis=1)])
    assert model.score(*classes(n_classes, seed=1)) > 0.7


def test_it_is_the_same_with_more_workers(fitted):
    model, X, y = fitted
    again = clone(model).set_params(n_jobs=2).fit(X, y)
    assert again.stacking_weights_ == model.stacking_weights_
    assert np.array_equal(again.predict(X), model.predict(X))


def test_it_is_the_same_from_a_journal(tmp_path, fitted):
    model, X, y = fitted
    changed = clone(model).set_params(journal=tmp_path)
    for settings in ({}, {}, {"replay": True}):
        again = clone(changed).set_params(**settings).fit(X, y)
        assert again.stacking_weights_ == model.stacking_weights_
        assert np.array_equal(again.predict(X), model.predict(X))


def test_it_predicts_one_row_as_many_and_after_pickling(fitted):
    model, X, _ = fitted
    many = model.predict(X)
    assert np.allclose(model.predict(X.iloc[5:6]), many[5:6])
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(X), many)


def test_rows_without_weight_are_left_out_and_the_others_keep_theirs(plans):
    X, y = table()
    weights = np.where(X.a > 0, 5.0, 0.5)
    weights[::20] = 0.0
    model = EvolutionaryRegressor(**WITH_TREES).fit(X, y, sample_weight=weights)
    assert model.stacking_weights_
    plan = plans[0][2]
    assert np.array_equal(plan.data.weights, weights[weights > 0])
    assert np.array_equal(plan.data.target, y[weights > 0])


def test_every_kind_of_column_finds_its_way_through_both_layers(fitted):
    X, y = table()
    rng = np.random.default_rng(2)
    words = np.array(["red", "green", "blue", "old", "new", "small", "large", "round"])
    X["seen"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, N_ROWS), "D")
    X["told"] = [" ".join(rng.permutation(words)[: rng.integers(3, 7)]) for _ in range(N_ROWS)]
    kinds = {"told": "text"}
    settings = {**SETTINGS, "search_space": OF_CLASSES, "kinds": kinds}
    model = EvolutionaryClassifier(**settings).fit(X, y > np.median(y))
    assert model.stacking_weights_
    chances = model.predict_proba(X)
    assert np.allclose(model.predict_proba(X[X.columns[::-1]].iloc[::-1]), chances[::-1])
    assert model.predict(X).dtype == bool
    assert model.score(X, y > np.median(y)) > 0.9


def test_pipelines_of_the_users_take_the_table_as_it_came(monkeypatch):
    # As if the blend of the members were of no use, so that the layer is chosen for sure.
    monkeypatch.setattr(stacking, "honest_blend", lambda offers, *_: np.zeros_like(offers[0]))
    X, y = table()
    X = X[["a", "b"]]
    line = make_pipeline(FunctionTransformer(lambda X: X[["a"]] > 0), Ridge())
    own = Component("extra_trees", line, slots={}, whole=True)
    space = SearchSpace.default("regression").only("nearest_neighbors", "ridge").extended(own)
    model = EvolutionaryRegressor(**{**SETTINGS, "search_space": space}).fit(X, y)
    assert set(model.stacking_weights_) <= {BLEND, "linear_blend"}
    assert "linear_blend" in model.stacking_weights_
    assert np.isfinite(model.predict(X)).all()


NONE = {
    "few rows": ({}, 480),
    "a single model": ({"final_model": "single"}, N_ROWS),
    "predictions have to be fast": ({"max_predict_latency": 10.0}, N_ROWS),
    "two folds": ({"cv": 2}, N_ROWS),
    "rows are scored twice": ({"cv": RepeatedKFold(n_splits=3, n_repeats=2)}, N_ROWS),
    "it is good enough": ({"target_fitness": 1e9}, N_ROWS),
    "a scorer that wants the table": ({"scoring": lambda m, X, y: 0.0 * X.shape[1]}, N_ROWS),
}


@pytest.mark.parametrize(("settings", "n_rows"), NONE.values(), ids=NONE)
def test_there_is_none_where(settings, n_rows):
    X, y = table(n_rows=n_rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvolearnWarning)
        model = EvolutionaryRegressor(**{**SETTINGS, **settings}).fit(X, y)
    assert model.stacking_weights_ == {}
    assert np.isfinite(model.predict(X)).all()


def test_there_is_none_of_large_tables_whatever_the_folds(with_policy):
    X, y = table()
    model = with_policy(EvolutionaryRegressor(**SETTINGS), large_table_bytes=10_000)
    assert model.fit(X, y).stacking_weights_ == {}


def test_there_is_none_that_makes_a_large_table_of_it(with_policy):
    X, y = table()
    size = 8 * N_ROWS * 5
    model = with_policy(EvolutionaryRegressor(**SETTINGS), large_table_bytes=size)
    assert model.fit(X, y).stacking_weights_ == {}


def test_there_is_none_of_sparse_tables():
    X, y = table()
    matrix = sparse.csr_matrix(X[["a", "b"]])
    assert EvolutionaryRegressor(**SETTINGS).fit(matrix, y).stacking_weights_ == {}


def test_folds_of_the_users_that_score_every_row_do():
    X, y = table()
    cv = KFold(3, shuffle=True, random_state=1)
    assert EvolutionaryRegressor(**{**SETTINGS, "cv": cv}).fit(X, y).stacking_weights_


def test_trees_that_are_not_in_the_space_are_not_in_it_either():
    X, y = table()
    space = ["ridge", "nearest_neighbors", "decision_tree"]
    model = EvolutionaryRegressor(**{**SETTINGS, "search_space": space}).fit(X, y)
    assert set(model.stacking_weights_) <= {BLEND, "linear_blend"}


@pytest.mark.parametrize("late", ["evaluated", "fitted", "interrupted"])
def test_the_ensemble_serves_if_there_is_no_time(late, monkeypatch):
    def hurried(real, final, planner):
        calls = []

        class Late(Trainer):
            def __call__(self, orders, spare_seconds):
                calls.append(orders)
                if len(calls) == (1 if late == "evaluated" else 2):
                    return ()
                return super().__call__(orders, spare_seconds)

        if late == "interrupted":
            interruption = Interruption()
            interruption.requested = True
            trainer = replace(real, interruption=interruption)
        else:
            trainer = Late(real.plan, real.pool, real.budget, real.interruption)
        unchanged = stacking.add_stacking(trainer, final, planner)
        assert unchanged is final
        return unchanged

    monkeypatch.setattr(run, "add_stacking", hurried)
    X, y = table()
    model = EvolutionaryRegressor(**SETTINGS).fit(X, y)
    assert model.stacking_weights_ == {}
    assert np.isfinite(model.predict(X)).all()


def test_what_goes_wrong_with_it_does_not_lose_the_ensemble(monkeypatch):
    def broken(*given):
        raise RuntimeError("no layer")

    monkeypatch.setattr(stacking, "stacking_plan", broken)
    X, y = table()
    with pytest.warns(EvolearnWarning, match="No stacking layer was fitted .*no layer"):
        model = EvolutionaryRegressor(**SETTINGS).fit(X, y)
    assert model.stacking_weights_ == {}
    assert np.isfinite(model.predict(X)).all()


def test_seconds_are_reserved_for_models_that_fit_into_the_share(monkeypatch, plans):
    X, y = table()
    space = ["ridge", "nearest_neighbors", "extra_trees", "hist_gradient_boosting"]
    EvolutionaryRegressor(**{**SETTINGS, "search_space": space}).fit(X, y)
    needed = {"extra_trees": 6.0, "hist_gradient_boosting": 9.0}
    monkeypatch.setattr(
        stacking, "stacking_seconds", lambda plan, problem, genome, _: needed[genome.estimator]
    )

    def reserved(budget_seconds, n_workers):
        return stacking.stacking_reserve(plans[0][0], None, budget_seconds, n_workers)()

    assert reserved(100.0, 1) == 15.0, "both"
    assert reserved(100.0, 2) == 9.0, "side by side"
    assert reserved(90.0, 1) == 6.0, "one of them"
    assert reserved(30.0, 1) == 0.0, "none"


def test_more_columns_take_longer(plans):
    class Model:
        def predicted(self, genome):
            return 1.0

    X, y = table()
    EvolutionaryRegressor(**WITH_TREES).fit(X, y)
    plan, _, layer, genomes = plans[0]

    def expected(problem, genome):
        return stacking.stacking_seconds(plan, problem, genome, Model())

    assert expected(layer.problem, genomes[1]) > expected(plan.problem, genomes[1]) > 0
    assert expected(plan.problem, genomes[0]) == 0.0, "not known"
