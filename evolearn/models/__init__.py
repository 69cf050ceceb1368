"""Model families: the types of estimators, one file per kind, each family with both tasks.

The list below is the registry. The portfolio entries and their ranks were chosen by hand, from
110 configurations that ``benchmarks/portfolio.py measure`` fitted on every table of the suite:
those with a low error on average, and those that do well where others fail. The greedy choice
of ``benchmarks/portfolio.py choose`` does worse on tables that were not used for the choice.
"""

from evolearn.models.boosting import EXACT_BOOSTING, HISTOGRAM_BOOSTING
from evolearn.models.boosting_libraries import CATBOOST, LIGHTGBM, XGBOOST
from evolearn.models.discriminant import (
    LINEAR_DISCRIMINANT,
    NAIVE_BAYES,
    QUADRATIC_DISCRIMINANT,
)
from evolearn.models.kernels import (
    GAUSSIAN_PROCESS,
    KERNEL_APPROXIMATION,
    SUPPORT_VECTOR_MACHINE,
)
from evolearn.models.linear import ELASTIC_NET, LOGISTIC_REGRESSION, RIDGE, SGD
from evolearn.models.neighbors import NEIGHBORS
from evolearn.models.network import NETWORK
from evolearn.models.trees import DECISION_TREE, EXTRA_TREES, RANDOM_FOREST
from evolearn.pipeline.registry import register_family

for _family in (
    DECISION_TREE,
    LOGISTIC_REGRESSION,
    RIDGE,
    ELASTIC_NET,
    SGD,
    LINEAR_DISCRIMINANT,
    QUADRATIC_DISCRIMINANT,
    NAIVE_BAYES,
    NEIGHBORS,
    SUPPORT_VECTOR_MACHINE,
    KERNEL_APPROXIMATION,
    RANDOM_FOREST,
    EXTRA_TREES,
    HISTOGRAM_BOOSTING,
    EXACT_BOOSTING,
    NETWORK,
    GAUSSIAN_PROCESS,
    LIGHTGBM,
    XGBOOST,
    CATBOOST,
):
    register_family(_family)
