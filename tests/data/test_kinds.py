"""Kinds of columns of all types, and the columns that are left out."""

import pickle
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from evolearn.data import ColumnPreparer, prepare_table

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
def test_categories_are_sorted_by_their_text(values, dtype, categories):
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
    assert_array_equal(preparer.transform(one_column(["8", 10], object)), [[0.0], [2.0]])


MOMENT = datetime(2024, 2, 29, 13, 30, 15, 250_000)
LATER = datetime(2024, 2, 29, 14, 30, 15)
SECONDS = (1709213415.25, 1709217015.0)
DATETIMES = {
    **{
        f"pandas {unit}": one_column([MOMENT, LATER, None], f"datetime64[{unit}]")
        for unit in ("ms", "us", "ns")
    },
    "time zone": pd.DataFrame({"a": pd.to_datetime([MOMENT, LATER, None]).tz_localize("UTC")}),
    "objects": one_column([MOMENT, LATER, None], object),
    "aware objects": one_column(
        [m.replace(tzinfo=UTC) for m in (MOMENT, LATER)] + [None], object
    ),
    "timestamps": one_column([pd.Timestamp(MOMENT), pd.Timestamp(LATER), pd.NaT], object),
    "polars": pl.DataFrame({"a": [MOMENT, LATER, None]}),
    "polars time zone": pl.DataFrame({"a": [MOMENT, LATER, None]}).select(
        pl.col("a").dt.replace_time_zone("UTC")
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

    expected = [[-86400, 1969, 12, 31, 365, 2], [1709164800, 2024, 2, 29, 60, 3], [NAN] * 6]
    assert_array_equal(prepared.matrix, expected)


PARTS = {
    "a day, by the minute": (["2024-05-01 10:00", "2024-05-01 10:07"], ["minute"]),
    "a day, by the hour": (["2024-05-01 10:00", "2024-05-01 17:00"], ["hour"]),
    "a year": (["2024-01-01", "2024-12-31"], ["month", "day", "weekday"]),
    "years": (
        ["2023-01-02", "2024-12-31"],
        ["year", "month", "day", "day_of_year", "weekday"],
    ),
    "the same day of every year": (["2022-03-01", "2023-03-01"], ["year", "weekday"]),
}


@pytest.mark.parametrize(("moments", "parts"), PARTS.values(), ids=PARTS.keys())
def test_parts_of_dates_that_vary_are_columns(moments, parts):
    preparer = ColumnPreparer().fit(pd.DataFrame({"a": pd.to_datetime(moments)}))

    assert preparer.columns_[0].parts == ("seconds", *parts)


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


SYLLABLES = ["ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu"]
WORDS = [f"{a}{b}{c}" for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES[:3]]


def sentences(n_rows, n_words, seed=0):
    drawn = np.random.default_rng(seed).choice(WORDS, size=(n_rows, n_words))
    return [" ".join(words) for words in drawn]


# What 120 values look like, and what a column of them is.
LOOKS = {
    "sentences": (sentences(120, 6), "text"),
    "three words": (sentences(120, 3), "text"),
    "two words": (sentences(120, 2), "identifier"),
    "punctuation": ([f"({t.replace(' ', ', ')}!)" for t in sentences(120, 4)], "text"),
    "hyphens and apostrophes": (
        [f"d'{t.replace(' ', ' well-')}" for t in sentences(120, 3)],
        "text",
    ),
    "capitals and accents": ([t.replace("a", "É") for t in sentences(120, 4)], "text"),
    "bytes": ([t.encode() for t in sentences(120, 5)], "text"),
    "names": (
        [f"{t.title()}, Mr. {u.title()}" for t, u in zip(WORDS, WORDS[9:129], strict=False)][
            :120
        ],
        "text",
    ),
    "numbers between": (
        [f"{t} {i} of {i + 1} now" for i, t in enumerate(sentences(120, 1))],
        "text",
    ),
    "the same words with a number": (
        [f"order number {i} of the shop" for i in range(120)],
        "identifier",
    ),
    "half of them alike": (sentences(60, 6) * 2, "text"),
    "more than two of each": (sentences(51, 6) * 3, "categories"),
    "fifty values": (sentences(50, 6), "categories"),
    "keys": ([f"AB-{i:04d}" for i in range(120)], "identifier"),
    "keys in parts": ([f"A{i} B{i} C{i} D{i}" for i in range(120)], "identifier"),
    "hashes": ([f"{hash((i, 7)) % 2**64:016x}" for i in range(120)], "identifier"),
    "hashes in parts": (
        [f"{i * 7919 % 65536:04x} {i * 104729 % 65536:04x} c{i} d{i}" for i in range(120)],
        "identifier",
    ),
    "addresses of pages": (
        [f"https://a.org/{t.replace(' ', '/')}" for t in sentences(120, 6)],
        "text",
    ),
    "single words": (WORDS[:120], "identifier"),
    "numbers as strings": ([f"{i} {i + 1} {i + 2}" for i in range(120)], "identifier"),
}


@pytest.mark.parametrize(("values", "expected"), LOOKS.values(), ids=LOOKS.keys())
def test_text_is_distinguished_from_identifiers_and_categories(values, expected):
    X = pd.DataFrame({"n": np.arange(len(values)), "t": pd.Series(values, dtype=object)})
    prepared = prepare_table(X)

    found = "identifier"
    if prepared.schema.texts:
        found = "text"
    elif prepared.schema.cardinalities:
        found = "categories"
    assert found == expected


CATEGORICAL_TYPES = {
    "pandas": lambda values: pd.DataFrame({"t": pd.Categorical(values)}),
    "polars": lambda values: pl.DataFrame({"t": pl.Series(values, dtype=pl.Categorical)}),
    "arrow": lambda values: pa.table({"t": pa.array(values).dictionary_encode()}),
}


@pytest.mark.parametrize("made", CATEGORICAL_TYPES.values(), ids=CATEGORICAL_TYPES.keys())
def test_a_column_of_a_categorical_type_is_no_text(made):
    assert prepare_table(made(sentences(120, 6))).schema.cardinalities == (120,)


TEXT = ["Red tea, red!", None, "green TEA", "", "blue"]
TEXT_TABLES = {
    "objects": pd.DataFrame({"a": pd.Series(TEXT, dtype=object), "n": range(5)}),
    "pandas strings": pd.DataFrame({"a": pd.Series(TEXT, dtype="str"), "n": range(5)}),
    "categories": pd.DataFrame({"a": pd.Series(TEXT, dtype="category"), "n": range(5)}),
    "polars": pl.DataFrame({"a": TEXT, "n": range(5)}),
    "arrow": pa.table({"a": TEXT, "n": range(5)}),
    "numpy": np.array([TEXT, range(5)], dtype=object).T,
}


@pytest.mark.parametrize("X", TEXT_TABLES.values(), ids=TEXT_TABLES.keys())
def test_the_words_of_a_text_are_counted_between_numbers_and_codes(X):
    preparer = ColumnPreparer(kinds={0: "text"})
    matrix = preparer.fit_transform(X)
    words = matrix[:, 1:]

    assert matrix.shape == (5, 1 + 2_048)
    assert_array_equal(matrix[:, 0], range(5))
    assert sorted(words[0][words[0] > 0]) == [1, 2]
    assert_array_equal(words.sum(axis=1), [3, 0, 2, 0, 1])
    assert words[0] @ words[2] == 1, "tea, in capitals or not"
    assert_array_equal(preparer.transform(X), matrix)
    assert [(b.width, preparer.columns_[0].kind) for b in preparer.texts_] == [(2_048, "text")]
    assert preparer.get_feature_names_out()[-1].endswith("_words2047")


def test_columns_of_texts_are_fewer_on_many_rows_and_less_of_each_is_read():
    few, many = (
        ColumnPreparer(kinds={"t": "text"}).fit(pd.DataFrame({"t": ["a b", "c d"] * n}))
        for n in (10, 50_000)
    )

    assert (few.texts_[0].width, many.texts_[0].width) == (2_048, 64)
    assert few.columns_[0].characters > many.columns_[0].characters
    long = pd.DataFrame({"t": ["word " * 2_000]})
    assert few.transform(long).sum() > many.transform(long).sum() > 0


def test_several_texts_share_the_cells_that_there_are():
    one, three = (
        prepare_table(pd.DataFrame({f"t{i}": sentences(4_000, 6, i) for i in range(n)}))
        for n in (1, 3)
    )

    assert three.n_bytes <= one.n_bytes < 64 * 2**20


def test_words_that_were_not_seen_count_as_well():
    preparer = ColumnPreparer(kinds={0: "text"}).fit([["a cat"], ["a dog"]])

    assert preparer.transform([["some unheard words"]]).sum() == 3


def test_kinds_of_a_sparse_matrix_are_refused():
    from scipy import sparse

    with pytest.raises(ValueError, match="X is a sparse matrix"):
        ColumnPreparer(kinds={0: "categorical"}).fit(sparse.eye_array(3).tocsr())


def test_constant_and_duplicate_texts_are_left_out():
    n = 120
    X = pd.DataFrame({"t": sentences(n, 6), "u": sentences(n, 6, seed=1), "n": range(n)})
    X["again"], X["empty"] = X["t"], None
    X["same"] = "the same few words"
    kinds = {"empty": "text", "same": "text"}
    prepared = prepare_table(X, kinds)

    assert [block.name for block in prepared.schema.texts] == ["t", "u"]
    assert dict(prepared.dropped) == {
        "again": "duplicate of 't'",
        "empty": "all values are missing",
        "same": "constant",
    }
    assert_array_equal(prepared.step.transform(X), prepared.matrix)
    assert_array_equal(prepared.preparer.transform(pl.from_pandas(X)), prepared.matrix)


def test_blocks_of_texts_have_names_that_scikit_learn_takes():
    names = ["a__b", "a_b", "a_b_", "__"]
    X = pd.DataFrame({name: sentences(60, 5, seed) for seed, name in enumerate(names)})

    assert [b.name for b in prepare_table(X).schema.texts] == ["a_b", "a_b+", "a_b++", ""]


def test_texts_are_not_kept_in_the_step():
    X = pd.DataFrame({"t": sentences(2_000, 8)})

    assert len(pickle.dumps(ColumnPreparer().fit(X))) < 2_000


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

    assert prepared.schema.names == ("text", "day_seconds", "day_month", "day_hour", "code")
    assert_array_equal(prepared.matrix[:, [0, 2, 4]], [[1.5, 1, 1], [NAN, 4, 0], [2, NAN, 1]])
    assert prepared.dropped == (("secret", "dropped by kinds"),)


DATES_AS_TEXT = {
    "days": (["2024-05-01", "2024-05-03", None], [0, 2, NAN]),
    "moments": (["2024-05-01 12:00", "2024-05-02T12:00:00", None], [0, 1, NAN]),
    "both, and a zone": (["2024-05-01", "2024-05-02T02:00:00+02:00", None], [0, 1, NAN]),
}


@pytest.mark.parametrize("case", DATES_AS_TEXT.values(), ids=DATES_AS_TEXT.keys())
@pytest.mark.parametrize("library", ["pandas", "polars", "arrow", "numpy"])
def test_strings_that_are_all_iso_dates_are_dates(case, library):
    values, days = case
    make = {
        "pandas": lambda: pd.DataFrame({"a": values}),
        "polars": lambda: pl.DataFrame({"a": values}),
        "arrow": lambda: pa.table({"a": values}),
        "numpy": lambda: np.array(values, dtype=object).reshape(-1, 1),
    }
    prepared = prepare_table(make[library]())

    seconds = prepared.matrix[:, 0]
    assert prepared.schema.names[0].endswith("_seconds")
    assert_array_equal((seconds - seconds[0]) / 86400, days)


NO_DATES = {
    "one is none": ["2024-05-01", "unknown"],
    "no such day": ["2024-05-01", "2024-02-31"],
    "no year": ["01/02", "02/01"],
    "no such month": ["2023-13", "2024-14"],
    "before the first year": ["2024-05-01", "0001-01-01 00:00+02:00"],
}


@pytest.mark.parametrize("values", NO_DATES.values(), ids=NO_DATES.keys())
def test_other_strings_are_no_dates(values):
    assert prepare_table(one_column(values)).schema.cardinalities == (2,)


def test_a_category_of_dates_stays_one():
    X = one_column(["2024-05-01", "2024-05-02"], "category")
    assert prepare_table(X).schema.cardinalities == (2,)


def test_a_string_that_is_no_date_is_missing_where_all_were_dates():
    days = one_column(["2024-05-01", "2024-05-02"])
    later = one_column(["2024-05-02", "soon", None, "2024-05-01"])
    found, asked = ColumnPreparer().fit(days), ColumnPreparer(kinds={"a": "datetime"}).fit(days)

    seconds = found.transform(later)[:, 0]
    assert_array_equal(np.isnan(seconds), [False, True, True, False])
    assert seconds[0] - seconds[3] == 86400
    with pytest.raises(ValueError, match=r"'soon' in column .*to be read as datetime"):
        asked.transform(later)


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


# -- marks among numbers and dates ------------------------------------------------------------

NUMBERS_AS_TEXT = [f"{value:.2f}" for value in np.linspace(1, 9, 200)]
DAYS_AS_TEXT = np.arange("2020-01-01", "2020-07-19", dtype="datetime64[D]").astype(str).tolist()


@pytest.mark.parametrize("marks", [["?"], ["?", "n/a", "unknown", "-", ""]])
@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (NUMBERS_AS_TEXT, "numeric"),
        ([float(value) for value in NUMBERS_AS_TEXT], "numeric"),
        ([value.encode() for value in NUMBERS_AS_TEXT], "numeric"),
        (DAYS_AS_TEXT, "datetime"),
    ],
    ids=["texts", "numbers", "bytes", "days"],
)
def test_a_few_marks_among_numbers_or_dates_are_missing_values(values, kind, marks):
    column = [*values, *marks]
    preparer = ColumnPreparer()
    first = preparer.fit_transform(one_column(column))[:, 0]
    assert preparer.columns_[0].kind == kind
    assert np.isnan(first).tolist() == [False] * 200 + [True] * len(marks)
    later = preparer.transform(one_column([values[7], "another mark", None], dtype=object))[
        :, 0
    ]
    assert later[0] == first[7]
    assert np.isnan(later[1:]).all()


@pytest.mark.parametrize(
    "values",
    [
        [*NUMBERS_AS_TEXT[:50], *(f"mark {i}" for i in range(40))],
        [*NUMBERS_AS_TEXT[:9], "mark"],
        ["1", "2", "?"],
        [*(f"{i:05d}" for i in range(200)), "?"],
        [*(f"{i}_1" for i in range(200)), "?"],
    ],
    ids=["many marks", "few numbers", "two numbers", "codes", "parts"],
)
def test_numbers_among_many_other_strings_and_codes_stay_categories(values):
    assert ColumnPreparer().fit(one_column(values)).columns_[0].kind == "categorical"


def test_numeric_categories_know_their_own_text():
    preparer = ColumnPreparer(kinds={"a": "categorical"})
    codes = preparer.fit_transform(one_column([3, 1, 2, 2]))[:, 0]
    texts = preparer.transform(one_column(["3", "1.0", "2", "x"], dtype=object))[:, 0]
    assert_array_equal(texts, [codes[0], codes[1], codes[2], np.nan])
