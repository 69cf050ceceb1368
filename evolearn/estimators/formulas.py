"""Breeds the formulas with which a search over constructed features begins."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kurtosis, rankdata

from evolearn.estimators.data import FitData
from evolearn.evolution.breeding import MOST_ROWS, breed
from evolearn.space.expressions import Expressions
from evolearn.space.search_space import SearchSpace

# So many classes, the most frequent ones, are looked at.
MOST_CLASSES = 6
# Above this excess kurtosis the squares of few values are most of the variance.
HEAVY_TAILS = 8.0


def with_formulas(space: SearchSpace, data: FitData) -> SearchSpace:
    """Return a space whose constructed features start at formulas bred on the table.

    Parameters
    ----------
    space : SearchSpace
        Restricted to the problem.
    data : FitData

    Returns
    -------
    SearchSpace
        The same one if it has no constructed features, or nothing was found.
    """
    used = {name for c in space.names for name in space.slots_of(c).get("features", ())}
    domain: Expressions | None = None
    for component in space.preparation["features"]:
        found = component.parameters.get("expressions")
        if component.name in used and isinstance(found, Expressions) and found.n_columns:
            name, domain = component.name, found
    if domain is None:
        return space
    n_rows = len(data.target)
    rows = np.random.default_rng(data.seed).permutation(n_rows)[: 2 * MOST_ROWS]
    numbers = np.asarray(data.prepared.matrix[rows])[:, : domain.n_columns]
    bred = breed(numbers, _targets(data, rows), data.seed)
    if not bred.expressions:
        return space
    return space.constrained(
        name, expressions=replace(domain, bred=bred.expressions, share=bred.share)
    )


def _targets(data: FitData, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return what formulas are to explain: a number, perhaps its rank, or classes."""
    target = data.target[rows]
    if data.classes is None:
        targets = [target, rankdata(target)] if kurtosis(target) > HEAVY_TAILS else [target]
        return np.column_stack(targets).astype(np.float64)
    labels, counts = np.unique(target, return_counts=True)
    frequent = labels[np.argsort(-counts, kind="stable")][:MOST_CLASSES]
    if len(labels) == 2:
        frequent = frequent[:1]
    return np.column_stack([target == label for label in frequent]).astype(np.float64)
