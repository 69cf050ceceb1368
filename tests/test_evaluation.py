"""Metrics, objectives, folds, and the evaluation of one genome."""

import pickle
import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from evolearn.evaluation.metrics import METRICS
from evolearn.evaluation.predictions import AskedClassifier, align
from evolearn.evaluation.scoring import ClassifierAnswers, RegressorAnswers, make_objective
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import get_scorer, make_scorer
from sklearn.metrics import log_loss as sklearn_log_loss
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GroupKFold,
    LeaveOneGroupOut,
    ShuffleSplit,
    TimeSeriesSplit,
)

from evolearn import SearchSpace
from evolearn.data import prepare_table
from evolearn.evaluation.evaluator import Evaluator
from evolearn.evaluation.folds import make_folds, n_folds
from evolearn.evaluation.racing import Rival, hopeless
from evolearn.evaluation.tasks import EvaluationTask, RefitTask
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.user_space import make_space

CLASSIFIER_METRICS = ("neg_log_loss", "accuracy", "roc_auc")
REGRESSOR_METRICS = tuple(name for name in METRICS if name not in CLASSIFIER_METRICS)


@dataclass
class Here:
    """A handle to a value that is not kept elsewhere."""

    value: Any

    def load(self):
        return self.value


@pytest.mark.parametrize("name", CLASSIFIER_METRICS)
@pytest.mark.parametrize("weighted", [False, True])
@given(seed=st.integers(0, 10_000), ties=st.booleans())
@settings(max_examples=30, deadline=None)
def test_fast_classifier_metrics_equal_scikit_learns_scorers(name, weighted, seed, ties):
    rng = np.random.default_rng(seed)
    n_classes = 2 if name == "roc_auc" else rng.integers(2, 5)
    codes = np.concatenate([np.arange(n_classes), rng.integers(0, n_classes, 40)])
    raw = rng.random((len(codes), n_classes)) + 1e-3
    probabilities = raw / raw.sum(axis=1, keepdims=True)
    if ties:
        probabilities = np.round(probabilities, 1) + 0.01
        probabilities /= probabilities.sum(axis=1, keepdims=True)
    weights = rng.random(len(codes)) if weighted else None
    given_weights = {"sample_weight": weights} if weighted else {}
    expected = get_scorer(name)(
        ClassifierAnswers(np.arange(n_classes), probabilities), None, codes, **given_weights
    )
    assert METRICS[name](codes, probabilities, weights) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", REGRESSOR_METRICS)
@pytest.mark.parametrize("weighted", [False, True])
@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_fast_regressor_metrics_equal_scikit_learns_scorers(name, weighted, seed):
    rng = np.random.default_rng(seed)
    truth, predicted = rng.normal(size=30), rng.normal(size=30)
    weights = rng.random(30) if weighted else None
    given_weights = {"sample_weight": weights} if weighted else {}
    expected = get_scorer(name)(RegressorAnswers(predicted), None, truth, **given_weights)
    assert METRICS[name](truth, predicted, weights) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scoring", "score", "error"),
    [
        ("accuracy", 0.9, 0.1),
        ("roc_auc", 1.0, 0.0),
        ("neg_log_loss", -0.3, 0.3),
        ("r2", 0.25, 0.75),
        ("neg_root_mean_squared_error", -2.0, 2.0),
        ("positive_likelihood_ratio", 5.0, -5.0),
        (make_scorer(sklearn_log_loss, greater_is_better=False), -0.3, 0.3),
        (lambda estimator, X, y: 7.0, 7.0, -7.0),
    ],
)
def test_errors_are_lower_is_better_and_zero_is_perfect_where_a_best_score_is_known(
    scoring, score, error
):
    assert make_objective(scoring, "classification").error(score) == pytest.approx(error)


def test_a_scorer_made_of_a_known_metric_has_its_optimum():
    from sklearn.metrics import f1_score

    assert make_objective(make_scorer(f1_score, average="macro"), "classification").optimum == 1


def test_an_unknown_scorer_is_named():
    with pytest.raises(ValueError, match=r"'accurracy'.*get_scorer_names"):
        make_objective("accurracy", "classification")


@given(
    counts=st.lists(st.integers(1, 30), min_size=2, max_size=5),
    number=st.integers(1, 10),
    seed=st.integers(0, 100),
)
@settings(max_examples=60, deadline=None)
def test_every_row_of_a_rare_class_trains_in_every_fold(counts, number, seed):
    if sorted(counts)[-2] < 2:
        counts = [*counts, 30, 30]
    y = np.repeat(np.arange(len(counts)), counts)
    folds = make_folds(None, y, y, None, classification=True, default_folds=number, seed=seed)
    scored_classes = set()
    for train, test in zip(folds.train, folds.test, strict=True):
        assert not set(train) & set(test)
        assert set(y[train]) == set(y)  # no class is missing from training
        assert len(train) + len(test) == len(y)  # and no row
        scored_classes |= set(y[test])
    if len(folds) > 1:
        assert len(scored_classes) >= 2
        assert len(folds.scored) == len(set(folds.scored))
        for label, count in enumerate(counts):
            if label not in scored_classes:
                assert count < len(folds)


@pytest.mark.parametrize("classification", [True, False])
def test_groups_are_never_on_both_sides(classification):
    rng = np.random.default_rng(0)
    y, groups = rng.integers(0, 3, 90), rng.integers(0, 12, 90)
    folds = make_folds(
        None, y, y, groups, classification=classification, default_folds=5, seed=0
    )
    assert len(folds) == 5
    for train, test in zip(folds.train, folds.test, strict=True):
        assert not set(groups[train]) & set(groups[test])


def test_a_class_of_one_group_is_not_scored_by_models_that_never_saw_it():
    y = np.repeat(["a", "b", "rare"], [40, 40, 10])
    groups = np.concatenate([np.arange(80) % 8, np.full(10, 99)])
    folds = make_folds(None, y, y, groups, classification=True, default_folds=4, seed=0)
    for train, test in zip(folds.train, folds.test, strict=True):
        assert not set(groups[train]) & set(groups[test])
        assert set(y[test]) <= set(y[train])
    assert set(y[folds.scored]) == {"a", "b"}


@pytest.mark.parametrize("groups", [None, np.arange(60) % 12], ids=["rows", "groups"])
@pytest.mark.parametrize("classification", [True, False])
def test_rows_without_weight_are_not_scored(groups, classification):
    y = np.arange(60) % 3
    weights = (np.arange(60) < 25).astype(float)  # whole folds of sorted rows would have none
    folds = make_folds(
        None,
        y,
        y,
        groups,
        classification=classification,
        default_folds=4,
        seed=0,
        weights=weights,
    )
    assert sorted(folds.scored) == list(range(25))


@pytest.mark.parametrize("splitter", [GroupKFold(3), LeaveOneGroupOut()])
def test_a_group_splitter_without_groups_is_refused_by_name(splitter):
    y = np.arange(20)
    with pytest.raises(ValueError, match=f"{type(splitter).__name__}.*pass groups"):
        make_folds(splitter, y, y, None, classification=False, default_folds=5, seed=0)


@pytest.mark.parametrize(
    ("cv", "number"), [(3, 3), (TimeSeriesSplit(4), 4), (ShuffleSplit(2, random_state=0), 2)]
)
def test_the_users_cv_decides_the_folds(cv, number):
    y = np.arange(60.0)
    folds = make_folds(cv, y, y, None, classification=False, default_folds=5, seed=0)
    assert len(folds) == number


def test_splits_whose_test_rows_have_no_weight_are_not_scored():
    y = np.arange(6.0)
    splits = [([0, 1, 2], [3]), ([0, 1], [4, 5])]
    settings = {"classification": False, "default_folds": 5, "seed": 0}
    folds = make_folds(splits, y, y, None, **settings, weights=np.array([1, 1, 1, 0, 0, 1.0]))
    assert folds.scored.tolist() == [4, 5]
    with pytest.raises(ValueError, match="zero for all test rows"):
        make_folds(splits, y, y, None, **settings, weights=np.array([1, 1, 1, 0, 0, 0.0]))


def test_explicit_splits_are_used_as_they_are():
    y = np.arange(6.0)
    splits = [([0, 1, 2], [3]), (np.array([1, 1, 0, 0, 0, 0], bool), [5, 4])]
    folds = make_folds(splits, y, y, None, classification=False, default_folds=5, seed=0)
    assert [t.tolist() for t in folds.train] == [[0, 1, 2], [0, 1]]
    assert folds.scored.tolist() == [3, 5, 4]
    with pytest.raises(ValueError, match="no test rows"):
        make_folds([([0, 1], [])], y, y, None, classification=False, default_folds=5, seed=0)


def test_fewer_folds_the_dearer_the_table():
    cheap_to_dear = [n_folds(50_000, seconds, 60.0) for seconds in (0.05, 0.12, 0.15, 30.0)]
    assert cheap_to_dear == [5, 5, 3, 1]
    assert n_folds(500, 0.01, 60.0) == 8
    assert [n_folds(rows, 100.0, 60.0) for rows in (500, 5_000, 20_000)] == [5, 3, 1]
    assert n_folds(50_000, 30.0, None) == 5


def test_probabilities_are_aligned_to_all_classes():
    aligned = align([[0.4, 0.6]], np.array(["a", "c"]), np.array(["a", "b", "c"]))
    assert aligned.tolist() == [[0.4, 0.0, 0.6]]
    assert align([[0.4, 0.6]], np.array([0, 2]), np.array([2])).tolist() == [[0.6]]


def test_a_scorer_finds_only_the_methods_that_the_model_has():
    X, y = np.arange(8.0).reshape(-1, 1), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    with_probabilities = AskedClassifier(LogisticRegression().fit(X, y), X, np.array([0, 1]))
    without = AskedClassifier(RidgeClassifier().fit(X, y), X, np.array([0, 1]))
    assert hasattr(with_probabilities, "predict_proba")
    assert not hasattr(without, "predict_proba")
    assert without.out_of_fold() is None
    assert get_scorer("roc_auc")(without, X, y) == 1.0


def test_a_scorer_may_ask_for_the_predictions_of_some_of_the_rows():
    X, y = np.arange(8.0).reshape(-1, 1), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    model = LogisticRegression().fit(X, y)
    asked = AskedClassifier(model, X, np.array([0, 1]))
    for method in ("predict", "predict_proba", "decision_function"):
        for rows in (X, X[2:5]):
            answers = getattr(asked, method)(rows)
            np.testing.assert_array_equal(answers, getattr(model, method)(rows))


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
    classes = np.unique(y) if task == "classification" else None
    problem = Problem(task, prepared.schema, n_classes=0 if classes is None else len(classes))
    folds = make_folds(
        cv, X, y, None, classification=classes is not None, default_folds=3, seed=0
    )
    return Evaluator(
        matrix=Here(prepared.matrix),
        target=Here(y),
        weights=Here(weights),
        raw=Here(None),
        space=make_space(estimators, task),
        problem=problem,
        objective=make_objective(scoring, task),
        folds=folds,
        classes=classes,
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
    slow = evaluator(EvaluationTask(genome_of(evaluator), patience=0.1))
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
