"""Export of fitted models: tables of all kinds, what is refused, and the search space."""

import json

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from evolearn import (
    EvolutionaryClassifier,
    EvolutionaryRegressor,
    OnnxExportError,
    SearchSpace,
)
from evolearn.export.onnx import reasons, register_converter, registry
from evolearn.export.onnx.space import exportable_space

N = 150
SETTINGS = {"time_budget": None, "random_state": 0, "n_jobs": 1, "cv": 2}


def table():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, N).astype(float),
            "city": rng.choice(["Rome", "Oslo", "Bonn", None], N),
            "day": pd.to_datetime("2023-11-05") + pd.to_timedelta(rng.integers(0, 500, N), "D"),
            "level": rng.choice([1.5, 2.5, np.nan], N),
            "constant": "same",
        }
    )
    frame.loc[:9, "age"] = np.nan
    target = frame.age.fillna(40) + 30 * (frame.city == "Rome") + frame.day.dt.month
    return frame, target.to_numpy()


@pytest.fixture(scope="module")
def regressor():
    X, y = table()
    space = ["hist_gradient_boosting", "ridge", "extra_trees"]
    return EvolutionaryRegressor(search_space=space, n_evaluations=4, **SETTINGS).fit(X, y)


@pytest.fixture(scope="module")
def classifier():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, 4))
    y = np.array(["high", "low", "mid"])[np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])]
    space = ["logistic_regression", "extra_trees", "decision_tree"]
    model = EvolutionaryClassifier(search_space=space, n_evaluations=4, **SETTINGS)
    return model.fit(X, y)


def run(path, tensors):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, tensors)


@pytest.mark.parametrize("candidate", [None, "best"])
def test_table_of_several_types(candidate, regressor, tmp_path):
    X = table()[0].iloc[:40]
    path = regressor.to_onnx(tmp_path / "model.onnx", X, candidate=candidate)
    seconds = X.day.to_numpy().astype("datetime64[s]").astype(float)
    tensors = {
        "age": X.age.to_numpy(),
        "city": X.city.fillna("").to_numpy(dtype=object),
        "day": seconds,
        "level": X.level.to_numpy(),
    }
    (found,) = run(path, {name: values[:, None] for name, values in tensors.items()})
    model = regressor if candidate is None else regressor.best_estimator_
    np.testing.assert_allclose(found[:, 0], model.predict(X), rtol=1e-4)


def test_classes_of_a_matrix(classifier, tmp_path):
    X = np.random.default_rng(5).normal(size=(30, 4))
    labels, probabilities = run(classifier.to_onnx(tmp_path / "model.onnx", X), {"X": X})
    assert labels.tolist() == classifier.predict(X).tolist()
    np.testing.assert_allclose(probabilities, classifier.predict_proba(X), rtol=1e-4)


def test_metadata_describe_inputs_and_origin(regressor, tmp_path):
    path = regressor.to_onnx(tmp_path / "model.onnx", table()[0])
    facts = {one.key: one.value for one in onnx.load(path).metadata_props}
    inputs = {one["name"]: one for one in json.loads(facts["inputs"])}
    assert set(inputs) == {"age", "city", "day", "level"}
    assert inputs["city"]["dtype"] == "string"
    assert inputs["city"]["missing"] == ""
    assert "1970" in inputs["day"]["meaning"]
    assert facts["metric"] == regressor.metric_name_
    assert {"evolearn_version", "sklearn_version"} <= set(facts)
    assert float(facts["largest_relative_difference"]) <= 1e-4


def test_text_where_numbers_were(classifier, regressor, tmp_path):
    path = tmp_path / "model.onnx"
    X = table()[0].astype({"age": object})
    X.loc[3, "age"] = "old"
    with pytest.raises(ValueError, match=r"X_check holds text such as 'old' in column 'age'"):
        regressor.to_onnx(path, X)
    rows = np.array([["a", 1, 2, 3]], dtype=object)
    with pytest.raises(ValueError, match=r"X_check holds text such as 'a' in column 0"):
        classifier.to_onnx(path, rows)
    assert not path.exists()


@pytest.mark.parametrize(
    ("path", "rows", "message"),
    [
        ("", slice(None), "The ONNX file cannot be written to .*: it is a folder"),
        ("none/model.onnx", slice(None), "there is no folder"),
        ("model.onnx", slice(0, 0), "minimum of 1 is required"),
    ],
)
def test_bad_paths_and_rows(path, rows, message, regressor, tmp_path):
    with pytest.raises(ValueError, match=message):
        regressor.to_onnx(tmp_path / path, table()[0].iloc[rows])


def test_other_predictions_are_refused(classifier, tmp_path, monkeypatch):
    path = tmp_path / "model.onnx"
    path.write_bytes(b"an older file")
    key = "evolearn.EnsembleClassifier"
    convert = registry._CONVERTERS[key]

    def shifted(graph, model, x):
        return graph.op("Mul", convert(graph, model, x), 1.001)

    monkeypatch.setitem(registry._CONVERTERS, key, shifted)
    X = np.zeros((3, 4))
    with pytest.raises(OnnxExportError, match=r"difference on the 3 rows of X_check is 0\.001"):
        classifier.to_onnx(path, X)
    assert path.read_bytes() == b"an older file"
    assert [one.name for one in tmp_path.iterdir()] == ["model.onnx"]


class Doubled(RegressorMixin, BaseEstimator):
    """A regressor of another package."""

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X):
        return self.mean_ + 2 * np.asarray(X)[:, 0]


def test_models_of_others_are_named_until_they_register_a_converter(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_CONVERTERS", dict(registry._CONVERTERS))
    X = np.random.default_rng(0).normal(size=(60, 2))
    settings = {**SETTINGS, "search_space": [Doubled()], "n_evaluations": 1}
    model = EvolutionaryRegressor(**settings).fit(X, 2 * X[:, 0])
    with pytest.raises(OnnxExportError, match=r"Doubled in .*step 'estimator' cannot be exp"):
        model.to_onnx(tmp_path / "model.onnx", X)
    assert "no converter is registered" in reasons(model)["best"]

    def doubled(graph, model, x):
        twice = graph.op("Mul", graph.column(x, 0), 2.0)
        return graph.op("Add", twice, model.mean_)

    register_converter(Doubled, doubled)
    model.to_onnx(tmp_path / "model.onnx", X)
    assert set(reasons(model).values()) == {""}


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_space_of_what_exports(task):
    space = exportable_space(task)
    kept = set(space.names)
    assert {"hist_gradient_boosting", "extra_trees", "multi_layer_perceptron"} <= kept
    options = {c.name for cs in space.preparation.values() for c in cs}
    assert {"no_text", "quantile", "spline", "constructed", "one_hot"} <= options
    assert "text_svd" not in options
    everything = SearchSpace.default(task)
    for name in set(everything.names) - kept:
        assert space.left_out[name] == "it has no ONNX form"


def test_search_in_the_space_of_what_exports(tmp_path):
    X, y = table()
    X["words"] = ["some words of text number " + str(i * 7919 % 1009) for i in range(N)]
    model = EvolutionaryRegressor(search_space="onnx", n_evaluations=4, **SETTINGS).fit(X, y)
    assert set(reasons(model).values()) == {""}
    model.to_onnx(tmp_path / "model.onnx", X)


def test_unknown_names_of_spaces_are_refused():
    with pytest.raises(TypeError, match=r"search_space must be None, 'onnx'"):
        EvolutionaryRegressor(search_space="onx", **SETTINGS).fit(*table())
