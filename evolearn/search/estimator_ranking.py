"""How the types of estimators stand, and which of them are hopeless on this table."""

import math
from statistics import median
from typing import Any

from evolearn.pipeline.genome import Genome
from evolearn.pipeline.search_space import SearchSpace

# How fast hope falls with what a type lacks of the best one's way from the baseline, and with
# the ratio of their errors. The mean of both counts: where the baseline is poor, three times
# the best error is near the best; where all errors are mostly noise, so is what learned
# little. Below this there is none. Chosen by hand from what searches of 60 s tried on a dozen
# tables.
STEEPNESS, RATIO_STEEPNESS, HOPELESS = 5.0, 6.0, 0.05


class Standings:
    """Keeps the lowest error of each type of estimator.

    Estimators of one name are of different types if they differ in a parameter that others
    depend on (the embedding of a network, the kernel of a support vector machine): where a
    plain network learns little, one that spreads its columns may be the best of all.

    Parameters
    ----------
    space : SearchSpace
        Has the components of all genomes that are told.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._errors: dict[tuple[Any, ...], float] = {}
        self._baseline: float | None = None

    def note(self, genome: Genome, error: float | None) -> None:
        """Learn from a candidate; one that was not scored has no error and tells nothing."""
        if error is None or not math.isfinite(error):
            return
        if self._baseline is None:
            self._baseline = error
        kind = self._type(genome)
        self._errors[kind] = min(error, self._errors.get(kind, math.inf))

    def is_hopeless(self, genome: Genome) -> bool:
        """Tell whether the type of a genome was tried and lies far behind the best one."""
        error = self._errors.get(self._type(genome))
        if error is None or self._baseline is None:
            return False
        errors = self._errors.values()
        best = min(errors)
        # Where the baseline is best of all, the type in the middle is the measure.
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
