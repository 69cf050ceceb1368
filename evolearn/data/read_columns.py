"""Readers of the columns of pandas, polars, Arrow and NumPy tables."""

import sys
from typing import Any

import numpy as np

from evolearn.data.column_values import (
    ColumnValues,
    Numbers,
    Objects,
    Times,
    are_inexact,
    factorize,
    read_array,
    read_objects,
    read_seconds,
    seconds_of_ticks,
)
from evolearn.data.containers import frame_library
from evolearn.data.time_zones import zone_name


def read_column(column: Any, table: Any) -> ColumnValues:
    """Read one of the raw columns of a table."""
    library = frame_library(table)
    if library == "pandas":
        return _read_pandas(column)
    if library == "polars":
        return _read_polars(column)
    return _read_arrow(column) if library == "pyarrow" else read_array(column)


def _read_pandas(series: Any) -> ColumnValues:
    pandas = sys.modules["pandas"]
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        if dtype.kind != "O":
            return read_array(series.to_numpy())
        return _read_pandas_objects(series.to_numpy())
    if isinstance(dtype, pandas.IntervalDtype):
        codes, distinct = pandas.factorize(series.array, sort=True)
        return Objects(codes, list(distinct), is_category=True, is_ordered=True)
    if isinstance(dtype, pandas.CategoricalDtype):
        return _read_pandas_categories(series)
    if isinstance(dtype, pandas.DatetimeTZDtype):
        utc = series.dt.tz_convert("UTC").dt.tz_localize(None)
        return Times(read_seconds(utc.to_numpy()), "datetime", zone_name(dtype.tz))
    if isinstance(dtype, pandas.PeriodDtype):
        return read_array(series.dt.to_timestamp().to_numpy())
    if isinstance(dtype, pandas.ArrowDtype):
        pyarrow = sys.modules["pyarrow"]
        array = series.array.__arrow_array__()
        chunks = array if isinstance(array, pyarrow.ChunkedArray) else [array]
        return _read_arrow(pyarrow.chunked_array(chunks))
    if isinstance(dtype, pandas.StringDtype):
        codes, distinct = pandas.factorize(series.array)
        return Objects(codes, distinct.tolist())
    if pandas.api.types.is_numeric_dtype(dtype):
        values = series.to_numpy(dtype=np.float64, na_value=np.nan)
        if pandas.api.types.is_integer_dtype(dtype) and are_inexact(values):
            return _read_pandas_objects(series.to_numpy(dtype=object))
        return Numbers(values, is_boolean=pandas.api.types.is_bool_dtype(dtype))
    return _read_pandas_objects(series.to_numpy(dtype=object))


def _read_pandas_categories(series: Any) -> Objects:
    pandas = sys.modules["pandas"]
    categories = series.cat.categories
    is_ordered = series.cat.ordered
    if isinstance(categories.dtype, pandas.IntervalDtype) and not is_ordered:
        series = series.cat.reorder_categories(categories.sort_values())
        categories, is_ordered = series.cat.categories, True
    codes = series.cat.codes.to_numpy()
    return _observed(codes, categories.to_numpy(dtype=object), is_ordered)


def _read_pandas_objects(objects: np.ndarray) -> ColumnValues:
    def factorized() -> tuple[np.ndarray, list[Any]]:
        codes, distinct = sys.modules["pandas"].factorize(objects)
        return codes, list(distinct)

    pandas = sys.modules["pandas"]
    column = read_objects(objects.tolist(), factorized)
    distinct = column.distinct if isinstance(column, Objects) else []
    if distinct and all(isinstance(value, pandas.Interval) for value in distinct):
        return _read_pandas(pandas.Series(pandas.arrays.IntervalArray(objects)))
    return column


def _observed(codes: np.ndarray, categories: np.ndarray, is_ordered: bool) -> Objects:
    """Read a column of categories; those that do not occur are left out."""
    occurs = np.zeros(len(categories) + 1, dtype=bool)
    occurs[codes] = True
    occurs[-1] = False
    positions = np.where(occurs, np.cumsum(occurs) - 1, -1)
    return Objects(positions[codes], categories[occurs[:-1]].tolist(), True, is_ordered)


def _read_polars(series: Any) -> ColumnValues:
    polars = sys.modules["polars"]
    dtype = series.dtype
    if dtype == polars.Boolean or dtype.is_integer() or dtype.is_float():
        values = series.cast(polars.Float64).to_numpy()
        if dtype.is_integer() and are_inexact(values):
            return read_objects(series.to_list())
        return Numbers(values, is_boolean=dtype == polars.Boolean)
    if dtype.is_temporal():
        unit = {polars.Date: "D", polars.Time: "ns"}.get(dtype) or dtype.time_unit
        ticks = series.to_physical().cast(polars.Int64).fill_null(0).to_numpy()
        kind = "datetime" if dtype in (polars.Date, polars.Datetime) else "timedelta"
        zone = zone_name(getattr(dtype, "time_zone", None))
        return Times(seconds_of_ticks(ticks, series.is_null().to_numpy(), unit), kind, zone)
    if dtype == polars.Enum:
        codes = series.to_physical().cast(polars.Int64).fill_null(-1).to_numpy()
        return _observed(codes, np.array(dtype.categories.to_list(), dtype=object), True)
    is_category = dtype == polars.Categorical
    if is_category:
        series = series.cast(polars.String)
    if series.dtype in (polars.String, polars.Binary):
        distinct = series.drop_nulls().unique(maintain_order=True)
        positions = polars.Series(range(len(distinct)), dtype=polars.Int64)
        codes = series.replace_strict(
            distinct, positions, default=None, return_dtype=polars.Int64
        )
        return Objects(codes.fill_null(-1).to_numpy(), distinct.to_list(), is_category)
    return read_objects(series.to_list())


def _read_arrow(column: Any) -> ColumnValues:
    pyarrow = sys.modules["pyarrow"]
    types, kind, is_category = pyarrow.types, column.type, False
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind):
        values = column.cast(pyarrow.float64(), safe=False).to_numpy()
        if types.is_integer(kind) and are_inexact(values):
            return read_objects(column.to_pylist())
        return Numbers(values, is_boolean=types.is_boolean(kind))
    if types.is_temporal(kind) and not types.is_interval(kind):
        return _read_arrow_times(column)
    if types.is_dictionary(kind) and kind.ordered:
        column = _in_one_chunk(column.unify_dictionaries())
        codes = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return _observed(codes, np.array(column.dictionary.to_pylist(), dtype=object), True)
    if types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind, is_category = column.type, True
    if types.is_string_view(kind):
        column = column.cast(pyarrow.large_string())
    elif not (types.is_string(kind) or types.is_large_string(kind) or types.is_binary(kind)):
        objects = column.to_pylist()
        return Objects(*factorize(objects), True) if is_category else read_objects(objects)
    encoded = _in_one_chunk(column.dictionary_encode())
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Objects(codes, encoded.dictionary.to_pylist(), is_category)


def _in_one_chunk(column: Any) -> Any:
    """Return a chunked array as an array."""
    array = column.combine_chunks()
    return array if hasattr(array, "indices") else array.chunk(0)


def _read_arrow_times(column: Any) -> ColumnValues:
    pyarrow = sys.modules["pyarrow"]
    types, kind = pyarrow.types, column.type
    unit = "D" if types.is_date32(kind) else "ms" if types.is_date64(kind) else kind.unit
    storage = pyarrow.int32() if kind.bit_width == 32 else pyarrow.int64()
    ticks = column.cast(storage).fill_null(0).to_numpy().astype(np.int64)
    is_datetime = types.is_timestamp(kind) or types.is_date(kind)
    seconds = seconds_of_ticks(ticks, column.is_null().to_numpy(), unit)
    zone = zone_name(kind.tz) if types.is_timestamp(kind) else ""
    return Times(seconds, "datetime" if is_datetime else "timedelta", zone)
