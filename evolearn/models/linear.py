"""Linear models: logistic regression, ridge, elastic net, stochastic gradient descent."""

from sklearn.linear_model import (
    ElasticNet,
    LogisticRegression,
    Ridge,
    SGDClassifier,
    SGDRegressor,
)

from evolearn.genes.encoder import ENCODER, TARGET_MEAN
from evolearn.genes.scaler import QUANTILE, ROBUST, SCALER
from evolearn.genes.selector import BY_TREES, SELECTOR
from evolearn.genes.target import LOG_TARGET, TARGET
from evolearn.genes.transformer import POLYNOMIAL, TRANSFORMER
from evolearn.models.base import (
    CLASS_WEIGHT,
    CLASSIFICATION,
    LINEAR,
    REGRESSION,
    SCALED_TARGET,
    SPARSE,
)
from evolearn.pipeline.domains import Choice, Domain, Float
from evolearn.pipeline.model_family import Model, ModelFamily, PortfolioEntry
from evolearn.pipeline.resources import Cost, Footprint

# Imputed, scaled and, by many solvers, centred copies.
FOOTPRINT = Footprint(3.0)
_DETAILS = {"handles": SPARSE, "footprint": FOOTPRINT}

LOGISTIC_REGRESSION = ModelFamily(
    "logistic_regression",
    {
        CLASSIFICATION: Model(
            LogisticRegression(max_iter=300),
            {"C": Float(1e-3, 1e3, log=True, start=1.0), "class_weight": CLASS_WEIGHT},
            LINEAR,
            Cost(0.012, rows=0.8, columns=0.5, outputs=0.3),
        )
    },
    _DETAILS,
    portfolio={
        CLASSIFICATION: (
            PortfolioEntry(1, {"C": 1.0}),
            PortfolioEntry(
                21, {"C": 1.0, "class_weight": "balanced"}, {SCALER: ROBUST, SELECTOR: BY_TREES}
            ),
            PortfolioEntry(26, {"C": 0.1}, {SCALER: QUANTILE, ENCODER: TARGET_MEAN}),
        )
    },
    aliases=("logistic", "linear model"),
)

# The baseline of regression.
RIDGE = ModelFamily(
    "ridge",
    {
        REGRESSION: Model(
            Ridge,
            {"alpha": Float(1e-3, 1e4, log=True, start=1.0)},
            LINEAR,
            Cost(0.002, rows=0.8, columns=0.8),
        )
    },
    _DETAILS,
    portfolio={
        REGRESSION: (
            PortfolioEntry(0),
            PortfolioEntry(26, {}, {TARGET: LOG_TARGET, ENCODER: TARGET_MEAN}),
        )
    },
    aliases=("linear regression", "linear model"),
)

ELASTIC_NET = ModelFamily(
    "elastic_net",
    {
        REGRESSION: Model(
            ElasticNet(max_iter=2000),
            {
                "alpha": Float(1e-4, 10.0, log=True, start=1e-2),
                "l1_ratio": Float(0.05, 1.0, start=0.5),
            },
            LINEAR | SCALED_TARGET,
            Cost(0.003, rows=0.8, columns=0.8),
        )
    },
    _DETAILS,
    portfolio={REGRESSION: (PortfolioEntry(16, {}, {TRANSFORMER: POLYNOMIAL}),)},
    aliases=("lasso", "linear model"),
)

_SGD_PARAMETERS: dict[str, Domain] = {
    "alpha": Float(1e-6, 1e-1, log=True, start=1e-4),
    "l1_ratio": Float(0.0, 1.0, start=0.15),
    "average": Choice(True, False),
}
SGD = ModelFamily(
    "sgd",
    {
        CLASSIFICATION: Model(
            SGDClassifier(loss="log_loss", penalty="elasticnet", max_iter=200, tol=1e-3),
            {
                "loss": Choice("log_loss", "modified_huber"),
                **_SGD_PARAMETERS,
                "class_weight": CLASS_WEIGHT,
            },
            LINEAR,
            Cost(0.008, rows=1.0, columns=1.0, outputs=1.0),
        ),
        REGRESSION: Model(
            SGDRegressor(penalty="elasticnet", max_iter=200, tol=1e-3),
            {"loss": Choice("squared_error", "huber"), **_SGD_PARAMETERS},
            LINEAR | SCALED_TARGET,
            Cost(0.005, rows=0.9, columns=0.7),
        ),
    },
    _DETAILS,
    aliases=("stochastic gradient descent", "linear model"),
)
