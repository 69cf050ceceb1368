"""Comparisons of candidates: the genes in which they differ, and the change of the error."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

ESTIMATOR, HYPERPARAMETERS, WARM_START = "estimator", "hyperparameters", "warm start"
# Share of the values that intervals are made to cover.
COVERAGE = 0.9

Allele = tuple[str, dict[str, Any]]


def alleles(params: Mapping[str, Any]) -> dict[str, Allele]:
    """Return component and values of each gene of flat parameters.

    Examples
    --------
    >>> from evolearn.plots.comparisons import alleles
    >>> alleles({"scaler": "standard", "estimator": "ridge", "ridge__alpha": 1.0})
    {'scaler': ('standard', {}), 'estimator': ('ridge', {'alpha': 1.0})}
    """
    found: dict[str, Allele] = {}
    for gene, component in params.items():
        if "__" not in gene:
            prefix = f"{component}__"
            own = [name for name in params if name.startswith(prefix)]
            found[gene] = (component, {name.removeprefix(prefix): params[name] for name in own})
    return found


def changed_genes(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """Return the genes in which a candidate differs from another one.

    A new type of estimator brings its own preparation, and is one change all the same.

    Examples
    --------
    >>> from evolearn.plots.comparisons import changed_genes
    >>> changed_genes({"scaler": "none", "estimator": "ridge", "ridge__alpha": 1.0},
    ...               {"scaler": "none", "estimator": "ridge", "ridge__alpha": 0.25})
    {'hyperparameters'}
    """
    if before[ESTIMATOR] != after[ESTIMATOR]:
        return {ESTIMATOR}
    old, new = alleles(before), alleles(after)
    genes = {gene for gene in {*old, *new} if repr(old.get(gene)) != repr(new.get(gene))}
    return {HYPERPARAMETERS if gene == ESTIMATOR else gene for gene in genes}


def pairs(results: Mapping[str, Any]) -> Iterator[tuple[int, int, str]]:
    """Yield positions of parent and child, and the gene, where they differ in one gene alone.

    The parent of a crossover is the first one.
    """
    place = {number: i for i, number in enumerate(results["candidate"].tolist())}
    for child, parents in enumerate(results["parents"]):
        if not parents or parents[0] not in place:
            continue
        parent = place[parents[0]]
        genes = changed_genes(results["params"][parent], results["params"][child])
        if not genes and results["inherits"][child] == parents[0]:
            genes = {WARM_START}
        if len(genes) == 1:
            yield parent, child, genes.pop()


class FoldScores:
    """Scores of candidates by fold: those given up are compared on the folds that they ran.

    Parameters
    ----------
    results : mapping
        ``cv_results_``.
    """

    def __init__(self, results: Mapping[str, Any]) -> None:
        names = [
            name
            for name in results
            if name.startswith("split") and name.endswith("_test_score")
        ]
        self._scores = np.column_stack([np.asarray(results[name], float) for name in names])
        self._errors = np.asarray(results["fitness"], dtype=float)

    @property
    def optimum(self) -> float:
        """The score that has the error zero: an error is the optimum minus the score."""
        scored = np.flatnonzero(np.isfinite(self._errors))
        if not scored.size:
            return 0.0
        return round(float(self._errors[scored[0]] + self._scores[scored[0]].mean()), 6)

    def change_percent(self, i: int, j: int) -> float:
        """Return the change of the error from candidate i to j in percent of that of i.

        It is NaN if no fold was run by both, or the error of i is not above zero in these.
        """
        change: NDArray[np.float64] = self._scores[i] - self._scores[j]
        both = np.isfinite(change)
        error = self.optimum - self._scores[i][both].mean() if both.any() else 0.0
        return float(100 * change[both].mean() / error) if error > 0 else np.nan


def median_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return an interval of the median from the order of the values; NaN for too few.

    It covers the median of their distribution with the probability `COVERAGE` at least.
    """
    n = len(values)
    below = int(binom.ppf((1 - COVERAGE) / 2, n, 0.5)) if n else 0
    if below < 1:  # the extremes may not cover it
        return np.nan, np.nan
    ordered = np.sort(values)
    return float(ordered[below - 1]), float(ordered[n - below])
