"""Breeds the formulas with which a search over constructed features begins."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kurtosis, rankdata

from evolearn.fit.data import FitData
from evolearn.genes.formula_search import MOST_ROWS, TINY, breed
from evolearn.genes.formulas import FEATURES, Expressions
from evolearn.pipeline.component import Component
from evolearn.pipeline.search_space import SearchSpace

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
    component = _constructed(space)
    if component is None:
        return space
    domain = component.parameters["expressions"]
    assert isinstance(domain, Expressions)
    rows, targets = rows_and_targets(data, 2 * MOST_ROWS)
    numbers = np.asarray(data.prepared.matrix[rows])[:, : domain.n_columns]
    bred = breed(numbers, targets, data.seed)
    if not bred.expressions:
        return space
    known = replace(domain, bred=bred.expressions, share=bred.share)
    return space.with_step(FEATURES, component.name, expressions=known)


def rows_and_targets(
    data: FitData, most_rows: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return some rows with a weight, drawn, and what is to be explained of each.

    Parameters
    ----------
    data : FitData
    most_rows : int

    Returns
    -------
    rows : ndarray of shape (n_drawn,)
    targets : ndarray of shape (n_drawn, n_targets)
        A number, perhaps its rank, or classes.
    """
    weighty = np.arange(len(data.target))
    if data.weights is not None:
        weighty = np.flatnonzero(data.weights > 0)
    rows = np.random.default_rng(data.seed).permutation(weighty)[:most_rows]
    return rows, _targets(data, rows)


def matrix_and_targets(
    data: FitData, most_rows: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return numbers, then codes of categories, of some rows, and what is to be explained."""
    rows, targets = rows_and_targets(data, most_rows)
    schema = data.prepared.schema
    matrix = np.asarray(data.prepared.matrix[rows])
    words = np.s_[schema.n_numeric : schema.first_code]
    return np.delete(matrix, words, axis=1), targets


def _constructed(space: SearchSpace) -> Component | None:
    """Return the component of constructed features over a table's columns, if it is used."""
    used = {name for c in space.names for name in space.slots_of(c).get(FEATURES, ())}
    for component in space.preparation[FEATURES]:
        domain = component.parameters.get("expressions")
        if component.name in used and isinstance(domain, Expressions) and domain.n_columns:
            return component
    return None


def _targets(data: FitData, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return what is to be explained: a number, perhaps its rank, or classes."""
    target = data.target[rows]
    if data.classes is None:
        scaled = target / max(float(np.abs(target).max()), TINY)
        constant = np.ptp(scaled) == 0
        few_decide = not constant and kurtosis(scaled) > HEAVY_TAILS
        return np.column_stack([scaled, rankdata(scaled)] if few_decide else [scaled])
    labels, counts = np.unique(target, return_counts=True)
    frequent = labels[np.argsort(-counts, kind="stable")][:MOST_CLASSES]
    if len(labels) == 2:
        frequent = frequent[:1]
    return np.column_stack([target == label for label in frequent]).astype(np.float64)
