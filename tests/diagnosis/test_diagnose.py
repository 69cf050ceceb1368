"""Doubts about a table before a fit."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from evolearn import diagnose
from evolearn.tasks import task_of

N = 600


def plain(seed=0):
    """Return a table without anything suspicious, and its target."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(N, 3)), columns=["a", "b", "c"])
    X["city"] = rng.choice(["Aachen", "Bonn", "Celle", "Dorsten"], N)
    X["rooms"] = rng.integers(1, 7, N)
    return X, X["a"].to_numpy() + rng.normal(size=N)


def with_groups(X, y, rng):
    patient = rng.integers(0, N // 6, N)
    facts = rng.normal(size=(N // 6, 3))
    return X.assign(patient=patient, age=facts[patient, 0], weight=facts[patient, 1]), y


def with_copies(X, y, rng):
    again = rng.integers(0, N, N // 10)
    copies = pd.concat([X, X.iloc[again]], ignore_index=True)
    order = rng.permutation(len(copies))
    return copies.iloc[order], np.append(y, y[again])[order]


def with_dates(X, y, rng):
    days = np.sort(rng.integers(0, 3000, N))
    return X.assign(day=pd.Timestamp("2015-01-01") + pd.to_timedelta(days, "D")), y


def with_walk(X, y, rng):
    return X, np.cumsum(rng.normal(size=N))


SUSPICIOUS = {
    "leak": lambda X, y, rng: (X.assign(copy=3 * y + 1), y),
    "leak of a class": lambda X, y, rng: (X.assign(copy=np.where(y > 0, "p", "n")), y > 0),
    "time order": with_dates,
    "time order of the target": with_walk,
    "groups": with_groups,
    "duplicates": with_copies,
    "identifier": lambda X, y, rng: (X.assign(number=rng.permutation(N) + 1000), y),
    "identifier of strings": lambda X, y, rng: (X.assign(key=[f"k{i}x" for i in range(N)]), y),
    "rare class": lambda X, y, rng: (X, np.where(np.arange(N) < 3, "rare", "common")),
}


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_found_in_independent_rows(seed):
    X, y = plain(seed)
    assert not list(diagnose(X, y))
    assert not list(diagnose(X, np.where(y > 0, "high", "low")))


@pytest.mark.parametrize("name", SUSPICIOUS)
def test_each_kind_of_doubt_is_found_and_nothing_else(name):
    X, y = SUSPICIOUS[name](*plain(), np.random.default_rng(1))
    if name == "rare class":  # the rows are in the order of the class, which is found as well
        y = np.random.default_rng(2).permutation(y)
    found = diagnose(X, y)
    kind = name.partition(" of ")[0]
    assert [one.kind for one in found] == [kind]
    assert found[0].found
    assert found[0].advice


def test_known_groups_are_not_looked_for():
    X, y = with_groups(*plain(), np.random.default_rng(1))
    [found] = diagnose(X, y)
    assert found.columns == ("patient",)
    assert not diagnose(X, y, groups=X["patient"])


def test_equal_rows_of_few_categories_are_no_copies():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({name: rng.choice(list("abc"), N) for name in "uvw"})
    assert not diagnose(X, rng.normal(size=N))


def test_copies_with_another_target_are_counted():
    X, y = with_copies(*plain(), np.random.default_rng(1))
    y = np.where(np.arange(len(y)) % 2, y, y + 1)
    [found] = diagnose(X, y)
    assert "of them have another target" in found.found


def test_missing_values_and_constant_columns_are_no_trouble():
    X, y = plain()
    X.loc[::3, "a"] = np.nan
    X["nothing"], X["same"] = np.nan, 1
    assert not diagnose(X, y)


@pytest.mark.parametrize("make", [pd.DataFrame.to_numpy, csr_matrix, pd.DataFrame.to_dict])
def test_other_tables(make):
    X, y = plain()
    X = X[["a", "b", "c", "rooms"]]
    if make is pd.DataFrame.to_dict:
        with pytest.raises((ValueError, TypeError)):
            diagnose(make(X), y)
    else:
        assert not diagnose(make(X), y)


def test_it_reads_as_text_html_and_frame():
    X, y = with_groups(*plain(), np.random.default_rng(1))
    found = diagnose(X, y)
    assert "One finding in 600 rows and 8 columns (regression):" in str(found)
    assert "pass groups=table['patient']" in str(found)
    assert "<table" in found._repr_html_()
    assert found.frame()["kind"].tolist() == ["groups"]
    assert found.as_dicts()[0]["columns"] == ["patient"]


def test_lengths_that_differ_are_refused():
    X, y = plain()
    with pytest.raises(ValueError, match="X has 600 rows and y has 599 entries"):
        diagnose(X, y[:-1])


@pytest.mark.parametrize(
    ("y", "task"),
    [
        (["a", "b", "a"], "classification"),
        ([True, False, True], "classification"),
        (pd.Series(["a", "b"], dtype="category"), "classification"),
        (np.tile([0, 1], 20), "classification"),
        (np.tile([0.0, 1.0, 2.0], 20), "classification"),
        (np.arange(40), "regression"),
        (np.tile(np.arange(30), 20), "regression"),
        (np.array([0.5, 1.0, 1.0]), "regression"),
        (pd.Series([1, 2, 1, None, 2, 1], dtype="Int64"), "classification"),
        ([1.5, None, 2.5], "regression"),
    ],
)
def test_the_task_of_a_target(y, task):
    assert task_of(y) == task
