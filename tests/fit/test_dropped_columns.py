"""Columns that are left out: they are logged, and named where they explain the target."""

import logging
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor
from evolearn.fit.data import read_data
from evolearn.fit.dropped_columns import useful_identifiers
from evolearn.fit.settings import Settings
from evolearn.user_warnings import collected_warnings

N_ROWS = 400


def codes(numbers):
    """Keys that hold a number, which is no number of its own to a reader of numbers."""
    return [f"run {number} of {number % 7}x{i:04d}" for i, number in enumerate(numbers)]


def table(seed=0):
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 1_000, N_ROWS)
    X = pd.DataFrame({"z": rng.normal(size=N_ROWS), "code": codes(numbers)})
    return X, numbers / 100.0 + X["z"].to_numpy()


def found(X, y, kind=EvolutionaryRegressor, **settings):
    model = kind(time_budget=None, random_state=0, **settings)
    data = read_data(Settings.of(model), X, y, None, None)
    return list(useful_identifiers(data, 3))


@pytest.mark.parametrize(
    "make",
    [
        lambda X: X,
        lambda X: X.set_axis([7, 1], axis=1),
        lambda X: pl.from_pandas(X),
        lambda X: X.astype(object).to_numpy(),
    ],
    ids=["pandas", "numbers as names", "polars", "array"],
)
def test_identifiers_that_explain_the_target_are_found_with_the_kind_to_pass(make):
    X, y = table()
    X = make(X)
    [(_, key, kind)] = found(X, y)

    assert kind == "vector"
    assert not found(X, y, kinds={key: kind})


def test_identifiers_that_explain_nothing_are_not_named():
    X, y = table()
    X["code"] = [
        f"{value:016x}" for value in np.random.default_rng(1).integers(0, 2**62, N_ROWS)
    ]
    X["other"] = [f"AB-{i:05d}" for i in np.random.default_rng(2).permutation(N_ROWS)]

    assert not found(X, y)
    assert not found(X, y > 5, EvolutionaryClassifier)


def test_the_user_is_warned_and_the_log_has_the_reason(caplog):
    X, y = table()
    rng = np.random.default_rng(0)
    X["rare"] = [f"name{i}" for i in rng.integers(0, N_ROWS, N_ROWS)]
    settings = {
        "time_budget": None,
        "n_evaluations": 1,
        "search_space": ["ridge"],
        "n_jobs": 1,
        "random_state": 0,
    }
    with (
        caplog.at_level(logging.INFO, "evolearn"),
        pytest.warns(UserWarning, match=r"kinds=\{'code': 'vector'\}"),
    ):
        EvolutionaryRegressor(**settings, verbose=1).fit(X, y)
    assert "the column 'code' is left out: nearly every value is distinct" in caplog.text
    told = rf"the column 'rare' holds {X['rare'].nunique()} categories.*\({N_ROWS} rows\)"
    assert re.search(told, caplog.text)


# -- an index in another order ----------------------------------------------------------------


def other_order(values):
    return values.sample(frac=1.0, random_state=0)


@pytest.mark.parametrize("name", ["y", "sample_weight", "groups"])
def test_an_index_in_another_order_is_named(name):
    X, _ = table()
    series = {key: pd.Series(np.arange(N_ROWS), index=X.index) for key in ("groups", "y")}
    series["sample_weight"] = pd.Series(1.0, index=X.index)
    given = {"y": series["y"], "sample_weight": None, "groups": None}
    given[name] = other_order(series[name])
    with pytest.warns(UserWarning, match=f"{name} has the index of X in another order"):
        read_data(Settings.of(EvolutionaryRegressor()), X, **given)


@pytest.mark.parametrize(
    "index",
    [range(N_ROWS), range(5, N_ROWS + 5), [0] * N_ROWS, [f"row {i}" for i in range(N_ROWS)]],
    ids=["the same", "other rows", "not unique", "other names"],
)
def test_other_indexes_say_nothing(index):
    X, y = table()
    with warnings.catch_warnings(), collected_warnings():
        warnings.simplefilter("error")
        read_data(
            Settings.of(EvolutionaryRegressor()), X, pd.Series(y, index=index), None, None
        )
