"""Nearest neighbours."""

from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from evolearn.genes.scaler import QUANTILE, SCALER
from evolearn.models.base import CLASSIFICATION, REGRESSION, SPARSE, TRANSFORMED, models_of
from evolearn.pipeline.component import Component, capped
from evolearn.pipeline.domains import Choice, Integer
from evolearn.pipeline.model_family import ModelFamily, PortfolioEntry
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.resources import Cost, Footprint


def size_limits(component: Component, problem: Problem) -> Component:
    """Return neighbours of at most half of any fold's training rows."""
    return capped(component, "n_neighbors", problem.n_least_rows // 2)


NEIGHBORS = ModelFamily(
    "nearest_neighbors",
    models_of(
        KNeighborsClassifier(n_neighbors=10, weights="distance"),
        KNeighborsRegressor(n_neighbors=10, weights="distance"),
        {
            "n_neighbors": Integer(1, 60, log=True, start=10),
            "weights": Choice("distance", "uniform"),
            "p": Choice(2, 1),
        },
        TRANSFORMED,
        Cost(0.004, rows=1.4, columns=0.6),
    ),
    {
        "handles": SPARSE,
        "complexity": 3.0,
        "footprint": Footprint(3.0),
        "size_limits": size_limits,
    },
    portfolio={
        CLASSIFICATION: (PortfolioEntry(11, {}, {SCALER: QUANTILE}),),
        REGRESSION: (PortfolioEntry(15, {}, {SCALER: QUANTILE}),),
    },
    aliases=("knn", "k nearest neighbors", "k neighbors"),
)
