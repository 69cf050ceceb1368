"""Relations, and the transformer that adds columns computed by them."""

import numpy as np
import pandas as pd
import pytest

from evolearn.transformers import CategoryRelations, parse_relation
from evolearn.transformers.category_statistics import FEWEST_ROWS, MOST_PAIRS, PRIOR_ROWS

ALL = (
    "frequency(c0)",
    "cross(c0, c1)",
    "mean(x0 | c1)",
    "std(x1 | c0)",
    "x0 - mean(x0 | c1)",
)


@pytest.mark.parametrize(
    ("text", "readable"),
    [
        ("frequency(c1)", "frequency(size)"),
        ("cross(c0, c1)", "city x size"),
        ("mean(x1 | c0)", "mean(rent | city)"),
        ("std(x0 | c1)", "std(area | size)"),
        ("x1 - mean(x1 | c0)", "rent - mean(rent | city)"),
    ],
)
def test_a_relation_is_read_with_the_names_of_its_columns(text, readable):
    relation = parse_relation(text)
    assert str(relation) == text
    assert relation.readable(["area", "rent"], ["city", "size"]) == readable


@pytest.mark.parametrize(
    "text",
    ["", "c0", "cross(c1, c0)", "cross(c0, c0)", "cross(c0)", "mean(c0 | c1)", "mean(x0 | x1)",
     "x0 - mean(x1 | c0)", "frequency(c0) ", "median(x0 | c0)", "frequency(x0)"],
)  # fmt: skip
def test_malformed_relations_are_refused(text):
    with pytest.raises(ValueError, match="A relation is written as one of"):
        parse_relation(text)


def table(n_rows=400, seed=0):
    """Two numbers and the codes of two categories, some of each missing."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n_rows, 2)) * [1.0, 1e6]
    codes = rng.integers(0, [4, 7], size=(n_rows, 2)).astype(float)
    X = np.hstack([numbers, codes])
    X[rng.random(X.shape) < 0.1] = np.nan
    return X


def relations(*texts, n_categorical=2):
    return CategoryRelations(relations=texts, n_categorical=n_categorical)


def test_values_are_those_of_a_grouping_of_the_training_rows():
    X, new = table(), table(seed=1)
    made = relations(*ALL).fit(X).transform(new)
    assert made.shape == (len(X), 9)
    np.testing.assert_array_equal(made[:, [0, 1, 6, 7]], new)
    frame = pd.DataFrame(X, columns=["x0", "x1", "c0", "c1"])
    seen = pd.DataFrame(new, columns=frame.columns)

    def looked(by, values):
        return np.array([values[key] for key in seen[by].map(lambda c: -1 if c != c else c)])

    def groups(by):
        return frame.groupby(frame[by].fillna(-1))

    np.testing.assert_allclose(made[:, 2], looked("c0", groups("c0").size() / len(frame)))
    group = groups("c1")["x0"]
    overall, n = frame["x0"].mean(), group.count()
    means = (group.sum() + PRIOR_ROWS * overall) / (n + PRIOR_ROWS)
    np.testing.assert_allclose(made[:, 3], looked("c1", means))
    group = groups("c0")["x1"]
    squares = group.var(ddof=0) * group.count() + PRIOR_ROWS * frame["x1"].var(ddof=0)
    spreads = np.sqrt(squares / (group.count() + PRIOR_ROWS))
    np.testing.assert_allclose(made[:, 4], looked("c0", spreads))
    np.testing.assert_allclose(made[:, 5], new[:, 0] - made[:, 3])
    pairs = pd.DataFrame({"pair": made[:, 8], "of": list(zip(*made[:, 6:8].T, strict=True))})
    assert pairs.dropna().astype(str).groupby("pair").nunique()["of"].max() == 1


def test_pairs_that_are_rare_or_not_seen_are_missing():
    rows = [[0, 0]] * FEWEST_ROWS + [[0, 1]] * (FEWEST_ROWS - 1) + [[1, 0]] * FEWEST_ROWS
    fitted = relations("cross(c0, c1)").fit(np.array(rows, dtype=float))
    made = fitted.transform(np.array([[0, 0], [0, 1], [1, 0], [1, 1], [7, 0]], dtype=float))
    np.testing.assert_array_equal(made[:, 2], [0, np.nan, 1, np.nan, np.nan])
    many = np.array([[a, b] for a in range(30) for b in range(30)] * FEWEST_ROWS, dtype=float)
    codes = relations("cross(c0, c1)").fit_transform(many)[:, 2]
    assert np.unique(codes[~np.isnan(codes)]).tolist() == list(range(MOST_PAIRS))


def test_unseen_categories_have_the_statistics_of_all_rows():
    X = table()
    new = np.array([[0.5, 0.0, 99.0, 99.0]])
    made = relations(*ALL).fit(X).transform(new)[0]
    assert made[2] == 0
    mean, spread = np.nanmean(X[:, 0]), np.nanstd(X[:, 1])
    np.testing.assert_allclose(made[3:6], [mean, spread, 0.5 - mean])
    assert np.isnan(made[8])


@pytest.mark.parametrize(
    "numbers",
    [
        np.full(40, np.nan),
        np.zeros(40),
        np.where(np.arange(40) % 2, 1.7e300, -1.7e300),
        np.arange(40) * 1e-310,
        np.where(np.arange(40) < 20, np.nan, 5.0),
    ],
)
@pytest.mark.parametrize("codes", [np.full(40, np.nan), np.zeros(40), np.arange(40.0)])
@pytest.mark.filterwarnings("error")
def test_nothing_but_missing_numbers_makes_missing_numbers(numbers, codes):
    X = np.column_stack([numbers, codes])
    made = relations("mean(x0 | c0)", "std(x0 | c0)", "x0 - mean(x0 | c0)", n_categorical=1)
    values = made.fit_transform(X)[:, 1:4]
    none = np.isnan(numbers).all()
    assert (np.isnan(values[:, :2]) == none).all()
    assert (np.isnan(values[:, 2]) == np.isnan(numbers)).all()
    assert not np.isinf(values).any()


def test_frames_and_arrays_get_the_same_columns_and_readable_names():
    frame = pd.DataFrame(table(), columns=["area", "rent", "city", "kind"])
    made = relations(*ALL).fit(frame)
    np.testing.assert_array_equal(
        made.transform(frame), relations(*ALL).fit_transform(frame.to_numpy())
    )
    assert made.get_feature_names_out().tolist() == [
        "area", "rent", "frequency(city)", "mean(area | kind)", "std(rent | city)",
        "area - mean(area | kind)", "city", "kind", "city x kind",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "n_categorical", "message"),
    [
        (["mean(x2 | c0)"], 2, r"names column x2, but X has 2 columns of numbers"),
        (["cross(c0, c2)"], 2, r"names column c2, but X has 2 columns of categories"),
        ([], 5, r"n_categorical=5 .* but X has 4; pass at most that many"),
    ],
)
def test_columns_that_are_not_there_are_named(texts, n_categorical, message):
    with pytest.raises(ValueError, match=message):
        relations(*texts, n_categorical=n_categorical).fit(table())
