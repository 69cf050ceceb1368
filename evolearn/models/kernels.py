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
    DENSE,
    REGRESSION,
    SCALED,
    SPARSE,
    TRANSFORMED,
    family_component,
)
from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice, Domain, Float, Integer
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.model_family import ModelFamily, PortfolioEntry
from evolearn.pipeline.resources import Cost, Footprint

SVM_FOOTPRINT = Footprint(3.0, of_pair=4.0)
GAUSSIAN_PROCESS_FOOTPRINT = Footprint(3.0, of_pair=48.0)
# Kernel features are held twice.
APPROXIMATION_FOOTPRINT = Footprint(2.2, of_each={"map__n_components": 16.0})


class SupportVectorFamily(ModelFamily):
    """Support vector machine."""

    name = "support_vector_machine"
    portfolio = {
        CLASSIFICATION: (PortfolioEntry(13, {"estimator__C": 3.0}),),
        REGRESSION: (PortfolioEntry(10, {"C": 3.0}),),
    }

    def component(self, task: str) -> Component:
        """Return the classifier or the regressor."""
        if task == CLASSIFICATION:
            return family_component(
                self.name,
                # Platt scaling on out-of-fold decision values, as libsvm's own probabilities.
                CalibratedClassifierCV(
                    SVC(cache_size=500, max_iter=100_000), ensemble=False, cv=3
                ),
                {
                    "estimator__C": Float(1e-2, 1e3, log=True, start=3.0),
                    "estimator__kernel": Choice("rbf", "poly", "sigmoid"),
                    "estimator__gamma": Float(1e-4, 3.0, log=True, start=0.05),
                    "estimator__class_weight": CLASS_WEIGHT,
                },
                TRANSFORMED | {Trait.WORDS},
                task,
                handles=SPARSE,
                class_rows=3,  # one for each of the calibration's folds
                complexity=4.0,
                cost=Cost(0.04, rows=2.0, columns=0.6, outputs=0.3),
                footprint=SVM_FOOTPRINT,
            )
        return family_component(
            self.name,
            SVR(cache_size=500, max_iter=100_000),
            {
                "C": Float(1e-2, 1e2, log=True, start=1.0),
                "kernel": Choice("rbf", "poly"),
                "gamma": Float(1e-4, 3.0, log=True, start=0.05),
                "epsilon": Float(1e-3, 0.5, log=True, start=0.05),
            },
            SCALED | {Trait.WORDS, Trait.SCALED_TARGET},
            task,
            handles=SPARSE,
            complexity=4.0,
            cost=Cost(0.04, rows=2.0, columns=0.4),
            footprint=SVM_FOOTPRINT,
        )


class KernelApproximationFamily(ModelFamily):
    """A linear model of approximate kernel features."""

    name = "kernel_approximation"
    portfolio = {
        CLASSIFICATION: (PortfolioEntry(23),),
        REGRESSION: (PortfolioEntry(23),),
    }

    def component(self, task: str) -> Component:
        """Return the classifier or the regressor."""
        kernel_map = Nystroem(gamma=0.05, n_components=200)
        parameters: dict[str, Domain] = {
            "map__gamma": Float(1e-4, 3.0, log=True, start=0.05),
            "map__n_components": Integer(50, 600, log=True, start=200),
        }
        if task == CLASSIFICATION:
            return family_component(
                self.name,
                Pipeline([("map", kernel_map), ("head", LogisticRegression(max_iter=200))]),
                {**parameters, "head__C": Float(1e-3, 1e3, log=True, start=1.0)},
                SCALED,
                task,
                handles=SPARSE,
                complexity=3.0,
                cost=Cost(0.025, rows=0.95, columns=0.1, outputs=0.5),
                footprint=APPROXIMATION_FOOTPRINT,
            )
        return family_component(
            self.name,
            Pipeline([("map", kernel_map), ("head", Ridge())]),
            {**parameters, "head__alpha": Float(1e-3, 100.0, log=True, start=0.1)},
            SCALED | {Trait.SCALED_TARGET},
            task,
            handles=SPARSE,
            complexity=3.0,
            cost=Cost(0.02, rows=0.8, columns=0.2),
            footprint=APPROXIMATION_FOOTPRINT,
        )


class GaussianProcessFamily(ModelFamily):
    """Gaussian process."""

    name = "gaussian_process"
    portfolio = {
        CLASSIFICATION: (PortfolioEntry(22),),
        REGRESSION: (PortfolioEntry(17),),
    }

    def component(self, task: str) -> Component:
        """Return the classifier or the regressor."""
        if task == CLASSIFICATION:
            return family_component(
                self.name,
                # The length scale is evolved, not optimised inside: cubic cost only once.
                GaussianProcessClassifier(RBF(3.0), optimizer=None, max_iter_predict=30),
                {"kernel": Choice(*(RBF(scale) for scale in (3.0, 1.0, 6.0, 0.3)))},
                SCALED,
                task,
                handles=DENSE,
                complexity=4.0,
                cost=Cost(0.25, rows=3.0, columns=0.0, outputs=1.1),
                footprint=GAUSSIAN_PROCESS_FOOTPRINT,
            )
        kernels = (
            ConstantKernel() * Matern(nu=1.5, length_scale=2.0) + WhiteKernel(0.1),
            ConstantKernel() * RBF(length_scale=2.0) + WhiteKernel(0.1),
            ConstantKernel() * Matern(nu=2.5, length_scale=4.0) + WhiteKernel(0.05),
        )
        return family_component(
            self.name,
            GaussianProcessRegressor(kernels[0], n_restarts_optimizer=0),
            {"kernel": Choice(*kernels)},
            SCALED | {Trait.SCALED_TARGET},
            task,
            handles=DENSE,
            complexity=4.0,
            cost=Cost(4.0, rows=2.8, columns=0.0),
            footprint=GAUSSIAN_PROCESS_FOOTPRINT,
        )
