"""Finds the relations with which a search over them begins."""

from dataclasses import replace

from evolearn.fit.data import FitData
from evolearn.genes.formula_discovery import matrix_and_targets
from evolearn.genes.relation_screening import MOST_ROWS, relate
from evolearn.genes.relations import RELATED, RELATIONS, Relations
from evolearn.pipeline.search_space import SearchSpace


def with_relations(space: SearchSpace, data: FitData) -> SearchSpace:
    """Return a space whose relations start at those that tell something on the table.

    Parameters
    ----------
    space : SearchSpace
        Restricted to the problem.
    data : FitData

    Returns
    -------
    SearchSpace
        The same one if it has no relations, or nothing was found.
    """
    domain = _domain(space)
    if domain is None:
        return space
    matrix, targets = matrix_and_targets(data, 2 * MOST_ROWS)
    found = relate(matrix, domain.n_numbers, targets, data.seed)
    if not found.relations:
        return space
    known = replace(domain, found=found.relations, gain=found.gain)
    return space.with_step(RELATIONS, RELATED, relations=known)


def _domain(space: SearchSpace) -> Relations | None:
    """Return the domain of relations over a table's columns, if it is used."""
    if not any(RELATED in space.slots_of(n).get(RELATIONS, ()) for n in space.names):
        return None
    domain = space.component(RELATIONS, RELATED).parameters.get("relations")
    return domain if isinstance(domain, Relations) and domain.n_categories else None
