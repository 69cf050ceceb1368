"""LightGBM, XGBoost and CatBoost: part of the default space where they are installed.

They come with the extra ``boosting``; nothing here imports them. None of them can stop early
within a plain ``fit``, so the number of rounds is evolved. All train in one thread, as every
candidate does, and repeat their results for a seed.

Costs and footprints are measured by ``benchmarks/cost_model.py`` and
``benchmarks/footprint.py``; up to 50,000 rows LightGBM holds a copy more, to find its bins.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evolearn.genes.encoder import ENCODER, ORDINAL
from evolearn.models.base import CLASSIFICATION, REGRESSION, models_of, tree_limit
from evolearn.models.boosting import HANDLES, PARAMETERS, TRAITS
from evolearn.pipeline.domains import Choice, Domain, Float, Integer
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.model_family import ModelFamily, PortfolioEntry
from evolearn.pipeline.optional_library import OptionalEstimator
from evolearn.pipeline.resources import Cost, Footprint

# A tree that grows by levels has up to 2 ** depth leaves, each with a histogram of 256 bins per
# column: every further level would double the memory and, of CatBoost, the seconds. `Footprint`
# counts by level, so each level counts as its share of the leaves of the deepest tree.
DEEPEST = 8
LEAVES_PER_LEVEL = 2**DEEPEST / DEEPEST


#: Short names of the libraries, by which users ask for their models.
ALIASES = {"lightgbm": "lgbm", "xgboost": "xgb", "catboost": "cat boost"}


def _family(
    library: str,
    classes: tuple[str, str],
    least_version: str,
    *,
    rounds: str,
    settings: Mapping[str, Any],
    parameters: Mapping[str, Domain],
    cost: Cost,
    portfolio: Mapping[str, Sequence[PortfolioEntry]],
    traits: frozenset[Trait] = TRAITS,
    **details: Any,
) -> ModelFamily:
    """Return the family of a library: its classifier and its regressor."""
    shared = {"learning_rate": PARAMETERS["learning_rate"], rounds: PARAMETERS["max_iter"]}
    parameters = {**shared, **parameters}
    # Evolved parameters are set from the start: CatBoost's classes know no others.
    start = {parameter: domain.default for parameter, domain in parameters.items()}
    classifier, regressor = (
        OptionalEstimator(library, name, least_version, {**start, **settings})
        for name in classes
    )
    return ModelFamily(
        library,
        models_of(classifier, regressor, parameters, traits, cost),
        {
            "handles": HANDLES,
            "complexity": 5.0,
            "size_limits": tree_limit(rounds, PARAMETERS["max_iter"]),
            **details,
        },
        portfolio=portfolio,
        library=library,
        aliases=(ALIASES[library], "boosting", "gbdt"),
    )


def lightgbm_categories(are_categories: Sequence[bool]) -> dict[str, Any]:
    """Return the alias that LightGBM's Dataset knows; others would be ignored."""
    return {"categorical_column": [i for i, is_one in enumerate(are_categories) if is_one]}


_LIGHTGBM_VALUES: Mapping[str, Any] = {
    "learning_rate": 0.05,
    "n_estimators": 250,
    "min_child_samples": 10,
    "colsample_bytree": 0.7,
    "extra_trees": True,  # random splits, unlike scikit-learn's boosting
}
LIGHTGBM = _family(
    "lightgbm",
    ("LGBMClassifier", "LGBMRegressor"),
    # Earlier versions made up names for the columns of an array and warned that they were
    # missing at predict.
    "4.7",
    rounds="n_estimators",
    settings={
        "n_jobs": 1,
        "verbose": -1,
        "deterministic": True,
        "force_row_wise": True,  # or it would try both ways and keep the faster one
        "subsample_for_bin": 50_000,  # each of these rows is held twice
        "subsample_freq": 1,  # without it `subsample` has no effect
    },
    parameters={
        "num_leaves": Integer(4, 128, log=True, start=31),
        "min_child_samples": Integer(1, 100, log=True, start=20),
        "reg_lambda": Float(1e-6, 30.0, log=True, start=1e-3),
        "colsample_bytree": Float(0.2, 1.0, start=1.0),
        "subsample": Float(0.5, 1.0, start=1.0),
        "extra_trees": Choice(False, True),
    },
    cost=Cost(
        0.05,
        rows=0.6,
        columns=0.95,
        outputs=1.0,
        linear=0.009,
        units={
            "n_estimators": (100, 1.0),
            "num_leaves": (31, 0.7),
            "colsample_bytree": (1.0, 0.4),
        },
    ),
    categories_as=lightgbm_categories,
    losses={
        "poisson": {"objective": "poisson"},
        "gamma": {"objective": "gamma"},
        "absolute_error": {"objective": "mae"},
    },
    footprint=Footprint(
        1.9, refit_copies=0.6, of_output=24.0, of_column={"num_leaves": 256 * 16.0}
    ),
    portfolio={
        CLASSIFICATION: (PortfolioEntry(12, _LIGHTGBM_VALUES),),
        REGRESSION: (PortfolioEntry(11, _LIGHTGBM_VALUES),),
    },
)


def xgboost_categories(are_categories: Sequence[bool]) -> dict[str, Any]:
    """Return the type of each column, as XGBoost takes it."""
    types = ["c" if is_one else "q" for is_one in are_categories]
    return {"enable_categorical": True, "feature_types": types}


# Trees that grow by levels.
_XGBOOST_VALUES: Mapping[str, Any] = {
    "learning_rate": 0.05,
    "n_estimators": 250,
    "max_depth": 7,
    "min_child_weight": 3.0,
    "colsample_bytree": 0.6,
    "subsample": 0.8,
}
XGBOOST = _family(
    "xgboost",
    ("XGBClassifier", "XGBRegressor"),
    "3.0",  # of a release that knows the tags of scikit-learn
    rounds="n_estimators",
    settings={"n_jobs": 1, "verbosity": 0, "tree_method": "hist"},
    parameters={
        "max_depth": Integer(2, DEEPEST, start=6),
        "min_child_weight": Float(0.1, 30.0, log=True, start=1.0),
        "reg_lambda": Float(1e-3, 30.0, log=True, start=1.0),
        "colsample_bytree": Float(0.2, 1.0, start=1.0),
        "subsample": Float(0.5, 1.0, start=1.0),
    },
    cost=Cost(
        0.13,
        rows=0.3,
        columns=0.9,
        outputs=0.9,
        linear=0.007,
        units={"n_estimators": (100, 1.0), "colsample_bytree": (1.0, 0.4)},
    ),
    categories_as=xgboost_categories,
    losses={
        "poisson": {"objective": "count:poisson"},
        "gamma": {"objective": "reg:gamma"},
        "absolute_error": {"objective": "reg:absoluteerror"},
    },
    coded_labels=True,  # its classes must be the numbers from 0 on
    footprint=Footprint(
        1.0, of_output=24.0, of_column={"max_depth": 256 * 32.0 * LEAVES_PER_LEVEL}
    ),
    portfolio={
        task: (PortfolioEntry(18, _XGBOOST_VALUES),) for task in (CLASSIFICATION, REGRESSION)
    },
)

# Symmetric trees.
_CATBOOST_VALUES: Mapping[str, Any] = {"learning_rate": 0.08, "iterations": 300}
_CATBOOST_DEEP: Mapping[str, Any] = {
    "learning_rate": 0.05,
    "iterations": 500,
    "depth": 8,
    "rsm": 0.5,
}
CATBOOST = _family(
    "catboost",
    ("CatBoostClassifier", "CatBoostRegressor"),
    "1.2.9",  # the first that knows the tags of scikit-learn
    rounds="iterations",
    settings={
        "thread_count": 1,
        "verbose": False,
        "allow_writing_files": False,
        "random_state": None,  # named, so that it is found among the seeds to be set
    },
    parameters={
        "depth": Integer(3, DEEPEST, start=6),
        "l2_leaf_reg": Float(0.1, 30.0, log=True, start=3.0),
        "random_strength": Float(0.1, 10.0, log=True, start=1.0),
        "rsm": Float(0.2, 1.0, start=1.0),
    },
    cost=Cost(
        0.2,
        rows=0.12,
        columns=0.95,
        outputs=0.85,
        linear=0.013,
        units={"iterations": (100, 1.0), "rsm": (1.0, 0.4)},
    ),
    # It takes text or integers for categories, which a matrix of floats does not hold.
    traits=frozenset({Trait.THRESHOLDS, Trait.TARGET_MEANS, Trait.LOSSES}),
    losses={
        "poisson": {"loss_function": "Poisson"},
        "absolute_error": {"loss_function": "MAE"},
    },
    coded_labels=True,  # with more than two classes, or text, it answers in a column
    footprint=Footprint(
        1.4,
        of_row=190.0,  # whatever the columns: with 5 it takes 5.4 copies, with 30 1.5
        of_output=24.0,
        of_column={"depth": 256 * 16.0 * LEAVES_PER_LEVEL},
    ),
    portfolio={
        CLASSIFICATION: (
            PortfolioEntry(7, _CATBOOST_VALUES),
            PortfolioEntry(24, _CATBOOST_DEEP, {ENCODER: ORDINAL}),
        ),
        REGRESSION: (
            PortfolioEntry(6, _CATBOOST_VALUES),
            PortfolioEntry(25, _CATBOOST_DEEP, {ENCODER: ORDINAL}),
        ),
    },
)
