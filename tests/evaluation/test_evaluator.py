"""The evaluation of one genome."""

import pickle
import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier

from evolearn import SearchSpace
from evolearn.data import prepare_table
from evolearn.evaluation.evaluator import Evaluator
from evolearn.evaluation.folds import make_folds
from evolearn.evaluation.racing import Rival, hopeless
from evolearn.evaluation.tasks import EvaluationTask, RefitTask
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.user_space import make_space
from evolearn.tasks import get_task


@dataclass
class Here:
    """A handle to a value that is not kept elsewhere."""

    value: Any

    def load(self):
        return self.value


class Faulty(RegressorMixin, BaseEstimator):
    """A regressor that misbehaves in the way it is told."""

    def __init__(self, fault="none"):
        self.fault = fault

    def fit(self, X, y):
        if self.fault == "raise":
            raise RuntimeError("it\nbroke")
        if self.fault == "sleep":
            time.sleep(0.05)
        if self.fault == "warn":
            for i in range(1000):
                warnings.warn(f"warning {i}", UserWarning, stacklevel=1)
        self.mean_ = y.mean()
        return self

    def predict(self, X):
        if self.fault == "nan":
            return np.full(len(X), np.nan)
        if self.fault == "short":
            return np.full(len(X) - 1, self.mean_)
        return np.full(len(X), self.mean_)


class Majority(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_, counts = np.unique(y, return_counts=True)
        self.probabilities_ = counts / counts.sum()
        return self

    def predict_proba(self, X):
        return np.tile(self.probabilities_, (len(X), 1))

    def predict(self, X):
        return np.repeat(self.classes_[self.probabilities_.argmax()], len(X))


def evaluator_of(estimators, y, *, task="regression", scoring=None, cv=3, weights=None):
    X = np.random.default_rng(0).normal(size=(len(y), 2))
    prepared = prepare_table(X)
    y, learning_task = get_task(task).from_target(y)
    n_classes = learning_task.facts(y, None).n_classes
    problem = Problem(task, prepared.schema, n_classes=n_classes)
    folds = make_folds(cv, X, y, None, task=learning_task, default_folds=3, seed=0)
    return Evaluator(
        matrix=Here(prepared.matrix),
        target=Here(y),
        weights=Here(weights),
        raw=Here(None),
        space=make_space(estimators, task),
        problem=problem,
        objective=learning_task.objective(scoring),
        folds=folds,
        learning_task=learning_task,
        seed=0,
    )


def genome_of(evaluator, name=None):
    return evaluator.space.genome({"estimator": name or evaluator.space.names[0]})


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("raise", "RuntimeError: it broke"),
        ("nan", "ValueError"),
        ("short", "ValueError"),
    ],
)
def test_a_failing_candidate_is_a_result_with_its_reason(fault, reason):
    evaluator = evaluator_of([Faulty(fault)], np.arange(30.0))
    evaluation = evaluator(EvaluationTask(genome_of(evaluator)))
    assert evaluation.error is None
    assert evaluation.failure.startswith(reason)
    assert "\n" not in evaluation.failure
    assert len(evaluation.scores) == 3
    assert np.isnan(evaluation.scores).all()


def test_warnings_of_a_candidate_are_collected_and_few():
    evaluator = evaluator_of([Faulty("warn")], np.arange(30.0))
    evaluation = evaluator(EvaluationTask(genome_of(evaluator)))  # would raise: filter "error"
    assert evaluation.failure == ""
    assert evaluation.warnings[0] == "UserWarning: warning 0"
    assert len(evaluation.warnings) == 5


def test_the_error_is_the_mean_over_folds_and_predictions_are_out_of_fold():
    y = np.arange(30.0) ** 2
    evaluator = evaluator_of([Faulty()], y)
    evaluation = evaluator(EvaluationTask(genome_of(evaluator)))
    assert evaluation.error == pytest.approx(-np.mean(evaluation.scores))
    for bounds, train in zip(evaluator.folds.bounds, evaluator.folds.train, strict=True):
        assert np.allclose(evaluation.predictions[bounds], y[train].mean())


@pytest.mark.parametrize(
    ("limits", "kept", "there"),
    [
        ({"keep_below": 0.1, "save_below": 0.1}, False, False),
        ({"save_below": 0.1}, True, False),
        ({"save_above": 0.0}, True, True),
        ({"save_below": 1e9}, True, True),
        ({"save_below": 1e9, "most_bytes": 100}, True, False),
    ],
    ids=["hopeless", "cheap", "dear", "best", "too large"],
)
def test_predictions_and_models_are_kept_only_where_they_are_wanted(
    tmp_path, limits, kept, there
):
    evaluator = evaluator_of([Faulty()], np.arange(30.0))
    path = tmp_path / "models"
    task = EvaluationTask(
        genome_of(evaluator), models_path=path, **{"most_bytes": 10**6, **limits}
    )
    evaluation = evaluator(task)
    assert (evaluation.predictions is not None) == kept
    assert path.exists() == there
    assert evaluation.models_bytes == (path.stat().st_size if there else 0)


def test_a_hopeless_candidate_is_not_run_to_the_last_fold():
    y = np.random.default_rng(0).normal(size=60)
    evaluator = evaluator_of([Faulty()], y, cv=6)
    genome = genome_of(evaluator)
    whole = evaluator(EvaluationTask(genome))
    near = Rival(whole.scores, spread=0.01)
    assert evaluator(EvaluationTask(genome, rival=near)).scores == whole.scores
    far = Rival(tuple(score + 1.0 for score in whole.scores), spread=0.01)
    raced = evaluator(EvaluationTask(genome, rival=far))
    assert (raced.status, raced.error, raced.failure) == ("raced", None, "")
    assert raced.predictions is None
    assert np.isnan(raced.scores[-1])
    assert raced.scores[0] == whole.scores[0]


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=8), st.floats(0.01, 5))
def test_only_candidates_behind_their_rival_are_hopeless(errors, spread):
    assert not hopeless(errors, [e + 0.1 for e in errors], spread)
    assert not hopeless(errors, errors, spread)
    assert hopeless(errors, [e - 10 * spread for e in errors], spread)


def test_a_candidate_that_would_take_too_long_is_given_up_after_a_fold():
    evaluator = evaluator_of([Faulty("sleep")], np.arange(30.0))
    slow = evaluator(EvaluationTask(genome_of(evaluator), seconds_limit=0.1))
    assert slow.status == "timed_out"
    assert "1 of 3 folds" in slow.failure
    assert len(slow.fit_seconds) == 1


def test_a_refit_uses_all_rows():
    y = np.arange(30.0)
    evaluator = evaluator_of([Faulty()], y)
    model = evaluator(RefitTask(genome_of(evaluator)))
    assert model.predict(np.zeros((1, 2)))[0] == y.mean()


@pytest.mark.parametrize("scoring", ["neg_log_loss", "accuracy", "f1_macro"])
def test_a_class_of_one_row_is_trained_on_and_never_scored(scoring):
    y = np.array(["a"] * 20 + ["b"] * 20 + ["c"])
    evaluator = evaluator_of([Majority()], y, task="classification", scoring=scoring, cv=None)
    evaluation = evaluator(EvaluationTask(genome_of(evaluator)))
    assert evaluation.failure == ""
    assert evaluation.predictions.shape == (40, 3)
    assert (evaluation.predictions[:, 2] > 0).all()
    assert 40 not in evaluator.folds.scored


def test_accuracy_is_that_of_the_models_own_labels():
    y = np.random.default_rng(0).integers(0, 2, 60)
    never = FixedThresholdClassifier(LogisticRegression(), threshold=1.1)
    evaluator = evaluator_of([never], y, task="classification", scoring="accuracy")
    evaluation = evaluator(EvaluationTask(genome_of(evaluator)))
    held_out = [np.mean(y[test] == 0) for test in evaluator.folds.test]
    assert evaluation.scores == pytest.approx(held_out)


def test_fold_models_of_a_class_from_a_script_are_saved(tmp_path):
    class Local(Faulty):
        pass

    evaluator = evaluator_of([Local()], np.arange(30.0))
    path = tmp_path / "models"
    task = EvaluationTask(
        genome_of(evaluator), save_below=1e9, models_path=path, most_bytes=10**6
    )
    assert evaluator(task).models_bytes
    assert len(pickle.loads(path.read_bytes())) == 3


class Immovable:
    def __reduce__(self):
        raise TypeError("not this one")


class Explosive:
    def __reduce__(self):
        return _explode, ()


def _explode():
    raise KeyError("only where it was made")


@pytest.mark.parametrize(
    ("spare", "reason"),
    [
        (Immovable, "cannot be pickled: TypeError: not this one"),
        (Explosive, "cannot be unpickled: KeyError: 'only where it was made'"),
    ],
)
def test_a_model_that_could_not_be_handed_back_is_a_failed_candidate(spare, reason):
    class Stuck(Faulty):
        def fit(self, X, y):
            self.spare_ = spare()
            return super().fit(X, y)

    evaluator = evaluator_of([Stuck()], np.arange(30.0))
    evaluation = evaluator(EvaluationTask(genome_of(evaluator)))
    assert evaluation.status == "failed"
    assert reason in evaluation.failure


def test_weights_count_in_training_and_in_scoring():
    y = np.array([0.0] * 15 + [9.0] * 15)
    weights = np.array([1.0] * 15 + [1e-9] * 15)

    class Mean(Faulty):
        def fit(self, X, y, sample_weight=None):
            self.mean_ = np.average(y, weights=sample_weight)
            return self

    evaluator = evaluator_of([Mean()], y, weights=weights)
    evaluation = evaluator(EvaluationTask(genome_of(evaluator)))
    assert evaluation.error == pytest.approx(0.0, abs=1e-3)


def test_the_default_space_is_evaluated_without_failures_on_a_plain_table():
    y = np.random.default_rng(1).normal(size=60)
    evaluator = evaluator_of(["ridge", "decision_tree", "nearest_neighbors"], y)
    for name in evaluator.space.names:
        assert evaluator(EvaluationTask(genome_of(evaluator, name))).failure == ""
    assert isinstance(evaluator.space, SearchSpace)
