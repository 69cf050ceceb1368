"""Gene of the loss: the function that boosted trees and forests of numbers minimise."""

from collections.abc import Sequence
from types import MappingProxyType

from sklearn.base import BaseEstimator

from evolearn.pipeline.component import Component
from evolearn.pipeline.gene import Complete, Gene, Options, Step, Trait
from evolearn.pipeline.genome import Allele, Genome
from evolearn.pipeline.plan import PipelinePlan
from evolearn.pipeline.problem import Problem

LOSS, OWN_LOSS = "loss", "own_loss"
POISSON, GAMMA, ABSOLUTE_ERROR = "poisson", "gamma", "absolute_error"
# Where the loss is not that of the metric, so many portfolio entries are tried with it, the
# first of them at this position.
MOST_VARIANTS, FIRST_VARIANT = 2, 3


def _option(loss: str, complexity: float = 0.0) -> Component:
    return Component(loss, None, complexity=complexity, tasks=("regression",))


class LossGene(Gene):
    """Loss of an estimator of numbers: its own one, mostly the squared error, or another.

    The loss of the metric is the default where an estimator has it. Counts are also tried with
    the Poisson loss. An estimator names its losses in `Component.losses`.
    """

    name = LOSS
    neutral = OWN_LOSS
    prepares = False
    labels = MappingProxyType(
        {
            POISSON: "with the Poisson loss",
            GAMMA: "with the gamma loss",
            ABSOLUTE_ERROR: "with the absolute error",
        }
    )
    components = (
        _option(OWN_LOSS),
        _option(POISSON, 0.1),
        _option(GAMMA, 0.1),
        _option(ABSOLUTE_ERROR, 0.1),
    )

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return all losses for estimators that have several."""
        if Trait.LOSSES not in traits:
            return ()
        return (OWN_LOSS, POISSON, GAMMA, ABSOLUTE_ERROR)

    def options_on_table(self, estimator: Component, problem: Problem) -> Options | None:
        """Return the losses that suit metric and target, the metric's own one first."""
        suited = [loss for loss in estimator.losses if suits(loss, problem)]
        if not suited:
            return ()
        if problem.metric_loss in suited:
            suited.remove(problem.metric_loss)
            return (problem.metric_loss, OWN_LOSS, *suited)
        return (OWN_LOSS, *suited)

    def why_not(self, option: Component, problem: Problem) -> str | None:
        """Return a reason for losses that suit neither the metric nor the target."""
        if option.name == OWN_LOSS or suits(option.name, problem):
            return None
        if option.name == POISSON:
            return "the target is no count, and the metric no Poisson deviance"
        return "the metric is another one"

    def configure(
        self, plan: PipelinePlan, allele: Allele, step: Step, estimator: BaseEstimator
    ) -> BaseEstimator:
        """Return the estimator with its loss.

        A transformed target has other values: the losses of counts and of positive numbers do
        not suit it, and the estimator keeps its own.
        """
        values = plan.estimator.losses.get(allele.component, {})
        if not hasattr(estimator, "regressor"):
            return estimator.set_params(**values)
        if allele.component == ABSOLUTE_ERROR:
            estimator.regressor.set_params(**values)
        return estimator

    def variants(
        self, genomes: list[Genome], complete: Complete, options: Sequence[Component]
    ) -> list[Genome]:
        """Return the portfolio with some entries for counts that have the Poisson loss."""
        losses = [option.name for option in options if option.name != OWN_LOSS]
        found = []
        for genome in genomes:
            if LOSS in genome and genome[LOSS].component == OWN_LOSS and losses:
                variant = complete({**genome.params, LOSS: losses[0]})
                if variant[LOSS].component == losses[0]:
                    found.append(variant)
        mixed = list(genomes)
        for i, variant in enumerate(found[:MOST_VARIANTS]):
            mixed.insert(FIRST_VARIANT + 2 * i, variant)
        return mixed

    def in_one_line(self, allele: Allele) -> str:
        """Return the loss, "" for the estimator's own."""
        return self.labels.get(allele.component, "")


def suits(loss: str, problem: Problem) -> bool:
    """Whether a loss is that of the metric, or that of counts for a target of counts."""
    return loss == problem.metric_loss or (loss == POISSON and problem.counts)
