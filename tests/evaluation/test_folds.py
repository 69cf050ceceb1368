"""Folds: which rows train, and which are scored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import (
    GroupKFold,
    LeaveOneGroupOut,
    ShuffleSplit,
    TimeSeriesSplit,
)

from evolearn.evaluation.folds import Folds, incomplete_categories, make_folds, n_folds
from evolearn.tasks import Classification, Regression

CLASSES, NUMBERS = Classification(np.arange(3)), Regression()


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
    folds = make_folds(None, y, y, None, task=CLASSES, default_folds=number, seed=seed)
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


@pytest.mark.parametrize("task", [CLASSES, NUMBERS])
def test_groups_are_never_on_both_sides(task):
    rng = np.random.default_rng(0)
    y, groups = rng.integers(0, 3, 90), rng.integers(0, 12, 90)
    folds = make_folds(None, y, y, groups, task=task, default_folds=5, seed=0)
    assert len(folds) == 5
    for train, test in zip(folds.train, folds.test, strict=True):
        assert not set(groups[train]) & set(groups[test])


def test_a_class_of_one_group_is_not_scored_by_models_that_never_saw_it():
    y = np.repeat(["a", "b", "rare"], [40, 40, 10])
    groups = np.concatenate([np.arange(80) % 8, np.full(10, 99)])
    folds = make_folds(None, y, y, groups, task=CLASSES, default_folds=4, seed=0)
    for train, test in zip(folds.train, folds.test, strict=True):
        assert not set(groups[train]) & set(groups[test])
        assert set(y[test]) <= set(y[train])
    assert set(y[folds.scored]) == {"a", "b"}


@pytest.mark.parametrize("groups", [None, np.arange(60) % 12], ids=["rows", "groups"])
@pytest.mark.parametrize("task", [CLASSES, NUMBERS])
def test_rows_without_weight_are_not_scored(groups, task):
    y = np.arange(60) % 3
    weights = (np.arange(60) < 25).astype(float)  # whole folds of sorted rows would have none
    folds = make_folds(
        None,
        y,
        y,
        groups,
        task=task,
        default_folds=4,
        seed=0,
        weights=weights,
    )
    assert sorted(folds.scored) == list(range(25))


@pytest.mark.parametrize("splitter", [GroupKFold(3), LeaveOneGroupOut()])
def test_a_group_splitter_without_groups_is_refused_by_name(splitter):
    y = np.arange(20)
    with pytest.raises(ValueError, match=f"{type(splitter).__name__}.*pass groups"):
        make_folds(splitter, y, y, None, task=NUMBERS, default_folds=5, seed=0)


@pytest.mark.parametrize(
    ("cv", "number"), [(3, 3), (TimeSeriesSplit(4), 4), (ShuffleSplit(2, random_state=0), 2)]
)
def test_the_users_cv_decides_the_folds(cv, number):
    y = np.arange(60.0)
    folds = make_folds(cv, y, y, None, task=NUMBERS, default_folds=5, seed=0)
    assert len(folds) == number


def test_splits_whose_test_rows_have_no_weight_are_not_scored():
    y = np.arange(6.0)
    splits = [([0, 1, 2], [3]), ([0, 1], [4, 5])]
    settings = {"task": NUMBERS, "default_folds": 5, "seed": 0}
    folds = make_folds(splits, y, y, None, **settings, weights=np.array([1, 1, 1, 0, 0, 1.0]))
    assert folds.scored.tolist() == [4, 5]
    with pytest.raises(ValueError, match="zero for all test rows"):
        make_folds(splits, y, y, None, **settings, weights=np.array([1, 1, 1, 0, 0, 0.0]))


def test_explicit_splits_are_used_as_they_are():
    y = np.arange(6.0)
    splits = [([0, 1, 2], [3]), (np.array([1, 1, 0, 0, 0, 0], bool), [5, 4])]
    folds = make_folds(splits, y, y, None, task=NUMBERS, default_folds=5, seed=0)
    assert [t.tolist() for t in folds.train] == [[0, 1, 2], [0, 1]]
    assert folds.scored.tolist() == [3, 5, 4]
    with pytest.raises(ValueError, match="no test rows"):
        make_folds([([0, 1], [])], y, y, None, task=NUMBERS, default_folds=5, seed=0)


def test_fewer_folds_the_dearer_the_table():
    cheap_to_dear = [n_folds(50_000, seconds, 60.0) for seconds in (0.05, 0.12, 0.15, 30.0)]
    assert cheap_to_dear == [5, 5, 3, 1]
    assert n_folds(500, 0.01, 60.0) == 8
    assert [n_folds(rows, 100.0, 60.0) for rows in (500, 5_000, 20_000)] == [5, 3, 1]
    assert n_folds(50_000, 30.0, None) == 5


def test_columns_are_named_of_which_a_fold_lacks_a_category():
    common = np.arange(90) % 3
    rare = np.append(np.zeros(88), [1.0, 2.0])
    missing = np.where(np.arange(90) % 2, np.nan, np.arange(90) % 4 // 2)
    codes = np.column_stack([common, rare, missing])
    tests = np.array_split(np.arange(90), 3)
    folds = Folds(tuple(np.setdiff1d(np.arange(90), test) for test in tests), tuple(tests))
    assert incomplete_categories(codes, (3, 3, 2), folds) == (1,)
    assert incomplete_categories(codes[:, :1], (3,), folds) == ()
