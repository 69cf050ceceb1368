"""How long candidates take on this table, learned from those that were evaluated."""

from collections import defaultdict

import numpy as np

from evolearn.evaluation.tasks import Evaluation


class Pace:
    """The mean seconds of a candidate by its estimator, all folds together."""

    def __init__(self) -> None:
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)

    def note(self, estimator: str, evaluation: Evaluation) -> None:
        """Learn from an evaluation; folds that were not run count as those that were."""
        if evaluation.fit_seconds:
            fold = float(np.mean(np.add(evaluation.fit_seconds, evaluation.score_seconds)))
            self._seconds[estimator].append(fold * len(evaluation.scores))

    def expected(self, estimator: str) -> float:
        """Return the expected seconds; those of any candidate for one not seen before."""
        known = self._seconds.get(estimator) or [
            s for all in self._seconds.values() for s in all
        ]
        return float(np.mean(known)) if known else 0.0
