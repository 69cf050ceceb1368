"""Formulas, and the transformer that adds columns computed by them."""

import numpy as np
import pandas as pd
import pytest

from evolearn.transformers import OPERATORS, ConstructedFeatures, parse

HARD = np.array([0.0, -0.0, 1.0, -2.5, 1e-300, -1e300, 1e300, np.inf, -np.inf, np.nan])


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_operators_give_finite_numbers_for_anything_but_missing_values(name):
    first, second = (grid.ravel() for grid in np.meshgrid(HARD, HARD))
    X = np.column_stack([first, second])
    columns = ("x0", "x1")[: OPERATORS[name].arity]
    values = parse(f"{name}({', '.join(columns)})").values(X)
    missing = np.isnan(X[:, : len(columns)]).any(axis=1)
    assert np.isnan(values).tolist() == missing.tolist()
    assert np.isfinite(values[~missing].astype(np.float32)).all()


@pytest.mark.parametrize(
    ("text", "expected", "readable"),
    [
        ("div(log1p(x0), x1)", lambda a, b, c: np.log1p(a) / b, "log1p(area) / rooms"),
        ("mul(sub(x0, x1), x2)", lambda a, b, c: (a - b) * c, "(area - rooms) * age"),
        ("sub(x0, sub(x1, x2))", lambda a, b, c: a - (b - c), "area - (rooms - age)"),
        ("sub(sub(x0, x1), x2)", lambda a, b, c: a - b - c, "area - rooms - age"),
        ("div(x0, mul(x1, x2))", lambda a, b, c: a / (b * c), "area / (rooms * age)"),
        ("div(div(x0, x1), x2)", lambda a, b, c: a / b / c, "area / rooms / age"),
        ("square(add(x0, x1))", lambda a, b, c: (a + b) ** 2, "(area + rooms)**2"),
        ("square(square(x0))", lambda a, b, c: a**4, "(area**2)**2"),
        ("sqrt(absolute(sub(x0, x1)))", lambda a, b, c: np.sqrt(abs(a - b)),
         "sqrt(absolute(area - rooms))"),
        ("maximum(x0, exp(x2))", lambda a, b, c: np.maximum(a, np.exp(c)),
         "maximum(area, exp(age))"),
        ("log(mul(sin(x0), cos(x1)))", lambda a, b, c: np.log(abs(np.sin(a) * np.cos(b))),
         "log(sin(area) * cos(rooms))"),
    ],
)  # fmt: skip
def test_a_formula_is_computed_as_it_is_read(text, expected, readable):
    X = np.random.default_rng(0).uniform(0.5, 9.0, size=(50, 3))
    formula = parse(text)
    np.testing.assert_allclose(formula.values(X), expected(*X.T), rtol=1e-12)
    assert formula.readable(["area", "rooms", "age"]) == readable
    assert str(formula) == text


@pytest.mark.parametrize(
    ("text", "value"), [("div(x0, x1)", 0.0), ("log(x1)", 0.0), ("div(x1, x1)", 0.0)]
)
def test_undefined_values_are_zero(text, value):
    assert parse(text).values(np.array([[3.0, 0.0]])) == [value]


@pytest.mark.parametrize(
    "text",
    ["", "x", "y0", "x0 + x1", "add(x0)", "log(x0, x1)", "open(x0)", "add(x0, 1)",
     "add(x0, b=x1)", "x0.real", "("],
)  # fmt: skip
def test_malformed_formulas_are_refused(text):
    with pytest.raises(ValueError, match="An expression is made of columns such as x0"):
        parse(text)


def test_frames_and_arrays_get_the_same_columns_and_readable_names():
    frame = pd.DataFrame({"area": [3.0, 0.0, np.nan], "rooms": [2.0, 4.0, 1.0]})
    step = ConstructedFeatures(expressions=("div(log1p(x0), x1)", "mul(x0, x1)")).fit(frame)
    made = step.transform(frame)
    plain = ConstructedFeatures(expressions=("div(log1p(x0), x1)", "mul(x0, x1)"))
    np.testing.assert_array_equal(made, plain.fit_transform(frame.to_numpy()))
    names = ["area", "rooms", "log1p(area) / rooms", "area * rooms"]
    assert step.get_feature_names_out().tolist() == names
    assert step.set_output(transform="pandas").transform(frame).columns.tolist() == names
    np.testing.assert_array_equal(made[:, :2], frame)
    assert made[0, 2] == np.log1p(3) / 2
    assert np.isnan(made[2, 2:]).all()


def test_new_rows_cannot_leave_the_range_that_was_seen_by_far():
    step = ConstructedFeatures(expressions=["div(x0, x1)"])
    step.fit(np.array([[1.0, 1.0], [3.0, 1.0]]))
    made = step.transform(np.array([[1.0, 1e-9], [-1.0, 1e-9], [2.5, 1.0]]))
    assert made[:, 2].tolist() == [4.0, 0.0, 2.5]


def test_a_column_that_is_not_there_is_named():
    step = ConstructedFeatures(expressions=["add(x0, x7)"])
    with pytest.raises(ValueError, match=r"names column x7, but X has 2 columns, x0 to x1"):
        step.fit(np.zeros((3, 2)))
