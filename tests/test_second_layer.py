"""The second layer: what it learns from, when there is one, and that it serves as chosen."""

import pickle
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import KFold, RepeatedKFold

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor
from evolearn.ensemble.model import EnsembleClassifier, EnsembleRegressor
from evolearn.ensemble.selection import OutOfFold
from evolearn.ensemble.stacking import (
    BLEND,
    FirstLayer,
    SecondLayer,
    columns_of,
    honest_blend,
    stacked,
    with_columns,
)
from evolearn.estimators import stacking
from evolearn.evaluation.folds import Folds, make_folds
from evolearn.evaluation.scoring import make_objective
from evolearn.exceptions import EvolearnWarning

N_ROWS = 520
SETTINGS = {
    "time_budget": None,
    "n_evaluations": 8,
    "population_size": 4,
    "cv": 3,
    "n_jobs": 1,
    "random_state": 0,
    "search_space": ["ridge", "nearest_neighbors", "extra_trees"],
}
OF_CLASSES = ["logistic_regression", "nearest_neighbors", "extra_trees"]


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
    return EvolutionaryRegressor(**SETTINGS).fit(X, y), X, y


# -- from predictions to columns ------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [0, 2, 4])
def test_the_ensemble_can_be_read_from_the_columns_of_its_members(n_classes):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), rng.integers(0, max(n_classes, 2), 60)
    kind = LogisticRegression if n_classes else LinearRegression
    models = [(kind().fit(X[::k], y[::k]), False) for k in (1, 2, 3)]
    shares, step = [0.5, 0.3, 0.2], Identity()
    if n_classes:
        labels = np.arange(n_classes)
        ensemble = EnsembleClassifier(step, models, shares, labels, 1.7)
    else:
        labels, ensemble = None, EnsembleRegressor(step, models, shares)
    first = FirstLayer(step, models, labels, position=2)
    width = 3 * (n_classes if n_classes > 2 else 1)
    assert first.transform(X).shape == (60, 3 + width)
    assert np.array_equal(first.transform(X)[:, [0, 1, -1]], X)
    blend = stacked(first, shares, 1.7, SecondLayer({BLEND: 1.0}, {}))
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
    assert columns_of(answers).sum() == pytest.approx(0.0)
    assert np.allclose(columns_of(answers[:, :2]), np.log(0.3 / 0.2))


# -- the blend that is compared with it -----------------------------------------------------


@pytest.mark.parametrize("classification", [False, True])
def test_an_honest_blend_does_not_know_the_fold_that_it_predicts(classification):
    rng = np.random.default_rng(1)
    truth = rng.normal(size=90) if not classification else rng.integers(0, 2, 90)
    folds = make_folds(
        3, truth, truth, None, classification=classification, default_folds=3, seed=0
    )
    chances = [rng.uniform(0.1, 0.9, 90) for _ in range(5)]
    library = [np.column_stack([1 - p, p]) if classification else p for p in chances]
    blends = []
    for flipped in (False, True):
        target = truth.copy()
        if flipped:
            target[folds.test[1]] = target[folds.test[1]][::-1]
        scorer = out_of_fold(target, folds, classification)
        blends.append(honest_blend(library, scorer, folds, 25))
    fold = folds.bounds[1]
    assert np.array_equal(blends[0][fold], blends[1][fold])
    assert not np.array_equal(blends[0], blends[1])


def out_of_fold(target, folds, classification):
    task = "classification" if classification else "regression"
    labels = np.array([0, 1]) if classification else None
    return OutOfFold(make_objective(None, task), folds, target, labels, None, 0)


# -- what it learns from --------------------------------------------------------------------


def test_its_models_are_judged_on_rows_that_neither_layer_saw(monkeypatch):
    plans = []
    made = stacking._second_plan

    def noted(plan, entries):
        plans.append((plan, entries, *made(plan, entries)))
        return plans[-1][2:]

    monkeypatch.setattr(stacking, "_second_plan", noted)
    X, y = table()
    EvolutionaryRegressor(**SETTINGS).fit(X, y)
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
    among = stacking._among(folds, rows)
    assert [train.tolist() for train in among.train] == [[0, 1], [2, 3]]
    assert [test.tolist() for test in among.test] == [[2, 3], [0, 1]]


# -- through the front door -----------------------------------------------------------------


def test_where_members_are_good_in_different_places_it_serves(fitted):
    model, X, y = fitted
    assert model.second_layer_
    assert sum(model.second_layer_.values()) == pytest.approx(1.0)
    assert isinstance(model.estimator_.step, FirstLayer)
    single = clone(model).set_params(final_model="single").fit(X, y)
    X_new, y_new = table(seed=1)
    errors = [np.mean((fit.predict(X_new) - y_new) ** 2) for fit in (model, single)]
    assert errors[0] < errors[1]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classifiers_have_one_too(n_classes):
    X, y = classes(n_classes)
    model = EvolutionaryClassifier(**{**SETTINGS, "search_space": OF_CLASSES}).fit(X, y)
    assert model.second_layer_
    chances = model.predict_proba(X)
    assert chances.shape == (len(y), n_classes)
    assert np.allclose(chances.sum(axis=1), 1.0)
    assert np.array_equal(model.predict(X), model.classes_[chances.argmax(axis=1)])
    assert model.score(*classes(n_classes, seed=1)) > 0.7


def test_it_is_the_same_with_more_workers(fitted):
    model, X, y = fitted
    again = clone(model).set_params(n_jobs=2).fit(X, y)
    assert again.second_layer_ == model.second_layer_
    assert np.array_equal(again.predict(X), model.predict(X))


def test_it_is_the_same_from_a_journal(tmp_path, fitted):
    model, X, y = fitted
    changed = clone(model).set_params(journal=tmp_path)
    for settings in ({}, {}, {"replay": True}):
        again = clone(changed).set_params(**settings).fit(X, y)
        assert again.second_layer_ == model.second_layer_
        assert np.array_equal(again.predict(X), model.predict(X))


def test_it_predicts_one_row_as_many_and_after_pickling(fitted):
    model, X, _ = fitted
    many = model.predict(X)
    assert np.allclose(model.predict(X.iloc[5:6]), many[5:6])
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(X), many)


def test_sample_weights_reach_it(fitted):
    model, X, y = fitted
    weights = np.where(X.a > 0, 5.0, 0.5)
    weighted = clone(model).fit(X, y, sample_weight=weights)
    assert weighted.second_layer_
    assert not np.allclose(weighted.predict(X), model.predict(X))


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
    assert model.second_layer_ == {}
    assert np.isfinite(model.predict(X)).all()


def test_there_is_none_of_sparse_tables():
    X, y = table()
    matrix = sparse.csr_matrix(X[["a", "b"]])
    assert EvolutionaryRegressor(**SETTINGS).fit(matrix, y).second_layer_ == {}


def test_folds_of_the_users_that_score_every_row_do():
    X, y = table()
    cv = KFold(3, shuffle=True, random_state=1)
    assert EvolutionaryRegressor(**{**SETTINGS, "cv": cv}).fit(X, y).second_layer_


def test_trees_that_are_not_in_the_space_are_not_in_it_either():
    X, y = table()
    space = ["ridge", "nearest_neighbors", "decision_tree"]
    model = EvolutionaryRegressor(**{**SETTINGS, "search_space": space}).fit(X, y)
    assert set(model.second_layer_) <= {BLEND, "linear_blend"}


@pytest.mark.parametrize("late", ["tried", "fitted", "stopped"])
def test_the_ensemble_serves_if_there_is_no_time(late, monkeypatch):
    made = stacking.Stacking.made

    def hurried(self, *given):
        real, calls = self.refit, []

        def refit(plan, orders, spare):
            calls.append(orders)
            return (
                () if len(calls) == (1 if late == "tried" else 2) else real(plan, orders, spare)
            )

        changes = {"stopped": lambda: True} if late == "stopped" else {"refit": refit}
        handed = made(stacking.replace(self, **changes), *given)
        assert handed is given[0]
        return handed

    monkeypatch.setattr(stacking.Stacking, "made", hurried)
    X, y = table()
    model = EvolutionaryRegressor(**SETTINGS).fit(X, y)
    assert model.second_layer_ == {}
    assert np.isfinite(model.predict(X)).all()


def test_seconds_are_set_aside_for_what_can_be_afforded(fitted):
    model = fitted[0]

    class Pace:
        def predicted(self, genome):
            return 3.0

    class Plan:
        space, folds = model.search_space_, range(3)

    needed = 1.5 * 3.0 * 4 / 3
    aside = partial(stacking.aside, Plan, Pace())
    assert aside(100.0, 1) == pytest.approx(needed)
    assert aside(100.0, 2) == pytest.approx(needed / 2)
    assert aside(10.0, 1) == 0.0
    assert aside(None, 1) == 0.0
