"""Ranking of the estimator types by their lowest error, to give up hopeless ones."""

import math
from statistics import median
from typing import Any

from evolearn.pipeline.genome import Genome
from evolearn.pipeline.search_space import SearchSpace

# A type's score decays exponentially with its distance from the best one, relative to the
# baseline's distance, and with the ratio of their errors; the mean of both exponents counts.
# With a poor baseline, three times the best error is still near the best; with errors that are
# mostly noise, so is a type that learned little. Below `HOPELESS` a type is given up. Chosen by
# hand from searches of 60 s on a dozen tables.
STEEPNESS, RATIO_STEEPNESS, HOPELESS = 5.0, 6.0, 0.05


class EstimatorRanking:
    """The lowest error of each estimator type.

    Estimators of one name count as different types if they differ in a parameter that others
    depend on (the embedding of a network, the kernel of a support vector machine): where a
    plain network learns little, one with an embedding may be the best of all.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._errors: dict[tuple[Any, ...], float] = {}
        self._baseline: float | None = None

    def record(self, genome: Genome, error: float | None) -> None:
        """Record the error of a candidate; None for one that was not scored."""
        if error is None or not math.isfinite(error):
            return
        if self._baseline is None:
            self._baseline = error
        kind = self._type(genome)
        self._errors[kind] = min(error, self._errors.get(kind, math.inf))

    def is_hopeless(self, genome: Genome) -> bool:
        """Whether the type of a genome was tried and lies far behind the best one."""
        error = self._errors.get(self._type(genome))
        if error is None or self._baseline is None:
            return False
        errors = self._errors.values()
        best = min(errors)
        # If the baseline is the best of all, the median type takes its place.
        scale = max(self._baseline, median(errors)) - best
        if scale <= 0:
            return False
        fall = STEEPNESS * (error - best) / scale
        if best > 0:
            fall = (fall + RATIO_STEEPNESS * math.log(error / best)) / 2
        return math.exp(-fall) < HOPELESS

    def _type(self, genome: Genome) -> tuple[Any, ...]:
        component = self._space[genome.estimator]
        values = dict(genome["estimator"].values)
        deciding = sorted({other for other, _ in component.conditions.values()})
        return (genome.estimator, *(repr(values.get(name)) for name in deciding))
