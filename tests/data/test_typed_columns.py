"""Columns whose type says more than their values: large integers, time zones, orders."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from evolearn.data import ColumnPreparer, prepare_table

NAN = np.nan

# -- large integers ---------------------------------------------------------------------------

BASE = 2**60
IDS = [BASE + i for i in (3, 1, 4, 1, 5)]
UNSIGNED = [2**64 - 1 - i for i in (3, 1, 4, 1, 5)]
LARGE = {
    "array": np.array(IDS).reshape(-1, 1),
    "frame": pd.DataFrame({"a": IDS}),
    "beside floats": pd.DataFrame({"a": IDS, "b": 0.0}),
    "negative": pd.DataFrame({"a": [-value for value in reversed(IDS)]}),
    "unsigned": pd.DataFrame({"a": np.array(UNSIGNED, dtype=np.uint64)}),
    "objects": pd.DataFrame({"a": pd.Series(IDS, dtype=object)}),
    "nullable": pd.DataFrame({"a": pd.array([*IDS, None], "Int64")}),
    "arrow pandas": pd.DataFrame({"a": pd.array([*IDS, None], "int64[pyarrow]")}),
    "polars": pl.DataFrame({"a": [*IDS, None]}),
    "polars unsigned": pl.DataFrame({"a": UNSIGNED}, schema={"a": pl.UInt64}),
    "arrow": pa.table({"a": [*IDS, None]}),
}


@pytest.mark.parametrize("X", LARGE.values(), ids=LARGE.keys())
def test_integers_that_floats_do_not_tell_apart_lose_an_offset(X):
    prepared = prepare_table(X)
    made = prepared.matrix[:5, 0]

    assert prepared.preparer.columns_[0].kind == "numeric"
    assert made.min() == 0
    assert sorted(np.abs(np.diff(made))) == [2, 3, 3, 4]
    assert_array_equal(prepared.step.transform(X), prepared.matrix)


def test_the_offset_is_frozen_and_other_types_are_read_alike():
    preparer = ColumnPreparer().fit(pd.DataFrame({"a": IDS}))

    new = [BASE + 9, BASE - 2, BASE + 1]
    for X in (pd.DataFrame({"a": new}), pl.DataFrame({"a": new}), pa.table({"a": new})):
        assert_array_equal(preparer.transform(X), [[8], [-3], [0]])
    floats = preparer.transform(pd.DataFrame({"a": [float(BASE), NAN]}))
    assert_array_equal(floats, [[-1], [NAN]])


def test_large_integers_that_floats_tell_apart_stay_as_they_are():
    nanoseconds = 1_600_000_000_000_000_000 + 10**9 * np.arange(5)
    prepared = prepare_table(nanoseconds[:, None])

    assert_array_equal(prepared.matrix[:, 0], nanoseconds.astype(float))
    assert prepared.step is None


CATEGORIES = {
    "category": pd.DataFrame({"a": pd.Categorical(IDS)}),
    "arrow": pa.table({"a": pa.array(IDS).dictionary_encode()}),
    "far from each other": pd.DataFrame({"a": [-BASE, BASE + 1, BASE + 2, BASE + 1, BASE + 3]}),
    "text": pd.DataFrame({"a": pd.Categorical(["x", IDS[0], IDS[1], IDS[1], IDS[2]])}),
}


@pytest.mark.parametrize("X", CATEGORIES.values(), ids=CATEGORIES.keys())
def test_large_integers_as_categories_are_told_apart(X):
    preparer = ColumnPreparer().fit(X)

    assert preparer.cardinalities_ == (4,)
    assert len(set(preparer.transform(X)[:, 0])) == 4


# -- time zones -------------------------------------------------------------------------------

NEW_YORK = ZoneInfo("America/New_York")
# Hours around both changes of the clocks, and a usual day.
MOMENTS = [
    datetime(2021, month, day, hour, 30, tzinfo=UTC)
    for month, day in ((3, 14), (7, 4), (11, 7))
    for hour in range(24)
]
ZONED = {
    "pandas": pd.DataFrame({"a": pd.Series(MOMENTS).dt.tz_convert("America/New_York")}),
    "objects": pd.DataFrame(
        {"a": pd.Series([m.astimezone(NEW_YORK) for m in MOMENTS], dtype=object)}
    ),
    "own offsets": pd.DataFrame(
        {
            "a": pd.Series(
                [m.astimezone(timezone(m.astimezone(NEW_YORK).utcoffset())) for m in MOMENTS],
                dtype=object,
            )
        }
    ),
    "polars": pl.DataFrame({"a": MOMENTS}).with_columns(
        pl.col("a").dt.convert_time_zone("America/New_York")
    ),
    "arrow": pa.table({"a": pa.array(MOMENTS, pa.timestamp("us", "America/New_York"))}),
    "arrow pandas": pd.DataFrame(
        {"a": pd.Series(MOMENTS, dtype=pd.ArrowDtype(pa.timestamp("ms", "America/New_York")))}
    ),
}


def parts_of(moments):
    fields = [[m.timestamp(), m.month, m.day, m.weekday(), m.hour] for m in moments]
    return np.array(fields, dtype=float)


@pytest.mark.parametrize("X", ZONED.values(), ids=ZONED.keys())
def test_parts_of_the_calendar_are_those_of_the_zone(X):
    preparer = ColumnPreparer()
    made = preparer.fit_transform(X)

    assert preparer.columns_[0].parts == ("seconds", "month", "day", "weekday", "hour")
    assert_array_equal(made, parts_of([m.astimezone(NEW_YORK) for m in MOMENTS]))


@pytest.mark.parametrize("later", ["pandas", "objects", "polars", "arrow"])
def test_later_moments_are_converted_to_the_zone_of_fit(later):
    tokyo = ZoneInfo("Asia/Tokyo")
    preparer = ColumnPreparer().fit(
        pd.DataFrame({"a": pd.Series(MOMENTS).dt.tz_convert("Asia/Tokyo")})
    )

    expected = parts_of([m.astimezone(tokyo) for m in MOMENTS])
    assert preparer.columns_[0].zone == "Asia/Tokyo"
    assert_array_equal(preparer.transform(ZONED[later]), expected)


@pytest.mark.parametrize("zone", [timezone(timedelta(hours=5, minutes=30)), "Asia/Kolkata"])
def test_fixed_offsets_are_zones(zone):
    X = pd.DataFrame({"a": pd.Series(MOMENTS).dt.tz_convert(zone)})
    made = ColumnPreparer().fit_transform(X)

    india = ZoneInfo("Asia/Kolkata")
    assert_array_equal(
        made[:, [0, 1, 2, 3, 4]], parts_of([m.astimezone(india) for m in MOMENTS])
    )


# -- orders -----------------------------------------------------------------------------------

SIZES = ["small", "medium", "large"]
ROWS = ["large", "small", None, "medium", "small"]
ORDERED = {
    "pandas": pd.DataFrame({"a": pd.Categorical(ROWS, SIZES, ordered=True)}),
    "polars": pl.DataFrame({"a": ROWS}, schema={"a": pl.Enum(SIZES)}),
    "arrow": pa.table(
        {"a": pa.DictionaryArray.from_arrays([2, 0, None, 1, 0], SIZES, ordered=True)}
    ),
    "numbers": pd.DataFrame({"a": pd.Categorical([1, 5, None, 3, 5], [5, 3, 1], ordered=True)}),
}


@pytest.mark.parametrize("X", ORDERED.values(), ids=ORDERED.keys())
def test_ordered_categories_keep_their_order(X):
    preparer = ColumnPreparer()

    assert_array_equal(preparer.fit_transform(X)[:, 0], [2, 0, NAN, 1, 0])
    assert preparer.cardinalities_ == (3,)


def test_the_order_is_frozen_in_fit():
    preparer = ColumnPreparer().fit(ORDERED["pandas"])

    later = pd.Categorical(["huge", "large", "small"], ["large", "small", "huge"], ordered=True)
    for column in (later, ["huge", "large", "small"]):
        assert_array_equal(preparer.transform(pd.DataFrame({"a": column})), [[NAN], [2], [0]])


NUMBERS = pd.Series([5.0, 25.0, 105.0, 250.0, NAN])
BINS = pd.cut(NUMBERS, [0, 20, 100, 200, 1_000])
INTERVALS = {
    "cut": BINS,
    "without an order": BINS.cat.as_unordered(),
    "intervals": pd.Series(pd.arrays.IntervalArray(BINS.astype(object))),
    "objects": BINS.astype(object),
}


@pytest.mark.parametrize("column", INTERVALS.values(), ids=INTERVALS.keys())
def test_intervals_are_sorted_by_their_bounds(column):
    made = ColumnPreparer().fit_transform(pd.DataFrame({"a": column}))

    assert_array_equal(made[:, 0], [0, 1, 2, 3, NAN])
