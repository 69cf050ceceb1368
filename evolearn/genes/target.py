"""Gene of the target: transforms of a numeric target that models are trained on."""

from types import MappingProxyType

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)

from evolearn.pipeline.component import Component
from evolearn.pipeline.gene import Gene, Options, Step, Trait
from evolearn.pipeline.genome import Allele
from evolearn.pipeline.plan import PipelinePlan
from evolearn.pipeline.problem import Problem
from evolearn.transformers import BoundedTarget

TARGET, LOG_TARGET, POWER_TARGET = "target", "log_target", "power_target"


def _bounded(transformer: TransformerMixin) -> TransformedTargetRegressor:
    """Return a target transform whose predictions stay near the training targets."""
    return TransformedTargetRegressor(
        transformer=BoundedTarget(transformer), check_inverse=False
    )


def _option(name: str, transform: object, complexity: float) -> Component:
    return Component(name, transform, complexity=complexity, tasks=("regression",))


class TargetGene(Gene):
    """Transformation of the target of a regression."""

    name = TARGET
    labels = MappingProxyType(
        {
            "standard_target": "of the standardised target",
            "log_target": "of the log target",
            "power_target": "of the power-transformed target",
            "quantile_target": "of the quantile-transformed target",
        }
    )
    prepares = False
    components = (
        _option("no_target_transform", None, 0.0),
        _option(
            "standard_target", TransformedTargetRegressor(transformer=StandardScaler()), 0.1
        ),
        _option(
            LOG_TARGET,
            _bounded(FunctionTransformer(np.log1p, np.expm1, check_inverse=False)),
            0.3,
        ),
        _option(
            POWER_TARGET,
            _bounded(Pipeline([("unit", StandardScaler()), ("power", PowerTransformer())])),
            0.4,
        ),
        _option(
            "quantile_target",
            TransformedTargetRegressor(
                transformer=QuantileTransformer(output_distribution="normal", n_quantiles=200),
                check_inverse=False,
            ),
            0.4,
        ),
    )

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return the options; some estimators need a standardised target at least."""
        if Trait.UNKNOWN in traits:
            return ()
        if Trait.SCALED_TARGET in traits:
            return ("standard_target", POWER_TARGET, "quantile_target", LOG_TARGET)
        return ("no_target_transform", LOG_TARGET, POWER_TARGET, "quantile_target")

    def options_on_table(self, estimator: Component, problem: Problem) -> Options | None:
        """Return the standardised target where it varies too little for single precision."""
        if problem.fine_target and not estimator.user_defined:
            return ("standard_target",)
        return None

    def why_not(self, option: Component, problem: Problem) -> str | None:
        """Return a reason for targets whose logarithm or variation does not exist."""
        if problem.fine_target and option.name != "standard_target":
            return "the target varies too little for it"
        if option.name == LOG_TARGET and not problem.positive_target:
            return "the target does not lie above -1"
        return None

    def configure(
        self, plan: PipelinePlan, allele: Allele, step: Step, estimator: BaseEstimator
    ) -> BaseEstimator:
        """Return the estimator wrapped in the transform of its target."""
        if step is None:
            return estimator
        if not isinstance(step, TransformedTargetRegressor):
            msg = f"A target transform must be a TransformedTargetRegressor, got {step!r}."
            raise TypeError(msg)
        return step.set_params(regressor=estimator)
