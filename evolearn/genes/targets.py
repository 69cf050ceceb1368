"""What is done to the target of a regression."""

import numpy as np
from sklearn.base import TransformerMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)

from evolearn.pipeline.component import FREE, Component
from evolearn.transformers import BoundedTarget


def _bounded(transformer: TransformerMixin) -> TransformedTargetRegressor:
    """Return a target transform whose answers stay near the targets of the training rows."""
    return TransformedTargetRegressor(
        transformer=BoundedTarget(transformer), check_inverse=False
    )


SCALED_TARGET = "standard_target"
TARGETS = (
    Component("no_target_transform", None, complexity=0.0, cost=FREE),
    Component(
        SCALED_TARGET,
        TransformedTargetRegressor(transformer=StandardScaler()),
        complexity=0.1,
        cost=FREE,
    ),
    Component(
        "log_target",
        _bounded(FunctionTransformer(np.log1p, np.expm1, check_inverse=False)),
        complexity=0.3,
        cost=FREE,
    ),
    Component(
        "power_target",
        _bounded(Pipeline([("unit", StandardScaler()), ("power", PowerTransformer())])),
        complexity=0.4,
        cost=FREE,
    ),
    Component(
        "quantile_target",
        TransformedTargetRegressor(
            transformer=QuantileTransformer(output_distribution="normal", n_quantiles=200),
            check_inverse=False,
        ),
        complexity=0.4,
        cost=FREE,
    ),
)

#: What is done to a target besides.
OTHER_TARGETS = tuple(c.name for c in TARGETS if c.name != SCALED_TARGET)
