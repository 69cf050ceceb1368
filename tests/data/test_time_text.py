"""Dates, times of day and durations written as text."""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from evolearn.data import ColumnPreparer, prepare_table
from evolearn.data.time_text import infer_date_format, infer_duration_format
from evolearn.exceptions import EvolearnWarning

# One day and one moment of it.
DAYS = [
    *("2020-12-31", "2020/12/31", "2020.12.31", "20201231", " 2020-12-31 "),
    *(
        "12/31/2020",
        "31/12/2020",
        "31.12.2020",
        "31. 12. 2020",
        "31-12-20",
        "12/31/20",
    ),
    *("Dec 31, 2020", "December 31st, 2020", "Thu, 31 Dec 2020", "31-DEC-20", "31DEC2020"),
    *("2020-Dec-31", "2020年12月31日", "2020년 12월 31일", "31. Dezember 2020", "31 déc. 2020"),
]
MOMENTS = [
    *("2020-12-31 13:45", "2020-12-31T13:45:00Z", "2020-12-31 13:45:00 UTC"),
    *("2020-12-31 15:45+02:00", "2020-12-31 15:45 +0200", "2020-12-31 08:45 EST"),
    *("12/31/2020 1:45 PM", "12/31/2020, 1:45:00 p.m.", "31.12.2020 13:45", "20201231134500"),
    *("Dec 31, 2020 13:45", "Thu Dec 31 13:45:00 2020", "31/Dec/2020:13:45:00 +0000"),
    *("Thu, 31 Dec 2020 13:45:00 GMT", "20201231T1345", "13:45 31/12/2020"),
    *("31.12.2020, 13:45 Uhr", "31 de diciembre de 2020 13:45", "31/12/2020 13h45"),
]


@pytest.mark.parametrize("text", DAYS)
def test_a_day_is_read(text):
    (seconds,) = infer_date_format([text])[1]

    assert seconds == pd.Timestamp("2020-12-31").timestamp()


@pytest.mark.parametrize("text", MOMENTS)
def test_a_moment_is_read(text):
    (seconds,) = infer_date_format([text])[1]

    assert seconds == pd.Timestamp("2020-12-31 13:45").timestamp()


# Texts of a column, the order of day and month, and whether it is in doubt.
ORDERS = {
    "a day above twelve is first": (["05/06/2020", "25/06/2020"], "dmy", False),
    "a day above twelve is second": (["05/06/2020", "06/25/2020"], "mdy", False),
    "most values decide": (["25/06/2020", "26/06/2020", "06/25/2020"], "dmy", False),
    "points": (["05.06.2020", "07.08.2020"], "dmy", False),
    "first of the month": (["01/05/2020", "01/06/2020", "01/07/2020"], "dmy", False),
    "first of the month, in America": (
        ["05/01/2020", "06/01/2020", "07/01/2020"],
        "mdy",
        False,
    ),
    "nothing decides": (["05/06/2020", "07/08/2020"], "mdy", True),
    "both orders agree": (["05/05/2020", "07/07/2020"], "mdy", False),
    "year first": (["20-12-31", "99-01-02"], "ymd", False),
    "names decide nothing": (["5 May 2020"], "", False),
}


@pytest.mark.parametrize(("texts", "order", "in_doubt"), ORDERS.values(), ids=ORDERS.keys())
def test_the_order_of_day_and_month_is_that_of_the_column(texts, order, in_doubt):
    found, _, is_doubtful = infer_date_format(texts)

    assert (found.order, is_doubtful) == (order, in_doubt)


def test_an_order_in_doubt_is_told():
    X = pd.DataFrame({"when": ["05/06/2020", "07/08/2020"]})

    message = r"'05/06/2020' in column 'when'.*kinds with 'datetime_day_first' or"
    with pytest.warns(EvolearnWarning, match=message):
        prepared = prepare_table(X)
    assert prepared.matrix[0, 0] == pd.Timestamp("2020-05-06").timestamp()


@pytest.mark.parametrize(
    ("kind", "first"),
    [("datetime_day_first", "2020-06-05"), ("datetime_month_first", "2020-05-06")],
)
def test_the_user_decides_an_order_in_doubt(kind, first):
    X = pd.DataFrame({"when": ["05/06/2020", "07/08/2020", "n/a"]})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        prepared = prepare_table(X, {"when": kind})
    later = prepared.preparer.transform(X)

    assert prepared.preparer.columns_[0].kind == "datetime"
    assert prepared.matrix[0, 0] == later[0, 0] == pd.Timestamp(first).timestamp()
    with pytest.raises(ValueError, match="'13/13/2020'"):
        prepare_table(X.replace("n/a", "13/13/2020"), {"when": kind})
    dates = X.assign(when=pd.to_datetime(["2020-06-05", "2020-08-07", None]))
    assert prepare_table(dates, {"when": kind}).preparer.columns_[0].kind == "datetime"


def test_quarters_and_weeks_are_their_first_day():
    texts = ["2020Q1", "2020-Q4", "Q2 2021", "2020-W05", "2020W53", "2021-W01-3", "2019-W53"]
    days = ["2020-01-01", "2020-10-01", "2021-04-01", "2020-01-27", "2020-12-28", "2021-01-06"]
    found, values, _ = infer_date_format(texts)

    seconds = [pd.Timestamp(day).timestamp() for day in days]
    assert_array_equal(values, [*seconds, np.nan])  # 2019 has 52 weeks
    assert_array_equal(found.read(texts), values)


NO_DATES = [
    "1.2.3",
    "12345678",
    "2020-13",
    "2020-W54",
    "2020Q5",
    "31.02.2020",
    "Mar 15",
    "12/25",
    "16:9",
]


@pytest.mark.parametrize("text", NO_DATES)
def test_other_texts_are_no_dates(text):
    found = infer_date_format([text, "20200101"])

    assert np.isnan(found[1][0])


def test_eight_digits_are_numbers_if_one_of_them_is_no_date():
    days, numbers = ["20200101", "20201231"], ["20200101", "20209999"]

    assert prepare_table(pd.DataFrame({"a": days})).schema.names[0] == "a_seconds"
    assert prepare_table(pd.DataFrame({"a": numbers})).schema.names == ("a",)


def test_a_day_and_a_time_of_day_are_read_apart_and_together():
    texts = ["12/31/2020 1:45 PM", "12/31/2020, 1:45 PM", "12/31/2020 at 13:45",
             "12/31/2020 14:45:00 +0100", "12/31/2020 13:45 UTC"]  # fmt: skip
    others = ["12/31/2020 13:45 1:45 PM", "12/31/2020 25:00", "12/31 13:45"]
    found, values, _ = infer_date_format([*texts, *others])

    assert_array_equal(values, [1609422300] * 5 + [np.nan] * 3)
    assert_array_equal(found.read([*texts, *others]), values)


DURATIONS = {
    "times of day": (["13:45", "1:05", "00:00:01.5"], [49500, 3900, 1.5]),
    "halves of the day": (["1:45 PM", "12:30 am", "5 pm"], [49500, 1800, 61200]),
    "hours beyond a day": (["36:15:00", "-2:30:00"], [130500, -9000]),
    "pandas": (["0 days 02:30:00", "-1 days +23:00:00"], [9000, -3600]),
    "Python": (["1 day, 2:30:00", "2:30:00"], [95400, 9000]),
    "letters": (["2h 30m", "45s", "1d 2h", "1.5h"], [9000, 45, 93600, 5400]),
    "words": (["2 hours 30 minutes", "1 week and 1 day"], [9000, 691200]),
    "ISO 8601": (["PT2H30M", "P1DT2H", "-PT5S"], [9000, 93600, -5]),
    "French": (["13h45", "1h30"], [49500, 5400]),
    "laps": (["1:23.456", "10:03.5"], [83.456, 603.5]),
    "others": (["16:9", "10:75", "P", "2 apples"], [np.nan] * 4),
}


@pytest.mark.parametrize(("texts", "seconds"), DURATIONS.values(), ids=DURATIONS.keys())
def test_durations_are_seconds(texts, seconds):
    found, values, _ = infer_duration_format([*texts, "1:00"])

    assert_array_equal(values, [*seconds, 3600])
    assert_array_equal(found.read(texts), seconds)


def test_the_users_kind_reads_durations_and_refuses_other_values():
    X = pd.DataFrame({"a": ["2h", "90 min"]})

    assert_array_equal(prepare_table(X, {"a": "timedelta"}).matrix, [[7200], [5400]])
    with pytest.raises(ValueError, match=r"'soon' in column 'a'.* read as timedelta"):
        prepare_table(X.replace("2h", "soon"), {"a": "timedelta"})


def test_numbers_with_one_unit_of_time_are_numbers():
    prepared = prepare_table(pd.DataFrame({"a": ["24 months", "36 months", "60 months"]}))

    assert prepared.kinds == {"a": "numeric (numbers as text, unit month)"}
    assert_array_equal(prepared.matrix, [[24], [36], [60]])


def test_a_mark_among_datetime_objects_is_missing():
    days = pd.date_range("2020-01-01", periods=20).to_pydatetime()
    X = pd.DataFrame({"a": pd.Series([*days, "n/a"], dtype=object)})

    seconds = ColumnPreparer().fit_transform(X)[:, 0]
    assert_array_equal(np.isnan(seconds), [False] * 20 + [True])


def test_a_single_row_has_the_order_of_fit():
    fitted = ColumnPreparer().fit(pd.DataFrame({"a": ["31/12/2020", "01/02/2021"]}))

    seconds = fitted.transform(pd.DataFrame({"a": ["05/06/2020"]}))[0, 0]
    assert seconds == pd.Timestamp("2020-06-05").timestamp()
