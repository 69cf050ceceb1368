"""Strings with several numbers each."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from evolearn.data import ColumnPreparer

N_ROWS = 120
RNG = np.random.default_rng(0)
FIRST, SECOND = RNG.uniform(-90, 90, N_ROWS).round(4), RNG.uniform(7, 13, N_ROWS).round(4)
WHOLE, OTHER = RNG.integers(10, 999, N_ROWS), RNG.integers(10, 99, N_ROWS)

FORMS = {
    "comma": ("{a},{b}", FIRST, SECOND),
    "brackets": ("({a}, {b})", FIRST, SECOND),
    "list": ("[{a}, {b}]", FIRST, SECOND),
    "space": ("{a} {b}", FIRST, SECOND),
    "semicolon": ("{a} ; {b}", FIRST, SECOND),
    "point": ("POINT ({a} {b})", FIRST, SECOND),
    "point with reference": ("POINT({a} {b})", FIRST, SECOND),
    "names": ("{{'lat': {a}, 'lon': {b}}}", FIRST, SECOND),
    "size": ("{a} x {b} cm", WHOLE, OTHER),
    "close size": ("{a}x{b}", WHOLE, OTHER),
    "ratio": ("{a}/{b}", WHOLE, OTHER),
    "sentence": ("took {a} ms for {b} rows", WHOLE, OTHER),
}


@pytest.mark.parametrize(("form", "a", "b"), FORMS.values(), ids=FORMS.keys())
def test_each_number_becomes_a_column(form, a, b):
    column = [form.format(a=x, b=y) for x, y in zip(a, b, strict=True)]
    preparer = ColumnPreparer()
    made = preparer.fit_transform(pl.DataFrame({"place": column}))

    assert preparer.columns_[0].kind == "vector"
    assert list(preparer.get_feature_names_out()) == ["place_0", "place_1"]
    assert_array_equal(made, np.column_stack([a, b]))


def test_southern_and_western_coordinates_are_negative():
    column = [
        f"{abs(x)}° {'S' if x < 0 else 'N'}, {y}° W" for x, y in zip(FIRST, SECOND, strict=True)
    ]
    made = ColumnPreparer().fit_transform(pd.DataFrame({"place": column}))

    assert_array_equal(made, np.column_stack([FIRST, -SECOND]))


def test_a_semicolon_separates_numbers_with_decimal_commas():
    column = [f"{x};{y}".replace(".", ",") for x, y in zip(FIRST, SECOND, strict=True)]
    made = ColumnPreparer().fit_transform(pd.DataFrame({"place": column}))

    assert_array_equal(made, np.column_stack([FIRST, SECOND]))


def test_marks_other_forms_and_constant_numbers():
    column = [*(f"{x}, {y}, 0" for x, y in zip(FIRST, SECOND, strict=True)), "?", None]
    preparer = ColumnPreparer()
    made = preparer.fit_transform(pd.DataFrame({"place": column}))
    later = preparer.transform(pd.DataFrame({"place": ["(1.5 2 0)", "1.5", "unknown"]}))

    assert preparer.columns_[0].parts == ("0", "1")
    assert np.isnan(made[-2:]).all()
    assert_array_equal(later, [[1.5, 2], [np.nan, np.nan], [np.nan, np.nan]])


@pytest.mark.parametrize("form", ["order {a} of shop", "AB-0{a}", "K{a}x", "{a}", "no. {a}.00"])
def test_the_users_kind_reads_numbers_within_any_text(form):
    column = [form.format(a=x) for x in WHOLE]
    X = pd.DataFrame({"place": column})

    assert_array_equal(
        ColumnPreparer(kinds={"place": "vector"}).fit_transform(X), WHOLE[:, None]
    )


@pytest.mark.parametrize(
    "form",
    [
        "{a}-{b}",
        "A{a} B{b}",
        "10.0.{a}.{b}",
        "{a}:{b}:{a}",
        "AB-{a}-{b}",
        "{a} {b}",
        "0{a} / {b}",
    ],
)
def test_codes_are_no_vectors(form):
    column = [form.format(a=x, b=y) for x, y in zip(WHOLE, OTHER, strict=True)]
    preparer = ColumnPreparer().fit(pd.DataFrame({"n": WHOLE, "code": column}))

    assert preparer.columns_[1].kind != "vector"


def test_few_vectors_are_categories():
    preparer = ColumnPreparer().fit(pd.DataFrame({"screen": ["1920x1080", "1280x720"] * 60}))

    assert preparer.columns_[0].kind == "categorical"
