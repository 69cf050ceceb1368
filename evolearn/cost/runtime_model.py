"""Runtime model: expected seconds of candidates, learned from those already evaluated."""

from collections import defaultdict

import numpy as np

from evolearn.cost.memory import refit_factor
from evolearn.cost.seconds import lineage_factor, reference_seconds, warm_start_seconds
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace

# Number of the latest evaluations of an estimator that its speed is estimated from.
REMEMBERED = 15


class RuntimeModel:
    """Expected seconds of candidates, all folds together.

    The expectation of a genome comes from the cost formula of its estimator (`Cost`), corrected
    by the measured seconds of candidates with the same estimator, or of all others as long as
    there is none.
    """

    def __init__(self, space: SearchSpace, problem: Problem, n_folds: int) -> None:
        self._space, self._problem, self._n_folds = space, problem, n_folds
        self._ratios: defaultdict[str, list[float]] = defaultdict(list)

    def observe(self, genome: Genome, fold_seconds: float | None, *, retrained: bool) -> None:
        """Learn from an evaluated candidate the mean seconds of its folds, if any was run.

        `retrained` says whether its ancestors were trained again within these seconds.
        """
        if fold_seconds is not None:
            ratio = fold_seconds * self._n_folds / self._by_formula(genome, retrained)
            self._ratios[genome.estimator].append(ratio)

    def predicted(self, genome: Genome, *, retrained: bool = True) -> float:
        """Return the expected seconds of a genome, 0 before the first observation.

        Set `retrained` if the fold models of its parent are gone.
        """
        if not self._ratios:
            return 0.0
        own = self._ratios.get(genome.estimator)
        if own is not None:
            return self._by_formula(genome, retrained) * float(np.median(own[-REMEMBERED:]))
        if self._space[genome.estimator].cost is None:
            return 0.0
        known = (name for name in self._ratios if self._space[name].cost is not None)
        others = [np.median(self._ratios[name]) for name in known]
        ratio = float(np.median(others)) if others else 1.0
        return self._by_formula(genome, retrained) * ratio

    def nominal(self, genome: Genome) -> float:
        """Return the seconds by the cost formula alone, the same on every machine.

        An estimator without a formula, such as the user's own, counts as the reference model.
        """
        if self._space[genome.estimator].cost is None:
            return self._n_folds * reference_seconds(self._problem)
        return self._by_formula(genome, retrained=False)

    def lineage_ratio(self, genome: Genome) -> float:
        """Return the ratio of the seconds of a genome's lineage to those of its last member."""
        return lineage_factor(genome, self._space, self._problem)

    def refit_ratio(self, genome: Genome) -> float:
        """Return the ratio of the time of a final fit to that of a fit in one fold."""
        return refit_factor(genome, self._space, self._problem)

    def _by_formula(self, genome: Genome, retrained: bool) -> float:
        seconds = warm_start_seconds(genome, self._space, self._problem)
        seconds = 1.0 if seconds is None else max(seconds, 1e-4)
        return self._n_folds * seconds * (self.lineage_ratio(genome) if retrained else 1.0)
