"""Columns of new rows that are written otherwise than in fit."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from evolearn.data import ColumnPreparer
from evolearn.exceptions import EvolearnWarning

NAN = np.nan
DAYS = pd.date_range("2019-12-25", periods=12)


def transformed(column, later):
    fitted = ColumnPreparer().fit(pd.DataFrame({"a": column}))
    return fitted.transform(pd.DataFrame({"a": later}))[:, 0]


@pytest.mark.parametrize("before", ["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%b %d, %Y", "%Y%m%d"])
@pytest.mark.parametrize(
    "after", ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y-%m-%d", "%d %B %Y", "%Y/%m/%d"]
)
def test_days_in_another_notation_are_the_same_days(before, after):
    seconds = transformed(DAYS.strftime(before), DAYS.strftime(after))

    assert_array_equal(seconds, DAYS.astype("datetime64[s]").astype(np.int64))


def test_days_read_as_numbers_by_another_reader_are_the_same_days():
    seconds = transformed(DAYS.strftime("%Y%m%d"), DAYS.strftime("%Y%m%d").astype(int))

    assert_array_equal(seconds, DAYS.astype("datetime64[s]").astype(np.int64))


# The column in fit, the column in predict, and the values of the latter.
NUMBERS = {
    "grouping": (["1234.5", "2.25", "3", "?"], ["1,234.50", "2"], [1234.5, 2]),
    "currency": (["1234.5", "2.25"], ["$1,234.50", "$2"], [1234.5, 2]),
    "decimal comma": (["2.6", "3.25"], ["2,6", "3,25"], [2.6, 3.25]),
    "decimal point": (["2,6", "3,25"], ["2.6", "3.25"], [2.6, 3.25]),
    "true numbers before": ([2.5, 1e6], ["2.5", "1,000,000.00"], [2.5, 1e6]),
    "true numbers later": (["2.5%", "7%", "8%"], [2.5, 7], [2.5, 7]),
    "multipliers": (["1200", "19000000"], ["1.2k", "19M"], [1200, 19e6]),
    "another unit of the family": (["2 kg", "3 kg", "4 kg"], ["500 g", "2 kg"], [0.5, 2]),
    "marks": ([2.5, 1e6], ["2.5", "n/a"], [2.5, NAN]),
    "booleans": ([True, False], ["True", "no"], [1, 0]),
}


@pytest.mark.parametrize(("column", "later", "values"), NUMBERS.values(), ids=NUMBERS.keys())
def test_numbers_in_another_format_are_the_same_numbers(column, later, values):
    assert_array_equal(transformed(column, later), values)


WORDS = {
    "capitals": (["yes", "no"], ["Yes", "NO ", "no"], [1, 0, 0]),
    "true and false": (["yes", "no"], ["True", "FALSE"], [1, 0]),
    "booleans": (["yes", "no"], [True, False], [1, 0]),
    "numbers": (["yes", "no"], [1, 0], [1, 0]),
    "letters": (["False", "True"], ["t", "N"], [1, 0]),
    "other categories": (["red", "blue"], ["Red", " blue"], [1, 0]),
    "two categories differ in capitals": (["a", "A", "b"], ["a", "A", "B"], [1, 0, 2]),
    "three words": (["yes", "no", "maybe"], ["Yes", "true", "no"], [2, NAN, 1]),
    "codes read as numbers": (["01234", "98765"], [1234, 98765], [0, 1]),
}


@pytest.mark.parametrize(("column", "later", "codes"), WORDS.values(), ids=WORDS.keys())
def test_categories_in_another_spelling_are_the_same_categories(column, later, codes):
    assert_array_equal(transformed(pd.Series(column, dtype=object), later), codes)


UNREADABLE = {
    "another unit": (["2 bhp", "3 bhp", "4 bhp"], ["2 kW", "3 kW"], "'2 kW'"),
    "a percent sign": (["0.5", "0.25"], ["50%", "25%"], "'50%'"),
    "a day in doubt": (["2020-05-06", "2020-07-08"], ["05/06/2020"], "'05/06/2020'"),
    "words": (["2.5", "3.5"], ["a lot", "a bit"], "'a lot'"),
    "categories": (["red", "blue"], ["rot", "blau"], "'rot'"),
    "numbers": (["red", "blue"], [7, 8], "'7'"),
}


@pytest.mark.parametrize(
    ("column", "later", "shown"), UNREADABLE.values(), ids=UNREADABLE.keys()
)
def test_a_column_of_which_nothing_can_be_read_is_told_by_name(column, later, shown):
    with pytest.warns(EvolearnWarning, match=f"column 'a'.*{shown}") as caught:
        assert np.isnan(transformed(column, later)).all()
    assert len(caught) == 1


SILENT = {
    "one is read": (["red", "blue"], ["rot", "blue"]),
    "none is known": (["red", "blue"], [None, None]),
    "marks": (["2.5", "3.5"], ["?", "n/a"]),
    "one of many categories": ([f"town {i}" for i in range(60)] * 2, ["another town"]),
}


@pytest.mark.parametrize(("column", "later"), SILENT.values(), ids=SILENT.keys())
def test_ordinary_columns_of_new_rows_are_not_told(column, later):
    transformed(column, later)
