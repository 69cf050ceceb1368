"""Conformance tests of a task, for pytest.

Subclass `TaskConformance` in a test module and define the fixture ``case``::

    class TestMedianRegression(TaskConformance):
        @pytest.fixture
        def case(self):
            return TaskCase(MedianRegression, X, y, [Ridge(), DecisionTreeRegressor()])
"""

import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone

from evolearn.tasks.base import Task, get_task
from evolearn.tasks.predictions import Floats, HeldOut

SHARES, SHARPNESS = [0.7, 0.3], 1.3


@dataclass(frozen=True)
class TaskCase:
    """A task with a table to try it on.

    Parameters
    ----------
    task : type of Task
        Registered.
    X : ndarray of shape (n_samples, n_features)
        At least 60 rows.
    y : array-like of shape (n_samples,)
        A target as users pass it; of classes at least ten rows each.
    models : list of estimator
        Two unfitted estimators that differ.
    """

    task: type[Task]
    X: NDArray[Any]
    y: Any
    models: list[BaseEstimator]


@dataclass(frozen=True)
class _Fitted:
    """The task on a target, and models that are fitted on it."""

    task: Task
    X: NDArray[Any]
    values: NDArray[Any]
    members: list[tuple[Any, bool]]
    predictions: list[Floats]


def _fitted(case: TaskCase) -> _Fitted:
    values, task = case.task.from_target(case.y)
    members = [(clone(model).fit(case.X, values), False) for model in case.models]
    predictions = [task.predictions_of(model, case.X) for model, _ in members]
    return _Fitted(task, case.X, values, members, predictions)


class TaskConformance:
    """The tests that every task must pass; a subclass defines the fixture ``case``."""

    # -- the kind of target ------------------------------------------------------------------

    def test_it_is_found_by_its_name(self, case: TaskCase) -> None:
        """The registry has the task, and the task that it borrows models from."""
        assert get_task(case.task.name) is case.task
        assert get_task(case.task.models).models == case.task.models

    def test_it_takes_its_own_models_and_nothing_else(self, case: TaskCase) -> None:
        """Models and the baseline suit the task; an estimator without a type does not."""
        _, task = case.task.from_target(case.y)
        assert all(case.task.accepts(model) for model in [*case.models, task.baseline()])
        assert not case.task.accepts(BaseEstimator())

    def test_the_target_has_one_value_per_row(self, case: TaskCase) -> None:
        """The checked target is an array that can be passed again."""
        values, task = case.task.from_target(case.y)
        assert values.shape == (len(case.X),)
        again, _ = type(task).from_target(values)
        assert_array_equal(again, values)

    def test_a_missing_target_is_refused(self, case: TaskCase) -> None:
        """No target, and a target with a missing value, are refused with a sentence on y."""
        array = np.asarray(case.y).astype(object)
        array[0] = None
        for y in (None, array):
            with pytest.raises(ValueError, match="y"):
                case.task.from_target(y)

    def test_facts_and_attributes_are_those_of_the_target(self, case: TaskCase) -> None:
        """Zero weights do not hide a class, and screening targets are numbers."""
        values, task = case.task.from_target(case.y)
        facts = task.facts(values, None)
        assert facts.smallest_class == task.smallest_class(values)
        assert task.covers(values)
        assert case.task.can_stop_early(10**6, facts.n_classes, 10**5)
        targets = task.screening_targets(values)
        assert targets.ndim == 2
        assert len(targets) == len(values)
        assert np.isfinite(targets).all()
        assert all(name.endswith("_") for name in task.fitted_attributes())

    # -- rows --------------------------------------------------------------------------------

    def test_folds_score_rows_once_and_train_on_every_stratum(self, case: TaskCase) -> None:
        """Folds repeat with the seed; one fold is a held-out part."""
        values, task = case.task.from_target(case.y)
        every = np.ones(len(values), dtype=bool)
        for n_folds in (1, 3):
            tests = task.split(values, every, n_folds, seed=0)
            assert len(tests) == n_folds
            scored = np.concatenate(tests)
            assert len(np.unique(scored)) == len(scored)
            again = np.concatenate(task.split(values, every, n_folds, seed=0))
            assert_array_equal(again, scored)
            strata = task.strata(values)
            for test in tests:
                train = np.setdiff1d(np.arange(len(values)), test)
                assert set(strata[train]) == set(strata)
        assert len(scored) >= 0.8 * len(values)
        assert strata.min() == 0

    def test_rows_that_are_not_counted_are_not_scored(self, case: TaskCase) -> None:
        """Rows without a weight are in no test part."""
        values, task = case.task.from_target(case.y)
        counted = np.arange(len(values)) % 3 > 0
        scored = np.concatenate(task.split(values, counted, 3, seed=0))
        assert counted[scored].all()
        assert task.training_mask(counted, values)[counted].all()

    def test_groups_are_on_one_side_of_a_split(self, case: TaskCase) -> None:
        """Groups do not leak, and scorable rows are test rows."""
        values, task = case.task.from_target(case.y)
        groups = np.arange(len(values)) % 7
        splits = task.split_groups(values, groups, 3, seed=0)
        assert len(splits) == 3
        for train, test in splits:
            assert not set(groups[train]) & set(groups[test])
            assert set(task.scorable(train, test, values)) <= set(test)

    # -- predictions of one model ------------------------------------------------------------

    def test_predictions_have_one_shape(self, case: TaskCase) -> None:
        """Models and baseline predict finite numbers of the width that the task has."""
        fitted = _fitted(case)
        task = fitted.task
        model = task.baseline().fit(fitted.X, fitted.values)
        for predictions in [*fitted.predictions, task.predictions_of(model, fitted.X)]:
            assert predictions.dtype == np.float64
            assert predictions.size == task.width * len(fitted.X)
            assert np.isfinite(predictions).all()
            assert task.columns(predictions).shape == (len(fitted.X), task.n_outputs)
        assert all(task.can_predict(model) for model, _ in fitted.members)

    def test_errors_have_a_summary_and_outcomes_a_name(self, case: TaskCase) -> None:
        """Each row has an error, none if the prediction is perfect; outcomes have columns."""
        fitted = _fitted(case)
        task, encoded = fitted.task, fitted.task.encoded(fitted.values)
        perfect = task.perfect_predictions(fitted.values)
        assert_array_equal(task.row_errors(perfect, encoded), 0.0)
        for predictions in fitted.predictions:
            assert task.row_errors(predictions, encoded).shape == (len(fitted.X),)
            assert task.summary_of_errors(predictions, encoded).n_rows == len(fitted.X)
            names, columns = task.outcomes(predictions)
            assert columns.shape == (len(fitted.X), len(names))
        assert not len(task.unknown(fitted.values))
        assert task.error_name

    def test_predictions_have_the_score_of_their_model(self, case: TaskCase) -> None:
        """The default metric of a model is that of its predictions, with weights too."""
        fitted = _fitted(case)
        task, objective = fitted.task, fitted.task.objective(None)
        for weights in (None, np.linspace(0.1, 1, len(fitted.X))):
            for (model, _), expected in zip(fitted.members, fitted.predictions, strict=True):
                rows = HeldOut(fitted.X, fitted.values, weights)
                score, predictions = task.score(model, rows, objective)
                assert predictions is not None
                assert_allclose(predictions, expected)
                encoded = task.encoded(fitted.values)
                alone = task.score_predictions(predictions, encoded, objective, weights)
                assert_allclose(alone, score)
                assert np.isfinite(objective.error(score))

    # -- predictions of several models -------------------------------------------------------

    def test_a_blend_of_offers_is_a_pool(self, case: TaskCase) -> None:
        """The mean of offers, which is selected by, predicts as the pool of the members."""
        fitted = _fitted(case)
        task, encoded = fitted.task, fitted.task.encoded(fitted.values)
        offers, factors = zip(
            *(task.offer(predictions, encoded, None) for predictions in fitted.predictions),
            strict=True,
        )
        powers = np.array(SHARES) * factors
        parts = list(zip(powers / powers.sum(), fitted.predictions, strict=True))
        blend = sum(share * offer for share, offer in zip(SHARES, offers, strict=True))
        assert_allclose(task.blended(blend), task.pool(parts, powers.sum()), atol=1e-9)
        assert task.sharpness(blend, encoded, None) > 0

    def test_ensembles_predict_as_the_pool(self, case: TaskCase) -> None:
        """From the table and from stacked columns, before and after pickling."""
        fitted = _fitted(case)
        task = fitted.task
        parts = zip(SHARES, fitted.predictions, strict=True)
        pooled = task.pool(parts, SHARPNESS)
        ensemble = task.ensemble(None, fitted.members, SHARES, SHARPNESS)
        columns = np.hstack([fitted.X[:, :1], *map(task.columns, fitted.predictions)])
        stacked = task.column_ensemble(SHARES, 1, SHARPNESS)
        for model, X in ((ensemble, fitted.X), (stacked, columns)):
            assert task.accepts(model)
            assert_allclose(task.predictions_of(model, X), pooled, atol=1e-9)
            again = pickle.loads(pickle.dumps(model))
            assert_array_equal(task.predictions_of(again, X), task.predictions_of(model, X))
        labels = ensemble.predict(fitted.X)
        assert labels.shape == (len(fitted.X),)
        assert type(task).from_target(labels)[0].dtype == fitted.values.dtype
