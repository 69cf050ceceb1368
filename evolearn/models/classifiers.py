"""The default classifiers; all of them give probabilities."""

from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from evolearn.models.shared import (
    BOOSTING,
    BOOSTING_COST,
    BOOSTING_FOOTPRINT,
    BOOSTING_PARAMETERS,
    BOOSTING_SLOTS,
    DENSE,
    DISCRIMINANT_FOOTPRINT,
    EXACT_BOOSTING_COST,
    EXACT_BOOSTING_PARAMETERS,
    EXACT_BOOSTING_SLOTS,
    EXTRA_TREES_COST,
    FOREST_COST,
    FOREST_FOOTPRINT,
    FOREST_PARAMETERS,
    GAUSSIAN_PROCESS_FOOTPRINT,
    KERNEL_FOOTPRINT,
    LINEAR_FOOTPRINT,
    NETWORK_CONDITIONS,
    NETWORK_COST,
    NETWORK_FOOTPRINT,
    NETWORK_INHERITS,
    NETWORK_PARAMETERS,
    NETWORK_SLOTS,
    SPARSE,
    SVM_FOOTPRINT,
    TEXTS_OF_SUMS,
    TREE_FOOTPRINT,
    TREE_SLOTS,
    TREES,
    numeric_slots,
)
from evolearn.networks import NetworkClassifier
from evolearn.pipeline.component import Component, Cost
from evolearn.pipeline.domains import Choice, Float, Integer

_SLOTS = numeric_slots("classification")
_LINEAR = numeric_slots("classification", linear=True)
_PLAIN = numeric_slots("classification", transformer=False)
_BALANCE = Choice(None, "balanced")

CLASSIFIERS = (
    Component(
        "decision_tree",
        DecisionTreeClassifier(max_leaf_nodes=32),
        {
            "max_leaf_nodes": Integer(4, 500, log=True, start=32),
            "min_samples_leaf": Integer(1, 50, log=True, start=5),
            "criterion": Choice("gini", "entropy"),
        },
        slots=TREE_SLOTS,
        handles=TREES,
        complexity=1.0,
        cost=Cost(0.006, rows=1.1),
        footprint=TREE_FOOTPRINT,
    ),
    Component(
        "logistic_regression",
        LogisticRegression(max_iter=300),
        {"C": Float(1e-3, 1e3, log=True, start=1.0), "class_weight": _BALANCE},
        slots=_LINEAR,
        handles=SPARSE,
        complexity=1.0,
        cost=Cost(0.012, rows=0.8, columns=0.5, outputs=0.3),
        footprint=LINEAR_FOOTPRINT,
    ),
    Component(
        "sgd",
        SGDClassifier(loss="log_loss", penalty="elasticnet", max_iter=200, tol=1e-3),
        {
            "loss": Choice("log_loss", "modified_huber"),
            "alpha": Float(1e-6, 1e-1, log=True, start=1e-4),
            "l1_ratio": Float(0.0, 1.0, start=0.15),
            "average": Choice(True, False),
            "class_weight": _BALANCE,
        },
        slots=_LINEAR,
        handles=SPARSE,
        complexity=1.0,
        cost=Cost(0.008, rows=1.0, columns=1.0, outputs=1.0),
        footprint=LINEAR_FOOTPRINT,
    ),
    Component(
        "linear_discriminant_analysis",
        LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
        {"shrinkage": Choice("auto", 0.01, 0.1, 0.5)},
        slots=_SLOTS,
        handles=DENSE,
        complexity=1.0,
        cost=Cost(0.008, rows=0.7, columns=0.7),
        footprint=DISCRIMINANT_FOOTPRINT,
    ),
    Component(
        "quadratic_discriminant_analysis",
        QuadraticDiscriminantAnalysis(reg_param=0.1),
        {"reg_param": Float(1e-3, 1.0, log=True, start=0.1)},
        slots=_PLAIN,
        handles=DENSE,
        full_rank=True,
        complexity=1.5,
        cost=Cost(0.006, rows=0.8, columns=0.9),
        footprint=DISCRIMINANT_FOOTPRINT,
    ),
    Component(
        "gaussian_naive_bayes",
        GaussianNB,
        {"var_smoothing": Float(1e-10, 1e-1, log=True, start=1e-9)},
        slots={**_PLAIN, "scaler": ("quantile", "standard", "power")},
        handles=DENSE,
        complexity=1.0,
        cost=Cost(0.008, rows=0.7, columns=0.8),
        footprint=LINEAR_FOOTPRINT,
    ),
    Component(
        "nearest_neighbors",
        KNeighborsClassifier(n_neighbors=10, weights="distance"),
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
        # Platt scaling on out-of-fold decision values, as libsvm's own probabilities.
        CalibratedClassifierCV(SVC(cache_size=500, max_iter=100_000), ensemble=False, cv=3),
        {
            "estimator__C": Float(1e-2, 1e3, log=True, start=3.0),
            "estimator__kernel": Choice("rbf", "poly", "sigmoid"),
            "estimator__gamma": Float(1e-4, 3.0, log=True, start=0.05),
            "estimator__class_weight": _BALANCE,
        },
        slots={**_SLOTS, "text": TEXTS_OF_SUMS},
        handles=SPARSE,
        class_rows=3,  # one for each of the calibration's folds
        complexity=4.0,
        cost=Cost(0.04, rows=2.0, columns=0.6, outputs=0.3),
        footprint=SVM_FOOTPRINT,
    ),
    Component(
        "kernel_approximation",
        Pipeline(
            [
                ("map", Nystroem(gamma=0.05, n_components=200)),
                ("head", LogisticRegression(max_iter=200)),
            ]
        ),
        {
            "map__gamma": Float(1e-4, 3.0, log=True, start=0.05),
            "map__n_components": Integer(50, 600, log=True, start=200),
            "head__C": Float(1e-3, 1e3, log=True, start=1.0),
        },
        slots=_PLAIN,
        handles=SPARSE,
        complexity=3.0,
        cost=Cost(0.025, rows=0.95, columns=0.1, outputs=0.5),
        footprint=KERNEL_FOOTPRINT,
    ),
    Component(
        "random_forest",
        RandomForestClassifier,
        {**FOREST_PARAMETERS, "class_weight": _BALANCE, "criterion": Choice("gini", "entropy")},
        slots=TREE_SLOTS,
        handles=TREES,
        complexity=6.0,
        cost=FOREST_COST,
        footprint=FOREST_FOOTPRINT,
    ),
    Component(
        "extra_trees",
        ExtraTreesClassifier,
        {**FOREST_PARAMETERS, "class_weight": _BALANCE, "criterion": Choice("gini", "entropy")},
        slots=TREE_SLOTS,
        handles=TREES,
        complexity=6.0,
        cost=EXTRA_TREES_COST,
        footprint=FOREST_FOOTPRINT,
    ),
    Component(
        "hist_gradient_boosting",
        HistGradientBoostingClassifier(early_stopping=True, n_iter_no_change=15),
        {**BOOSTING_PARAMETERS, "early_stopping": Choice(False, True)},
        slots=BOOSTING_SLOTS,
        handles=BOOSTING,
        complexity=5.0,
        cost=BOOSTING_COST,
        footprint=BOOSTING_FOOTPRINT,
        rounds="max_iter",
    ),
    Component(
        "gradient_boosting",
        GradientBoostingClassifier,
        EXACT_BOOSTING_PARAMETERS,
        slots=EXACT_BOOSTING_SLOTS,
        handles=SPARSE,
        complexity=5.0,
        cost=EXACT_BOOSTING_COST,
        footprint=LINEAR_FOOTPRINT,
        rounds="n_estimators",
    ),
    Component(
        "multi_layer_perceptron",
        NetworkClassifier,
        NETWORK_PARAMETERS,
        NETWORK_CONDITIONS,
        slots={**_PLAIN, **NETWORK_SLOTS},
        handles=SPARSE,
        complexity=4.0,
        cost=NETWORK_COST,
        footprint=NETWORK_FOOTPRINT,
        inherits=NETWORK_INHERITS,
    ),
    Component(
        "gaussian_process",
        # The kernel's length scale is evolved, not optimised inside: cubic cost only once.
        GaussianProcessClassifier(RBF(3.0), optimizer=None, max_iter_predict=30),
        {"kernel": Choice(*(RBF(scale) for scale in (3.0, 1.0, 6.0, 0.3)))},
        slots=_PLAIN,
        handles=DENSE,
        complexity=4.0,
        cost=Cost(0.25, rows=3.0, columns=0.0, outputs=1.1),
        footprint=GAUSSIAN_PROCESS_FOOTPRINT,
    ),
)
