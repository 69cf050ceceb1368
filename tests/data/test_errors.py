"""Unusable tables are refused with one sentence that gives the reason and the remedy."""

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse

from evolearn.data import (
    ColumnPreparer,
    align_table,
    check_table,
    feature_names,
    n_rows,
    prepare_table,
    take_rows,
)


def objects(*values):
    column = np.empty((len(values), 1), dtype=object)
    column[:, 0] = values
    return column


REFUSED = {
    "no rows": (np.zeros((0, 3)), r"0 sample\(s\) \(shape=\(0, 3\)\)"),
    "no columns": (pd.DataFrame(index=[1, 2]), r"0 feature\(s\) \(shape=\(2, 0\)\)"),
    "one dimension": (np.zeros(3), "Expected 2D array, got 1D array"),
    "a series": (pd.Series([1, 2]), "Expected 2D array, got 1D array"),
    "a number": (3.0, "Expected 2D array, got scalar array"),
    "three dimensions": (np.zeros((2, 2, 2)), "Found array with dim 3"),
    "complex": (np.ones((2, 2)) * 1j, "Complex data not supported"),
    "complex objects": (objects(1j, 2), "Complex data not supported: .* column 0"),
    "complex frame": (pd.DataFrame({"Z z": [1j, 2]}), "Complex data not supported: .*'Z z'"),
    "complex sparse": (sparse.csr_array([[1j]]), "Complex data not supported"),
    "infinite array": (np.array([[1, np.inf], [1, 2]]), "infinity in column 1; replace"),
    "infinite frame": (pd.DataFrame({"A": [1, -np.inf]}), "infinity in column 'A'; replace"),
    "infinite nullable": (
        pd.DataFrame({"A": pd.array([1, np.inf], "Float64")}),
        "infinity in column 'A'",
    ),
    "infinite polars": (pl.DataFrame({"A": [1.0, np.inf]}), "infinity in column 'A'"),
    "infinite arrow": (pa.table({"A": [1.0, np.inf]}), "infinity in column 'A'"),
    "infinite objects": (objects(1, np.inf), "infinity in column 0"),
    "integers too large": (objects(1, 10**400), "infinity in column 0"),
    "infinite sparse": (sparse.csr_array([[1, np.inf]]), "infinity in column 1"),
    "lists": (pd.DataFrame({"A": [[1], [2]]}), "'list'.* in column 'A'.*or drop it"),
    "polars lists": (pl.DataFrame({"A": [[1], [2]]}), "'list'.* in column 'A'"),
    "polars structs": (pl.DataFrame({"A": [{"b": 1}]}), "'dict'.* in column 'A'"),
    "arrow lists": (pa.table({"A": [[1], [2]]}), "'list'.* in column 'A'"),
    "dicts": (objects({}, 1), "'dict'.* in column 0"),
    "arrays": (pd.DataFrame({"A": [np.ones(2), np.ones(3)]}), "ndarray'.* in column 'A'"),
    "tuples": (pd.DataFrame({"A": [(1,), (2,)]}), "of type tuple in column 'A'"),
    "dates and text": (objects(date(2020, 1, 1), "x"), "of type date, str in column 0"),
    "names twice": (pd.DataFrame([[1, 2]], columns=["A", "A"]), "several columns .* 'A'"),
    "a dict": ({"A": [1]}, "type dict, which is no table"),
    "nothing": (None, "type NoneType, which is no table"),
    "structured": (np.zeros(2, dtype=[("A", float)]), "structured array"),
    "masked": (np.ma.masked_array([[1.0, 2]], [[True, False]]), "masked array"),
}


@pytest.mark.parametrize(("X", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_table_that_cannot_be_used_is_refused(X, message):
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        prepare_table(X)

    assert "\n" not in str(caught.value)


CHEAP = (
    "no rows",
    "one dimension",
    "complex",
    "infinite array",
    "infinite frame",
    "names twice",
)


@pytest.mark.parametrize("case", CHEAP)
def test_check_table_refuses_without_reading_all_cells(case):
    X, message = REFUSED[case]

    with pytest.raises(ValueError, match=message):
        check_table(X)


TRAINING = pd.DataFrame(
    {"n": [1.0, 2.0], "s": ["a", "b"], "d": pd.to_datetime(["2020-01-01", "2021-01-01"])}
)
REFUSED_LATER = {
    "infinity": (TRAINING.assign(n=np.inf), "infinity in column 'n'"),
    "text for numbers": (TRAINING.assign(n=["1", "x"]), "'x' in column 'n'.* read as numeric"),
    "numbers for dates": (TRAINING.assign(d=[1, 2]), "numbers in column 'd'.* as datetime"),
    "text for dates": (TRAINING.assign(d=["soon", "x"]), "'soon' in column 'd'.* as datetime"),
    "lists for text": (TRAINING.assign(s=[[1], [2]]), "'list'.* in column 's'"),
    "missing column": (TRAINING[["n"]], "present in fit are missing: 's', 'd'; add them"),
    "too few columns": (TRAINING.iloc[:, :2].set_axis([0, 1], axis=1), "X has 2 features"),
}


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.parametrize(("X", "message"), REFUSED_LATER.values(), ids=REFUSED_LATER.keys())
def test_a_new_table_unlike_the_training_table_is_refused(X, message):
    preparer = ColumnPreparer().fit(TRAINING)

    with pytest.raises((ValueError, TypeError), match=message):
        preparer.transform(X)


WRONG_KINDS = {
    "no such column": ({"x": "numeric"}, "the column 'x', which X does not have"),
    "no such position": ({3: "numeric"}, "the column 3, which X does not have"),
    "no such kind": ({"n": "words"}, "'words'; choose one of numeric, categorical"),
    "text that is no number": ({"s": "numeric"}, "'a' in column 's'.* read as numeric"),
    "number that is no date": ({"n": "datetime"}, "numbers in column 'n'.* as datetime"),
    "everything dropped": ({0: "drop", 1: "drop", 2: "drop"}, "drops every column"),
}


@pytest.mark.parametrize(("kinds", "message"), WRONG_KINDS.values(), ids=WRONG_KINDS.keys())
def test_kinds_that_do_not_fit_the_table_are_refused(kinds, message):
    with pytest.raises(ValueError, match=message):
        prepare_table(TRAINING, kinds)


FRAMES = {
    "pandas": TRAINING,
    "polars": pl.from_pandas(TRAINING),
    "arrow": pa.Table.from_pandas(TRAINING),
}


@pytest.mark.parametrize("X", FRAMES.values(), ids=FRAMES.keys())
def test_columns_are_found_by_name_and_put_in_order(X):
    names = feature_names(X)
    shuffled = X[["d", "n", "s"]] if isinstance(X, pd.DataFrame) else X.select(["d", "n", "s"])

    assert list(names) == ["n", "s", "d"]
    assert type(align_table(shuffled, names)) is type(X)
    assert list(feature_names(align_table(shuffled, names))) == ["n", "s", "d"]
    assert align_table(X, names) is X


@pytest.mark.parametrize(
    "X", [np.eye(2), sparse.csr_array(np.eye(2)), pd.DataFrame(np.eye(2)), [[1, 2]]]
)
def test_tables_without_names_go_by_position(X):
    assert feature_names(X) is None
    assert align_table(X, np.array(["a", "b"], dtype=object)) is X


@pytest.mark.parametrize(
    "X", [*FRAMES.values(), np.eye(2), sparse.coo_array(np.eye(2)), [[1, "a"], [2, "b"]]]
)
def test_rows_are_counted_and_taken_from_any_table(X):
    taken = take_rows(X, np.array([1, 1, 0]))

    assert n_rows(X) == 2
    assert n_rows(taken) == 3
