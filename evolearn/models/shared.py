"""What classifiers and regressors of the catalogue have in common."""

from collections.abc import Mapping

from evolearn.pipeline.component import Cost, Footprint
from evolearn.pipeline.domains import Choice, Domain, Float, Integer

DENSE = frozenset[str]()
SPARSE = frozenset({"sparse"})
TREES = frozenset({"missing", "sparse"})
BOOSTING = frozenset({"missing", "categories"})

Slots = Mapping[str, tuple[str, ...]]

RELATIONS = ("no_relations", "related")
FEATURES = ("no_features", "constructed")
MASKS = ("all_columns", "masked")
IDENTIFIERS = ("identifier_means", "numbers_alone")
TEXTS = ("text_svd", "no_text")
TEXTS_OF_SUMS = ("text_words", "text_svd", "no_text")
_TRANSFORMERS = ("no_transformer", "pca", "polynomial", "truncated_svd", "random_projection")
# Of what is made of dates, trees need the differences alone.
DATES = ("cyclic_dates", "date_differences", "plain_dates")
DATES_OF_TREES = ("date_differences", "plain_dates", "cyclic_dates")
_SCALERS = ("standard", "quantile", "robust", "power", "max_abs")


def numeric_slots(
    task: str,
    *,
    transformer: bool = True,
    scalers: tuple[str, ...] = _SCALERS,
    linear: bool = False,
) -> Slots:
    """Return the slots of models that need complete, scaled numbers.

    Linear ones also take words as they are, and curves in place of straight lines. Behind
    splines of 8 knots the errors of ridge and logistic regression on concrete, abalone, kin8nm,
    phoneme, credit_g and bike_sharing are 0.84 of those without (geometric mean, the worst
    1.005), of 14 knots 0.82. Behind 16 bins of equal counts they are 0.85, behind a random
    projection 1.00: bins and projections are seldom tried.
    """
    selectors = {
        "classification": ("no_selector", "univariate", "by_trees"),
        "regression": ("no_selector", "univariate_regression", "by_trees_regression"),
    }
    slots: dict[str, tuple[str, ...]] = {
        "relations": RELATIONS,
        "imputer": ("simple_imputer",),
        "features": FEATURES,
        "dates": DATES,
        "mask": MASKS,
        "text": TEXTS_OF_SUMS if linear else TEXTS,
        "encoder": ("one_hot", "target_mean"),
        "identifiers": IDENTIFIERS,
        "scaler": scalers,
        "selector": selectors[task],
    }
    if transformer:
        slots["transformer"] = (*_TRANSFORMERS, "spline", "bins") if linear else _TRANSFORMERS
    return slots


def with_target(slots: Slots, *targets: str) -> Slots:
    """Return the slots with target transforms, the first one the default."""
    return {**slots, "target": targets}


_OF_TREES: Slots = {
    "relations": RELATIONS,
    "features": FEATURES,
    "dates": DATES_OF_TREES,
    "mask": MASKS,
    "text": TEXTS,
    "identifiers": IDENTIFIERS,
}
TREE_SLOTS: Slots = {**_OF_TREES, "encoder": ("ordinal", "target_mean", "one_hot")}
BOOSTING_SLOTS: Slots = {**_OF_TREES, "encoder": ("native", "target_mean", "ordinal")}
FREE_TARGETS = ("no_target_transform", "log_target", "power_target", "quantile_target")
SCALED_TARGETS = ("standard_target", "power_target", "quantile_target", "log_target")

FOREST_PARAMETERS: Mapping[str, Domain] = {
    "n_estimators": Integer(50, 400, log=True, start=150),
    "max_features": Float(0.1, 1.0, start=0.5),
    "min_samples_leaf": Integer(1, 40, log=True, start=1),
    "max_depth": Choice(None, 6, 10, 16),
}

BOOSTING_PARAMETERS: Mapping[str, Domain] = {
    "learning_rate": Float(0.01, 0.3, log=True, start=0.1),
    "max_iter": Integer(30, 500, log=True, start=100),
    "max_leaf_nodes": Integer(4, 128, log=True, start=31),
    "min_samples_leaf": Integer(1, 100, log=True, start=20),
    "l2_regularization": Float(1e-6, 30.0, log=True, start=1e-3),
    "max_features": Float(0.2, 1.0, start=1.0),
}

# Exact splits: on few rows about as fast as histograms, and by its samples of the rows unlike
# them in what it gets wrong.
EXACT_BOOSTING_PARAMETERS: Mapping[str, Domain] = {
    "learning_rate": Float(0.01, 0.3, log=True, start=0.06),
    "n_estimators": Integer(50, 600, log=True, start=250),
    "max_depth": Integer(2, 10, start=5),
    "min_samples_leaf": Integer(1, 40, log=True, start=3),
    "subsample": Float(0.4, 1.0, start=0.7),
    "max_features": Float(0.1, 1.0, start=0.4),
}
EXACT_BOOSTING_SLOTS: Slots = {"imputer": ("simple_imputer",), **TREE_SLOTS}

EPOCHS = Integer(8, 150, log=True, start=40)
NETWORK_PARAMETERS: Mapping[str, Domain] = {
    "hidden_layer_sizes": Choice(
        (128, 128), (64, 64), (256, 256), (256,), (64,), (128, 128, 128), (32, 32)
    ),
    "activation": Choice("silu", "relu", "tanh"),
    "embedding": Choice("none", "piecewise", "periodic"),
    "n_bins": Integer(4, 32, log=True, start=12),
    "frequency_scale": Float(0.03, 3.0, log=True, start=0.3),
    "n_members": Choice(2, 4, 8, 1),
    "max_iter": EPOCHS,
    "batch_size": Choice(128, 64, 32, 256),
    "learning_rate_init": Float(1e-3, 3e-2, log=True, start=6e-3),
    "weight_decay": Float(1e-4, 1.0, log=True, start=1e-2),
    "dropout": Choice(0.0, 0.1, 0.2, 0.35),
}
NETWORK_CONDITIONS = {
    "n_bins": ("embedding", ("piecewise", "periodic")),
    "frequency_scale": ("embedding", ("periodic",)),
}
# What weights presuppose: that inputs mean the same, and units do alike with them.
NETWORK_INHERITS = ("activation", "embedding", "n_bins", "frequency_scale")
NETWORK_SLOTS: Slots = {
    "encoder": ("one_hot", "target_mean", "embedded"),
    "scaler": ("none", "quantile", "power"),  # it scales columns itself
}

_OF_FORESTS = {
    "n_estimators": (150, 1.0),
    "max_features": (0.5, 0.7),
    "min_samples_leaf": (1, -0.2),
}
FOREST_COST = Cost(0.3, rows=1.15, columns=0.9, units=_OF_FORESTS)
EXTRA_TREES_COST = Cost(0.22, rows=0.95, columns=0.7, units=_OF_FORESTS)
BOOSTING_COST = Cost(
    0.13,
    rows=0.45,
    columns=0.6,
    outputs=0.85,
    linear=0.0055,
    units={"max_iter": (100, 1.0), "max_leaf_nodes": (31, 0.7), "max_features": (1.0, 0.4)},
)
EXACT_BOOSTING_COST = Cost(
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
NETWORK_COST = Cost(
    0.6,
    rows=1.0,
    columns=0.4,
    outputs=0.1,
    units={
        "max_iter": (40, 1.0),
        "n_members": (4, 0.9),
        "hidden_layer_sizes": (256, 1.2),
        "batch_size": (128, -0.3),
        "n_bins": (12, 0.4),
    },
)

# What fits hold besides the rows they are given, measured by ``benchmarks/footprint.py``:
# imputed, scaled and, by many solvers, centred copies. A node of a tree has 64 bytes and 8 per
# class, and full trees have nearly two nodes per row. Boosting keeps a byte per number, a
# sample to find its bins, a held-out tenth and the rest in copies of their own, scores and
# gradients per output, and 256 bins of 20 bytes per column for every second leaf. Kernel
# features are held twice.
LINEAR_FOOTPRINT = Footprint(3.0)
DISCRIMINANT_FOOTPRINT = Footprint(4.7)
# Weights of every column's bins, and those of Adam, of 128 units and some members.
NETWORK_FOOTPRINT = Footprint(3.0, of_column={"n_bins": 20_000.0})
TREE_FOOTPRINT = Footprint(0.5)
FOREST_FOOTPRINT = Footprint(0.5, of_each={"n_estimators": 144.0})
BOOSTING_FOOTPRINT = Footprint(
    1.5, refit_copies=0.5, of_output=24.0, of_column={"max_leaf_nodes": 256 * 10.0}
)
SVM_FOOTPRINT = Footprint(3.0, of_pair=4.0)
GAUSSIAN_PROCESS_FOOTPRINT = Footprint(3.0, of_pair=48.0)
KERNEL_FOOTPRINT = Footprint(2.2, of_each={"map__n_components": 16.0})
