"""Comparisons of candidates: the genes in which they differ, and the change of the error."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, t

from evolearn.plots.fitted import number, readable

ESTIMATOR, HYPERPARAMETERS, WARM_START = "estimator", "hyperparameters", "warm start"
# Share of the values that intervals are made to cover.
COVERAGE = 0.9

Allele = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Change:
    """A gene in which a candidate differs from another one, and the difference in words."""

    gene: str
    text: str


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
            values = {
                k.removeprefix(prefix): v for k, v in params.items() if k.startswith(prefix)
            }
            found[gene] = (component, values)
    return found


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return the changes between the parameters of two candidates, the estimator's first.

    Examples
    --------
    >>> from evolearn.plots.comparisons import changes
    >>> changes({"scaler": "none", "estimator": "ridge", "ridge__alpha": 1.0},
    ...         {"scaler": "none", "estimator": "ridge", "ridge__alpha": 0.25})
    [Change(gene='hyperparameters', text='alpha 1 → 0.25')]
    """
    old, new = alleles(before), alleles(after)
    found = []
    for gene in sorted(new, key=lambda name: name != ESTIMATOR):
        if gene not in old:  # no part of the other estimator's pipeline
            continue
        (component, values), (other, other_values) = old[gene], new[gene]
        prefix = "" if gene == ESTIMATOR else f"{readable(gene)}: "
        if component != other:
            found.append(Change(gene, f"{prefix}{readable(component)} → {readable(other)}"))
        elif values != other_values:
            name = HYPERPARAMETERS if gene == ESTIMATOR else gene
            found.append(Change(name, prefix + _changed_values(values, other_values)))
    return found


def _changed_values(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    texts = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if isinstance(old, tuple) and isinstance(new, tuple) and old != new:
            added, removed = len({*new} - {*old}), len({*old} - {*new})
            counts = [f"{added} added"] * bool(added) + [f"{removed} removed"] * bool(removed)
            texts.append(" and ".join(counts) or "another order")
        elif old != new:
            texts.append(f"{readable(name)} {_value(old)} → {_value(new)}")
    return ", ".join(texts)


def _value(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return number(float(value))
    return "default" if value is None else str(value)


class Folds:
    """Scores of candidates by fold, so that those given up are compared on the folds they ran.

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
        self.scores = np.column_stack([np.asarray(results[name], float) for name in names])
        self.errors = np.asarray(results["fitness"], dtype=float)

    @cached_property
    def optimum(self) -> float:
        """The score that has the error zero: an error is the optimum minus the score."""
        scored = np.flatnonzero(np.isfinite(self.errors))
        if not scored.size:
            return 0.0
        return round(float(self.errors[scored[0]] + self.scores[scored[0]].mean()), 6)

    def relative_change(self, i: int, j: int) -> NDArray[np.float64]:
        """Return the change of the error from candidate i to j, by fold.

        It is a share of the mean error of i in the folds that both ran. It is NaN in the other
        folds, and in all of them if this error is not above zero.
        """
        change = self.scores[i] - self.scores[j]
        both = np.isfinite(change)
        error = self.optimum - self.scores[i][both].mean() if both.any() else 0.0
        return change / error if error > 0 else np.full(len(change), np.nan)


def pairs(results: Mapping[str, Any]) -> Iterator[tuple[int, int, str]]:
    """Yield positions of parent and child, and the gene, where they differ in one gene alone.

    A new estimator type brings its own preparation, and is one change all the same.
    """
    place = {number: i for i, number in enumerate(results["candidate"].tolist())}
    for child, parents in enumerate(results["parents"]):
        if not parents or parents[0] not in place:
            continue
        parent = place[parents[0]]
        genes = {
            change.gene
            for change in changes(results["params"][parent], results["params"][child])
        }
        if ESTIMATOR in genes:
            genes = {ESTIMATOR}
        if not genes and results["inherits"][child] == parents[0]:
            genes = {WARM_START}
        if len(genes) == 1:
            yield parent, child, genes.pop()


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


def mean_interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return Student's interval of the mean; NaN for fewer than two values."""
    n = len(values)
    if n < 2:
        return np.nan, np.nan
    width = float(t.ppf((1 + COVERAGE) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n))
    mean = float(values.mean())
    return mean - width, mean + width
