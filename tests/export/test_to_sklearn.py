"""Models of scikit-learn alone: they predict the same in a process without evolearn."""

import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.ensemble import VotingRegressor

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor
from tests.conftest import mixed_table

TABLE, TARGET = mixed_table(120, seed=0)
NUMBERS = load_diabetes().data[:120]
THREE = pd.cut(TARGET, 3, labels=["low", "middle", "high"]).astype(object)
SEARCH = {
    "time_budget": None,
    "n_evaluations": 6,
    "population_size": 4,
    "cv": 3,
    "n_jobs": 1,
    "random_state": 0,
}
CASES = {
    "numbers": (
        EvolutionaryRegressor,
        NUMBERS,
        load_diabetes().target[:120],
        ["ridge", "support_vector_machine", "extra_trees"],
    ),
    "mixed columns": (
        EvolutionaryRegressor,
        TABLE,
        TARGET,
        ["hist_gradient_boosting", "decision_tree"],
    ),
    "two labels": (
        EvolutionaryClassifier,
        TABLE,
        np.where(np.median(TARGET) < TARGET, "large", "small"),
        ["logistic_regression", "support_vector_machine", "random_forest"],
    ),
    "three labels": (
        EvolutionaryClassifier,
        TABLE,
        THREE,
        ["logistic_regression", "nearest_neighbors", "random_forest"],
    ),
    "truth values": (EvolutionaryClassifier, TABLE, TARGET > 6, ["logistic_regression"]),
}
LOAD = """
import pickle, sys
sys.modules["evolearn"] = None
folder = sys.argv[1]
with open(folder + "/models.pkl", "rb") as file:
    models = pickle.load(file)
with open(folder + "/tables.pkl", "rb") as file:
    tables = pickle.load(file)
found = {
    name: [getattr(model, method)(tables[name]) for method in ("predict", "predict_proba")
           if hasattr(model, method)]
    for name, model in models.items()
}
with open(folder + "/found.pkl", "wb") as file:
    pickle.dump(found, file)
"""


@pytest.fixture(scope="module")
def models():
    return {
        name: kind(**SEARCH, search_space=space).fit(X, y)
        for name, (kind, X, y, space) in CASES.items()
    }


def test_a_process_without_evolearn_predicts_the_same(models, tmp_path):
    plain = {name: model.to_sklearn() for name, model in models.items()}
    tables = {name: X for name, (_, X, *_) in CASES.items()}
    (tmp_path / "models.pkl").write_bytes(pickle.dumps(plain))
    (tmp_path / "tables.pkl").write_bytes(pickle.dumps(tables))
    subprocess.run([sys.executable, "-W", "error", "-c", LOAD, tmp_path], check=True)
    found = pickle.loads((tmp_path / "found.pkl").read_bytes())
    for name, model in models.items():
        predicted, *probabilities = found[name]
        if probabilities:
            np.testing.assert_array_equal(predicted, model.predict(tables[name]))
            np.testing.assert_array_equal(plain[name].classes_, model.classes_)
            assert plain[name].classes_.dtype == model.classes_.dtype
            expected = model.predict_proba(tables[name])
            np.testing.assert_allclose(probabilities[0], expected, rtol=0, atol=1e-12)
        else:
            np.testing.assert_allclose(predicted, model.predict(tables[name]), rtol=1e-12)
    assert len(models["numbers"].estimator_.members) > 1
    assert isinstance(plain["numbers"], VotingRegressor)


def test_unseen_categories_and_missing_values_are_those_of_the_model(models):
    rows = TABLE.head(4).assign(city=["Bonn", "Berlin", None, "Celle"])
    rows.loc[1, "size"] = np.nan  # missing in new rows only
    for name in ("mixed columns", "two labels", "three labels"):
        np.testing.assert_array_equal(
            models[name].to_sklearn().predict(rows), models[name].predict(rows)
        )


def test_kept_and_refitted_candidates(models):
    model = models["mixed columns"]
    kept = sorted(model._kept_models)
    plain = model.to_sklearn(candidate=kept[0])
    np.testing.assert_array_equal(
        plain.predict(TABLE), model._kept_models[kept[0]].served.predict(TABLE)
    )
    fitted = model.refit(0, TABLE, TARGET)
    np.testing.assert_array_equal(
        model.to_sklearn(candidate=fitted).predict(TABLE), fitted.predict(TABLE)
    )


def test_a_candidate_that_was_not_kept_is_named_with_the_call(models):
    with pytest.raises(ValueError, match=r"99 was not kept by fit.*refit\(99, X, y\)"):
        models["numbers"].to_sklearn(candidate=99)


def test_parts_of_evolearn_are_named_with_a_candidate_that_has_none():
    space = ["ridge", "multi_layer_perceptron"]
    model = EvolutionaryRegressor(**SEARCH | {"n_evaluations": 2}, search_space=space)
    model.fit(TABLE, TARGET)
    with pytest.raises(ValueError, match="because of NetworkRegressor of evolearn") as caught:
        model.to_sklearn()
    call = str(caught.value).partition("call ")[2].rstrip(".")
    plain = eval(f"model.{call}")
    assert b"evolearn" not in pickle.dumps(plain)


def test_columns_that_are_read_in_another_way_are_named():
    dates = pd.date_range("2020-01-01", periods=120, freq="7h")
    table = TABLE.assign(built=dates.strftime("%d.%m.%Y"))
    model = EvolutionaryRegressor(**SEARCH | {"n_evaluations": 1}, search_space=["ridge"])
    model.fit(table, TARGET)
    with pytest.raises(
        ValueError, match=r"column 'built', which is read as datetime"
    ) as caught:
        model.to_sklearn()
    advice = str(caught.value).partition("fit again with kinds=")[2].rstrip(".")
    model.set_params(kinds=eval(advice)).fit(table, TARGET)
    plain = model.to_sklearn()
    np.testing.assert_allclose(plain.predict(table), model.predict(table), rtol=1e-10)
