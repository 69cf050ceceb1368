"""Any ordinary table, any target, and the user's own estimators."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from evolearn import (
    Choice,
    ColumnPreparer,
    EvolutionaryClassifier,
    EvolutionaryRegressor,
    Float,
    Integer,
)
from evolearn.exceptions import EvolearnWarning

# -- tables ---------------------------------------------------------------------------------

KINDS = pd.DataFrame(
    {
        "float": np.linspace(-1, 1, 60),
        "integer": np.arange(60) % 7,
        "boolean": np.arange(60) % 2 == 0,
        "text": pd.Series(["one", "two", "three"] * 20, dtype=object),
        "category": pd.Series(["a", "b", "c", "d"] * 15, dtype="category"),
        "when": pd.date_range("2024-01-01", periods=60, freq="D"),
        "lasted": pd.to_timedelta(np.arange(60), unit="h"),
        "key": [f"customer {i}" for i in range(60)],
        "constant": 1.0,
        "missing": np.nan,
        "twin": np.linspace(-1, 1, 60),
    }
)
LABELS = np.repeat(["early", "late"], 30)


def with_holes(table):
    """Return a copy in which every column misses some values, each in its own way."""
    holes = table.astype({"integer": "Int64", "boolean": "boolean", "text": "string"})
    for position, column in enumerate(holes):
        holes.loc[holes.index[position::13], column] = None
    return holes


def as_arrow(table):
    import pyarrow

    return pyarrow.Table.from_pandas(table, preserve_index=False)


def as_polars(table):
    import polars

    return polars.from_arrow(as_arrow(table))


def numeric(table):
    return table[["float", "integer", "boolean", "constant", "twin"]].astype(float)


TABLES = {
    "pandas": KINDS,
    "pandas with holes": with_holes(KINDS),
    "pandas with another index": with_holes(KINDS).set_index(np.arange(60)[::-1] * 3),
    "pandas on arrow": with_holes(KINDS).convert_dtypes(dtype_backend="pyarrow"),
    "polars": as_polars(KINDS),
    "polars with holes": as_polars(with_holes(KINDS)),
    "arrow": as_arrow(KINDS),
    "arrow with holes": as_arrow(with_holes(KINDS)),
    "numbers with NaN": numeric(KINDS).mask(numeric(KINDS) > 0.9).to_numpy(),
    "single precision": numeric(KINDS).to_numpy(dtype=np.float32),
    "integers": KINDS[["integer"]].to_numpy().repeat(2, axis=1),
    "booleans": np.column_stack([KINDS["boolean"], LABELS == "late"]),
    "objects": KINDS[["float", "text", "integer"]].to_numpy(dtype=object),
    "strings": KINDS[["text", "key"]].to_numpy(dtype=str),
    "nested list": numeric(KINDS).to_numpy().tolist(),
    "csr matrix": sparse.csr_matrix(numeric(KINDS).to_numpy()),
    "csc array": sparse.csc_array(numeric(KINDS).to_numpy()),
    "read-only": np.asfortranarray(numeric(KINDS).to_numpy()),
}
TABLES["read-only"].setflags(write=False)


@pytest.mark.parametrize("X", TABLES.values(), ids=TABLES)
def test_any_table_is_fitted_and_predicted(fast, X):
    # The default search space: every preparation a candidate may ask for meets every kind.
    model = EvolutionaryClassifier(**fast).fit(X, LABELS)
    assert not any(model.cv_results_["failure"])
    predicted = model.predict(X)
    assert predicted.shape == LABELS.shape
    assert set(predicted) <= {"early", "late"}
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


@pytest.mark.parametrize(
    "X", [TABLES["pandas with holes"], TABLES["polars with holes"]], ids=["pandas", "polars"]
)
def test_any_table_is_taken_by_the_regressor(fast, X):
    model = EvolutionaryRegressor(**fast).fit(X, np.arange(60.0))
    assert not any(model.cv_results_["failure"])
    assert model.predict(X).shape == (60,)


SHUFFLED = list(KINDS.columns[::-1])


@pytest.mark.parametrize(
    ("X", "reordered"),
    [
        pytest.param(KINDS, KINDS[SHUFFLED], id="pandas"),
        pytest.param(as_polars(KINDS), as_polars(KINDS).select(SHUFFLED), id="polars"),
        pytest.param(as_arrow(KINDS), as_arrow(KINDS).select(SHUFFLED), id="arrow"),
        pytest.param(KINDS, KINDS.assign(extra=1), id="an additional column"),
    ],
)
def test_columns_are_found_by_name_at_predict(fast, cheap_classifiers, X, reordered):
    model = EvolutionaryClassifier(search_space=cheap_classifiers, **fast).fit(X, LABELS)
    np.testing.assert_array_equal(model.predict_proba(reordered), model.predict_proba(X))


def test_a_row_alone_is_predicted_as_it_is_among_others(fitted_classifier):
    model, X, _ = fitted_classifier
    together = model.predict_proba(X)
    for row in (0, 5, 11):
        np.testing.assert_allclose(model.predict_proba(X.iloc[[row]])[0], together[row])


def test_categories_are_frozen_at_fit(fast, multiclass):
    X, y = multiclass
    X = X.assign(city=X["city"].astype("category"))
    model = EvolutionaryClassifier(**fast).fit(X, y)
    fewer = X[X["city"] == "Celle"]
    fewer = fewer.assign(city=fewer["city"].cat.remove_unused_categories())
    expected = model.predict_proba(X)[(X["city"] == "Celle").to_numpy()]
    np.testing.assert_allclose(model.predict_proba(fewer), expected)


def test_unseen_categories_and_missing_values_are_predicted(fitted_classifier):
    model, X, _ = fitted_classifier
    unseen = X.assign(city="Zwickau")
    nothing = X.assign(city=None, size=np.nan, age=np.nan)
    with pytest.warns(EvolearnWarning, match=r"column 'city'.*'Zwickau'"):
        assert np.isfinite(model.predict_proba(unseen)).all()
    assert np.isfinite(model.predict_proba(nothing)).all()


def test_text_decides_where_nothing_else_does(fast, cheap_classifiers):
    X = pd.DataFrame({"text": pd.Series(["one", "two", "three"] * 20, dtype=object)})
    y = (X["text"] == "two").astype(int)
    model = EvolutionaryClassifier(search_space=cheap_classifiers, scoring="accuracy", **fast)
    assert model.fit(X, y).best_fitness_ == 0


def test_dates_decide_where_nothing_else_does(fast, cheap_classifiers):
    X = pd.DataFrame({"when": pd.date_range("2024-01-01", periods=60, freq="D")})
    model = EvolutionaryClassifier(search_space=cheap_classifiers, scoring="accuracy", **fast)
    assert model.fit(X, LABELS).best_fitness_ < 0.1
    assert type(model.best_estimator_[0]) is ColumnPreparer


# -- targets --------------------------------------------------------------------------------


def test_string_labels_come_back_as_strings(fitted_classifier):
    model, X, y = fitted_classifier
    predicted = model.predict(X)
    assert all(isinstance(label, str) for label in predicted)
    assert np.mean(predicted == y) > 0.6
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (len(X), 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(model.classes_[probabilities.argmax(axis=1)], predicted)


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(np.array([False, True]), id="bool"),
        pytest.param(np.array([-1, 1]), id="minus and plus one"),
        pytest.param(np.array([10, 20], dtype=np.uint8), id="small integers"),
        pytest.param(np.array([0.0, 1.0]), id="floats"),
        pytest.param(np.array(["no", "yes"]), id="fixed strings"),
        pytest.param(np.array(["no", "yes"], dtype=object), id="object strings"),
    ],
)
def test_labels_of_any_type_come_back_as_they_were(fast, numbers, cheap_classifiers, labels):
    X, y = numbers
    model = EvolutionaryClassifier(search_space=cheap_classifiers, **fast).fit(X, labels[y])
    assert model.predict(X).dtype == labels.dtype
    assert np.mean(model.predict(X) == labels[y]) > 0.8
    np.testing.assert_array_equal(model.classes_, np.unique(labels))


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda y: pd.Series(y, dtype="category"), id="category"),
        pytest.param(lambda y: pd.Series(y, dtype="string"), id="pandas string"),
        pytest.param(lambda y: pd.DataFrame({"label": y})["label"], id="series"),
        pytest.param(lambda y: list(y), id="list"),
    ],
)
def test_labels_in_any_container_are_understood(fast, numbers, cheap_classifiers, wrap):
    X, y = numbers
    labels = np.array(["no", "yes"], dtype=object)[y]
    model = EvolutionaryClassifier(search_space=cheap_classifiers, **fast).fit(X, wrap(labels))
    assert list(model.classes_) == ["no", "yes"]
    assert np.mean(model.predict(X) == labels) > 0.8


def test_a_class_of_one_row_keeps_its_column_and_its_row(fast, numbers):
    X, y = numbers
    labels = np.array(["no", "yes"], dtype=object)[y]
    labels[0], X[0] = "rare", 50.0
    model = EvolutionaryClassifier(**{**fast, "n_evaluations": 10}).fit(X, labels)
    assert list(model.classes_) == ["no", "rare", "yes"]
    probabilities = model.predict_proba(X)
    assert probabilities.shape == (len(X), 3)
    assert probabilities[0, 1] > probabilities[1:, 1].mean(), "the row took part in training"
    assert np.isfinite(model.best_fitness_)


def test_a_class_smaller_than_the_folds_is_never_lost(fast, multiclass, cheap_classifiers):
    X, y = multiclass
    y = y.copy()
    y[[3, 30]] = "rare"
    for scoring in (None, "roc_auc_ovr", "accuracy", "balanced_accuracy"):
        model = EvolutionaryClassifier(search_space=cheap_classifiers, **fast)
        model.set_params(scoring=scoring, cv=None, n_evaluations=3).fit(X, y)
        assert list(model.classes_) == ["cheap", "dear", "fair", "rare"]
        assert model.predict_proba(X).shape == (len(X), 4)
        assert np.isfinite(model.best_fitness_)


@pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(lambda y: y.astype(int), id="integers"),
        pytest.param(lambda y: y.astype(np.float32), id="single precision"),
        pytest.param(lambda y: y > 4, id="bool"),
        pytest.param(lambda y: pd.Series(y.round()).astype("Int64"), id="nullable integers"),
        pytest.param(lambda y: pd.Series(y).astype("Float64"), id="nullable floats"),
        pytest.param(lambda y: y[:, None].tolist(), id="nested list", marks=()),
        pytest.param(lambda y: list(y), id="list"),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.DataConversionWarning")
def test_regression_targets_of_any_numeric_kind(fast, regression, cheap_regressors, wrap):
    X, y = regression
    model = EvolutionaryRegressor(search_space=cheap_regressors, **fast).fit(X, wrap(y))
    predicted = model.predict(X)
    assert predicted.shape == y.shape
    assert predicted.dtype.kind == "f"
    assert np.corrcoef(predicted, y)[0, 1] > 0.5


# -- the user's own estimators --------------------------------------------------------------


def estimators_tried(model):
    return {params["estimator"] for params in model.cv_results_["params"]}


def test_an_estimator_instance_is_searched_beside_names(fast, binary):
    X, y = binary
    space = [ExtraTreesClassifier(n_estimators=7, random_state=0), "decision_tree"]
    model = EvolutionaryClassifier(search_space=space, **fast).fit(X, y)
    assert len(estimators_tried(model)) == 2
    assert "decision_tree" in estimators_tried(model)


def test_an_instance_keeps_the_parameters_it_was_given(fast, binary):
    X, y = binary
    space = [ExtraTreesClassifier(n_estimators=7, random_state=0)]
    model = EvolutionaryClassifier(search_space=space, final_model="single", **fast).fit(X, y)
    assert model.best_estimator_[-1].n_estimators == 7


def test_parameters_of_an_own_estimator_are_searched_within_their_domains(fast, binary):
    X, y = binary
    domains = {
        "C": Float(0.01, 10.0, log=True),
        "max_iter": Integer(200, 400),
        "fit_intercept": Choice(True, False),
    }
    space = [(LogisticRegression(), domains)]
    fast["n_evaluations"] = 10
    model = EvolutionaryClassifier(search_space=space, **fast).fit(X, y)
    name = model.best_params_["estimator"]
    table = pd.DataFrame(model.cv_results_)
    C = table[f"param_{name}__C"].astype(float)
    assert C.between(0.01, 10).all()
    assert C.nunique() > 3
    iterations = table[f"param_{name}__max_iter"]
    assert all(isinstance(value, int | np.integer) for value in iterations)
    assert set(table[f"param_{name}__fit_intercept"]) <= {True, False}


def test_the_users_estimator_itself_is_not_fitted(fast, numbers):
    X, y = numbers
    mine = LogisticRegression()
    EvolutionaryClassifier(search_space=[mine], **fast).fit(X, y)
    assert not hasattr(mine, "coef_")


def test_a_pipeline_is_taken_whole(fast, binary):
    X, y = binary

    class SeesTheTable(LogisticRegression):
        """Fails unless its columns are those that its own pipeline made."""

        def fit(self, X, y):
            assert X.shape[1] == 3 + 1  # three cities, a missing one, nothing else
            return super().fit(X, y)

    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]))
    space = [make_pipeline(encode, SeesTheTable())]
    model = EvolutionaryClassifier(search_space=space, final_model="single", **fast).fit(X, y)
    assert not any(model.cv_results_["failure"])
    assert model.predict(X).shape == y.shape
