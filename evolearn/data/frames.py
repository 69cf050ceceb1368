"""Reading the columns of pandas, polars and Arrow tables with their own fast routines."""

import sys
from typing import Any

import numpy as np

from evolearn.data.containers import frame_library
from evolearn.data.readings import (
    Numbers,
    Reading,
    Times,
    Values,
    factorize,
    read_array,
    read_objects,
    seconds_of_ticks,
)
from evolearn.data.schema import ColumnInfo

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def read_column(column: Any, table: Any) -> Reading:
    """Read one of the raw columns of a table."""
    library = frame_library(table)
    if library == "pandas":
        return _read_pandas(column)
    if library == "polars":
        return _read_polars(column)
    return _read_arrow(column) if library == "pyarrow" else read_array(column)


def _read_pandas(series: Any) -> Reading:
    pandas = sys.modules["pandas"]
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        if dtype.kind != "O":
            return read_array(series.to_numpy())
        return _read_pandas_objects(series.to_numpy())
    if isinstance(dtype, pandas.CategoricalDtype):
        codes = series.cat.codes.to_numpy()
        return _observed(codes, series.cat.categories.to_numpy(dtype=object))
    if isinstance(dtype, pandas.DatetimeTZDtype):
        return read_array(series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy())
    if isinstance(dtype, pandas.PeriodDtype):
        return read_array(series.dt.to_timestamp().to_numpy())
    if isinstance(dtype, pandas.ArrowDtype):
        pyarrow = sys.modules["pyarrow"]
        array = series.array.__arrow_array__()
        chunks = array if isinstance(array, pyarrow.ChunkedArray) else [array]
        return _read_arrow(pyarrow.chunked_array(chunks))
    if isinstance(dtype, pandas.StringDtype):
        codes, distinct = pandas.factorize(series.array)
        return Values(codes, distinct.tolist())
    if pandas.api.types.is_numeric_dtype(dtype):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        return Numbers(values, is_boolean=pandas.api.types.is_bool_dtype(dtype))
    return _read_pandas_objects(series.to_numpy(dtype=object))


def _read_pandas_objects(objects: np.ndarray) -> Reading:
    def factorized() -> tuple[np.ndarray, list[Any]]:
        codes, distinct = sys.modules["pandas"].factorize(objects)
        return codes, list(distinct)

    return read_objects(objects.tolist(), factorized)


def _observed(codes: np.ndarray, categories: np.ndarray) -> Values:
    """Return the categories that occur, which may be fewer than those declared."""
    occurs = np.zeros(len(categories) + 1, dtype=bool)
    occurs[codes] = True
    occurs[-1] = False
    positions = np.where(occurs, np.cumsum(occurs) - 1, -1)
    return Values(positions[codes], categories[occurs[:-1]].tolist(), is_category=True)


def _read_polars(series: Any) -> Reading:
    polars = sys.modules["polars"]
    dtype = series.dtype
    if dtype == polars.Boolean or dtype.is_integer() or dtype.is_float():
        values = series.cast(polars.Float64).to_numpy()
        return Numbers(values, is_boolean=dtype == polars.Boolean)
    if dtype.is_temporal():
        unit = {polars.Date: "D", polars.Time: "ns"}.get(dtype) or dtype.time_unit
        ticks = series.to_physical().cast(polars.Int64).fill_null(0).to_numpy()
        kind = "datetime" if dtype in (polars.Date, polars.Datetime) else "timedelta"
        return Times(_seconds(ticks, series.is_null().to_numpy(), unit), kind)
    is_category = dtype in (polars.Categorical, polars.Enum)
    if is_category:
        series = series.cast(polars.String)
    if series.dtype in (polars.String, polars.Binary):
        distinct = series.drop_nulls().unique()
        positions = polars.Series(range(len(distinct)), dtype=polars.Int64)
        codes = series.replace_strict(
            distinct, positions, default=None, return_dtype=polars.Int64
        )
        return Values(codes.fill_null(-1).to_numpy(), distinct.to_list(), is_category)
    return read_objects(series.to_list())


def _read_arrow(column: Any) -> Reading:
    pyarrow = sys.modules["pyarrow"]
    types, kind, is_category = pyarrow.types, column.type, False
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind):
        floats = column.cast(pyarrow.float64(), safe=False)
        return Numbers(floats.to_numpy(), is_boolean=types.is_boolean(kind))
    if types.is_temporal(kind) and not types.is_interval(kind):
        return _read_arrow_times(column)
    if types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind, is_category = column.type, True
    if types.is_string_view(kind):
        column = column.cast(pyarrow.large_string())
    elif not (types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind)):
        objects = column.to_pylist()
        if is_category:
            return Values(*factorize(objects), is_category=True)
        return read_objects(objects)
    encoded = column.dictionary_encode().combine_chunks()
    if isinstance(encoded, pyarrow.ChunkedArray):
        encoded = encoded.chunk(0)
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Values(codes, encoded.dictionary.to_pylist(), is_category)


def _read_arrow_times(column: Any) -> Reading:
    pyarrow = sys.modules["pyarrow"]
    types, kind = pyarrow.types, column.type
    unit = "D" if types.is_date32(kind) else "ms" if types.is_date64(kind) else kind.unit
    storage = pyarrow.int32() if kind.bit_width == 32 else pyarrow.int64()
    ticks = column.cast(storage).fill_null(0).to_numpy().astype(np.int64)
    is_datetime = types.is_timestamp(kind) or types.is_date(kind)
    seconds = _seconds(ticks, column.is_null().to_numpy(), unit)
    return Times(seconds, "datetime" if is_datetime else "timedelta")


def _seconds(ticks: np.ndarray, missing: np.ndarray, unit: str) -> np.ndarray:
    if unit == "D":
        ticks, unit = ticks * 86400, "s"
    return seconds_of_ticks(ticks, missing, _PER_SECOND[unit])


def is_plain(info: ColumnInfo, column: Any) -> bool:
    """Whether scikit-learn's own classes read a pandas or NumPy column as we do.

    `OrdinalEncoder` takes strings or numbers, not both, and NaN for missing; it gives None
    a code like any category, and refuses pd.NA.
    """
    dtype = column.dtype
    if not info.is_kept or (isinstance(dtype, np.dtype) and dtype.kind in "fiub"):
        return True
    if info.kind != "categorical":
        return False
    if isinstance(dtype, sys.modules["pandas"].CategoricalDtype):
        column = column.cat.categories
        dtype = column.dtype
        if isinstance(dtype, np.dtype) and dtype.kind in "fiub":
            return True
    if isinstance(dtype, np.dtype):  # of objects: numbers were taken above
        missing = column[column.isna()]
        is_text = sys.modules["pandas"].api.types.infer_dtype(column, skipna=True) == "string"
        return is_text and all(isinstance(value, float) for value in missing)
    # Not intervals, which it sorts as numbers.
    is_text = isinstance(dtype, sys.modules["pandas"].StringDtype)
    return is_text and isinstance(dtype.na_value, float)
