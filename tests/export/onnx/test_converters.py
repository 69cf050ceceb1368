"""Each converter: the file predicts what the model does, also on new and missing values."""

import importlib

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
    VotingClassifier,
)
from sklearn.feature_selection import SelectFromModel, f_regression
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import (
    ElasticNet,
    LogisticRegression,
    Ridge,
    RidgeCV,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    OneHotEncoder,
    PolynomialFeatures,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.random_projection import GaussianRandomProjection
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from evolearn.export.onnx.exporting import export
from evolearn.networks import NetworkClassifier, NetworkRegressor
from evolearn.transformers import (
    OPERATORS,
    BestColumns,
    BoundedTarget,
    CategoryRelations,
    CodeImputer,
    ColumnMask,
    ConstructedFeatures,
    DateFeatures,
    KnownCategories,
    KnownColumns,
    NewMissingImputer,
)

rng = np.random.default_rng(0)
NUMBERS = np.column_stack([rng.normal(size=(120, 3)), rng.integers(0, 6, 120)])
NEW = np.vstack([rng.normal(scale=2, size=(40, 3)).T, rng.integers(-1, 8, 40)]).T
NEW = np.vstack([NEW, NUMBERS[:20]])
MISSING = np.where(rng.random(NUMBERS.shape) < 0.1, np.nan, NUMBERS)
NEW_MISSING = np.where(rng.random(NEW.shape) < 0.1, np.nan, NEW)
CODES = np.column_stack([rng.integers(0, 12, 120), rng.integers(0, 3, 120)]).astype(float)
CODES[::17, 0] = np.nan
NEW_CODES = np.vstack([CODES[:40], [[99.0, 1.0], [np.nan, np.nan], [3.0, 7.0]]])
TARGET = 100 * NUMBERS[:, 0] + NUMBERS[:, 1] ** 2 + 20 * NUMBERS[:, 3] + 800
TWO = np.array(["no", "yes"])[(TARGET > 840).astype(int)]
THREE = np.digitize(TARGET, [780, 900])


def check(model, tmp_path, X, y, new):
    model.fit(X, y)
    export(model, model, tmp_path / "model.onnx", new, {})


FEW = {"n_estimators": 5, "random_state": 0}
REGRESSORS = {
    "ridge": Ridge(),
    "ridge_cv": RidgeCV(),
    "elastic_net": ElasticNet(),
    "sgd": Pipeline([("s", StandardScaler()), ("m", SGDRegressor(random_state=0))]),
    "tree": DecisionTreeRegressor(max_leaf_nodes=9),
    "forest": RandomForestRegressor(**FEW),
    "extra": ExtraTreesRegressor(**FEW),
    "boosting": GradientBoostingRegressor(**FEW),
    "histogram": HistGradientBoostingRegressor(max_iter=5),
    "poisson": HistGradientBoostingRegressor(loss="poisson", max_iter=5),
    "neighbors": KNeighborsRegressor(7, weights="distance"),
    "manhattan": KNeighborsRegressor(7, p=1),
    "svr": SVR(gamma=0.1),
    "svr_poly": SVR(kernel="poly", gamma=0.1),
    "nystroem": Pipeline(
        [("map", Nystroem(n_components=30, gamma=0.1, random_state=0)), ("m", Ridge())]
    ),
    "gp": GaussianProcessRegressor(
        ConstantKernel() * Matern(nu=1.5) + WhiteKernel(0.1), optimizer=None, normalize_y=True
    ),
    "gp_smooth": GaussianProcessRegressor(
        ConstantKernel() * Matern(nu=2.5) + RBF(2.0) + WhiteKernel(0.1), optimizer=None
    ),
    "network": NetworkRegressor(hidden_layer_sizes=(8,), max_iter=2, random_state=0),
    "periodic": NetworkRegressor(
        (8, 8), embedding="periodic", activation="tanh", max_iter=2, random_state=0
    ),
}


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressors(name, tmp_path):
    check(REGRESSORS[name], tmp_path, NUMBERS, TARGET, NEW)


CLASSIFIERS = {
    "logistic": LogisticRegression(),
    "sgd": SGDClassifier(loss="log_loss", random_state=0),
    "huber": SGDClassifier(loss="modified_huber", random_state=0),
    "linear_discriminant": LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    "quadratic_discriminant": QuadraticDiscriminantAnalysis(reg_param=0.1),
    "naive_bayes": GaussianNB(),
    "tree": DecisionTreeClassifier(max_leaf_nodes=9),
    "forest": RandomForestClassifier(**FEW),
    "extra": ExtraTreesClassifier(**FEW),
    "boosting": GradientBoostingClassifier(**FEW),
    "histogram": HistGradientBoostingClassifier(max_iter=5),
    "neighbors": KNeighborsClassifier(7, weights="distance"),
    "svc": CalibratedClassifierCV(SVC(gamma=0.1), ensemble=False, cv=3),
    "sigmoid": CalibratedClassifierCV(SVC(kernel="sigmoid"), ensemble=False, cv=3),
    "vote": VotingClassifier([("one", LogisticRegression())], voting="soft"),
    "network": NetworkClassifier(hidden_layer_sizes=(8,), max_iter=2, random_state=0),
}


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifiers(name, y, tmp_path):
    check(CLASSIFIERS[name], tmp_path, NUMBERS, y, NEW)


TAKE_MISSING = {
    "tree": DecisionTreeRegressor(max_leaf_nodes=20),
    "forest": RandomForestRegressor(**FEW),
    "histogram": HistGradientBoostingRegressor(max_iter=9, min_samples_leaf=5),
    "categories": HistGradientBoostingRegressor(
        max_iter=9, min_samples_leaf=5, categorical_features=[3]
    ),
    "known": Pipeline(
        [("k", KnownColumns()), ("m", HistGradientBoostingRegressor(max_iter=5))]
    ),
}


@pytest.mark.parametrize("name", TAKE_MISSING)
def test_missing_values(name, tmp_path):
    check(TAKE_MISSING[name], tmp_path, MISSING, TARGET, NEW_MISSING)


def test_values_missing_in_new_rows_only(tmp_path):
    model = Pipeline([("i", NewMissingImputer()), ("m", HistGradientBoostingRegressor())])
    check(model, tmp_path, NUMBERS, TARGET, NEW_MISSING)


@pytest.mark.parametrize("y", [TWO, THREE], ids=["two", "three"])
def test_many_categories_of_boosted_trees(y, tmp_path):
    X = np.column_stack([CODES, NUMBERS[:, :2]])
    new = np.column_stack([NEW_CODES, NEW[: len(NEW_CODES), :2]])
    model = HistGradientBoostingClassifier(
        max_iter=6, min_samples_leaf=4, categorical_features=[0, 1]
    )
    check(model, tmp_path, X, y, new)


def test_missing_categories_of_boosted_trees(tmp_path):
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 10, (400, 2)).astype(np.float64)
    X = np.column_stack([codes, rng.normal(size=400)])
    y = rng.normal(size=10)[codes.astype(int)].sum(axis=1) + rng.normal(size=400)
    X[rng.random(400) < 0.3, 0] = np.nan
    X[rng.random(400) < 0.5, 1] = np.nan
    model = HistGradientBoostingRegressor(
        max_iter=8, min_samples_leaf=4, categorical_features=[0, 1]
    )
    check(model, tmp_path, X, y, X)


STEPS = {
    "imputer": SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
    "most_frequent": SimpleImputer(strategy="most_frequent"),
    "standard": StandardScaler(),
    "robust": RobustScaler(unit_variance=True),
    "max_abs": MaxAbsScaler(),
    "quantile": QuantileTransformer(output_distribution="normal", n_quantiles=50),
    "uniform": QuantileTransformer(n_quantiles=20),
    "power": Pipeline([("unit", StandardScaler()), ("power", PowerTransformer())]),
    "pca": PCA(0.9, svd_solver="full", whiten=True),
    "svd": TruncatedSVD(2, random_state=0),
    "projection": GaussianRandomProjection(3, random_state=0),
    "spline": SplineTransformer(
        8, knots="quantile", extrapolation="constant", include_bias=False
    ),
    "uniform_spline": SplineTransformer(5, extrapolation="constant", include_bias=False),
    "bins": KBinsDiscretizer(5, encode="onehot-dense", strategy="uniform"),
    "polynomial": PolynomialFeatures(include_bias=False),
    "interactions": PolynomialFeatures(include_bias=False, interaction_only=True),
    "best": BestColumns(f_regression, percentile=50),
    "by_trees": SelectFromModel(ExtraTreesRegressor(**FEW)),
    "mask": ColumnMask(left_out=[1]),
    "dates": DateFeatures(cycles=[(0, 7.0)], harmonics=2, differences=[(1, 0)]),
    "columns": ColumnTransformer(
        [("a", StandardScaler(), slice(0, 2)), ("b", "passthrough", [3])]
    ),
    "formulas": ConstructedFeatures(
        expressions=[
            f"{name}({', '.join(['x0', 'x3'][: operator.arity])})"
            for name, operator in OPERATORS.items()
        ]
        + ["div(log1p(x0), square(sub(x1, x1)))"]
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_steps(name, tmp_path):
    missing = name in ("imputer", "most_frequent", "formulas")
    X, new = (MISSING, NEW_MISSING) if missing else (NUMBERS, NEW)
    last = [("fill", SimpleImputer()), ("model", Ridge())]
    check(Pipeline([("step", STEPS[name]), *last]), tmp_path, X, TARGET, new)


OF_CATEGORIES = {
    "one_hot": OneHotEncoder(
        handle_unknown="infrequent_if_exist", sparse_output=False, max_categories=6
    ),
    "target_means": TargetEncoder(),
    "codes": CodeImputer(),
    "known_categories": KnownCategories(columns=[0]),
}


@pytest.mark.parametrize("y", [TARGET, TWO, THREE], ids=["number", "two", "three"])
@pytest.mark.parametrize("name", OF_CATEGORIES)
def test_steps_of_categories(name, y, tmp_path):
    last = LogisticRegression() if y is not TARGET else Ridge()
    steps = [("step", OF_CATEGORIES[name]), ("fill", SimpleImputer()), ("model", last)]
    check(Pipeline(steps), tmp_path, CODES, y, NEW_CODES)


def test_relations_of_categories(tmp_path):
    relations = ["frequency(c0)", "cross(c0, c1)", "mean(x0 | c0)", "std(x1 | c1)"]
    step = CategoryRelations(relations=[*relations, "x0 - mean(x0 | c0)"], n_categorical=2)
    X = np.column_stack([NUMBERS[:, :2], CODES])
    new = np.column_stack([NEW[: len(NEW_CODES), :2], NEW_CODES])
    model = Pipeline([("step", step), ("fill", SimpleImputer()), ("model", Ridge())])
    check(model, tmp_path, X, TARGET, new)


def test_vectors_of_categories(tmp_path):
    X = np.column_stack([np.nan_to_num(CODES, nan=-1), NUMBERS[:, :2]])
    new = np.column_stack([np.nan_to_num(NEW_CODES, nan=-1), NEW[: len(NEW_CODES), :2]])
    model = NetworkClassifier((8,), categorical_features=[0, 1], max_iter=3, random_state=0)
    check(model, tmp_path, X, THREE, new)


TARGETS = {
    "standard": StandardScaler(),
    "log": BoundedTarget(FunctionTransformer(np.log1p, np.expm1, check_inverse=False)),
    "power": BoundedTarget(
        Pipeline([("unit", StandardScaler()), ("power", PowerTransformer())])
    ),
    "quantile": QuantileTransformer(output_distribution="normal", n_quantiles=100),
}


@pytest.mark.parametrize("name", TARGETS)
def test_transformed_targets(name, tmp_path):
    model = TransformedTargetRegressor(Ridge(), transformer=TARGETS[name], check_inverse=False)
    check(model, tmp_path, NUMBERS, TARGET - TARGET.min(), NEW)


def boosting_libraries():
    few = {"n_estimators": 6, "n_jobs": 1, "random_state": 0}
    catboost = {"iterations": 6, "depth": 3, "thread_count": 1, "random_state": 0}
    return {
        "lightgbm": ("LGBM", {**few, "verbose": -1, "min_child_samples": 5}),
        "xgboost": ("XGB", {**few, "max_depth": 3, "tree_method": "hist"}),
        "catboost": ("CatBoost", {**catboost, "verbose": False, "allow_writing_files": False}),
    }


@pytest.mark.parametrize("task", ["number", "two", "three"])
@pytest.mark.parametrize("library", ["lightgbm", "xgboost", "catboost"])
def test_boosting_libraries(library, task, tmp_path):
    y = {"number": TARGET, "two": (TARGET > 840).astype(int), "three": THREE}[task]
    prefix, settings = boosting_libraries()[library]
    kind = "Regressor" if task == "number" else "Classifier"
    model = getattr(importlib.import_module(library), f"{prefix}{kind}")(**settings)
    check(model, tmp_path, MISSING, y, NEW_MISSING)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_categories_of_boosting_libraries(library, tmp_path):
    X = np.column_stack([CODES, NUMBERS[:, :2]])
    new = np.column_stack([NEW_CODES, NEW[: len(NEW_CODES), :2]])
    new[new[:, 0] == 99, 0] = np.nan  # as the preparation makes unseen categories
    prefix, settings = boosting_libraries()[library]
    model = getattr(importlib.import_module(library), f"{prefix}Regressor")(**settings)
    if library == "lightgbm":
        settings = {"categorical_column": [0, 1], "cat_smooth": 1.0, "min_data_per_group": 2}
    else:
        settings = {"enable_categorical": True, "feature_types": ["c", "c", "q", "q"]}
    check(model.set_params(**settings), tmp_path, X, TARGET, new)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost", "catboost"])
def test_logarithms_of_boosting_libraries(library, tmp_path):
    prefix, settings = boosting_libraries()[library]
    losses = {
        "lightgbm": {"objective": "poisson"},
        "xgboost": {"objective": "count:poisson"},
        "catboost": {"loss_function": "Poisson"},
    }
    model = getattr(importlib.import_module(library), f"{prefix}Regressor")(**settings)
    check(model.set_params(**losses[library]), tmp_path, MISSING, TARGET / 100, NEW_MISSING)
