"""Code of fitted models: scripts that predict the same without evolearn."""

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.tree import DecisionTreeClassifier

import evolearn.networks
import evolearn.transformers
from evolearn import CodeExportError, EvolutionaryClassifier, EvolutionaryRegressor
from evolearn.ensemble.stacking import BLEND, FirstLayer, StackingLayer, stacked
from evolearn.export.code.check import check_code
from evolearn.export.code.definitions import Definitions
from evolearn.export.code.parts import tables
from evolearn.export.code.parts.program import read_csv
from evolearn.export.code.parts.tables import TableReader
from evolearn.export.code.rows import drawn_rows
from evolearn.export.code.script import write_script
from evolearn.pipeline.component import Component

rng = np.random.default_rng(0)
N_ROWS = 90


def in_this_process():
    return ThreadPoolExecutor(1)


def without_evolearn(monkeypatch, source):
    """Return the names that a script defines where evolearn cannot be imported."""
    names = {"__name__": "script"}
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "evolearn", None)
        exec(compile(source, "script.py", "exec"), names)
    return names


@pytest.fixture(scope="module")
def mixed():
    """A table with numbers, categories and missing values, and its columns by name."""
    pandas = pytest.importorskip("pandas")
    numbers = rng.normal(size=(N_ROWS, 2)).round(2)
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    city = rng.choice(["Bern", "Oslo", None], N_ROWS)
    grade = pandas.Categorical(
        rng.choice(["low", "high"], N_ROWS), categories=["low", "high"], ordered=True
    )
    day = np.datetime64("2020-01-01") + rng.integers(0, 900, N_ROWS)
    words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta"]
    price = [f"{one:.2f} kg".replace(".", ",") for one in rng.uniform(0, 9, N_ROWS)]
    price = np.where(rng.random(N_ROWS) < 0.4, rng.choice(["never", "n/a"], N_ROWS), price)
    frame = pandas.DataFrame(
        {
            "a": numbers[:, 0],
            "b": numbers[:, 1],
            "city": city,
            "grade": grade,
            "day": day,
            "sold": pandas.to_datetime(day[::-1]).tz_localize("Europe/Berlin"),
            "price": price,
            "written": pandas.to_datetime(day).strftime("%d.%m.%Y"),
            "size": [f"{one:.2f},{one + 1:.1f}" for one in rng.normal(size=N_ROWS)],
            "large": rng.integers(0, 1000, N_ROWS) + 2**60,
            "coupon": [f"C{i}X{7 * i}" if i % 2 else None for i in range(N_ROWS)],
            "note": [" ".join(rng.choice(words, 4)) for _ in range(N_ROWS)],
        }
    )
    columns = {name: np.asarray(frame[name]) for name in frame}
    return frame, columns, np.nan_to_num(numbers).sum(axis=1) + (grade == "low")


@pytest.fixture(scope="module")
def regressor(mixed):
    frame, _, y = mixed
    return EvolutionaryRegressor(
        time_budget=None,
        n_evaluations=6,
        search_space=["ridge", "decision_tree"],
        random_state=0,
        executor=in_this_process,
    ).fit(frame, y)


@pytest.fixture(scope="module")
def classifier():
    X = rng.normal(size=(N_ROWS, 3))
    y = np.where(X[:, 0] > 0, "yes", "no")
    return EvolutionaryClassifier(
        time_budget=None,
        n_evaluations=4,
        search_space=["logistic_regression", "decision_tree"],
        random_state=0,
        executor=in_this_process,
    ).fit(X, y)


@pytest.mark.filterwarnings("ignore:n_quantiles")
def test_code_of_every_candidate_predicts_as_refit_does(monkeypatch, mixed, regressor):
    frame, columns, y = mixed
    numbers = regressor.leaderboard_["candidate"]
    for number in numbers[numbers >= 0]:
        script = regressor.to_code(int(number), verify=False)
        fit = without_evolearn(monkeypatch, script)["fit"]
        expected = regressor.refit(int(number), frame, y).predict(frame)
        np.testing.assert_allclose(fit(columns, y).predict(columns), expected, rtol=1e-12)
        np.testing.assert_allclose(fit(frame, y).predict(frame), expected, rtol=1e-12)


def test_drawn_rows_have_all_kinds_of_columns(regressor):
    source = regressor._model_source()
    model = source.winner()
    X, y = drawn_rows(model.preparer.columns_, source.fitter.problem, source.task)
    read = TableReader(model.columns).fit(dict(zip(model.names, X.T, strict=True)))
    matrix = read.transform(dict(zip(model.names, X.T, strict=True)))
    assert len(matrix) == len(y)
    assert {type(column).__name__ for column in model.columns} >= {
        "MarkColumn", "PresenceColumn", "TextColumn", "VectorColumn", "WrittenColumn",
        "ZonedDateColumn",
    }  # fmt: skip
    np.testing.assert_array_equal(matrix, model.preparer.fit(X).transform(X))


def test_verified_code_is_executed_and_equal(classifier):
    script = classifier.to_code()
    assert "evolearn" not in script.split('"""', 2)[2]


def test_code_of_a_stacking_layer_predicts_the_same(monkeypatch, classifier):
    source, X = classifier._model_source(), rng.normal(size=(80, 3))
    y = np.where(X[:, 0] + rng.normal(size=80) > 0, "yes", "no")
    members = [(model, False) for model in classifier.estimator_.estimators_]
    step = evolearn.ColumnPreparer().fit(X)
    first = FirstLayer(step, members, source.task, position=3)
    models = {"forest": DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y)}
    layer = StackingLayer({"forest": 0.4, BLEND: 0.6}, models, sharpness=1.5)
    served = stacked(first, classifier.estimator_.weights, 0.9, layer)
    source = replace(source, served=served, stacking=["forest", BLEND])
    model = source.predictor()
    fit = without_evolearn(monkeypatch, write_script(model))["fit"]
    expected = model.fit(X, y).predict_proba(X)
    np.testing.assert_allclose(fit(X, y).predict_proba(X), expected, rtol=1e-12)


def test_program_trains_and_prints_the_error(monkeypatch, capsys, tmp_path, mixed, regressor):
    frame, _, y = mixed
    path = tmp_path / "table.csv"
    frame.assign(target=y).to_csv(path, index=False)
    main = without_evolearn(monkeypatch, regressor.to_code("best", verify=False))["main"]
    main(path, "target")
    assert "RMSE on held-out rows: " in capsys.readouterr().out


def test_code_that_predicts_otherwise_is_refused(classifier):
    source = classifier._model_source().predictor()
    X = rng.normal(size=(60, 3))
    y = np.where(X[:, 1] > 0, "yes", "no")
    wrong = (
        "class Wrong:\n"
        "    def predict_proba(self, X):\n"
        "        return [[0.5, 0.5]] * len(X)\n"
        "def fit(X, y):\n"
        "    return Wrong()\n"
    )
    with pytest.raises(CodeExportError, match="differ from evolearn's by"):
        check_code(wrong, source.fit, X, X, y)


class ImportingMean(RegressorMixin, BaseEstimator):
    def fit(self, X, y):
        self.mean_ = np.mean(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


def test_class_that_cannot_be_imported_is_named(mixed):
    class Local(ImportingMean):
        pass

    X = rng.normal(size=(60, 3))
    model = EvolutionaryRegressor(
        time_budget=None,
        n_evaluations=1,
        search_space=[Component("local", Local)],
        random_state=0,
        executor=in_this_process,
    )
    model.fit(X, X[:, 0])
    with pytest.raises(CodeExportError, match=r"step 'estimator'.*Local"):
        model.to_code("best")


def test_unknown_candidate_and_missing_target_are_named(classifier):
    with pytest.raises(ValueError, match="There is no candidate 99"):
        classifier.to_code(99)
    with pytest.raises(ValueError, match="both X and y"):
        classifier.to_code(X=np.zeros((3, 3)))


def test_names_in_scripts_are_unique():
    definitions = Definitions()
    for part in [*vars(tables).values(), *(type(step) for step, _ in OWN_STEPS)]:
        if getattr(part, "__module__", "").startswith("evolearn."):
            definitions.add(part)
    below = definitions.continued()
    below.add(read_csv)
    assert "MISSING_2 = {" in below.source  # MISSING is the code of missing categories
    assert "if cell in MISSING_2" in below.source


CODES = np.column_stack([rng.normal(size=(60, 2)), rng.integers(0, 3, (60, 2))])
GAPS = np.where(rng.random(CODES.shape) < 0.2, np.nan, CODES)
OWN_STEPS = [
    (evolearn.transformers.BestColumns(percentile=50), CODES),
    (evolearn.transformers.ColumnMask(left_out=[1]), GAPS),
    (evolearn.transformers.KnownColumns(), GAPS),
    (evolearn.transformers.NewMissingImputer(), CODES),
    (evolearn.transformers.KnownCategories(columns=[2, 3]), CODES),
    (evolearn.transformers.CodeImputer(), GAPS),
    (evolearn.transformers.ConstructedFeatures(expressions=["div(log1p(x0), x1)"]), GAPS),
    (evolearn.transformers.DateFeatures(cycles=[(0, 7.0)], differences=[(1, 0)]), GAPS),
    (
        evolearn.transformers.CategoryRelations(
            relations=["mean(x0 | c1)", "cross(c0, c1)", "frequency(c0)"], n_categorical=2
        ),
        GAPS,
    ),
    (evolearn.networks.NetworkRegressor(max_iter=2, random_state=0), CODES),
    (
        evolearn.networks.NetworkClassifier(
            max_iter=2, embedding="periodic", categorical_features=[2, 3], random_state=0
        ),
        CODES,
    ),
]


@pytest.mark.parametrize(
    ("step", "X"), OWN_STEPS, ids=[type(step).__name__ for step, _ in OWN_STEPS]
)
def test_own_steps_are_written_out(monkeypatch, step, X):
    definitions = Definitions()
    definitions.add(type(step))
    imports = "\n".join(one.statement for one in definitions.imports)
    names = without_evolearn(monkeypatch, f"{imports}\n{definitions.source}")
    copy = names[type(step).__name__](**step.get_params())
    y = np.arange(60) % 3
    X_new = np.vstack([X[:20], X[:5] + 9])
    if step.__sklearn_tags__().input_tags.allow_nan:
        X_new[:, 0] = np.nan
    method = "transform" if hasattr(step, "transform") else "predict"
    expected = getattr(step.fit(X, y), method)(X_new)
    np.testing.assert_array_equal(getattr(copy.fit(X, y), method)(X_new), expected)
