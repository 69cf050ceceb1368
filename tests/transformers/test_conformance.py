"""The conformance suite and scikit-learn's checks, run on all own transformers."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import FunctionTransformer, PowerTransformer, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from evolearn import transformers
from evolearn.data import ColumnPreparer
from evolearn.testing.transformers import N_ROWS, TransformerConformance
from evolearn.transformers import (
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

RELATIONS = [
    "frequency(c0)",
    "cross(c0, c1)",
    "mean(x0 | c1)",
    "std(x1 | c0)",
    "x0 - mean(x0 | c1)",
]
OWN = [
    BestColumns(),
    BoundedTarget(StandardScaler()),
    CategoryRelations(),
    CategoryRelations(relations=["frequency(c0)"], n_categorical=1),
    CodeImputer(),
    CodeImputer(keep_learned=True, columns=[0]),
    ColumnMask(),
    ColumnMask(left_out=[0]),
    ConstructedFeatures(),
    ConstructedFeatures(expressions=["log1p(x0)"]),
    DateFeatures(),
    DateFeatures(cycles=[(0, 7.0)], harmonics=3, differences=[(0, 0)]),
    KnownCategories(),
    KnownCategories(columns=[0]),
    KnownColumns(),
    NewMissingImputer(),
    NewMissingImputer(columns=[0]),
]
# These need more columns than the tables of scikit-learn's checks have.
WIDE = [
    BestColumns(percentile=60),
    BoundedTarget(PowerTransformer()),
    CategoryRelations(relations=RELATIONS, n_categorical=2),
    CodeImputer(columns=[3]),
    ColumnMask(left_out=[1, 3]),
    ConstructedFeatures(expressions=["div(x0, x3)", "exp(mul(x1, x2))"]),
    DateFeatures(cycles=[(0, 24.0), (2, 7.0)], differences=[(3, 1), (0, 3)]),
    KnownCategories(columns=[3]),
]
IDS = [f"{type(one).__name__}-{number}" for number, one in enumerate(OWN + WIDE)]
CHECKS = parametrize_with_checks(OWN)


# scikit-learn 1.7 gives its checks as a generator, which pytest 10 will refuse: hence a list.
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


class TestOwnTransformers(TransformerConformance):
    @pytest.fixture(params=OWN + WIDE, ids=IDS)
    def transformer(self, request):
        return request.param


class TestFunctionOfTheUsers(TransformerConformance):
    """A transformer of another package, tested as in an outside test module."""

    @pytest.fixture
    def transformer(self):
        return FunctionTransformer(np.cbrt, feature_names_out="one-to-one")

    def test_unfitted_transformer_raises(self):
        pytest.skip("it has no state to fit")


def frame(city, start, scale):
    rows = np.arange(N_ROWS)
    return pd.DataFrame(
        {
            "size": scale * (rows % 9.0),
            "rooms": rows % 4,
            "city": pd.Series([city[row % len(city)] for row in rows], dtype=object),
            "when": pd.date_range(start, periods=N_ROWS, freq="31h"),
            "constant": "same",
        }
    )


@pytest.mark.filterwarnings("ignore:No value in column")  # of the unseen cities
class TestColumnPreparer(TransformerConformance):
    @pytest.fixture(params=["learned", "given kinds", "given columns"])
    def transformer(self, request, X):
        if request.param == "given columns":
            return ColumnPreparer(columns=ColumnPreparer().fit(X).columns_)
        return ColumnPreparer(
            kinds={"rooms": "categorical"} if "kinds" in request.param else None
        )

    @pytest.fixture
    def X(self):
        return frame(["Aachen", "Bonn", "Celle"], "2021-03-01", 1.0)

    @pytest.fixture
    def X_unseen(self):
        return frame(["Dessau", "Essen"], "1950-01-01", -1e9)


def test_every_public_transformer_is_tested():
    public = [getattr(transformers, name) for name in transformers.__all__]
    own = {one for one in public if isinstance(one, type) and hasattr(one, "transform")}
    assert own == {type(one) for one in OWN}


def test_the_package_does_not_need_pytest():
    code = "import sys; sys.modules['pytest'] = None; import evolearn, evolearn.testing"
    subprocess.run([sys.executable, "-c", code], check=True)
