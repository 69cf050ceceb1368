"""Numbers written as text: formats, ambiguous separators, and codes that are no numbers."""

# ruff: noqa: RUF001 (characters of other scripts are the subject)

import re

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from evolearn.data import ColumnPreparer, prepare_table
from evolearn.data.number_text import NumberFormat, infer_number_format
from evolearn.tasks.target import as_numbers

NAN = np.nan

# Texts of a column, and the numbers that they are.
FORMATS = {
    "plain": (["1", "-2.5", "+.5", "1e3", " 7 "], [1, -2.5, 0.5, 1000, 7]),
    "dollars": (["$1,200.50", "-$3", "$-4", "($5)"], [1200.5, -3, -4, -5]),
    "euros": (["1.234,50 €", "2,00€"], [1234.5, 2]),
    "a currency code": (["CHF 1'234.50", "CHF 2"], [1234.5, 2]),
    "money with a unit": (["$1,200/mo", "$900/mo"], [1200, 900]),
    "decimal comma": (["2,6", "1,234"], [2.6, 1.234]),
    "decimal comma below one": (["0,125", "1,234"], [0.125, 1.234]),
    "grouping comma": (["1,234", "22,345"], [1234, 22345]),
    "grouping comma, twice": (["1,234", "1,234,567"], [1234, 1234567]),
    "grouping point": (["1.234", "1.234.567"], [1234, 1234567]),
    "decimal point": (["1.234", "22.345"], [1.234, 22.345]),
    "Indian groups": (["12,34,567", "1,00,000"], [1234567, 100000]),
    "spaces": (["1 234", "1\u202f234\u202f567", "1\xa0000,5"], [1234, 1234567, 1000.5]),
    "percent": (["12.5%", "3 %"], [12.5, 3]),
    "unit": (["58.16 bhp", "74 bhp", "80"], [58.16, 74, 80]),
    "plural": (["1 year", "2 years", "10+ years"], [1, 2, 10]),
    "multipliers": (["19M", "8.7k", "950"], [19e6, 8700, 950]),
    "m beside k": (["2m", "3k"], [2e6, 3e3]),
    "m alone": (["2 m", "3 m"], [2, 3]),
    "converted": (["2 kg", "500 g", "3 kg"], [2, 0.5, 3]),
    "the rarer unit is a mark": (["2 kmpl", "3 kmpl", "4 km/kg"], [2, 3, NAN]),
    "the rarer currency is a mark": (["$2", "$3", "€4"], [2, 3, NAN]),
    "multiples of a unit": (["1.2K views", "950 views", "3M views"], [1200, 950, 3e6]),
    "multiplier of money alone": (["$2B", "$3"], [2e9, 3]),
    "turbochargers": (["1.8T", "2.0T", "3.2"], [1.8, 2, 3.2]),
    "ratings": (["4.5/5", "3/5", "1 / 5"], [4.5, 3, 1]),
    "a dash for no cents": (["EUR 5,-", "EUR 12,-", "EUR 1.200,-"], [5, 12, 1200]),
    "quotes": (['"12.5"', '"3"'], [12.5, 3]),
    "typography": (["−5", "１２"], [-5, 12]),
    "no numbers": (["1.2.3.4", "1-2", "A12", "12:30", "1_0", "5"], [NAN] * 5 + [5]),
}


@pytest.mark.parametrize(("texts", "numbers"), FORMATS.values(), ids=FORMATS.keys())
def test_the_format_is_inferred_from_all_texts_of_a_column(texts, numbers):
    found, values, _ = infer_number_format(texts)

    assert_allclose(values, numbers)
    assert_allclose(found.read(texts), numbers)


MANY = {
    "currency": ["${:,.2f}", "-${:.0f}", "${:.1e}"],
    "percent": ["{:.3f}%", "{:.0f} %", "-{:.1f}%", "{:.2f}"],
    "multipliers": ["{:.2f}k", "{:,.0f}M", "({:.1f}k)", "?", "two\nlines"],
    "decimal comma": ["{:.2f} €", "0{:.0f} €", "{:,.2f} €", "{:.0f},- €"],
}


@pytest.mark.parametrize("forms", MANY.values(), ids=MANY.keys())
def test_many_numbers_are_read_as_one_at_a_time(forms):
    rng = np.random.default_rng(0)
    texts = [forms[i % len(forms)].format(v) for i, v in enumerate(rng.uniform(1, 9999, 400))]
    if "€" in forms[0]:
        texts = [text.translate(str.maketrans(",.", ".,")) for text in texts]
    found, values, _ = infer_number_format(texts)

    one_by_one = [found.read([text])[0] for text in texts]
    assert not np.isnan(one_by_one).all()
    assert_array_equal(found.read(texts), one_by_one)
    assert_array_equal(values, one_by_one)


def test_the_order_of_the_rows_decides_nothing():
    texts = ["$5", "€6", "3 kg", "4 l", "1,234"]

    found, *_ = infer_number_format(texts)
    assert infer_number_format(texts[::-1])[0] == found


def test_a_number_beyond_the_floats_is_a_mark():
    assert_array_equal(infer_number_format(["1e5", "1e999", "$1e400"])[1], [1e5, NAN, NAN])


@pytest.mark.parametrize("decimal", [".", ","])
@pytest.mark.parametrize(
    ("head", "tail"),
    [
        ("", ""),
        ("$", ""),
        ("-", ""),
        ("(", ")"),
        ("", " kg"),
        ("", "/-"),
        ('"', '"'),
        ("", "k"),
    ],
)
def test_a_text_is_read_the_same_alone_and_beside_others(head, tail, decimal):
    numbers = ["1", "12.5", "2,6", "1,234", "1.234,5", "1 234", "5.", ".5", "1e3", "007", "+4"]
    numbers += ["１２", "1_0", "9" * 90, "1" * 320, "", "1.2.3", "12,34,567"]
    texts = [f"{head}{number}{tail}" for number in numbers]
    found = NumberFormat(decimal, "$", "", (("kg", 1.0), ("k", 1e3)))
    beside = found.read([*texts, "no number", "$-3"])[: len(texts)]
    assert_array_equal(found.read(texts), beside)
    for text, value in zip(texts, beside, strict=True):
        assert_array_equal(found.read([text]), [value])
        assert_array_equal(found.read([text, text]), [value, value])


def test_a_group_of_three_digits_behind_a_comma_is_in_doubt():
    assert infer_number_format(["1,234", "2,345"])[2]
    assert not infer_number_format(["1,234", "2,345", "1.5"])[2]
    assert not infer_number_format(["1,234", "2,34"])[2]


PRICES = ["$1,200.50", None, "$3.25", "$1.00", "$17.99"]
LIBRARIES = {
    "pandas": lambda values: pd.DataFrame({"a": values}),
    "pandas objects": lambda values: pd.DataFrame({"a": pd.Series(values, dtype=object)}),
    "pandas of Arrow": lambda values: pd.DataFrame(
        {"a": pd.Series(values, dtype=pd.ArrowDtype(pa.string()))}
    ),
    "polars": lambda values: pl.DataFrame({"a": values}),
    "Arrow": lambda values: pa.table({"a": values}),
    "objects": lambda values: np.array(values, dtype=object).reshape(-1, 1),
    "strings": lambda values: np.array([v or "" for v in values]).reshape(-1, 1),
    "bytes": lambda values: np.array([[v and v.encode()] for v in values], dtype=object),
}


@pytest.mark.parametrize("made", LIBRARIES.values(), ids=LIBRARIES.keys())
def test_strings_of_every_library_are_read(made):
    prepared = prepare_table(made(PRICES))

    assert_array_equal(prepared.matrix, [[1200.5], [NAN], [3.25], [1], [17.99]])
    assert [*prepared.kinds.values()] == ["numeric (numbers as text, currency $)"]


def test_an_array_of_strings_is_read_as_the_array_of_its_numbers():
    numbers = np.round(np.random.default_rng(0).normal(size=(30, 3)), 3)

    assert_array_equal(prepare_table(numbers.astype(str)).matrix, numbers)


CODES = {
    "ZIP codes": ["01234", *(f"{i}" for i in range(20_000, 20_100))],
    "telephone numbers": [f"{5550000000 + 977 * i}" for i in range(60)],
    "card numbers": [f"{4 * 10**15 + i}" for i in range(60)],
    "close identifiers": ["1234567890123456780", "1234567890123456781"],
    "versions": ["1.2.3", "1.10.0"],
    "addresses": ["192.168.0.1", "10.0.0.12", "172.16.100.200"],
    "drives": ["2WD", "4WD"],
    "codes with a letter": ["000321C", *(f"{i:06d}C" for i in range(900, 960))],
    "flats": ["12A", "12B", "13A", "13B"],
    "lists": ["1,2", "1,3", "2,3", "1,2,3", *"1234567"],
    "fractions": ["1/2", "1/4", "3/4", "1/8", "3/8"],
    "age groups": ["10-20", "20-30"],
    "sizes": ["36", "38", "40", "S", "M", "L"],
}


@pytest.mark.parametrize("values", CODES.values(), ids=CODES.keys())
def test_codes_stay_categories(values):
    prepared = prepare_table(pd.DataFrame({"a": values}))

    assert prepared.schema.cardinalities == (len(values),)


@pytest.mark.parametrize(
    ("kind", "is_number"), [("categorical", False), ("numeric", True)], ids=["text", "number"]
)
def test_the_users_kind_decides(kind, is_number):
    X = pd.DataFrame({"a": ["01234", "5%", "17"]})
    prepared = prepare_table(X, {"a": kind})

    assert prepared.schema.n_numeric == is_number
    assert not is_number or prepared.matrix.ravel().tolist() == [1234, 5, 17]


def test_a_value_that_the_users_kind_cannot_read_is_named():
    X = pd.DataFrame({"a": ["1,5", "n/a", "about 7"]})

    with pytest.raises(ValueError, match=r"X holds 'about 7' in column 'a'.* read as numeric"):
        prepare_table(X, {"a": "numeric"})
    assert_array_equal(prepare_table(X[:2], {"a": "numeric"}).matrix, [[1.5], [NAN]])


def test_the_format_is_that_of_fit_for_a_single_row():
    fitted = ColumnPreparer().fit(pd.DataFrame({"a": ["2,6", "0,5", "1.200,5", "7"]}))

    assert fitted.transform(pd.DataFrame({"a": ["1,234"]})).item() == 1.234
    assert fitted.transform(pd.DataFrame({"a": ["1.234"]})).item() == 1234


PRICES_AS_TEXT = {
    "dollars": (["$1,200.50", "$3"], "'$1,200.50'", True),
    "decimal comma": (["2,6", "1.003,5"], "'2,6'", True),
    "one value in the middle": ([1.5, "price", 2], "'price'", False),
    "multipliers": (["8.7k", "19M"], "convert y to floats first", False),
    "words": (["low", "high"], "EvolutionaryClassifier", False),
}


@pytest.mark.parametrize(
    ("y", "shown", "is_converted"), PRICES_AS_TEXT.values(), ids=PRICES_AS_TEXT.keys()
)
def test_a_target_of_numbers_as_text_is_refused_with_the_conversion(y, shown, is_converted):
    y = np.array(y, dtype=object)
    with pytest.raises(ValueError, match=re.escape(shown)) as caught:
        as_numbers(y)

    conversion = re.search(r"pandas\.Series\(y\).*float\)", str(caught.value))
    assert bool(conversion) == is_converted
    if conversion:
        converted = eval(conversion[0], {"pandas": pd, "y": y})
        assert_array_equal(converted, infer_number_format(list(y))[1])


MARKED = {
    "a mark of its own in a row of thirty": ([f"{v / 7:.2f}" for v in range(290)], 10, 1),
    "a few numbers, marks in a row of ten": ([str(v % 30) for v in range(280)], 20, 1),
    "few marks in most rows": ([f"{v / 7:.2f}" for v in range(60)], 2, 300),
    "few rows": ([f"{v / 7:.2f}" for v in range(12)], 1, 1),
}


@pytest.mark.parametrize(("numbers", "n_marks", "times"), MARKED.values(), ids=MARKED.keys())
def test_marks_are_counted_in_shares_of_values_and_of_rows(numbers, n_marks, times):
    column = [*numbers, *[f"err{i}" for i in range(n_marks)] * times]
    info = ColumnPreparer().fit(pd.DataFrame({"a": column})).columns_[0]

    assert info.kind == "numeric"
