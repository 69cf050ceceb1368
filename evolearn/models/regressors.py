"""The default regressors."""

from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestRegressor,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import ElasticNet, Ridge, SGDRegressor
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.svm import SVR
from sklearn.tree import DecisionTreeRegressor

from evolearn.models.shared import (
    BOOSTING,
    BOOSTING_COST,
    BOOSTING_FOOTPRINT,
    BOOSTING_PARAMETERS,
    BOOSTING_SLOTS,
    DENSE,
    EXACT_BOOSTING_COST,
    EXACT_BOOSTING_PARAMETERS,
    EXACT_BOOSTING_SLOTS,
    EXTRA_TREES_COST,
    FOREST_COST,
    FOREST_FOOTPRINT,
    FOREST_PARAMETERS,
    FREE_TARGETS,
    GAUSSIAN_PROCESS_FOOTPRINT,
    KERNEL_FOOTPRINT,
    LINEAR_FOOTPRINT,
    NETWORK_CONDITIONS,
    NETWORK_COST,
    NETWORK_FOOTPRINT,
    NETWORK_INHERITS,
    NETWORK_PARAMETERS,
    NETWORK_SLOTS,
    SCALED_TARGETS,
    SPARSE,
    SVM_FOOTPRINT,
    TEXTS_OF_SUMS,
    TREE_FOOTPRINT,
    TREE_SLOTS,
    TREES,
    numeric_slots,
    with_target,
)
from evolearn.networks import NetworkRegressor
from evolearn.pipeline.component import Component, Cost
from evolearn.pipeline.domains import Choice, Float, Integer

_SLOTS = with_target(numeric_slots("regression"), *FREE_TARGETS)
_LINEAR = with_target(numeric_slots("regression", linear=True), *FREE_TARGETS)
_SCALED = with_target(numeric_slots("regression", transformer=False), *SCALED_TARGETS)
_TREES = with_target(TREE_SLOTS, *FREE_TARGETS)
_BOOSTING = with_target(BOOSTING_SLOTS, *FREE_TARGETS)

REGRESSORS = (
    Component(
        "ridge",
        Ridge,
        {"alpha": Float(1e-3, 1e4, log=True, start=1.0)},
        slots=_LINEAR,
        handles=SPARSE,
        complexity=1.0,
        cost=Cost(0.002, rows=0.8, columns=0.8),
        footprint=LINEAR_FOOTPRINT,
    ),
    Component(
        "elastic_net",
        ElasticNet(max_iter=2000),
        {
            "alpha": Float(1e-4, 10.0, log=True, start=1e-2),
            "l1_ratio": Float(0.05, 1.0, start=0.5),
        },
        slots={**_LINEAR, "target": SCALED_TARGETS},
        handles=SPARSE,
        complexity=1.0,
        cost=Cost(0.003, rows=0.8, columns=0.8),
        footprint=LINEAR_FOOTPRINT,
    ),
    Component(
        "sgd",
        SGDRegressor(penalty="elasticnet", max_iter=200, tol=1e-3),
        {
            "loss": Choice("squared_error", "huber"),
            "alpha": Float(1e-6, 1e-1, log=True, start=1e-4),
            "l1_ratio": Float(0.0, 1.0, start=0.15),
            "average": Choice(True, False),
        },
        slots={**_LINEAR, "target": SCALED_TARGETS},
        handles=SPARSE,
        complexity=1.0,
        cost=Cost(0.005, rows=0.9, columns=0.7),
        footprint=LINEAR_FOOTPRINT,
    ),
    Component(
        "nearest_neighbors",
        KNeighborsRegressor(n_neighbors=10, weights="distance"),
        {
            "n_neighbors": Integer(1, 60, log=True, start=10),
            "weights": Choice("distance", "uniform"),
            "p": Choice(2, 1),
        },
        slots=_SLOTS,
        handles=SPARSE,
        complexity=3.0,
        cost=Cost(0.004, rows=1.4, columns=0.6),
        footprint=LINEAR_FOOTPRINT,
    ),
    Component(
        "support_vector_machine",
        SVR(cache_size=500, max_iter=100_000),
        {
            "C": Float(1e-2, 1e2, log=True, start=1.0),
            "kernel": Choice("rbf", "poly"),
            "gamma": Float(1e-4, 3.0, log=True, start=0.05),
            "epsilon": Float(1e-3, 0.5, log=True, start=0.05),
        },
        slots={**_SCALED, "text": TEXTS_OF_SUMS},
        handles=SPARSE,
        complexity=4.0,
        cost=Cost(0.04, rows=2.0, columns=0.4),
        footprint=SVM_FOOTPRINT,
    ),
    Component(
        "kernel_approximation",
        Pipeline([("map", Nystroem(gamma=0.05, n_components=200)), ("head", Ridge())]),
        {
            "map__gamma": Float(1e-4, 3.0, log=True, start=0.05),
            "map__n_components": Integer(50, 600, log=True, start=200),
            "head__alpha": Float(1e-3, 100.0, log=True, start=0.1),
        },
        slots=_SCALED,
        handles=SPARSE,
        complexity=3.0,
        cost=Cost(0.02, rows=0.8, columns=0.2),
        footprint=KERNEL_FOOTPRINT,
    ),
    Component(
        "decision_tree",
        DecisionTreeRegressor(max_leaf_nodes=32),
        {
            "max_leaf_nodes": Integer(4, 500, log=True, start=32),
            "min_samples_leaf": Integer(1, 50, log=True, start=5),
        },
        slots=_TREES,
        handles=TREES,
        complexity=1.0,
        cost=Cost(0.004, rows=1.1),
        footprint=TREE_FOOTPRINT,
    ),
    Component(
        "random_forest",
        RandomForestRegressor,
        FOREST_PARAMETERS,
        slots=_TREES,
        handles=TREES,
        complexity=6.0,
        cost=FOREST_COST,
        footprint=FOREST_FOOTPRINT,
    ),
    Component(
        "extra_trees",
        ExtraTreesRegressor,
        FOREST_PARAMETERS,
        slots=_TREES,
        handles=TREES,
        complexity=6.0,
        cost=EXTRA_TREES_COST,
        footprint=FOREST_FOOTPRINT,
    ),
    Component(
        "hist_gradient_boosting",
        HistGradientBoostingRegressor(early_stopping=True, n_iter_no_change=15),
        {**BOOSTING_PARAMETERS, "early_stopping": Choice(False, True)},
        slots=_BOOSTING,
        handles=BOOSTING,
        complexity=5.0,
        cost=BOOSTING_COST,
        footprint=BOOSTING_FOOTPRINT,
        rounds="max_iter",
    ),
    Component(
        "gradient_boosting",
        GradientBoostingRegressor,
        EXACT_BOOSTING_PARAMETERS,
        slots=with_target(EXACT_BOOSTING_SLOTS, *FREE_TARGETS),
        handles=SPARSE,
        complexity=5.0,
        cost=EXACT_BOOSTING_COST,
        footprint=LINEAR_FOOTPRINT,
        rounds="n_estimators",
    ),
    Component(
        "multi_layer_perceptron",
        NetworkRegressor,
        NETWORK_PARAMETERS,
        NETWORK_CONDITIONS,
        slots={**_SCALED, **NETWORK_SLOTS, "target": FREE_TARGETS},
        handles=SPARSE,
        complexity=4.0,
        cost=NETWORK_COST,
        footprint=NETWORK_FOOTPRINT,
        inherits=NETWORK_INHERITS,
    ),
    Component(
        "gaussian_process",
        GaussianProcessRegressor(
            ConstantKernel() * Matern(nu=1.5, length_scale=2.0) + WhiteKernel(0.1),
            n_restarts_optimizer=0,
        ),
        {
            "kernel": Choice(
                ConstantKernel() * Matern(nu=1.5, length_scale=2.0) + WhiteKernel(0.1),
                ConstantKernel() * RBF(length_scale=2.0) + WhiteKernel(0.1),
                ConstantKernel() * Matern(nu=2.5, length_scale=4.0) + WhiteKernel(0.05),
            )
        },
        slots=_SCALED,
        handles=DENSE,
        complexity=4.0,
        cost=Cost(4.0, rows=2.8, columns=0.0),
        footprint=GAUSSIAN_PROCESS_FOOTPRINT,
    ),
)
