"""Permutation importance on given rows."""

import numpy as np
import pytest
from people import table_of


@pytest.fixture(scope="module")
def held_out():
    X = table_of(300, seed=7)
    return X, 0.2 * X["age"] + 5.0 * (X["city"] == "Bonn")


def test_importances_are_increases_of_the_error(regressor, held_out):
    X, y = held_out
    found = regressor.importances(X, y, n_repeats=2)
    columns = found.frame().set_index("column")
    assert set(columns.index[:2]) == {"age", "city"}
    assert (
        columns.loc["age", "lower"] > 1.0
    )  # far above zero, as the column explains the target
    assert columns.loc["noise", "lower"] <= 0.05
    assert "error (RMSE)" in found.title
    assert (columns["lower"] <= columns["importance"]).all()
    # The error rises to that of a model without the column.
    exchanged = X.assign(age=X["age"].sample(frac=1, random_state=0).to_numpy())
    usual, worse = (np.sqrt(np.mean((regressor.predict(T) - y) ** 2)) for T in (X, exchanged))
    assert columns.loc["age", "importance"] == pytest.approx(worse - usual, rel=0.25)


def test_columns_of_a_group_are_exchanged_together(regressor, held_out):
    X, y = held_out
    found = regressor.importances(X, y, groups={"both": ["age", "city"]}, n_repeats=1)
    columns = found.columns()
    assert set(columns["column"]) == {"both", "when", "noise"}
    # Together they explain the target: the error becomes that of the mean, or more.
    assert columns["importance"][0] > 0.7 * np.std(y)


def test_importances_repeat_for_a_seed(regressor, held_out):
    X, y = held_out
    first, again, other = (
        regressor.importances(X, y, n_repeats=1, random_state=seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_importances_end_in_time(regressor, held_out):
    found = regressor.importances(*held_out, time_limit=1e-9)
    assert found.note == "No time was left for 3 of 4 columns."
    measured = [not np.isnan(value) for value in found.importance]
    assert sum(measured) == 1
    assert found.columns()["importance"][0] == found.importance[measured.index(True)]


def test_importances_of_a_classifier(classifier):
    X = table_of(200, seed=9)
    y = np.array(["low", "middle", "top"])[np.digitize(X["age"], [40, 65])]
    found = classifier.importances(X, y, n_repeats=1)
    assert found.columns()["column"][0] == "age"
    assert found.lower[0] > 0


BAD = {
    "repeats": ({"n_repeats": 0}, "n_repeats must be a positive integer, got 0"),
    "time": ({"time_limit": -1.0}, "time_limit must be a positive number, got -1.0"),
    "group": ({"groups": {"a": ["height"]}}, "groups has the column 'height', which X has not"),
    "twice": ({"groups": {"a": ["age"], "b": ["age"]}}, "groups has the column 'age' twice"),
    "name": ({"groups": {"age": ["city"]}}, "of the name of column 'age'"),
    "length": ({"y": ["low"]}, "inconsistent numbers of samples"),
    "label": ({"y": ["low"] * 9 + ["other"]}, "y has the label 'other'"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(classifier, name):
    changes, message = BAD[name]
    arguments = {"y": ["low"] * 5 + ["top"] * 5, **changes}
    with pytest.raises(ValueError, match=message):
        classifier.importances(table_of(10), **arguments)
