"""Gaussian class models: linear and quadratic discriminants, naive Bayes."""

from sklearn.discriminant_analysis import (
    LinearDiscriminantAnalysis,
    QuadraticDiscriminantAnalysis,
)
from sklearn.naive_bayes import GaussianNB

from evolearn.genes.encoder import ENCODER, TARGET_MEAN
from evolearn.models.base import CLASSIFICATION, SCALED, TRANSFORMED
from evolearn.pipeline.domains import Choice, Float
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.model_family import Model, ModelFamily, PortfolioEntry
from evolearn.pipeline.resources import Cost, Footprint

FOOTPRINT = Footprint(4.7)

LINEAR_DISCRIMINANT = ModelFamily(
    "linear_discriminant_analysis",
    {
        CLASSIFICATION: Model(
            LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
            {"shrinkage": Choice("auto", 0.01, 0.1, 0.5)},
            TRANSFORMED,
            Cost(0.008, rows=0.7, columns=0.7),
        )
    },
    {"footprint": FOOTPRINT},
    portfolio={CLASSIFICATION: (PortfolioEntry(9, {}, {ENCODER: TARGET_MEAN}),)},
    aliases=("lda", "discriminant analysis"),
)

QUADRATIC_DISCRIMINANT = ModelFamily(
    "quadratic_discriminant_analysis",
    {
        CLASSIFICATION: Model(
            QuadraticDiscriminantAnalysis(reg_param=0.1),
            {"reg_param": Float(1e-3, 1.0, log=True, start=0.1)},
            SCALED,
            Cost(0.006, rows=0.8, columns=0.9),
        )
    },
    {"footprint": FOOTPRINT, "full_rank": True, "complexity": 1.5},
    portfolio={CLASSIFICATION: (PortfolioEntry(20),)},
    aliases=("qda", "discriminant analysis"),
)

NAIVE_BAYES = ModelFamily(
    "gaussian_naive_bayes",
    {
        CLASSIFICATION: Model(
            GaussianNB,
            {"var_smoothing": Float(1e-10, 1e-1, log=True, start=1e-9)},
            SCALED | {Trait.NORMAL},
            Cost(0.008, rows=0.7, columns=0.8),
        )
    },
    {"footprint": Footprint(3.0)},
    aliases=("naive bayes", "nb", "gaussian nb"),
)
