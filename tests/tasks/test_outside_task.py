"""Tasks that are registered from outside the package, each in one class."""

import pickle
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor
from evolearn.exceptions import EvolearnWarning
from evolearn.tasks import (
    NumberTask,
    ProbabilityTask,
    Regression,
    get_task,
    register_task,
    task_names,
)
from evolearn.testing.tasks import TaskCase, TaskConformance


@register_task
@dataclass(frozen=True, eq=False)
class MedianRegression(NumberTask):
    """The median of a number, scored by absolute error."""

    name: ClassVar[str] = "median_regression"
    default_scoring: ClassVar[str] = "neg_mean_absolute_error"

    def baseline(self):
        return DummyRegressor(strategy="median")


class EvolutionaryMedianRegressor(EvolutionaryRegressor):
    """Evolve the pipeline that predicts the median of a number best."""

    _task = "median_regression"


@register_task
@dataclass(frozen=True, eq=False)
class Ranking(ProbabilityTask):
    """The probabilities of classes, scored by how they rank rows."""

    name: ClassVar[str] = "ranking"
    default_scoring: ClassVar[str] = "roc_auc_ovr"

    def baseline(self):
        return DummyClassifier(strategy="prior")


class EvolutionaryRanker(EvolutionaryClassifier):
    """Evolve the pipeline that ranks rows best."""

    _task = "ranking"


def table(n_rows=520, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.uniform(-1, 1, (n_rows, 3)), columns=["a", "b", "c"])
    X["city"] = pd.Series(rng.choice(["Aachen", "Bonn", "Celle"], n_rows), dtype=object)
    y = np.where(X.a > 0, 3 * X.b, np.sign(X.b * X.c) + (X.city == "Bonn"))
    return X, y + rng.exponential(0.3, n_rows)


SETTINGS = {
    "time_budget": None,
    "n_evaluations": 8,
    "population_size": 4,
    "cv": 3,
    "search_space": ["ridge", "nearest_neighbors", "extra_trees"],
    "random_state": 0,
    "n_jobs": 2,
}


@pytest.fixture(autouse=True)
def importable(monkeypatch, request):
    """Put the tests on the path for workers: pytest's import mode does not."""
    monkeypatch.syspath_prepend(request.config.rootpath)


class TestMedianRegression(TaskConformance):
    @pytest.fixture
    def case(self):
        X, y = table(200)
        models = [Ridge(), DecisionTreeRegressor(max_depth=3, random_state=0)]
        return TaskCase(MedianRegression, X[["a", "b", "c"]].to_numpy(), y, models)


class TestRanking(TaskConformance):
    @pytest.fixture
    def case(self):
        X, y = table(200)
        models = [LogisticRegression(), DecisionTreeClassifier(max_depth=3, random_state=0)]
        return TaskCase(Ranking, X[["a", "b", "c"]].to_numpy(), np.digitize(y, [0, 1]), models)


def test_it_is_searched_stacked_and_predicted_with():
    X, y = table()
    model = EvolutionaryMedianRegressor(**SETTINGS).fit(X, y)
    assert sum(model.leaderboard_["candidate"] >= 0) == 8
    assert model.stacking_weights_
    assert isinstance(model.estimator_.task, MedianRegression)
    X_new, y_new = table(seed=1)
    predicted = model.predict(X_new)
    constant = np.full(len(y_new), np.median(y))
    assert mean_absolute_error(y_new, predicted) < 0.5 * mean_absolute_error(y_new, constant)
    assert np.array_equal(pickle.loads(pickle.dumps(model)).predict(X_new), predicted)
    scores = model.cv_results_["mean_test_score"]
    named = EvolutionaryRegressor(**SETTINGS, scoring="neg_mean_absolute_error").fit(X, y)
    assert np.array_equal(scores, named.cv_results_["mean_test_score"])


def test_a_task_of_classes_is_searched_by_its_own_metric():
    X, y = table(150)
    space = ["logistic_regression", "nearest_neighbors"]
    settings = {**SETTINGS, "search_space": space, "n_evaluations": 5}
    model = EvolutionaryRanker(**settings).fit(X, np.digitize(y, [0, 1]))
    assert model.classes_.tolist() == [0, 1, 2]
    assert 0 < model.best_fitness_ < 0.5
    assert model.predict_proba(X).shape == (150, 3)


def test_its_baseline_serves_when_there_is_no_time():
    X, y = table()
    with pytest.warns(EvolearnWarning, match="from the target alone"):
        model = EvolutionaryMedianRegressor(time_budget=1e-6).fit(X, y)
    assert np.allclose(model.predict(X), np.median(y))


def test_names_are_unique_and_unknown_ones_are_refused():
    assert task_names()[:2] == ["classification", "regression"]
    with pytest.raises(ValueError, match=r"'regression' is taken by Regression"):

        @register_task
        class Other(NumberTask):
            name = "regression"

    assert get_task("regression") is Regression
    with pytest.raises(ValueError, match=r"no task 'sorting'; register it"):
        get_task("sorting")


def test_a_task_that_cannot_work_is_refused():
    with pytest.raises(TypeError, match="Task Half does not define default_scoring, baseline"):

        @register_task
        class Half(NumberTask):
            name = "half"

    with pytest.raises(TypeError, match="takes a subclass of Task, not 3"):
        register_task(3)
    assert "half" not in task_names()


def absolute_error(estimator, X, y):
    return -mean_absolute_error(y, estimator.predict(X))


def test_a_function_is_a_default_metric():
    class ByFunction(MedianRegression):
        default_scoring = absolute_error

    _, task = ByFunction.from_target([1.0, 2.0, 4.0])
    assert task.objective(None).scorer is absolute_error
