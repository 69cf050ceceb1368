"""Finds the columns of numbers that identify something, for a search to take them so."""

from dataclasses import replace

from evolearn.fit.data import FitData
from evolearn.genes.formula_discovery import matrix_and_targets
from evolearn.genes.identifier_screening import MOST_ROWS, identifiers
from evolearn.genes.identifiers import IDENTIFIER_MEANS, IDENTIFIERS
from evolearn.pipeline.problem import Problem


def with_identifiers(problem: Problem, data: FitData) -> Problem:
    """Return the problem that knows which of its numbers identify something.

    Parameters
    ----------
    problem : Problem
    data : FitData

    Returns
    -------
    Problem
        The same one if there are none, or no estimator of the space takes them so.
    """
    schema, space = problem.table, data.space
    used = any(IDENTIFIER_MEANS in space.slots_of(n).get(IDENTIFIERS, ()) for n in space.names)
    if not used or schema.sparse or not schema.n_numeric:
        return problem
    matrix, targets = matrix_and_targets(data, 2 * MOST_ROWS)
    found = identifiers(matrix, schema.n_numeric, targets, data.seed)
    return replace(problem, identifiers=found)
