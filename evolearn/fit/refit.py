"""Fits of single candidates on given rows, after a search."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline

from evolearn.data import ColumnPreparer
from evolearn.evaluation.warm_start import fit_lineage
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace


@dataclass(frozen=True)
class CandidateFitter:
    """Everything that is needed to fit a candidate again; it holds no rows.

    Parameters
    ----------
    space : SearchSpace
        The space of the search.
    problem : Problem
        The problem for which pipelines are built.
    step : ColumnPreparer or None
        The preparer of the table, which keeps the kinds of columns; None if there is no need.
    seed : int
        The seed of the search.
    """

    space: SearchSpace
    problem: Problem
    step: ColumnPreparer | None
    seed: int

    def fit(
        self,
        number: int,
        results: Mapping[str, Any],
        X: Any,
        y: NDArray[Any],
        weights: NDArray[np.float64] | None,
    ) -> BaseEstimator:
        """Return a candidate of ``cv_results_`` fitted on a table and a target."""
        lineage = self.pipelines(number, results)
        if self.step is None or self.takes_raw(number, results):
            return fit_lineage(lineage, X, y, weights)
        step = clone(self.step)
        model = fit_lineage(lineage, step.fit_transform(X), y, weights)
        return Pipeline([("prepare", step), *model.steps])

    def pipelines(self, number: int, results: Mapping[str, Any]) -> list[BaseEstimator]:
        """Return the unfitted pipelines of a candidate's lineage, its own as the last one."""
        lineage = self._genome(number, results).lineage
        return [build_pipeline(one, self.space, self.problem, self.seed) for one in lineage]

    def takes_raw(self, number: int, results: Mapping[str, Any]) -> bool:
        """Whether a candidate takes the table as it came."""
        return self.space[self._genome(number, results).estimator].whole

    def _genome(self, number: int, results: Mapping[str, Any]) -> Genome:
        """Return the genome of a candidate, with the ancestors whose models it started from."""
        [row] = np.flatnonzero(results["candidate"] == number)
        genome, parent = self.space.genome(results["params"][row]), results["inherits"][row]
        return (
            genome if parent is None else replace(genome, parent=self._genome(parent, results))
        )
