"""Boosted trees of scikit-learn, on histograms and with exact splits."""

from collections.abc import Mapping
from typing import Any

from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)

from evolearn.genes.encoder import ENCODER, ORDINAL, TARGET_MEAN
from evolearn.genes.target import LOG_TARGET, POWER_TARGET, TARGET
from evolearn.models.base import CLASSIFICATION, REGRESSION, SPARSE, models_of, tree_limit
from evolearn.pipeline.domains import Choice, Domain, Float, Integer
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.model_family import ModelFamily, PortfolioEntry
from evolearn.pipeline.resources import Cost, Footprint

HANDLES = frozenset({"missing", "categories"})
TRAITS = frozenset({Trait.THRESHOLDS, Trait.CATEGORIES, Trait.LOSSES})

PARAMETERS: Mapping[str, Domain] = {
    "learning_rate": Float(0.01, 0.3, log=True, start=0.1),
    "max_iter": Integer(30, 500, log=True, start=100),
    "max_leaf_nodes": Integer(4, 128, log=True, start=31),
    "min_samples_leaf": Integer(1, 100, log=True, start=20),
    "l2_regularization": Float(1e-6, 30.0, log=True, start=1e-3),
    "max_features": Float(0.2, 1.0, start=1.0),
}
COST = Cost(
    0.13,
    rows=0.45,
    columns=0.6,
    outputs=0.85,
    linear=0.0055,
    units={"max_iter": (100, 1.0), "max_leaf_nodes": (31, 0.7), "max_features": (1.0, 0.4)},
)
# A byte per number, a sample to find the bins, a held-out tenth and the rest in copies of their
# own, scores and gradients per output, and 256 bins of 20 bytes per column for every second
# leaf.
FOOTPRINT = Footprint(
    1.5, refit_copies=0.5, of_output=24.0, of_column={"max_leaf_nodes": 256 * 10.0}
)

_QUICK: Mapping[str, Any] = {
    "early_stopping": True,
    "learning_rate": 0.085,
    "max_iter": 120,
    "max_leaf_nodes": 40,
    "min_samples_leaf": 10,
    "max_features": 0.5,
}
_SMALL: Mapping[str, Any] = {
    "learning_rate": 0.05,
    "max_iter": 250,
    "max_leaf_nodes": 15,
    "max_features": 0.5,
    "l2_regularization": 1.0,
}
_TINY: Mapping[str, Any] = {
    "early_stopping": True,
    "learning_rate": 0.07,
    "max_iter": 250,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 5,
}
_LARGE: Mapping[str, Any] = {
    "learning_rate": 0.04,
    "max_iter": 400,
    "max_leaf_nodes": 48,
    "min_samples_leaf": 10,
    "max_features": 0.4,
}
_CAREFUL: Mapping[str, Any] = {
    "learning_rate": 0.05,
    "max_iter": 500,
    "max_leaf_nodes": 64,
    "min_samples_leaf": 40,
    "max_features": 0.7,
}

HISTOGRAM_BOOSTING = ModelFamily(
    "hist_gradient_boosting",
    models_of(
        HistGradientBoostingClassifier(early_stopping=True, n_iter_no_change=15),
        HistGradientBoostingRegressor(early_stopping=True, n_iter_no_change=15),
        {**PARAMETERS, "early_stopping": Choice(False, True)},
        TRAITS,
        COST,
    ),
    {
        "handles": HANDLES,
        "new_missing": True,
        "complexity": 5.0,
        "footprint": FOOTPRINT,
        "rounds": "max_iter",
        "losses": {name: {"loss": name} for name in ("poisson", "gamma", "absolute_error")},
        "size_limits": tree_limit("max_iter", PARAMETERS["max_iter"]),
    },
    portfolio={
        CLASSIFICATION: (
            PortfolioEntry(2, _QUICK, {ENCODER: ORDINAL}),
            PortfolioEntry(5, _SMALL),
            PortfolioEntry(14, _TINY, {ENCODER: TARGET_MEAN}),
            PortfolioEntry(19, _LARGE),
            PortfolioEntry(25, _CAREFUL),
        ),
        REGRESSION: (
            PortfolioEntry(1, _QUICK, {ENCODER: ORDINAL}),
            PortfolioEntry(4, _SMALL),
            PortfolioEntry(8, _LARGE),
            PortfolioEntry(9, _CAREFUL),
            PortfolioEntry(13, _SMALL, {TARGET: LOG_TARGET}),
            PortfolioEntry(19, _LARGE, {TARGET: POWER_TARGET}),
            PortfolioEntry(
                22,
                {
                    "learning_rate": 0.08,
                    "max_iter": 200,
                    "max_leaf_nodes": 8,
                    "min_samples_leaf": 2,
                },
            ),
        ),
    },
    # Large leaves: the few rows of a small table are seen for the second time.
    stacking=PortfolioEntry(
        0,
        {
            "learning_rate": 0.08,
            "max_iter": 60,
            "max_leaf_nodes": 12,
            "min_samples_leaf": 10,
            "max_features": 0.5,
        },
        {ENCODER: ORDINAL},
    ),
    is_reference=True,
    aliases=("hgb", "boosting", "gradient boosting", "gbdt"),
)

# Exact splits: on few rows about as fast as histograms. As each tree sees a sample of the rows,
# the errors are other ones.
EXACT_PARAMETERS: Mapping[str, Domain] = {
    "learning_rate": Float(0.01, 0.3, log=True, start=0.06),
    "n_estimators": Integer(50, 600, log=True, start=250),
    "max_depth": Integer(2, 10, start=5),
    "min_samples_leaf": Integer(1, 40, log=True, start=3),
    "subsample": Float(0.4, 1.0, start=0.7),
    "max_features": Float(0.1, 1.0, start=0.4),
}
_EXACT_COST = Cost(
    0.48,
    rows=0.93,
    columns=0.7,
    outputs=1.2,
    units={
        "n_estimators": (250, 1.0),
        "max_depth": (5, 0.9),
        "max_features": (0.4, 0.6),
        "subsample": (0.7, 0.6),
    },
)
EXACT_BOOSTING = ModelFamily(
    "gradient_boosting",
    models_of(
        GradientBoostingClassifier,
        GradientBoostingRegressor,
        EXACT_PARAMETERS,
        frozenset({Trait.THRESHOLDS, Trait.COMPLETE, Trait.LOSSES}),
        _EXACT_COST,
    ),
    {
        "handles": SPARSE,
        "complexity": 5.0,
        "footprint": Footprint(3.0),
        "rounds": "n_estimators",
        "losses": {"absolute_error": {"loss": "absolute_error"}},
        "size_limits": tree_limit("n_estimators", EXACT_PARAMETERS["n_estimators"]),
    },
    portfolio={
        CLASSIFICATION: (
            PortfolioEntry(
                6,
                {
                    "n_estimators": 300,
                    "learning_rate": 0.06,
                    "max_depth": 5,
                    "max_features": 0.4,
                    "subsample": 0.7,
                },
            ),
        ),
        REGRESSION: (
            PortfolioEntry(
                5,
                {
                    "n_estimators": 300,
                    "learning_rate": 0.05,
                    "max_depth": 8,
                    "min_samples_leaf": 5,
                    "max_features": 0.3,
                    "subsample": 0.6,
                },
            ),
        ),
    },
    aliases=("gbm", "gbdt", "boosting"),
)
