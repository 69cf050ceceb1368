"""The supported tables: pandas and polars frames, Arrow tables, NumPy arrays, SciPy sparse.

The frame libraries are optional. Whoever passes a frame has imported its library, so libraries
are looked up among the loaded modules and never imported here.
"""

import importlib
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from evolearn.data.column_values import is_beyond_floats
from evolearn.data.matrix import infinite_columns, is_sparse
from evolearn.messages import shown

_FRAMES = (
    ("pandas", "DataFrame"),
    ("polars", "DataFrame"),
    ("pyarrow", "Table"),
    ("pyarrow", "RecordBatch"),
)


def frame_library(X: Any) -> str | None:
    """Return the library of a frame, `"pandas"`, `"polars"` or `"pyarrow"`, or None."""
    for library, name in _FRAMES:
        frame_class = getattr(sys.modules.get(library), name, None)
        if frame_class is not None and isinstance(X, frame_class):
            return library
    return None


def as_table(X: Any) -> Any:
    """Convert X to a frame, a 2-d array or a sparse matrix with rows and columns, or raise."""
    library = frame_library(X)
    if library is None and not is_sparse(X):
        X = _as_array(X)
    elif library == "pyarrow" and isinstance(X, sys.modules["pyarrow"].RecordBatch):
        X = sys.modules["pyarrow"].Table.from_batches([X])
    _check_shape(X)
    if library is not None:
        check_unique_names(column_labels(X))
    elif X.dtype.kind == "c":
        raise ValueError(
            "Complex data not supported: X holds complex numbers; pass their real and "
            "imaginary parts as columns of their own."
        )
    return X


def _as_array(X: Any) -> Any:
    if isinstance(X, np.ma.MaskedArray):
        raise ValueError(
            "X is a masked array, whose mask would be lost; fill it first, for instance with "
            "X.astype(float).filled(np.nan)."
        )
    try:
        array: Any = np.asarray(X)
    except ValueError as error:
        raise ValueError(_ragged_message(X)) from error
    if array.dtype.kind in "US" and not hasattr(X, "dtype"):
        # In a list of rows NumPy would turn the numbers beside the strings into strings.
        array = np.asarray(X, dtype=object)
    if array.dtype.names is not None or array.dtype.kind == "V":
        raise ValueError(
            "X is a structured array, which has no columns to scikit-learn; turn it into a "
            "data frame, for instance with pandas.DataFrame(X)."
        )
    if array.ndim == 0 and array.dtype == object:
        raise TypeError(
            f"X is of type {type(X).__name__}, which is no table; pass a pandas or polars "
            "data frame, an Arrow table, a 2-d array or a sparse matrix."
        )
    if array.ndim == 1 and _are_texts(array):
        raise ValueError(
            f"Expected 2D array, got 1D array instead: X is a {type(X).__name__} of texts. "
            "Reshape your data to a frame of one column, pandas.DataFrame({'text': X}); a "
            "pipeline of your own finds it by ColumnTransformer([('text', step, 'text')])."
        )
    if array.ndim == 1 and array.dtype == object and len(array):
        if isinstance(array[0], dict):
            raise ValueError(
                "Expected 2D array, got 1D array instead: X is a list of dictionaries; pass a "
                "frame of them, pandas.DataFrame(X)."
            )
        if isinstance(array[0], list | tuple | np.ndarray):
            raise ValueError(f"Expected 2D array, got 1D array instead: {_ragged_message(X)}")
    if array.ndim < 2:
        found = "1D" if array.ndim else "scalar"
        raise ValueError(
            f"Expected 2D array, got {found} array instead. Reshape your data to rows and "
            "columns: X.reshape(-1, 1) if it is one column, X.reshape(1, -1) if it is one row."
        )
    return array


def _are_texts(array: np.ndarray) -> bool:
    return array.dtype.kind in "OUS" and all(isinstance(v, str | bytes) for v in array[:100])


def _ragged_message(X: Any) -> str:
    """Compose the message on a list of which NumPy makes no array; it names the first fault."""
    rows = list(X)
    lengths = [len(row) if hasattr(row, "__len__") else None for row in rows]
    other = next((i for i, length in enumerate(lengths) if length != lengths[0]), None)
    if other is not None:
        return (
            f"X is a list whose rows have different lengths: row 0 has {_size(lengths[0])}, "
            f"row {other} has {_size(lengths[other])}; give every row a value for each column, "
            "None where it is missing."
        )
    for i, row in enumerate(rows):
        for j, cell in enumerate(row):
            if hasattr(cell, "__len__") and not isinstance(cell, str | bytes):
                return (
                    f"X has several values in one cell: row {i} has {shown(cell)} in column "
                    f"{j}; give every value a column of its own."
                )
    return "X is a list that is no table; pass a list of rows of the same length, or a frame."


def _size(length: int | None) -> str:
    return "no columns" if length is None else f"{length} value{'s' if length != 1 else ''}"


def _check_shape(X: Any) -> None:
    if len(X.shape) != 2:
        raise ValueError(
            f"Found array with dim {len(X.shape)}, while dim 2 is required; X must have rows "
            "and columns only, so reshape it with X.reshape(len(X), -1)."
        )
    for count, unit, remedy in zip(
        X.shape, ("sample", "feature"), ("row", "column"), strict=True
    ):
        if count == 0:
            raise ValueError(
                f"Found array with 0 {unit}(s) (shape={tuple(X.shape)}) while a minimum of 1 "
                f"is required; pass a table with at least one {remedy}."
            )


def check_table(X: Any) -> None:
    """Check shape and names of a table, and that no number is complex or infinite.

    Cheap: only floats in NumPy's or pandas' memory are read, block by block. Cells of other
    columns are checked when the table is prepared.
    """
    X = as_table(X)
    library = frame_library(X)
    if library == "pandas":
        refuse_infinity(
            f"column {label!r}"
            for label, column in X.items()
            if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f"
            if infinite_columns(column.to_numpy().reshape(-1, 1))
        )
    elif library is None and X.dtype.kind == "f":
        refuse_infinity(f"column {j}" for j in infinite_columns(X))


def refuse_infinity(columns: Iterable[str]) -> None:
    """Raise an error that names the columns that hold infinite values, if there are any."""
    if columns := list(columns):
        raise ValueError(
            f"Input X contains infinity in {_enumerate(columns)}; replace infinite values by "
            "NaN (missing) or by finite numbers."
        )


def column_labels(X: Any) -> list[Any]:
    """Labels of the columns: names in a frame, positions otherwise."""
    library = frame_library(X)
    if library is None:
        return list(range(X.shape[1]))
    return list(X.schema.names if library == "pyarrow" else X.columns)


def check_unique_names(labels: Iterable[Any]) -> None:
    """Raise if two columns have the same name."""
    repeated = [label for label, count in Counter(labels).items() if count > 1]
    if repeated:
        raise ValueError(
            f"X has several columns of the name {_enumerate(map(repr, repeated))}; give "
            "every column a name of its own."
        )


def feature_names(X: Any) -> np.ndarray | None:
    """Column names of a frame whose names are all strings, as in scikit-learn; else None."""
    if frame_library(X) is None:
        return None
    labels = column_labels(X)
    if not labels or not all(isinstance(label, str) for label in labels):
        return None
    return np.array([str(label) for label in labels], dtype=object)


def has_mixed_labels(X: Any) -> bool:
    """Whether column labels mix strings and other types, which scikit-learn refuses."""
    return len({isinstance(label, str) for label in column_labels(X)}) > 1


_names_are_checked: ContextVar[bool] = ContextVar("names_are_checked", default=False)


@contextmanager
def names_checked() -> Iterator[None]:
    """Keep the steps of a model silent about feature names: the model has looked at them."""
    token = _names_are_checked.set(True)
    try:
        yield
    finally:
        _names_are_checked.reset(token)


def warn_of_names(X: Any, names: Any, owner: str) -> None:
    """Warn as scikit-learn does if only one of X and the table of fit has feature names."""
    found = feature_names(X)
    if _names_are_checked.get() or (names is None) == (found is None):
        return
    message = (
        f"X does not have valid feature names, but {owner} was fitted with feature names"
        if found is None
        else f"X has feature names, but {owner} was fitted without feature names"
    )
    warnings.warn(message, UserWarning, stacklevel=4)  # noqa: TID251, scikit-learn's warning


def align_table(X: Any, names: Any) -> Any:
    """Select the columns of X by name, in the order of `names`.

    Tables without names, and tables in the right order, are returned as they are. Columns
    that were not seen in fit are dropped, as by scikit-learn's ColumnTransformer.
    """
    found = feature_names(X)
    if names is None or found is None or np.array_equal(found, names):
        return X
    check_unique_names(found)
    expected, present = list(names), set(found)
    _refuse_missing([name for name in expected if name not in present])
    return X.select(expected) if frame_library(X) != "pandas" else X[expected]


def position_labels(X: Any) -> list[Any] | None:
    """Column labels of a pandas frame that are not all strings; None for other tables."""
    if frame_library(X) != "pandas" or feature_names(X) is not None:
        return None
    return column_labels(X)


def align_labels(X: Any, labels: list[Any] | None) -> Any:
    """Put the columns of a pandas frame without names into the order of the labels in fit.

    If the labels of either are merely positions (0, 1, ...) and labels differ, columns are
    taken by position.
    """
    found = position_labels(X)
    if labels is None or found is None or found == labels:
        return X
    positions = list(range(len(labels)))
    missing = [label for label in labels if label not in found]
    if missing and (labels == positions or found == list(range(len(found)))):
        return X
    check_unique_names(found)
    _refuse_missing(missing)
    return X.iloc[:, [found.index(label) for label in labels]]


def _refuse_missing(missing: Sequence[Any]) -> None:
    if missing:
        raise ValueError(
            f"Columns of X that were present in fit are missing: "
            f"{_enumerate(map(repr, missing))}; add them, with missing values if "
            "they are not known."
        )


def raw_columns(X: Any) -> list[Any]:
    """Columns of X as its library stores them: series, chunked arrays or 1-d arrays."""
    library = frame_library(X)
    if library == "pandas":
        return [column for _, column in X.items()]
    if library == "polars":
        return list(X.get_columns())
    if library == "pyarrow":
        return list(X.columns)
    return [X[:, j] for j in range(X.shape[1])]


def with_names(X: Any, names: Any) -> Any:
    """Return an array as a pandas frame with these names of columns; pandas is installed."""
    pandas = importlib.import_module("pandas")
    dtype = object if X.dtype == object else None
    return pandas.DataFrame(X, columns=list(names), dtype=dtype)


def shuffled_column(X: Any, column: int, rows: Any) -> Any:
    """Return a dense table of which one column has its rows in another order."""
    library = frame_library(X)
    if library == "pandas":
        X = X.copy(deep=False)
        X.isetitem(column, X.iloc[rows, column].set_axis(X.index))
        return X
    if library == "polars":
        return X.with_columns(X.to_series(column)[rows])
    if library == "pyarrow":
        return X.set_column(column, X.schema.field(column), X.column(column).take(rows))
    X = X.copy()
    X[:, column] = X[rows, column]
    return X


def n_rows(X: Any) -> int:
    """Count the rows of any supported table."""
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def is_reordered(values: Any, X: Any) -> bool:
    """Whether pandas values have the index of a pandas frame in another order."""
    if frame_library(X) != "pandas":
        return False
    pandas = sys.modules["pandas"]
    if not isinstance(values, pandas.Series | pandas.DataFrame):
        return False
    ours, theirs = X.index, values.index
    if len(ours) != len(theirs) or ours.equals(theirs):
        return False
    return bool(ours.is_unique and theirs.is_unique and theirs.isin(ours).all())


def take_rows(X: Any, indices: Any) -> Any:
    """Return the rows of X at `indices`, as a table of the same type."""
    library = frame_library(X)
    if library == "pandas":
        return X.iloc[indices]
    if library == "pyarrow":
        return X.take(np.asarray(indices))
    if is_sparse(X):
        return X.tocsr()[indices]
    return X[indices] if library == "polars" else _as_array(X)[indices]


def numeric_array(X: Any) -> np.ndarray | None:
    """Convert a table of NumPy's numbers and booleans to an array; None for other tables.

    It is None too if there are integers that float64 does not tell from their neighbours.
    """
    if isinstance(X, np.ndarray):
        return X if X.dtype.kind in "fiub" and not is_beyond_floats(X) else None
    if frame_library(X) != "pandas":
        return None
    if not all(isinstance(d, np.dtype) and d.kind in "fiub" for d in set(X.dtypes)):
        return None
    long = [j for j, dtype in enumerate(X.dtypes) if dtype.kind in "iu" and dtype.itemsize == 8]
    if long and any(is_beyond_floats(X.iloc[:, j].to_numpy()) for j in long):
        return None
    return np.asarray(X.to_numpy(dtype=np.float64))


def _enumerate(items: Iterable[str], limit: int = 10) -> str:
    items = list(items)
    shown = ", ".join(items[:limit])
    return shown if len(items) <= limit else f"{shown} and {len(items) - limit} more"
