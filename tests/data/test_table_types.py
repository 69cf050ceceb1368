"""The same content gives the same matrix, in whatever type of table it comes."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone

from evolearn.data import ColumnPreparer, prepare_table, take_rows

FEW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)
TEXT = st.one_of(
    st.none(), st.sampled_from(["a", "b", "B", "é", "", "nan", "1"]), st.text(max_size=2)
)
NUMBER = st.one_of(st.none(), st.integers(-3, 3), st.floats(-1e6, 1e6, width=32))


@st.composite
def contents(draw):
    n_rows = draw(st.integers(1, 12))
    kinds = draw(st.lists(st.sampled_from([TEXT, NUMBER]), min_size=1, max_size=4))
    column = [draw(st.lists(kind, min_size=n_rows, max_size=n_rows)) for kind in kinds]
    return {
        f"c{j}": [None if v is None else v if kind is TEXT else float(v) for v in values]
        for j, (kind, values) in enumerate(zip(kinds, column, strict=True))
    }


def is_text(values):
    return any(isinstance(value, str) for value in values)


def frame_of(content, text_dtype):
    return pd.DataFrame(
        {
            name: pd.Series(values, dtype=text_dtype if is_text(values) else "float64")
            for name, values in content.items()
        }
    )


def polars_of(content, text_dtype=pl.String):
    return pl.DataFrame(
        content,
        schema={n: text_dtype if is_text(v) else pl.Float64 for n, v in content.items()},
    )


def arrow_of(content):
    return pa.table(
        {
            n: pa.array(v, pa.string() if is_text(v) else pa.float64())
            for n, v in content.items()
        }
    )


def with_nan(content):
    return {n: [np.nan if v is None else v for v in values] for n, values in content.items()}


ROUTES = {
    "pandas object": lambda c: frame_of(c, object),
    "pandas object with NaN": lambda c: frame_of(with_nan(c), object),
    "pandas category": lambda c: frame_of(c, "category"),
    "pandas str": lambda c: frame_of(c, "str"),
    "pandas string": lambda c: frame_of(c, "string"),
    "pandas nullable": lambda c: frame_of(c, "str").convert_dtypes(),
    "pandas arrow": lambda c: arrow_of(c).to_pandas(types_mapper=pd.ArrowDtype),
    "polars": polars_of,
    "polars category": lambda c: polars_of(c, pl.Categorical),
    "arrow": arrow_of,
    "arrow dictionary": lambda c: pa.table(
        {
            n: a.dictionary_encode() if is_text(c[n]) else a
            for n, a in zip(c, arrow_of(c).columns, strict=True)
        }
    ),
    "arrow batch": lambda c: arrow_of(c).to_batches()[0],
    "arrow chunks": lambda c: pa.concat_tables([arrow_of(c).slice(0, 1), arrow_of(c).slice(1)]),
}


def numpy_of(content):
    columns = [np.array(values, dtype=object) for values in content.values()]
    return np.column_stack(columns)


@FEW
@given(content=contents())
def test_every_type_of_table_gives_the_same_matrix(content):
    expected = prepare_table(frame_of(content, object))
    for name, make in ROUTES.items():
        X = make(content)
        prepared = prepare_table(X)

        assert prepared.schema == expected.schema, name
        assert prepared.dropped == expected.dropped, name
        assert_array_equal(prepared.matrix, expected.matrix, err_msg=name)
        step = prepared.step
        made = prepared.preparer.transform(X) if step is None else step.transform(X)
        assert_array_equal(made, expected.matrix, err_msg=name)
        assert_array_equal(expected.preparer.transform(X), expected.matrix, err_msg=name)
    assert_array_equal(prepare_table(numpy_of(content)).matrix, expected.matrix)


@FEW
@given(content=contents(), data=st.data())
def test_rows_are_transformed_one_by_one_and_in_any_order(content, data):
    for make in (
        ROUTES["pandas object"],
        ROUTES["pandas category"],
        polars_of,
        arrow_of,
        numpy_of,
    ):
        X = make(content)
        prepared = prepare_table(X)
        rows = data.draw(st.permutations(range(len(prepared.matrix))))
        for order in (rows, rows[:1]):
            expected = prepared.matrix[order]

            assert_array_equal(prepared.preparer.transform(take_rows(X, order)), expected)
            if prepared.step is not None:
                assert_array_equal(prepared.step.transform(take_rows(X, order)), expected)


@pytest.mark.filterwarnings("ignore:No value in column")
@FEW
@given(content=contents())
def test_codes_are_frozen_and_unseen_categories_are_missing(content):
    preparer = ColumnPreparer().fit(polars_of(content))
    n_numeric = preparer.n_numeric_
    new = {n: ["never seen" if is_text(v) else x for x in v] for n, v in content.items()}
    made = preparer.transform(polars_of(new))

    assert np.isnan(made[:, n_numeric:]).all()
    assert_array_equal(
        made[:, :n_numeric], preparer.transform(polars_of(content))[:, :n_numeric]
    )


STEPS = {
    "object text": (pd.DataFrame({"n": [1.0, 2], "s": ["a", "b"]}), ColumnPreparer),
    "text with NaN": (pd.DataFrame({"n": [1, 2], "s": ["a", np.nan]}), ColumnPreparer),
    "text with None": (
        pd.DataFrame({"n": [1, 2, 3], "s": pd.Series(["a", None, "b"], dtype=object)}),
        ColumnPreparer,
    ),
    "category": (pd.DataFrame({"s": pd.Categorical(["b", None, "a"])}), ColumnPreparer),
    "numeric category": (pd.DataFrame({"s": pd.Categorical([9, None, 7])}), ColumnPreparer),
    "mixed category": (pd.DataFrame({"s": pd.Categorical([9, "a", 7])}), ColumnPreparer),
    "booleans": (
        pd.DataFrame({"b": [True, False], "n": [1.5, 2], "s": ["b", "a"]}),
        ColumnPreparer,
    ),
    "float32": (pd.DataFrame({"n": np.float32([1.1, 2]), "s": ["b", "a"]}), ColumnPreparer),
    "nullable": (pd.DataFrame({"n": pd.array([1, None], "Int64")}), ColumnPreparer),
    "datetimes": (
        pd.DataFrame({"d": pd.to_datetime(["2020-01-01", "2021-01-01"])}),
        ColumnPreparer,
    ),
    "labels that are no names": (pd.DataFrame({7: [1, 2], 0: ["b", "a"]}), ColumnPreparer),
    "labels of several types": (pd.DataFrame({"n": [1, 2], 0: ["b", "a"]}), ColumnPreparer),
    "array with a constant": (np.array([[1.0, 2.0], [1.0, 3.0]]), ColumnPreparer),
    "objects": (np.array([[1, "a"], [2, "b"]], dtype=object), ColumnPreparer),
    "numbers": (pd.DataFrame({"n": [1, 2], "m": [True, False]}), ColumnPreparer),
    "array": (np.array([[1, 2], [3, 4]]), type(None)),
}


@pytest.mark.parametrize(("X", "step_class"), STEPS.values(), ids=STEPS.keys())
def test_only_plain_arrays_need_no_preparer(X, step_class):
    prepared = prepare_table(X)
    assert type(prepared.step) is step_class
    if prepared.step is None:
        return

    with config_context(transform_output="pandas"):
        made = prepared.step.transform(X)
        again = clone(prepared.step).fit_transform(X)
    for matrix in (made, again):
        assert isinstance(matrix, np.ndarray)
        assert matrix.dtype == np.float64
        assert_array_equal(matrix, prepared.matrix)
    if hasattr(X, "columns") and all(isinstance(label, str) for label in X):
        assert tuple(prepared.step.get_feature_names_out()) == prepared.schema.names


def test_the_step_gives_the_matrix_of_the_search():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({f"c{j}": rng.choice(["a", "b", "c", np.nan], 500) for j in range(3)})
    prepared = prepare_table(X.where(X != "nan"))

    assert_array_equal(prepared.step.transform(X.where(X != "nan")), prepared.matrix)


def test_a_large_array_is_neither_copied_nor_changed():
    X = np.random.default_rng(0).normal(size=(20_000, 30))
    X.flags.writeable = False
    prepared = prepare_table(X)

    assert prepared.matrix is X
    assert prepared.preparer.transform(X) is X


@pytest.mark.parametrize(
    "sparse_container", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array]
)
def test_sparse_tables_stay_sparse(sparse_container):
    X = sparse_container([[0, 1, 0], [2, 0, 0]])
    prepared = prepare_table(X)

    assert prepared.step is None
    assert prepared.schema.sparse
    assert prepared.matrix.format == "csr"
    assert_array_equal(prepared.matrix.toarray(), [[0.0, 1, 0], [2, 0, 0]])
    assert_array_equal(prepared.preparer.transform(X).toarray(), X.toarray())
