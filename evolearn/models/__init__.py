"""Model families: one file per kind of model, each family with both tasks.

The list below is the registry. The ranks of the portfolio entries, by task, were chosen from
110 configurations that ``benchmarks/portfolio.py measure`` fitted on every table of the suite,
by their worth on average and beside each other. What its ``choose`` takes greedily is worse on
tables that it did not choose by: few tables judge, and luck is chosen.
"""

from evolearn.models.boosting import ExactBoostingFamily, HistogramBoostingFamily
from evolearn.models.boosting_libraries import (
    CatBoostFamily,
    LightGBMFamily,
    XGBoostFamily,
)
from evolearn.models.discriminant import (
    LinearDiscriminantFamily,
    NaiveBayesFamily,
    QuadraticDiscriminantFamily,
)
from evolearn.models.kernels import (
    GaussianProcessFamily,
    KernelApproximationFamily,
    SupportVectorFamily,
)
from evolearn.models.linear import (
    ElasticNetFamily,
    LogisticRegressionFamily,
    RidgeFamily,
    SGDFamily,
)
from evolearn.models.neighbors import NeighborsFamily
from evolearn.models.network import NetworkFamily
from evolearn.models.trees import DecisionTreeFamily, ExtraTreesFamily, RandomForestFamily
from evolearn.pipeline.registry import register_family

for _family in (
    DecisionTreeFamily(),
    LogisticRegressionFamily(),
    RidgeFamily(),
    ElasticNetFamily(),
    SGDFamily(),
    LinearDiscriminantFamily(),
    QuadraticDiscriminantFamily(),
    NaiveBayesFamily(),
    NeighborsFamily(),
    SupportVectorFamily(),
    KernelApproximationFamily(),
    RandomForestFamily(),
    ExtraTreesFamily(),
    HistogramBoostingFamily(),
    ExactBoostingFamily(),
    NetworkFamily(),
    GaussianProcessFamily(),
    LightGBMFamily(),
    XGBoostFamily(),
    CatBoostFamily(),
):
    register_family(_family)
