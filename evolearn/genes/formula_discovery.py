"""Breeds the formulas with which a search over constructed features begins."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from evolearn.fit.data import FitData
from evolearn.genes.formula_search import MOST_ROWS, breed
from evolearn.genes.formulas import FEATURES, Expressions
from evolearn.pipeline.component import Component
from evolearn.pipeline.search_space import SearchSpace


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
    return rows, data.task.screening_targets(data.target[rows])


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
