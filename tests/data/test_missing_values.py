"""Presence of values that hardly repeat, and marks beside numbers."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor
from evolearn.data import prepare_table

N = 200
RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=N)


def table(values, library="pandas"):
    frame = {"code": list(values), "x": NUMBERS[: len(values)]}
    return pl.DataFrame(frame, strict=False) if library == "polars" else pd.DataFrame(frame)


def coupons(share, n_rows=N):
    has_one = np.arange(n_rows) % 100 < 100 * share
    return [f"C{(j * 7919) % 100_003:06d}" if has else None for j, has in enumerate(has_one)]


@pytest.mark.parametrize("library", ["pandas", "polars"])
@pytest.mark.parametrize("share", [0.1, 0.6, 0.9])
def test_presence_of_values_that_hardly_repeat_is_a_number(share, library):
    values = coupons(share)
    X = table(values, library)
    prepared = prepare_table(X)
    assert prepared.schema.names == ("code_present", "x")
    assert not prepared.schema.cardinalities
    assert_array_equal(prepared.matrix[:, 0], [value is not None for value in values])
    assert "whether there is a value" in dict(prepared.dropped)["code"]
    assert prepared.kinds["code"] == "presence"
    new = table(["never seen", None, "N12"], library)
    for preparer in (prepared.preparer, clone(prepared.preparer).fit(X)):
        assert_array_equal(preparer.transform(new)[:, 0], [1, 0, 1])
        assert_array_equal(preparer.transform(table([None] * 3, library))[:, 0], [0, 0, 0])


@pytest.mark.parametrize(
    ("values", "kinds", "kept"),
    [
        (coupons(1.0), None, ["x"]),  # an identifier
        (coupons(0.04), None, ["code", "x"]),  # too few rows have a value
        (coupons(0.98), None, ["x"]),  # too few have none
        ([*"abcde", None] * 30, None, ["code", "x"]),
        (coupons(0.6), {"code": "categorical"}, ["code", "x"]),
        ([f"C{j}" if j % 2 else "" for j in range(N)], None, ["code", "x"]),
    ],
)
def test_other_categories_are_as_before(values, kinds, kept):
    names = prepare_table(table(values), kinds).schema.names
    assert sorted(names) == kept


def test_two_columns_of_the_same_presence_are_one():
    X = table(coupons(0.6)).assign(again=coupons(0.6))
    X["again"] = "D" + X["again"].str[1:]
    prepared = prepare_table(X)
    assert prepared.schema.names == ("code_present", "x")
    assert dict(prepared.dropped)["again"] == "duplicate of 'code'"


def marked(*marks, share=0.2):
    """Numbers as text, of which shares are marks or None."""
    values = [f"{value:.3f}" for value in NUMBERS]
    for j, mark in enumerate(marks):
        step = round(1 / share)
        values[j::step] = [mark] * len(values[j::step])
    return values


def test_equal_numbers_with_marks_in_other_rows_are_no_duplicates():
    values = marked("never", "n/a")
    turned = [{"never": "n/a", "n/a": "never"}.get(value, value) for value in values]
    prepared = prepare_table(table(values).assign(turned=turned, again=values))
    assert dict(prepared.dropped) == {"again": "duplicate of 'code'"}


@pytest.mark.parametrize(
    ("values", "marks"),
    [
        (marked("never", "n/a"), ("n/a", "never")),
        (marked("never", None), ("never",)),
        (marked("?", None), ("?",)),
        (marked("a", "b", "c", share=0.1), ("a", "b", "c")),
        (marked("never"), ()),
        (marked(None), ()),
        ([*marked("never")[:-1], "n/a"], ()),  # a single one says nothing
    ],
)
@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_marks_of_different_meaning_are_codes_beside_the_number(values, marks, library):
    X = table(values, library)
    prepared = prepare_table(X)
    codes = [1 + len(marks)] if marks else []
    assert list(prepared.schema.cardinalities) == codes
    assert prepared.schema.names == ("code", "x", "code_mark")[: 2 + len(codes)]
    is_text = np.array([value in (None, "never", "n/a", "?", *"abc") for value in values])
    assert_array_equal(np.isnan(prepared.matrix[:, 0]), is_text)
    for preparer in (prepared.preparer, clone(prepared.preparer).fit(X)):
        assert_array_equal(preparer.transform(X), prepared.matrix)
        if marks:
            new = preparer.transform(table(["1.5", *marks, None, "others"], library))
            assert_array_equal(new[:, -1], [0, *range(1, 1 + len(marks)), np.nan, np.nan])
            assert_array_equal(new[0, 0], 1.5)
            numbers = preparer.transform(pd.DataFrame({"code": [2.0, np.nan], "x": [0, 1.0]}))
            assert_array_equal(numbers[:, -1], [0, np.nan])


def test_marks_stand_behind_words_and_beside_other_categories():
    rng = np.random.default_rng(0)
    words = np.array(["river", "mountain", "house", "garden", "winter", "summer", "bread"])
    X = pd.DataFrame(
        {
            "kind": rng.choice(list("abc"), N),
            "when": marked("never", "n/a"),
            "note": [" ".join(row) for row in words[rng.integers(7, size=(N, 6))]],
            "when_mark": rng.choice(["p", "q"], N),
        }
    )
    prepared = prepare_table(X)
    assert prepared.schema.cardinalities == (3, 3, 2)
    assert prepared.schema.names[-3:] == ("kind", "when_mark_", "when_mark")
    assert prepared.schema.texts
    assert_array_equal(prepared.preparer.transform(X), prepared.matrix)


def test_marks_among_dates():
    dates = np.datetime_as_string(np.datetime64("2020-01-01") + np.arange(N)).tolist()
    dates[::5], dates[1::5] = ["never"] * 40, ["open"] * 40
    prepared = prepare_table(table(dates))
    assert prepared.schema.cardinalities == (3,)
    assert prepared.schema.dates
    assert prepared.kinds["code"].endswith("marks 'never', 'open'")


def cabins(n_rows=N):
    """Codes of half of the rows, most of which have one or two."""
    numbers = np.random.default_rng(3).integers(0, n_rows // 3, n_rows)
    return [f"B{number:03d}" if j % 2 else None for j, number in enumerate(numbers)]


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_missing_categories_have_a_code_where_others_will_not_be_known(library):
    X = table(cabins(), library)
    prepared = prepare_table(X)
    (n_codes,) = prepared.schema.cardinalities
    missing = np.array([value is None for value in cabins()])
    assert_array_equal(prepared.matrix[:, -1] == n_codes - 1, missing)
    for preparer in (prepared.preparer, clone(prepared.preparer).fit(X)):
        assert preparer.cardinalities_ == (n_codes,)
        assert_array_equal(preparer.transform(X), prepared.matrix)
        new = preparer.transform(table(["B999", None, "B998"], library))
        assert_array_equal(new[:, -1], [np.nan, n_codes - 1, np.nan])


def test_other_missing_categories_stay_missing():
    values = [*"abcde", None] * 30
    prepared = prepare_table(table(values))
    assert_array_equal(np.isnan(prepared.matrix[:, -1]), [value is None for value in values])


def test_an_unknown_category_is_not_taken_for_none():
    settings = {"time_budget": None, "n_evaluations": 3, "random_state": 0, "n_jobs": 1}
    has_one = np.array([value is not None for value in cabins()])
    new = table([f"A{j:03d}" if has else None for j, has in enumerate(has_one)])
    for space in ("extra_trees", "hist_gradient_boosting", "logistic_regression"):
        model = EvolutionaryClassifier(search_space=[space], **settings)
        model.fit(table(cabins()), has_one)
        assert model.score(new[:41], has_one[:41]) > 0.9, space


@pytest.mark.filterwarnings("error")
def test_marks_alone_are_known_in_new_rows():
    prepared = prepare_table(table(marked("never", "n/a")))
    assert_array_equal(prepared.preparer.transform(table(["never"]))[0, [0, 2]], [np.nan, 2])


def test_models_learn_from_presence_and_marks():
    settings = {"time_budget": None, "n_evaluations": 2, "random_state": 0, "n_jobs": 1}
    trees = {**settings, "search_space": ["extra_trees"]}
    has_one = np.array([value is not None for value in coupons(0.3)])
    X = table(coupons(0.3))
    y = np.where(has_one, "bought", "left")
    new = table([f"NEW{j}" if has else None for j, has in enumerate(has_one)])
    assert EvolutionaryClassifier(**trees).fit(X, y).score(new, y) > 0.95
    values = marked("never", "n/a")
    y = np.select([[v == "never" for v in values], [v == "n/a" for v in values]], [9, -9], 0)
    assert EvolutionaryRegressor(**trees).fit(table(values), y).score(table(values), y) > 0.95
