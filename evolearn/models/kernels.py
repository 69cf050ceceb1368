"""Kernel methods: support vector machine, kernel approximation, Gaussian process."""

from sklearn.calibration import CalibratedClassifierCV
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC, SVR

from evolearn.models.base import (
    CLASS_WEIGHT,
    CLASSIFICATION,
    REGRESSION,
    SCALED,
    SCALED_TARGET,
    SPARSE,
    TRANSFORMED,
)
from evolearn.pipeline.domains import Choice, Domain, Float, Integer
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.model_family import Model, ModelFamily, PortfolioEntry
from evolearn.pipeline.resources import Cost, Footprint

SUPPORT_VECTOR_MACHINE = ModelFamily(
    "support_vector_machine",
    {
        CLASSIFICATION: Model(
            # Platt scaling on out-of-fold decision values, as libsvm's own probabilities.
            CalibratedClassifierCV(SVC(cache_size=500, max_iter=100_000), ensemble=False, cv=3),
            {
                "estimator__C": Float(1e-2, 1e3, log=True, start=3.0),
                "estimator__kernel": Choice("rbf", "poly", "sigmoid"),
                "estimator__gamma": Float(1e-4, 3.0, log=True, start=0.05),
                "estimator__class_weight": CLASS_WEIGHT,
            },
            TRANSFORMED | {Trait.WORDS},
            Cost(0.04, rows=2.0, columns=0.6, outputs=0.3),
        ),
        REGRESSION: Model(
            SVR(cache_size=500, max_iter=100_000),
            {
                "C": Float(1e-2, 1e2, log=True, start=1.0),
                "kernel": Choice("rbf", "poly"),
                "gamma": Float(1e-4, 3.0, log=True, start=0.05),
                "epsilon": Float(1e-3, 0.5, log=True, start=0.05),
            },
            SCALED | {Trait.WORDS} | SCALED_TARGET,
            Cost(0.04, rows=2.0, columns=0.4),
        ),
    },
    {
        "handles": SPARSE,
        "class_rows": 3,  # one for each of the calibration's folds
        "complexity": 4.0,
        "footprint": Footprint(3.0, of_pair=4.0),
    },
    portfolio={
        CLASSIFICATION: (PortfolioEntry(13, {"estimator__C": 3.0}),),
        REGRESSION: (PortfolioEntry(10, {"C": 3.0}),),
    },
    aliases=("svm", "svc", "svr"),
)

_MAP = ("map", Nystroem(gamma=0.05, n_components=200))
_MAP_PARAMETERS: dict[str, Domain] = {
    "map__gamma": Float(1e-4, 3.0, log=True, start=0.05),
    "map__n_components": Integer(50, 600, log=True, start=200),
}
KERNEL_APPROXIMATION = ModelFamily(
    "kernel_approximation",
    {
        CLASSIFICATION: Model(
            Pipeline([_MAP, ("head", LogisticRegression(max_iter=200))]),
            {**_MAP_PARAMETERS, "head__C": Float(1e-3, 1e3, log=True, start=1.0)},
            SCALED,
            Cost(0.025, rows=0.95, columns=0.1, outputs=0.5),
        ),
        REGRESSION: Model(
            Pipeline([_MAP, ("head", Ridge())]),
            {**_MAP_PARAMETERS, "head__alpha": Float(1e-3, 100.0, log=True, start=0.1)},
            SCALED | SCALED_TARGET,
            Cost(0.02, rows=0.8, columns=0.2),
        ),
    },
    {
        "handles": SPARSE,
        "complexity": 3.0,
        # Kernel features are held twice.
        "footprint": Footprint(2.2, of_each={"map__n_components": 16.0}),
    },
    portfolio={task: (PortfolioEntry(23),) for task in (CLASSIFICATION, REGRESSION)},
    aliases=("nystroem", "kernel methods"),
)

_KERNELS = (
    ConstantKernel() * Matern(nu=1.5, length_scale=2.0) + WhiteKernel(0.1),
    ConstantKernel() * RBF(length_scale=2.0) + WhiteKernel(0.1),
    ConstantKernel() * Matern(nu=2.5, length_scale=4.0) + WhiteKernel(0.05),
)
GAUSSIAN_PROCESS = ModelFamily(
    "gaussian_process",
    {
        CLASSIFICATION: Model(
            # The length scale is evolved, not optimised inside: cubic cost only once.
            GaussianProcessClassifier(RBF(3.0), optimizer=None, max_iter_predict=30),
            {"kernel": Choice(*(RBF(scale) for scale in (3.0, 1.0, 6.0, 0.3)))},
            SCALED,
            Cost(0.25, rows=3.0, columns=0.0, outputs=1.1),
        ),
        REGRESSION: Model(
            GaussianProcessRegressor(_KERNELS[0], n_restarts_optimizer=0),
            {"kernel": Choice(*_KERNELS)},
            SCALED | SCALED_TARGET,
            Cost(4.0, rows=2.8, columns=0.0),
        ),
    },
    {"complexity": 4.0, "footprint": Footprint(3.0, of_pair=48.0)},
    portfolio={CLASSIFICATION: (PortfolioEntry(22),), REGRESSION: (PortfolioEntry(17),)},
    aliases=("gp", "kriging"),
)
