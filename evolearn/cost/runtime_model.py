"""How long candidates take on this table, learned from those that were evaluated."""

from collections import defaultdict

import numpy as np

from evolearn.cost.seconds import lineage_factor, reference_seconds, warm_seconds
from evolearn.evaluation.tasks import Evaluation
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace

# So many evaluations of an estimator, the latest ones, tell how fast it is.
REMEMBERED = 15


class Pace:
    """The seconds of candidates, all folds together.

    What is expected of a genome comes from its estimator's law of cost (`Cost`), corrected by
    what candidates of that estimator took, or those of all others where it has none yet.

    Parameters
    ----------
    space : SearchSpace
    problem : Problem
    n_folds : int
    """

    def __init__(self, space: SearchSpace, problem: Problem, n_folds: int) -> None:
        self._space, self._problem, self._n_folds = space, problem, n_folds
        self._ratios: defaultdict[str, list[float]] = defaultdict(list)

    def note(self, genome: Genome, evaluation: Evaluation) -> None:
        """Learn from an evaluation; folds that were not run count as those that were."""
        folds = zip(evaluation.fit_seconds, evaluation.score_seconds, strict=False)
        seconds = [sum(fold) for fold in folds]
        if seconds and not evaluation.transient:
            reused = evaluation.reused_fit_seconds + evaluation.reused_score_seconds
            mean = (sum(seconds) + reused) / len(seconds)
            ratio = mean * self._n_folds / self._by_law(genome, evaluation.retrained)
            self._ratios[genome.estimator].append(ratio)

    def predicted(self, genome: Genome, *, retrained: bool = True) -> float:
        """Return the expected seconds of a genome, 0 before anything was evaluated.

        If what it starts from is not there, that must be `retrained`.
        """
        if not self._ratios:
            return 0.0
        own = self._ratios.get(genome.estimator)
        if own is not None:
            return self._by_law(genome, retrained) * float(np.median(own[-REMEMBERED:]))
        if self._space[genome.estimator].cost is None:
            return 0.0
        others = [
            float(np.median(ratios))
            for name, ratios in self._ratios.items()
            if self._space[name].cost is not None
        ]
        ratio = float(np.median(others)) if others else 1.0
        return self._by_law(genome, retrained) * ratio

    def counted(self, genome: Genome) -> float:
        """Return the seconds that the law of cost alone expects, the same on any machine.

        What has no law, as an estimator of the user's, counts as the reference model does.
        """
        if self._space[genome.estimator].cost is None:
            return self._n_folds * reference_seconds(self._problem)
        return self._by_law(genome, retrained=False)

    def _by_law(self, genome: Genome, retrained: bool) -> float:
        seconds = warm_seconds(genome, self._space, self._problem)
        seconds = 1.0 if seconds is None else max(seconds, 1e-4)
        factor = lineage_factor(genome, self._space, self._problem) if retrained else 1.0
        return self._n_folds * seconds * factor
