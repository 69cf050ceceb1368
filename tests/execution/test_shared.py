"""Shared values: written once, mapped by every process, and equal to the original."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from evolearn.exceptions import EvolearnWarning
from evolearn.execution.local.pool import WorkerPool
from evolearn.execution.shared import share

fresh_folder = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
dtypes = st.one_of(
    hnp.scalar_dtypes(),
    hnp.unicode_string_dtypes(max_len=5),
    hnp.byte_string_dtypes(max_len=5),
    st.just(np.dtype([("a", "f4"), ("b", "i8")])),
)
arrays = dtypes.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=4))
)
names = (f"value{number}" for number in range(10**9))


def round_trip(value, folder):
    """Share a value and load it as another process does: from the pickled handle."""
    handle = pickle.loads(pickle.dumps(share(value, folder, next(names))))
    loaded = handle.load()
    assert handle.load() is loaded
    return loaded


@fresh_folder
@given(array=arrays, fortran=st.booleans(), step=st.sampled_from([1, -1, 2]))
def test_an_array_comes_back_equal_and_read_only(tmp_path, array, fortran, step):
    if fortran:
        array = np.asfortranarray(array)
    if array.ndim:
        array = array[::step]
    loaded = round_trip(array, tmp_path)
    assert type(loaded) is np.ndarray
    assert (loaded.dtype, loaded.shape) == (array.dtype, array.shape)
    assert loaded.tobytes() == array.tobytes()  # to the bit, whatever is not a number included
    assert not loaded.flags.writeable
    assert array.size == 0 or isinstance(_root(loaded), np.memmap)
    if array.flags.f_contiguous:
        assert loaded.flags.f_contiguous


def _root(array):
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


@fresh_folder
@given(
    data=st.data(),
    shape=st.tuples(st.integers(0, 5), st.integers(0, 5)),
    container=st.sampled_from([sp.csr_matrix, sp.csc_matrix, sp.csr_array, sp.csc_array]),
    index_type=st.sampled_from([np.int32, np.int64]),
)
def test_a_sparse_matrix_comes_back_equal_and_read_only(
    tmp_path, data, shape, container, index_type
):
    n_entries = data.draw(st.integers(0, 10)) if 0 not in shape else 0
    # With duplicates, out of order and with explicit zeros: all that the format allows.
    rows, columns = (
        np.array(data.draw(st.lists(st.integers(0, max(side - 1, 0)), min_size=n_entries,
                                    max_size=n_entries)), dtype=index_type)
        for side in shape
    )  # fmt: skip
    values = data.draw(hnp.arrays(np.float64, n_entries, elements=st.integers(-3, 3)))
    matrix = container((values, (rows, columns)), shape=shape)
    dense = matrix.toarray()
    loaded = round_trip(matrix, tmp_path)
    assert type(loaded) is container
    np.testing.assert_array_equal(loaded.toarray(), dense)
    np.testing.assert_array_equal(matrix.toarray(), dense)
    for part in (loaded.data, loaded.indices, loaded.indptr):
        assert not part.flags.writeable
        assert part.size == 0 or isinstance(_root(part), np.memmap)


def test_an_unsorted_sparse_matrix_can_be_used_by_what_sorts_in_place(tmp_path):
    matrix = sp.csr_matrix((np.ones(3), np.array([2, 0, 2]), np.array([0, 3])), shape=(1, 3))
    loaded = round_trip(matrix, tmp_path)
    loaded.sort_indices()
    loaded.sum_duplicates()
    assert loaded.toarray().tolist() == [[1, 0, 2]]
    assert matrix.indices.tolist() == [2, 0, 2]


@pytest.mark.parametrize(
    "value",
    [
        np.array(["a", None, 3.5, "ü"], dtype=object),
        np.array([{"x": 1}, [2]], dtype=object),
        np.array([("a", 1)], dtype=[("name", object), ("number", int)]),
        {"columns": ["a", "b"], "numbers": [1, 2]},
        sp.coo_matrix(np.eye(2)),
        None,
    ],
    ids=["strings", "objects", "records", "mapping", "coordinates", "nothing"],
)
def test_anything_else_comes_back_equal(tmp_path, value):
    loaded = round_trip(value, tmp_path)
    if sp.issparse(value):
        assert (loaded != value).nnz == 0
    elif isinstance(value, np.ndarray):
        assert loaded.tolist() == value.tolist()
        assert not loaded.flags.writeable
    else:
        assert loaded == value


def test_a_name_is_used_once_per_folder(tmp_path):
    for value in (np.ones(3), sp.csr_array(np.eye(3)), "text"):
        share(value, tmp_path, f"name of {type(value).__name__}")
        with pytest.raises(FileExistsError):
            share(value, tmp_path, f"name of {type(value).__name__}")


@pytest.mark.parametrize(
    "value",
    [np.arange(6000.0).reshape(-1, 3), sp.csr_array(np.eye(300)), "text" * 5000],
    ids=["array", "sparse", "text"],
)
def test_a_value_that_a_full_disk_cannot_hold_is_sent_along(tmp_path, small_disk, value):
    share(1, tmp_path, "small")
    with (
        small_disk(),
        pytest.warns(EvolearnWarning, match="cannot hold the table .* TMPDIR"),
    ):
        handle = share(value, tmp_path, "table")
    assert [file.name for file in tmp_path.iterdir()] == ["small.pickle"]
    loaded = pickle.loads(pickle.dumps(handle)).load()
    if isinstance(value, str):
        assert loaded == value
        return
    assert np.array_equal(_dense(loaded), _dense(value))
    assert not (loaded.data if sp.issparse(value) else loaded).flags.writeable


def _dense(value):
    return value.toarray() if sp.issparse(value) else value


def test_workers_map_the_value_and_let_go_of_it_with_the_function():
    table = np.arange(100_000.0).reshape(-1, 10)
    with WorkerPool(1) as pool:
        handle = share(table, pool.shared_folder, "table")
        assert len(pickle.dumps(handle)) < 1000
        pool.install(
            lambda row: (float(handle.load()[row].sum()), handle.load().flags.writeable)
        )
        outcomes = []
        for key in range(2):
            pool.submit(key, key)
            outcomes += pool.collect()
        assert {outcome.key: outcome.value for outcome in outcomes} == {
            key: (table[key].sum(), False) for key in range(2)
        }
        pool.install(lambda path: path in Path("/proc/self/maps").read_text())
        pool.submit(0, handle.parts[0])
        [outcome] = pool.collect()
    assert outcome.value is False
