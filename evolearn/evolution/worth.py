"""What is worth trying next: what it promises against the seconds it is expected to take."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from evolearn.space.genome import Genome
from evolearn.space.search_space import SearchSpace

# These numbers were chosen by hand, from what searches of 60 s tried on a dozen tables and what
# their ensembles were made of; only whether they help at all was measured, not each.
# How fast the worth of a type of estimator falls with what it lacks of the best one's way from
# the baseline, and with the ratio of their errors. The mean of both counts: where the baseline
# is poor, three times the best error is near the best; where all errors are mostly noise, so is
# what has learned little.
STEEPNESS, RATIO_STEEPNESS = 5.0, 6.0
# Below this worth a type is hopeless: its entries do not keep others waiting.
HOPELESS = 0.05
# One that has not been tried is worth so much of the best one, one of which no candidate could
# be scored (raced, too slow, failed) so much.
UNTRIED, UNSCORED = 0.7, 0.1
# So many candidates of a type without an improvement halve what its next one is worth.
PATIENCE = 4.0
# An entry of the portfolio is worth so many children: they were measured, children are drawn.
START = 3.0
# Worth falls with the square root of the seconds: by the seconds themselves nothing but the
# cheapest would be tried.
POWER = 0.5
# Below this many seconds what a candidate takes is not what decides.
LEAST_SECONDS = 0.05


@dataclass
class _Standing:
    """The best candidate of a type of estimator, and how many came since."""

    error: float = math.inf
    genome: Genome | None = None
    tries: int = 0


class Worth:
    """Learns, by type of estimator, what trying another candidate of it is worth.

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
        self._standings: dict[tuple[Any, ...], _Standing] = {}
        self._baseline: float | None = None

    @property
    def known(self) -> bool:
        """Whether there is anything to compare: two types with an error."""
        return len(self._errors()) >= 2

    def note(self, genome: Genome, error: float | None) -> None:
        """Learn from a candidate; one that was not scored has no error."""
        standing = self._standings.setdefault(self._type(genome), _Standing())
        if error is None or not error < standing.error:
            standing.tries += 1
            return
        if self._baseline is None:
            self._baseline = error
        # Half is forgotten, not all: steps of nothing would keep a type at it for ever.
        standing.error, standing.genome = error, genome
        standing.tries //= 2

    def is_hopeless(self, genome: Genome) -> bool:
        """Tell whether its type was tried and is far from the best one."""
        standing = self._standing(genome)
        return standing is not None and self._promise(standing.error) <= HOPELESS

    def of_start(self, genome: Genome, seconds: Callable[[Genome], float]) -> float:
        """Return what an entry of the portfolio is worth.

        Its type counts half, and what such entries are worth before they were tried the other
        half: a network that fails says little of one that is made otherwise.
        """
        standing = self._standing(genome)
        if standing is None:
            return START * UNTRIED / _dearness(seconds(genome))
        promise = START * math.sqrt(self._promise(standing.error) * UNTRIED)
        return promise / (1 + standing.tries / (2 * PATIENCE)) / _dearness(seconds(genome))

    def of_child(self, genome: Genome, seconds: Callable[[Genome], float]) -> float:
        """Return what a child is worth.

        At the seconds of the best candidate of its type: children would be chosen for being
        small, else, and are worse for that.
        """
        standing = self._standing(genome)
        if standing is None:
            return UNTRIED / _dearness(seconds(genome))
        promise = self._promise(standing.error) / (1 + standing.tries / PATIENCE)
        best = standing.genome or genome
        # The seconds of a whole fit: few children start from where the best one started.
        return promise / _dearness(seconds(Genome(best.genes)))

    def _standing(self, genome: Genome) -> _Standing | None:
        return self._standings.get(self._type(genome))

    def _type(self, genome: Genome) -> tuple[Any, ...]:
        component = self._space[genome.estimator]
        values = dict(genome["estimator"].values)
        deciding = sorted({other for other, _ in component.conditions.values()})
        return (genome.estimator, *(repr(values.get(name)) for name in deciding))

    def _errors(self) -> list[float]:
        return [s.error for s in self._standings.values() if math.isfinite(s.error)]

    def _promise(self, error: float) -> float:
        """Return how good a type is, between that of the baseline and 1, that of the best."""
        if not math.isfinite(error) or self._baseline is None:
            return UNSCORED
        errors = self._errors()
        best = min(errors)
        # Where the baseline is best of all, the type in the middle is the measure.
        scale = max(self._baseline, median(errors)) - best
        if scale <= 0:
            return 1.0
        fall = STEEPNESS * (error - best) / scale
        if best > 0:
            fall = (fall + RATIO_STEEPNESS * math.log(error / best)) / 2
        return math.exp(-fall)


def _dearness(seconds: float) -> float:
    return max(seconds, LEAST_SECONDS) ** POWER
