"""Changes of new tables are found, and unchanged rows are reported as such."""

import json
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from evolearn import EvolutionaryRegressor
from evolearn.data import prepare_table
from evolearn.profiles import TableProfile, check_new_table, profile_table
from evolearn.profiles.frequencies import MOST_LABELS

WORDS = [
    "large",
    "old",
    "new",
    "garden",
    "kitchen",
    "roof",
    "quiet",
    "central",
    "cheap",
    "view",
]


def table(n_rows, seed):
    rng = np.random.default_rng(seed)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 700, n_rows), "D")
    return pd.DataFrame(
        {
            "size": rng.normal(50, 15, n_rows),
            "rooms": rng.integers(1, 7, n_rows),
            "city": rng.choice(["Aachen", "Bonn", "Celle"], n_rows, p=[0.5, 0.3, 0.2]),
            "day": days.strftime("%d.%m.%Y"),
            "price": [f"{value:.2f} EUR" for value in rng.exponential(100, n_rows)],
            "seen": days + pd.to_timedelta(rng.integers(0, 9, n_rows), "h"),
            "street": [f"Street {value}" for value in rng.integers(0, 400, n_rows)],
            "notes": [" ".join(rng.choice(WORDS, rng.integers(4, 9))) for _ in range(n_rows)],
            "age": np.where(rng.random(n_rows) < 0.1, np.nan, rng.exponential(20, n_rows)),
        }
    )


FIT, NEW = table(1_000, 0), table(300, 1)


@pytest.fixture(scope="module")
def profile():
    return profile_table(FIT, prepare_table(FIT))


def cells(column, values, rows=slice(None, 60)):
    """Return a change of some rows of a column."""

    def change(new):
        new[column] = new[column].astype(object)
        new.loc[new.index[rows], column] = values
        return new

    return change


CHANGES = {
    "unseen category": (cells("city", "Rome"), "city", "unseen categories", "'Rome'"),
    "a few unseen rows": (cells("city", "Rome", slice(0, 8)), "city", "unseen categories", ""),
    "spelling": (cells("city", "BONN"), "city", "format", "'BONN'"),
    "out of range": (cells("size", 500.0, [3]), "size", "range", "above .* up to 500"),
    "many out of range": (cells("size", -9.0), "size", "range", "below"),
    "dates out of range": (
        lambda new: new.assign(seen=new["seen"] + pd.Timedelta("900D")),
        "seen",
        "range",
        "up to 2024",
    ),
    "missing values": (cells("age", np.nan), "age", "missing values", "More .* in fit 11 %"),
    "words for missing": (cells("price", "n/a"), "price", "missing values", "More"),
    "no missing values": (
        lambda new: new.fillna({"age": 20}),
        "age",
        "missing values",
        "Fewer",
    ),
    "decimal comma": (
        lambda new: new.assign(price=new["price"].str.replace(".", ",")),
        "price",
        "format",
        "'[0-9]+,[0-9]+ EUR'; .* '#.# EUR'",
    ),
    "date format": (
        lambda new: new.assign(day=new["seen"].dt.strftime("%Y/%m/%d")),
        "day",
        "format",
        "'#.#.#'",
    ),
    "order of day and month": (
        lambda new: new.assign(day=new["seen"].dt.strftime("%m.%d.%Y")),
        "day",
        "format",
        "have the month first, in fit the day",
    ),
    "fractions": (lambda new: new.assign(rooms=new["rooms"] + 0.5), "rooms", "format", "whole"),
    "unreadable": (cells("price", "expensive"), "price", "unreadable values", "'expensive'"),
    "numbers as text": (
        lambda new: new.assign(rooms=new["rooms"].astype(str)),
        "rooms",
        "type",
        "held numbers .* holds text",
    ),
    "numbers for dates": (
        lambda new: new.assign(seen=np.arange(300.0)),
        "seen",
        "type",
        "predict refuses it",
    ),
    "infinite": (cells("size", np.inf, [0]), "size", "infinite values", "1 row;"),
    "shifted": (lambda new: new.assign(size=new["size"] + 8), "size", "distribution", "higher"),
    "units": (lambda new: new.assign(age=new["age"] * 12), "age", "range", "above"),
    "stuck": (lambda new: new.assign(size=50.0), "size", "distribution", "from 50 to 50"),
    "shares": (cells("city", "Celle", slice(0, 150)), "city", "distribution", "'Celle'"),
    "longer texts": (
        lambda new: new.assign(notes=new["notes"] + " and more"),
        "notes",
        "distribution",
        "characters",
    ),
    "missing column": (lambda new: new.drop(columns="age"), "age", "missing column", "refuses"),
    "additional column": (lambda new: new.assign(x=1), "x", "additional column", "ignored"),
}


@pytest.mark.parametrize(("change", "column", "kind", "text"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_found(profile, change, column, kind, text):
    found = check_new_table(profile, change(NEW.copy()))

    [match] = [one for one in found.findings if (one.column, one.kind) == (column, kind)]
    assert pd.Series([match.sentence]).str.contains(text).all(), match.sentence
    assert {one.column for one in found.findings} == {column}
    assert match.sentence in str(found)
    assert column in found._repr_html_()
    assert not found.ok


def test_new_rows_like_those_of_fit_have_no_finding(profile):
    reports = [
        check_new_table(profile, table(n, seed)) for n in (5, 300) for seed in range(2, 12)
    ]

    assert sum(not one.ok for one in reports) <= 1


@pytest.mark.parametrize(
    "convert", [pl.from_pandas, lambda new: pl.from_pandas(new).to_arrow()]
)
def test_the_library_of_the_table_does_not_matter(profile, convert):
    assert check_new_table(profile, convert(NEW)).ok
    found = check_new_table(profile, convert(CHANGES["unseen category"][0](NEW.copy())))
    assert [one.kind for one in found.findings] == ["unseen categories"]


def test_a_rare_value_is_a_note(profile):
    new = NEW.copy()
    new.loc[0, "city"], new.loc[1, "size"] = "Rome", FIT["size"].max() + 2
    found = check_new_table(profile, new)

    assert found.ok
    assert {(one.column, one.kind) for one in found.notes} >= {
        ("city", "unseen categories"),
        ("size", "range"),
    }
    assert "'Rome'" in str(found)


def test_findings_of_columns_that_are_left_out_are_of_low_severity():
    fit = FIT.assign(constant=1.0)
    profile = profile_table(fit, prepare_table(fit))
    findings = check_new_table(profile, NEW.assign(constant=2.0)).findings

    assert {(one.column, one.severity) for one in findings} == {("constant", "low")}


def test_columns_of_arrays_are_found_by_position():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 3))
    profile = profile_table(X, prepare_table(X))
    new = rng.normal(size=(100, 3))

    assert check_new_table(profile, new).ok
    [finding] = check_new_table(profile, new + [0, 0, 5]).findings[:1]
    assert finding.column == "x2"
    [finding] = check_new_table(profile, new[:, :2]).findings
    assert finding.kind == "number of columns"


def test_a_profile_is_of_bounded_size_and_without_rows():
    rng = np.random.default_rng(0)
    many = pd.DataFrame(
        {
            "key": [f"secret {i}" for i in range(60_000)],
            "code": rng.integers(0, 20_000, 60_000).astype(str),
            "group": [f"g{i}" for i in rng.integers(0, 3_000, 60_000)],
            "value": rng.normal(size=60_000),
        }
    )
    kinds = {"code": "categorical", "group": "categorical"}
    profile = profile_table(many, prepare_table(many, kinds))
    text = json.dumps(profile.as_dict())

    assert len(text) < 60_000
    assert "secret" not in text
    assert len(profile.columns[2].categories.labels) == MOST_LABELS
    assert profile.columns[3].quantiles.highest == many["value"].max()
    assert check_new_table(profile, many[:500]).ok
    new = many[:500].assign(group=[f"new{i}" for i in range(500)])
    assert "unseen categories" in {one.kind for one in check_new_table(profile, new).findings}


def test_profiles_are_saved_as_plain_values(profile):
    again = TableProfile.from_dict(json.loads(json.dumps(profile.as_dict())))

    assert again == profile
    assert check_new_table(again, NEW) == check_new_table(profile, NEW)


def test_sparse_tables_have_no_profile():
    X = sparse.csr_array(np.random.default_rng(0).binomial(3, 0.1, (200, 5)).astype(float))
    profile = profile_table(X, prepare_table(X))
    with pytest.raises(ValueError, match="sparse table"):
        check_new_table(profile, X)


def test_a_fitted_model_checks_tables_and_gives_plain_values():
    model = EvolutionaryRegressor(
        search_space=["ridge"], n_evaluations=1, time_budget=None, random_state=0
    ).fit(FIT, FIT["size"])
    changed = NEW.drop(columns="age").assign(rooms=99)
    found = pickle.loads(pickle.dumps(model)).check_table(changed)

    assert found.findings[0].kind == "missing column"
    assert found.frame()["column"].tolist() == [one.column for one in found.findings]
    plain = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert plain["findings"][0]["column"] == "age"
    assert plain["ok"] is False
