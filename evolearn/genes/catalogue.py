"""What prepares data, by slot: relations, imputers, constructed features and so on."""

from collections.abc import Mapping

from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.feature_selection import SelectFromModel, f_classif, f_regression
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
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

from evolearn.genes.formulas import Expressions
from evolearn.genes.identifiers import IDENTIFIER_MEANS, IDENTIFIERS, NUMBERS_ALONE
from evolearn.genes.masks import ALL_COLUMNS, MASKED, Columns
from evolearn.genes.relations import NO_RELATIONS, RELATED, Relations
from evolearn.genes.targets import TARGETS
from evolearn.pipeline.component import FREE, Component, Cost, Footprint
from evolearn.pipeline.domains import Choice, Float, Integer
from evolearn.transformers import (
    BestColumns,
    CategoryRelations,
    ColumnMask,
    ConstructedFeatures,
    DateFeatures,
)

# On the matrix as a whole, for tables with categories.
RELATIONS = (
    Component(NO_RELATIONS, None, handles=frozenset({"missing"}), complexity=0.0, cost=FREE),
    # Crosses of categories, their frequencies, and numbers grouped by them.
    Component(
        RELATED,
        CategoryRelations,
        {"relations": Relations()},
        handles=frozenset({"missing"}),
        complexity=1.0,
        cost=FREE,
        footprint=Footprint(4.0),  # too much for large tables, of which each copy counts
    ),
)

IMPUTERS = (
    # Always there for models that take no missing values, even if the training rows have none:
    # the rows to predict may.
    Component(
        "simple_imputer",
        SimpleImputer(keep_empty_features=True),
        {
            "strategy": Choice("median", "mean", "most_frequent"),
            "add_indicator": Choice(True, False),
        },
        handles=frozenset({"sparse"}),
        complexity=0.0,
        cost=FREE,
    ),
)

FEATURES = (
    Component(
        "no_features", None, handles=frozenset({"sparse", "missing"}), complexity=0.0, cost=FREE
    ),
    # Columns computed from others, by formulas that the search breeds.
    Component(
        "constructed",
        ConstructedFeatures,
        {"expressions": Expressions()},
        handles=frozenset({"missing"}),
        complexity=1.0,
        cost=FREE,
        footprint=Footprint(1.5),
    ),
)

DATES = (
    Component("plain_dates", None, handles=frozenset({"missing"}), complexity=0.0, cost=FREE),
    # Which columns they are about is the table's to say, see express.
    Component(
        "date_differences",
        DateFeatures(harmonics=0),
        handles=frozenset({"missing"}),
        complexity=0.2,
        cost=FREE,
    ),
    Component(
        "cyclic_dates",
        DateFeatures(harmonics=2),
        {"harmonics": Integer(1, 3, start=2)},
        handles=frozenset({"missing"}),
        complexity=0.4,
        cost=FREE,
    ),
)

MASKS = (
    Component(ALL_COLUMNS, None, handles=frozenset({"missing"}), complexity=0.0, cost=FREE),
    # Columns of the table that are left out, though others may be made of them.
    Component(
        MASKED,
        ColumnMask,
        {"left_out": Columns()},
        handles=frozenset({"missing"}),
        complexity=0.0,
        cost=FREE,
        footprint=Footprint(4.0),  # as that of relations
    ),
)

NO_TEXT, TEXT_COMPONENTS = "no_text", "svd__n_components"
TEXTS = (
    # Latent semantic analysis (Deerwester et al., 1990): words that occur together become one
    # number. One step for each text of the table.
    Component(
        "text_svd",
        Pipeline(
            [
                ("tfidf", TfidfTransformer(sublinear_tf=True)),
                ("svd", TruncatedSVD(n_components=32)),
            ]
        ),
        {TEXT_COMPONENTS: Integer(4, 128, log=True, start=32)},
        complexity=1.0,
        cost=FREE,
    ),
    # The words as they are, for models that take hundreds of columns.
    Component(
        "text_words",
        TfidfTransformer(sublinear_tf=True),
        {"use_idf": Choice(True, False)},
        complexity=1.0,
        cost=FREE,
    ),
    Component(NO_TEXT, None, handles=frozenset({"missing"}), complexity=0.0, cost=FREE),
)

EMBEDDED = "embedded"
ENCODERS = (
    Component(
        "one_hot",
        OneHotEncoder(
            handle_unknown="infrequent_if_exist", sparse_output=False, max_categories=16
        ),
        {"max_categories": Integer(4, 64, log=True, start=16)},
        complexity=0.5,
        cost=FREE,
    ),
    Component(
        "target_mean",
        TargetEncoder(),
        {"smooth": Float(0.5, 100.0, log=True, start=10.0)},
        complexity=0.5,
        cost=FREE,
    ),
    # The table's own category codes: as numbers, or as categories for models that know them.
    Component("ordinal", None, handles=frozenset({"missing"}), complexity=0.0, cost=FREE),
    Component("native", None, handles=frozenset({"missing"}), complexity=0.0, cost=FREE),
    # The same codes, of which networks learn vectors.
    Component(EMBEDDED, None, handles=frozenset({"missing"}), complexity=0.5, cost=FREE),
)

IDENTIFIED = (
    # Means of the target over the values of numbers that identify something, as encoders make
    # them of categories; which numbers these are is found before the search.
    Component(
        IDENTIFIER_MEANS,
        TargetEncoder(),
        {"smooth": Float(0.5, 100.0, log=True, start=10.0)},
        handles=frozenset({"missing"}),
        complexity=0.5,
        cost=FREE,
        footprint=Footprint(4.0),  # as that of relations
    ),
    Component(NUMBERS_ALONE, None, handles=frozenset({"missing"}), complexity=0.0, cost=FREE),
)

SCALERS = (
    Component(
        "none", None, handles=frozenset({"sparse", "missing"}), complexity=0.0, cost=FREE
    ),
    Component("standard", StandardScaler, complexity=0.2, cost=FREE),
    Component("robust", RobustScaler(unit_variance=True), complexity=0.2, cost=FREE),
    Component(
        "quantile",
        QuantileTransformer(output_distribution="normal", n_quantiles=200),
        {"output_distribution": Choice("normal", "uniform")},
        complexity=0.4,
        cost=FREE,
    ),
    # Of numbers far from zero (years, seconds) the exponent would be huge, and what is a little
    # out of range would be transformed to anything.
    Component(
        "power",
        Pipeline([("unit", StandardScaler()), ("power", PowerTransformer())]),
        complexity=0.4,
        cost=Cost(0.02),
    ),
    Component(
        "max_abs", MaxAbsScaler, handles=frozenset({"sparse"}), complexity=0.2, cost=FREE
    ),
)

NO_TRANSFORMER, BINS, PROJECTION = "no_transformer", "bins", "random_projection"
TRANSFORMERS = (
    Component(
        NO_TRANSFORMER,
        None,
        handles=frozenset({"sparse", "missing"}),
        complexity=0.0,
        cost=FREE,
    ),
    Component(
        "pca",
        PCA(svd_solver="full"),
        {"n_components": Float(0.7, 0.999, start=0.95), "whiten": Choice(False, True)},
        complexity=1.0,
        cost=Cost(0.002, columns=2),
        footprint=Footprint(5.0),  # two copies, the left singular vectors, the result
    ),
    Component(
        "truncated_svd",
        TruncatedSVD,
        {"n_components": Integer(2, 200, log=True, start=50)},
        handles=frozenset({"sparse"}),
        complexity=1.0,
        cost=Cost(0.02),
    ),
    Component(
        "spline",
        SplineTransformer(
            n_knots=8, knots="quantile", extrapolation="constant", include_bias=False
        ),
        {"n_knots": Integer(4, 16, log=True, start=8), "knots": Choice("quantile", "uniform")},
        complexity=1.0,
        cost=Cost(0.01),
    ),
    Component(
        BINS,
        # Not of equal counts: flags, and categories that were encoded before, would be in one.
        KBinsDiscretizer(n_bins=8, encode="onehot-dense", strategy="uniform"),
        {"n_bins": Integer(3, 16, log=True, start=8)},
        complexity=1.0,
        cost=Cost(0.01),
    ),
    Component(
        PROJECTION,
        GaussianRandomProjection(n_components=16),
        {"n_components": Integer(2, 200, log=True, start=16)},
        handles=frozenset({"sparse"}),
        complexity=1.0,
        cost=FREE,
    ),
    Component(
        "polynomial",
        PolynomialFeatures(include_bias=False),
        {"interaction_only": Choice(True, False)},
        complexity=1.0,
        cost=Cost(0.01, columns=2),
    ),
)

# Few and small trees tell the columns apart that matter: against 50 full ones they take a half
# to a third of the seconds, and agree on 88 to 99 % of the columns (other seeds on 92 to 100).
_TREES = {
    "n_estimators": 25,
    "min_samples_leaf": 5,
    "max_leaf_nodes": 256,
    "max_features": "sqrt",
}
SELECTORS = (
    Component(
        "no_selector", None, handles=frozenset({"sparse", "missing"}), complexity=0.0, cost=FREE
    ),
    Component(
        "univariate",
        BestColumns(f_classif),
        {"percentile": Integer(10, 90, start=50)},
        handles=frozenset({"sparse"}),
        complexity=0.3,
        cost=FREE,
    ),
    Component(
        "univariate_regression",
        BestColumns(f_regression),
        {"percentile": Integer(10, 90, start=50)},
        handles=frozenset({"sparse"}),
        complexity=0.3,
        cost=FREE,
    ),
    Component(
        "by_trees",
        SelectFromModel(ExtraTreesClassifier(**_TREES), threshold="0.5*mean"),
        {"threshold": Choice("0.5*mean", "mean", "0.2*mean")},
        handles=frozenset({"sparse"}),
        complexity=0.6,
        cost=Cost(0.05),
        footprint=Footprint(0.5),
    ),
    Component(
        "by_trees_regression",
        SelectFromModel(ExtraTreesRegressor(**_TREES), threshold="0.5*mean"),
        {"threshold": Choice("0.5*mean", "mean", "0.2*mean")},
        handles=frozenset({"sparse"}),
        complexity=0.6,
        cost=Cost(0.05),
        footprint=Footprint(0.5),
    ),
)

#: The default components that prepare data, by slot.
PREPARATION: Mapping[str, tuple[Component, ...]] = {
    "relations": RELATIONS,
    "imputer": IMPUTERS,
    "features": FEATURES,
    "dates": DATES,
    "mask": MASKS,
    "text": TEXTS,
    "encoder": ENCODERS,
    IDENTIFIERS: IDENTIFIED,
    "scaler": SCALERS,
    "transformer": TRANSFORMERS,
    "selector": SELECTORS,
    "target": TARGETS,
}
