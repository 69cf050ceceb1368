"""How long candidates take on this table, learned from those that were evaluated."""

from collections import defaultdict

import numpy as np

from evolearn.evaluation.tasks import Evaluation


class Pace:
    """The seconds of candidates by their estimator, all folds together."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)

    def note(self, estimator: str, evaluation: Evaluation) -> None:
        """Learn from an evaluation; folds that were not run count as those that were."""
        folds = zip(evaluation.fit_seconds, evaluation.score_seconds, strict=False)
        seconds = [sum(fold) for fold in folds]
        if seconds:
            self._seconds[estimator].append(float(np.mean(seconds)) * len(evaluation.scores))

    def least(self, estimator: str) -> float:
        """Return the fewest seconds that one of this estimator, or else of any, has taken."""
        every = [seconds for those in self._seconds.values() for seconds in those]
        return min(self._seconds.get(estimator) or every, default=0.0)
