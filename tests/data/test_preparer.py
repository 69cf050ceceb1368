"""ColumnPreparer as a scikit-learn transformer."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

from evolearn.data import ColumnPreparer, prepare_table

CHECKS = parametrize_with_checks([ColumnPreparer()])

X = pd.DataFrame(
    {
        "colour": ["red", None, "blue"],
        "size": [1, 2, 3],
        "when": pd.to_datetime(["2020-01-01", "2020-01-02", "2021-01-01"]),
    }
)


# scikit-learn 1.7 hands over a generator, which pytest 9 warns of; a list is fine with both.
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


def test_columns_and_output_names_after_fit():
    preparer = ColumnPreparer().fit(X)

    assert [(c.name, c.kind) for c in preparer.columns_] == [
        ("colour", "categorical"),
        ("size", "numeric"),
        ("when", "datetime"),
    ]
    assert preparer.n_numeric_ == 1 + len(preparer.columns_[2].parts)
    assert preparer.cardinalities_ == (2,)
    assert list(preparer.feature_names_in_) == ["colour", "size", "when"]
    assert list(preparer.get_feature_names_out()) == [
        "size",
        "when_seconds",
        "when_year",
        "when_day",
        "when_day_of_year",
        "when_weekday",
        "colour",
    ]


def test_survives_pickling_and_refuses_to_transform_unfitted():
    preparer = ColumnPreparer(kinds={"size": "categorical"}).fit(X)
    again = pickle.loads(pickle.dumps(preparer))

    assert_array_equal(again.transform(X), preparer.transform(X))
    with pytest.raises(NotFittedError):
        clone(preparer).transform(X)


def test_columns_in_another_order_are_put_right():
    preparer = ColumnPreparer().fit(X)

    assert_array_equal(preparer.transform(X[["when", "colour", "size"]]), preparer.transform(X))


def test_an_array_for_a_frame_is_taken_by_position_with_a_warning():
    preparer = ColumnPreparer().fit(X)

    with pytest.warns(UserWarning, match="does not have valid feature names"):
        made = preparer.transform(X.astype(object).to_numpy())
    assert_array_equal(made, preparer.transform(X))


def test_a_frame_for_an_array_is_taken_by_position_with_a_warning():
    preparer = ColumnPreparer().fit(X.astype(object).to_numpy())

    with pytest.warns(UserWarning, match="was fitted without feature names"):
        made = preparer.transform(X)
    assert_array_equal(made[:, 0], [1, 2, 3])


def test_sparse_and_dense_rows_may_stand_for_each_other():
    dense = np.array([[0.0, 1, 5], [2, 0, 5]])
    by_dense, by_sparse = (
        ColumnPreparer().fit(dense),
        ColumnPreparer().fit(sparse.csr_array(dense)),
    )

    assert_array_equal(by_dense.transform(sparse.coo_array(dense)), dense[:, :2])
    assert_array_equal(by_sparse.transform(dense), dense)


def test_output_can_be_a_frame():
    made = ColumnPreparer().set_output(transform="pandas").fit_transform(X)

    assert list(made.columns)[-1] == "colour"
    assert_array_equal(made.to_numpy(), ColumnPreparer().fit_transform(X))


def test_training_data_is_not_kept():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"n": rng.normal(size=20_000), "s": rng.choice(["a", "b"], 20_000)})
    prepared = prepare_table(table)

    assert len(pickle.dumps((prepared.step, prepared.preparer))) < 10_000


def test_arrays_need_no_frame_library():
    code = (
        "import sys; sys.modules.update(pandas=None, polars=None, pyarrow=None);"
        "import numpy as np; from evolearn.data import prepare_table;"
        "print(prepare_table(np.array([[1, 'a'], [2, 'b']], dtype=object)).matrix.tolist())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[[1.0, 0.0], [2.0, 1.0]]"


def test_texts_that_are_all_missing_at_transform_are_read():
    table = pd.DataFrame({"n": [1.0, 2.0, 3.0], "s": ["a", "b", "a"]})
    prepared = prepare_table(table)
    new = pd.DataFrame({"n": [1.0], "s": [np.nan]})
    for step in (prepared.step, clone(prepared.step).fit(table)):
        np.testing.assert_array_equal(step.transform(new), [[1.0, np.nan]])


def test_a_sparse_matrix_stays_one_where_fit_saw_one():
    dense = np.random.default_rng(0).normal(size=(30, 3))
    for fitted in (dense, sparse.csr_matrix(dense)):
        matrix = ColumnPreparer().fit(fitted).transform(sparse.csr_matrix(dense))
        assert sparse.issparse(matrix) is sparse.issparse(fitted)


def test_a_prepared_table_gives_the_same_columns_on_any_part_of_the_rows():
    n_rows = 60
    table = pd.DataFrame(
        {
            "rare": np.arange(n_rows) == 7,
            "constant": 1.0,
            "size": np.arange(n_rows) % 9,
            "when": pd.date_range("2020-01-01", periods=n_rows, freq="7D"),
            "city": pd.Series(list("abc") * 20, dtype=object),
        }
    )
    prepared = prepare_table(table)
    part = clone(prepared.step).fit(table[10:14])
    assert_array_equal(part.get_feature_names_out(), prepared.schema.names)
    assert_array_equal(part.transform(table[10:14]), prepared.matrix[10:14])
    other_order = clone(prepared.step).fit(table[table.columns[::-1]])
    assert_array_equal(other_order.transform(table), prepared.matrix)
    few = clone(prepared.step).fit(table[::3])  # "a" alone: the others are not seen
    assert few.cardinalities_ == (1,)
    assert_array_equal(few.transform(table)[:, :-1], prepared.matrix[:, :-1])
    with pytest.raises(ValueError, match="present in fit are missing: 'size', 'when', 'city'"):
        clone(prepared.step).fit(table.iloc[:, :2])
    with pytest.raises(ValueError, match="X has 2 features, but ColumnPreparer is expecting 5"):
        clone(prepared.step).fit(table.iloc[:, :2].astype(float).to_numpy())


# -- huge numbers ---------------------------------------------------------------------------

HUGE = [1e24, 1.5e25, 1e39, 3e39, 1e200, 1.7e308]


@pytest.mark.parametrize(
    "make",
    [
        np.array,
        pd.DataFrame,
        lambda rows: pd.DataFrame(rows, dtype=object),
        lambda rows: pd.DataFrame(rows).assign(s=[*"abcdefabcdefa"]).astype({0: "Float64"}),
        lambda rows: sparse.csr_matrix(rows),
    ],
    ids=["array", "frame", "objects", "mixed frame", "sparse"],
)
def test_huge_numbers_fit_into_single_precision_in_their_order(make):
    values = [*(-value for value in reversed(HUGE)), 0.0, *HUGE]
    table = make([[value, float(j)] for j, value in enumerate(values)])
    prepared = prepare_table(table)
    for matrix in (prepared.matrix, prepared.preparer.transform(table)):
        column = (matrix.toarray() if sparse.issparse(matrix) else matrix)[:, 0]
        single = column.astype(np.float32)
        assert np.isfinite(single).all()
        assert (np.diff(single) > 0).all()
        assert column[len(HUGE) + 1] == HUGE[0]  # single precision holds it already
    assert prepared.step is prepared.preparer


def test_huge_numbers_to_predict_are_those_of_fit():
    plain = np.array([[1.0, 2.0], [2.0, 1.0], [np.nan, 0.0]])
    prepared = prepare_table(plain)
    huge = plain.copy()
    huge[0, 1] = 1e300
    made = prepared.preparer.transform(huge)
    assert prepared.step is None
    assert np.isfinite(made[0, 1].astype(np.float32))
    assert_array_equal(made[1:], plain[1:])
    assert huge[0, 1] == 1e300
    with pytest.raises(ValueError, match="infinity in column 1"):
        prepared.preparer.transform([[1.0, np.inf]])


def test_a_pickled_preparer_reads_each_kind_of_column_as_before():
    words = ["river", "house", "winter", "garden", "bread"]
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "price": [f"{n},5 €" for n in range(60)],
            "day": [f"{1 + n % 28:02d}.03.2021" for n in range(60)],
            "note": [" ".join(row) for row in rng.choice(words, (60, 6))],
            "shop": rng.choice(list("abc"), 60),
            "grade": pd.Categorical(rng.choice([1, 2, 3], 60)),
        }
    )
    preparer = ColumnPreparer().fit(table)
    loaded = pickle.loads(pickle.dumps(preparer))
    assert loaded.columns_ == preparer.columns_
    kinds = {info.kind for info in preparer.columns_}
    assert kinds == {"numeric", "datetime", "text", "categorical"}
    state = preparer.__getstate__()
    again = ColumnPreparer.__new__(ColumnPreparer)
    again.__setstate__(state)
    assert again.columns_ == preparer.columns_
    assert_array_equal(again.transform(table), preparer.transform(table))
