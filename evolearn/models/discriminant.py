"""Gaussian class models: linear and quadratic discriminants, naive Bayes."""

from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.naive_bayes import GaussianNB

from evolearn.genes.encoder import ENCODER, TARGET_MEAN
from evolearn.models.base import CLASSIFICATION, DENSE, SCALED, TRANSFORMED, family_component
from evolearn.models.linear import FOOTPRINT as LINEAR_FOOTPRINT
from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice, Float
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.model_family import ModelFamily, PortfolioEntry
from evolearn.pipeline.resources import Cost, Footprint

FOOTPRINT = Footprint(4.7)


class LinearDiscriminantFamily(ModelFamily):
    """Linear discriminant analysis with a shrunken covariance."""

    name = "linear_discriminant_analysis"
    tasks = (CLASSIFICATION,)
    portfolio = {CLASSIFICATION: (PortfolioEntry(9, {}, {ENCODER: TARGET_MEAN}),)}

    def component(self, task: str) -> Component:
        """Return the classifier."""
        return family_component(
            self.name,
            LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
            {"shrinkage": Choice("auto", 0.01, 0.1, 0.5)},
            TRANSFORMED,
            task,
            handles=DENSE,
            cost=Cost(0.008, rows=0.7, columns=0.7),
            footprint=FOOTPRINT,
        )


class QuadraticDiscriminantFamily(ModelFamily):
    """Quadratic discriminant analysis."""

    name = "quadratic_discriminant_analysis"
    tasks = (CLASSIFICATION,)
    portfolio = {CLASSIFICATION: (PortfolioEntry(20),)}

    def component(self, task: str) -> Component:
        """Return the classifier."""
        return family_component(
            self.name,
            QuadraticDiscriminantAnalysis(reg_param=0.1),
            {"reg_param": Float(1e-3, 1.0, log=True, start=0.1)},
            SCALED,
            task,
            handles=DENSE,
            full_rank=True,
            complexity=1.5,
            cost=Cost(0.006, rows=0.8, columns=0.9),
            footprint=FOOTPRINT,
        )


class NaiveBayesFamily(ModelFamily):
    """Gaussian naive Bayes."""

    name = "gaussian_naive_bayes"
    tasks = (CLASSIFICATION,)

    def component(self, task: str) -> Component:
        """Return the classifier."""
        return family_component(
            self.name,
            GaussianNB,
            {"var_smoothing": Float(1e-10, 1e-1, log=True, start=1e-9)},
            SCALED | {Trait.NORMAL},
            task,
            handles=DENSE,
            cost=Cost(0.008, rows=0.7, columns=0.8),
            footprint=LINEAR_FOOTPRINT,
        )
