"""Gene of the scaler: the scale and shape of numeric columns."""

from types import MappingProxyType

from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)

from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice
from evolearn.pipeline.gene import Gene, Options, Step, Trait
from evolearn.pipeline.genome import Allele
from evolearn.pipeline.plan import PipelinePlan
from evolearn.pipeline.problem import Problem

SCALER, NONE, QUANTILE, ROBUST = "scaler", "none", "quantile", "robust"


class ScalerGene(Gene):
    """Scaling of numeric columns."""

    name = SCALER
    labels = MappingProxyType(
        {
            "standard": "standardise",
            "robust": "scale by quartiles",
            "quantile": "quantile transform",
            "power": "power transform",
            "max_abs": "scale by maximum",
        }
    )
    scales = True
    components = (
        Component(NONE, None, complexity=0.0),
        Component("standard", StandardScaler, complexity=0.2),
        Component(ROBUST, RobustScaler(unit_variance=True), complexity=0.2),
        Component(
            QUANTILE,
            QuantileTransformer(output_distribution="normal", n_quantiles=200),
            {"output_distribution": Choice("normal", "uniform")},
            complexity=0.4,
        ),
        # Standardised first: of numbers far from zero (years, seconds) the exponent would be
        # huge, and values a little out of range would be transformed to anything.
        Component(
            "power",
            Pipeline([("unit", StandardScaler()), ("power", PowerTransformer())]),
            complexity=0.4,
        ),
        Component("max_abs", MaxAbsScaler, handles=frozenset({"sparse"}), complexity=0.2),
    )

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return the options for estimators that compare columns by their size."""
        if Trait.UNKNOWN in traits:
            return (NONE, "standard")
        if Trait.SELF_SCALED in traits:
            return (NONE, QUANTILE, "power")
        if Trait.NORMAL in traits:
            return (QUANTILE, "standard", "power")
        if Trait.SCALED in traits:
            return ("standard", QUANTILE, ROBUST, "power", "max_abs")
        return ()

    def why_not(self, option: Component, problem: Problem) -> str | None:
        """Return a reason for dense scalers on sparse data; standardising does not centre."""
        return None if option.name == "standard" else super().why_not(option, problem)

    def add_steps(self, plan: PipelinePlan, allele: Allele, step: Step) -> None:
        """Add the scaler; on sparse data it must not centre, which would fill the zeros."""
        if isinstance(step, StandardScaler) and plan.problem.table.sparse:
            step.set_params(with_mean=False)
        super().add_steps(plan, allele, step)
