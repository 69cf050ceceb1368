"""Quick predictions of fitted pipelines are those of the pipelines, to the last bit."""

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from evolearn.quick_prediction import QuickPipeline, quick

RNG = np.random.default_rng(0)
N = 120
CODES = RNG.integers(0, 9, size=(N, 2)).astype(float)
CODES[RNG.random((N, 2)) < 0.1] = np.nan
X = np.column_stack([RNG.normal(size=(N, 3)), CODES])
TARGET = np.nan_to_num(X[:, 3]) + X[:, 0] + RNG.normal(size=N) / 9
CLASSES = np.digitize(TARGET, [1.0, 4.0])
# Codes that the models have not seen come second.
NEW = np.vstack([X[:40], X[:40] + np.array([0.5, 0, 0, 7, 1])])
TREES = {"n_estimators": 7, "random_state": 0, "max_depth": 4}
IMPUTED = SimpleImputer(strategy="constant", fill_value=-1.0)
RARE = {"handle_unknown": "infrequent_if_exist", "sparse_output": False}


def columns(encoder, numbers="passthrough"):
    return ColumnTransformer([("n", numbers, slice(0, 3)), ("c", encoder, [3, 4])])


MODELS = {
    "extra trees": (make_pipeline(IMPUTED, ExtraTreesClassifier(**TREES)), CLASSES),
    "forest": (
        make_pipeline(columns(TargetEncoder()), RandomForestClassifier(**TREES)),
        CLASSES,
    ),
    "classes": (
        make_pipeline(
            columns(OneHotEncoder(**RARE, max_categories=4), make_pipeline(StandardScaler())),
            LogisticRegression(),
        ),
        CLASSES,
    ),
    "numbers": (make_pipeline(IMPUTED, ExtraTreesRegressor(**TREES)), TARGET),
    "missing": (make_pipeline(StandardScaler(), RandomForestRegressor(**TREES)), TARGET),
    "boosting": (
        make_pipeline(
            ColumnTransformer([("n", "passthrough", [0, 1]), ("c", "passthrough", [3, 4])]),
            HistGradientBoostingClassifier(max_iter=5, categorical_features=[2, 3]),
        ),
        CLASSES,
    ),
    "target": (
        make_pipeline(
            StandardScaler(),
            TransformedTargetRegressor(
                HistGradientBoostingRegressor(max_iter=5, categorical_features=[3, 4]),
                func=np.exp,
                inverse_func=np.log,
            ),
        ),
        TARGET,
    ),
    "trees of a target": (
        make_pipeline(
            IMPUTED,
            TransformedTargetRegressor(
                ExtraTreesRegressor(**TREES), func=np.exp, inverse_func=np.log
            ),
        ),
        TARGET,
    ),
    "mask": (
        make_pipeline(
            ColumnTransformer(
                [
                    ("none", StandardScaler(), np.zeros(5, dtype=bool)),
                    ("codes", OneHotEncoder(**RARE), [False, False, False, True, True]),
                ],
                remainder="passthrough",
            ),
            IMPUTED,
            Ridge(),
        ),
        TARGET,
    ),
    "sparse": (
        make_pipeline(columns(OneHotEncoder(handle_unknown="ignore"), IMPUTED), Ridge()),
        TARGET,
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_those_of_the_pipeline(name):
    model, y = MODELS[name]
    model.fit(X, y)
    for method in ("predict", "predict_proba"):
        assert hasattr(quick(model), method) == hasattr(model, method)
        for rows in (NEW, NEW[:1], NEW[70:71]) if hasattr(model, method) else ():
            expected = getattr(model, method)(rows)
            found = getattr(quick(model), method)(rows)
            assert found.dtype == expected.dtype
            assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    "encoder",
    [
        OneHotEncoder(sparse_output=False, handle_unknown="ignore", min_frequency=14),
        OneHotEncoder(**RARE),
        OneHotEncoder(**RARE, max_categories=4),
        OneHotEncoder(**RARE, max_categories=1),
        OneHotEncoder(**RARE, drop="first"),
        OneHotEncoder(sparse_output=False, handle_unknown="warn", min_frequency=14),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        OrdinalEncoder(
            handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=-2
        ),
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, max_categories=5),
        TargetEncoder(target_type="multiclass"),
        TargetEncoder(target_type="continuous"),
    ],
)
@pytest.mark.filterwarnings("ignore:Found unknown categories:UserWarning")
def test_encoders_know_missing_rare_and_unseen_categories(encoder):
    model = Pipeline([("encoder", encoder), ("model", Keeper())]).fit(CODES, CLASSES)
    found, expected = (one.predict(NEW[:, 3:]) for one in (quick(model), model))
    assert np.array_equal(found, expected, equal_nan=True)


class Keeper(Ridge):
    """A model that predicts its input."""

    def fit(self, X, y):
        self.coef_ = np.zeros(X.shape[1])
        return self

    def predict(self, X):
        return X


def test_other_tables_and_models_are_left_to_themselves():
    frame = pd.DataFrame({"a": X[:, 0], "b": np.where(X[:, 1] > 0, "x", "y")})
    model = make_pipeline(
        ColumnTransformer([("a", "passthrough", ["a"]), ("b", OneHotEncoder(), ["b"])]),
        RandomForestRegressor(**TREES),
    ).fit(frame, TARGET)
    assert np.array_equal(QuickPipeline(model).predict(frame), model.predict(frame))
    assert quick(model.steps[-1][1]) is model.steps[-1][1]


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
def test_rows_that_a_forest_refuses_are_refused():
    model = make_pipeline(StandardScaler(), ExtraTreesRegressor(**TREES)).fit(X[:, :3], TARGET)
    with pytest.raises(ValueError, match=r"too large|infinity"):
        quick(model).predict(np.full((1, 3), 1e300))
    with pytest.raises(ValueError, match="features"):
        quick(model).predict(X[:, :2])
