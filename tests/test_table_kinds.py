"""What each type of column becomes, and which columns are left out."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from evolearn.table import ColumnPreparer, prepare_table

NAN = np.nan


def one_column(values, dtype=None):
    return pd.DataFrame({"a": pd.Series(values, dtype=dtype)})


NUMERIC = {
    "integers": one_column([1, 2, 3]),
    "unsigned": one_column([1, 2, 3], "uint8"),
    "half floats": one_column([1, 2, 3], "float16"),
    "nullable integers": one_column([1, 2, 3], "Int64"),
    "nullable floats": one_column([1, 2, 3], "Float32"),
    "arrow integers": one_column([1, 2, 3], "int64[pyarrow]"),
    "sparse pandas": one_column([1, 2, 3], pd.SparseDtype("float64")),
    "decimals": one_column([Decimal("1"), Decimal("2"), Decimal("3")]),
    "arrow decimals": pa.table({"a": pa.array([Decimal("1"), Decimal("2"), Decimal("3")])}),
    "polars decimals": pl.DataFrame({"a": [Decimal("1"), Decimal("2"), Decimal("3")]}),
    "object integers": one_column([1, 2, 3], object),
    "object mixture": one_column([True, 2.0, Decimal("3")], object),
    "numpy scalars": one_column([np.int8(1), np.float32(2), np.float64(3)], object),
    "list of lists": [[1], [2], [3]],
    "arrow half floats": pa.table({"a": pa.array(np.array([1, 2, 3], dtype=np.float16))}),
    "polars integers": pl.DataFrame({"a": [1, 2, 3]}),
}


@pytest.mark.parametrize("X", NUMERIC.values(), ids=NUMERIC.keys())
def test_numbers_of_every_type_stay_as_they_are(X):
    prepared = prepare_table(X)

    assert_array_equal(prepared.matrix, [[1.0], [2.0], [3.0]])
    assert prepared.schema.n_numeric == 1


BOOLEANS = {
    "numpy": one_column([True, False]),
    "nullable": one_column([True, False], "boolean"),
    "objects": one_column([True, False], object),
    "polars": pl.DataFrame({"a": [True, False]}),
    "arrow": pa.table({"a": [True, False]}),
}


@pytest.mark.parametrize("X", BOOLEANS.values(), ids=BOOLEANS.keys())
def test_booleans_are_numbers(X):
    assert_array_equal(prepare_table(X).matrix, [[1.0], [0.0]])


MISSING = {
    "None": [1.5, None, 2.5],
    "NaN": [1.5, NAN, 2.5],
    "pd.NA": [1.5, pd.NA, 2.5],
    "NaT": [1.5, pd.NaT, 2.5],
    "decimal NaN": [1.5, Decimal("NaN"), 2.5],
}


@pytest.mark.parametrize("values", MISSING.values(), ids=MISSING.keys())
def test_every_kind_of_missing_number_is_nan(values):
    for X in (one_column(values, object), np.array(values, dtype=object).reshape(-1, 1)):
        prepared = prepare_table(X)

        assert_array_equal(prepared.matrix, [[1.5], [NAN], [2.5]])
        assert prepared.schema.has_missing


@pytest.mark.parametrize("missing", [None, NAN, pd.NA, pd.NaT], ids=repr)
def test_every_kind_of_missing_category_is_nan(missing):
    for X in (
        one_column(["y", missing, "x"], object),
        np.array([["y"], [missing], ["x"]], dtype=object),
    ):
        prepared = prepare_table(X)

        assert_array_equal(prepared.matrix, [[1.0], [NAN], [0.0]])
        assert_array_equal(prepared.step.transform(X), prepared.matrix)
        assert prepared.schema.has_missing_categories
        assert not prepared.schema.has_missing


CATEGORIES = {
    "sorted by text": (["b", "a", "b"], object, ("a", "b")),
    "text and numbers": (["b", 10, 9], object, ("10", "9", "b")),
    "text and booleans": ([True, "True", 1], object, ("1", "True")),
    "number first": ([1, True, "x"], object, ("1", "True", "x")),
    "equal numbers": ([1, 1.0, "x"], object, ("1", "x")),
    "bytes": ([b"b", "b", b"\xff"], object, ("\\xff", "b")),
    "numeric category": ([10, 9, None], "category", (9.0, 10.0)),
    "boolean category": ([True, False, None], "category", (0.0, 1.0)),
    "mixed category": ([True, "a", 2], "category", ("2", "True", "a")),
}


@pytest.mark.parametrize(
    ("values", "dtype", "categories"), CATEGORIES.values(), ids=CATEGORIES.keys()
)
def test_categories_are_sorted_and_known_by_their_text(values, dtype, categories):
    preparer = ColumnPreparer().fit(one_column(values, dtype))

    assert preparer.columns_[0].categories == categories
    assert preparer.cardinalities_ == (len(categories),)


def test_categories_that_do_not_occur_do_not_count():
    series = pd.Series(pd.Categorical(["b", "c"], categories=["c", "b", "a"]))
    preparer = ColumnPreparer().fit(series.to_frame("a"))

    assert preparer.columns_[0].categories == ("b", "c")


def test_an_arrow_dictionary_of_numbers_is_a_category():
    X = pa.table({"a": pa.array([9, None, 7]).dictionary_encode()})

    assert ColumnPreparer().fit(X).columns_[0].categories == (7.0, 9.0)


def test_intervals_of_pandas_cut_are_categories():
    X = pd.DataFrame({"a": pd.cut(pd.Series([1, 5, 9]), [0, 4, 10])})

    assert_array_equal(prepare_table(X).matrix, [[0.0], [1.0], [1.0]])


def test_numeric_categories_read_from_other_types_are_the_same_categories():
    preparer = ColumnPreparer().fit(one_column([10, 9, 8], "category"))

    assert_array_equal(preparer.transform(one_column([8.0, NAN, 7])), [[0.0], [NAN], [NAN]])
    assert_array_equal(preparer.transform(one_column(["8", 10], object)), [[NAN], [2.0]])


MOMENT = datetime(2024, 2, 29, 13, 30, 15, 250_000)
LATER = datetime(2024, 2, 29, 14, 30, 15)
SECONDS = (1709213415.25, 1709217015.0)
INDIA = timezone(timedelta(hours=5, minutes=30))
DATETIMES = {
    **{
        f"pandas {unit}": one_column([MOMENT, LATER, None], f"datetime64[{unit}]")
        for unit in ("ms", "us", "ns")
    },
    "time zone": pd.DataFrame(
        {"a": pd.to_datetime([MOMENT, LATER, None]).tz_localize("UTC").tz_convert("Asia/Tokyo")}
    ),
    "objects": one_column([MOMENT, LATER, None], object),
    "aware objects": one_column(
        [m.replace(tzinfo=UTC).astimezone(INDIA) for m in (MOMENT, LATER)] + [None], object
    ),
    "timestamps": one_column([pd.Timestamp(MOMENT), pd.Timestamp(LATER), pd.NaT], object),
    "polars": pl.DataFrame({"a": [MOMENT, LATER, None]}),
    "polars time zone": pl.DataFrame({"a": [MOMENT, LATER, None]}).select(
        pl.col("a").dt.replace_time_zone("UTC").dt.convert_time_zone("Asia/Tokyo")
    ),
    "arrow": pa.table({"a": pa.array([MOMENT, LATER, None], pa.timestamp("ms"))}),
    "arrow pandas": one_column([MOMENT, LATER, None], pd.ArrowDtype(pa.timestamp("us", "UTC"))),
    "numpy": np.array([[MOMENT], [LATER], [None]], dtype="datetime64[us]"),
    "numpy objects": np.array([[np.datetime64(MOMENT)], [LATER], [None]], dtype=object),
}


@pytest.mark.parametrize("X", DATETIMES.values(), ids=DATETIMES.keys())
def test_moments_of_every_type_are_the_same_seconds_and_parts(X):
    prepared = prepare_table(X)

    assert_array_equal(prepared.matrix, [[SECONDS[0], 13], [SECONDS[1], 14], [NAN, NAN]])
    assert [name.split("_")[-1] for name in prepared.schema.names] == ["seconds", "hour"]


DATES = [date(1969, 12, 31), date(2024, 2, 29), None]
DATE_TABLES = {
    "objects": one_column(DATES, object),
    "polars": pl.DataFrame({"a": DATES}),
    "arrow 32": pa.table({"a": pa.array(DATES, pa.date32())}),
    "arrow 64": pa.table({"a": pa.array(DATES, pa.date64())}),
    "numpy days": np.array(DATES, dtype="datetime64[D]").reshape(-1, 1),
    "periods": pd.DataFrame({"a": pd.PeriodIndex(DATES, freq="D")}),
}


@pytest.mark.parametrize("X", DATE_TABLES.values(), ids=DATE_TABLES.keys())
def test_dates_give_calendar_parts_before_1970_too(X):
    prepared = prepare_table(X)

    expected = [[-86400, 1969, 12, 31, 2], [1709164800, 2024, 2, 29, 3], [NAN] * 5]
    assert_array_equal(prepared.matrix, expected)


DURATIONS = [timedelta(days=-1, seconds=2, milliseconds=500), timedelta(hours=1), None]
DURATION_TABLES = {
    **{unit: one_column(DURATIONS, f"timedelta64[{unit}]") for unit in ("ms", "us", "ns")},
    "objects": one_column(DURATIONS, object),
    "polars": pl.DataFrame({"a": DURATIONS}),
    "arrow": pa.table({"a": pa.array(DURATIONS, pa.duration("ms"))}),
    "numpy": np.array(DURATIONS, dtype="timedelta64[us]").reshape(-1, 1),
}


@pytest.mark.parametrize("X", DURATION_TABLES.values(), ids=DURATION_TABLES.keys())
def test_durations_of_every_type_are_seconds(X):
    assert_array_equal(prepare_table(X).matrix, [[-86397.5], [3600], [NAN]])


TIMES = [time(1, 2, 3, 500_000), time(0), None]


@pytest.mark.parametrize(
    "X",
    [one_column(TIMES, object), pl.DataFrame({"a": TIMES}), pa.table({"a": TIMES})],
    ids=["objects", "polars", "arrow"],
)
def test_times_of_day_are_seconds_since_midnight(X):
    assert_array_equal(prepare_table(X).matrix, [[3723.5], [0], [NAN]])


def test_columns_that_say_nothing_are_left_out_with_the_reason():
    n = 100
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {
            "number": rng.normal(size=n),
            "constant": 1,
            "empty": np.full(n, None, dtype=object),
            "one word": "x",
            "colour": rng.choice(["red", "blue"], n),
            "id": [f"id {i}" for i in range(n)],
            "when": pd.Timestamp("2020-01-01"),
        }
    )
    X["number again"] = X["number"]
    X["colour again"] = X["colour"]
    X["sometimes"] = np.where(X["colour"] == "red", 1.0, NAN)
    prepared = prepare_table(X)

    assert prepared.schema.names == ("number", "sometimes", "colour")
    assert dict(prepared.dropped) == {
        "constant": "constant",
        "empty": "all values are missing",
        "one word": "constant",
        "id": "nearly every value is distinct, like an identifier",
        "when": "constant",
        "number again": "duplicate of 'number'",
        "colour again": "duplicate of 'colour'",
    }
    assert_array_equal(prepared.step.transform(X), prepared.matrix)


def test_negative_zero_and_the_bits_of_nan_do_not_hide_a_duplicate():
    first = np.array([0.0, NAN, 1.0])
    second = np.array([-0.0, -NAN, 1.0])

    assert prepare_table(np.column_stack([first, second])).schema.n_columns == 1


@pytest.mark.parametrize(("n_categories", "is_kept"), [(50, True), (51, False)])
def test_identifiers_have_more_than_fifty_categories(n_categories, is_kept):
    X = pd.DataFrame({"n": range(n_categories), "id": [f"id {i}" for i in range(n_categories)]})

    assert ("id" in prepare_table(X).schema.names) == is_kept


def test_a_column_whose_values_repeat_keeps_all_its_categories():
    X = pd.DataFrame({"town": [f"town {i}" for i in range(1000)] * 2})

    assert prepare_table(X).schema.cardinalities == (1000,)


NOTHING_LEFT = {
    "constants": (pd.DataFrame({"a": [1, 1], "b": ["x", "x"]}), [[1.0], [1.0]]),
    "all missing": (pd.DataFrame({"a": [None, None], "b": [NAN, NAN]}), [[NAN], [NAN]]),
    "missing text": (pd.DataFrame({"a": pd.Series([None, None], dtype="str")}), [[NAN], [NAN]]),
    "constant text": (pd.DataFrame({"a": ["x", "x"]}), [[0.0], [0.0]]),
    "one row": (np.array([[5.0, 6.0]]), [[5.0]]),
    "arrow nulls": (pa.table({"a": pa.nulls(2)}), [[NAN], [NAN]]),
    "polars nulls": (pl.DataFrame({"a": [None, None]}), [[NAN], [NAN]]),
    "constant day": (pd.DataFrame({"a": [date(1970, 1, 2)] * 2}), [[86400.0], [86400.0]]),
}


@pytest.mark.parametrize(("X", "matrix"), NOTHING_LEFT.values(), ids=NOTHING_LEFT.keys())
def test_one_column_stays_where_none_would_be_left(X, matrix):
    prepared = prepare_table(X)

    assert_array_equal(prepared.matrix, matrix)
    assert_array_equal(prepared.preparer.transform(X), matrix)


def test_an_identifier_stays_where_it_is_all_there_is():
    X = pd.DataFrame({"k": 1, "id": [f"id {i}" for i in range(60)]})

    assert prepare_table(X).schema.cardinalities == (60,)


def test_the_users_kinds_come_first():
    X = pd.DataFrame(
        {
            "code": [3, 1, 3],
            "text": ["1.5", None, "2"],
            "day": ["2020-01-01", "2020-04-01T02:00:00+02:00", None],
            "secret": [1, 2, 3],
        }
    )
    kinds = {"code": "categorical", "text": "numeric", "day": "datetime", 3: "drop"}
    prepared = prepare_table(X, kinds)

    assert prepared.schema.names == ("text", "day_seconds", "day_month", "code")
    assert_array_equal(prepared.matrix[:, [0, 2, 3]], [[1.5, 1, 1], [NAN, 4, 0], [2, NAN, 1]])
    assert prepared.dropped == (("secret", "dropped by kinds"),)


def test_names_of_parts_do_not_clash_with_other_columns():
    X = pd.DataFrame(
        {
            "a": pd.to_datetime(["2020-01-01", "2021-01-02"]),
            "a_year": ["x", "y"],
            "a_day": [7, 8],
        }
    )
    names = prepare_table(X).schema.names

    assert len(set(names)) == len(names)
    assert {"a_year", "a_day"} <= set(names)
