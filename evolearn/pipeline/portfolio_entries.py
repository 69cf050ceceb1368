"""Configurations of the model families, as genomes of a search space."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from evolearn.pipeline.domains import clipped
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.model_family import PortfolioEntry
from evolearn.pipeline.registry import registered_families
from evolearn.pipeline.search_space import SearchSpace, built_in_components


def portfolio_entries(task: str) -> list[dict[str, Any]]:
    """Return the portfolio of a task as flat descriptions, the baseline first."""
    return _by_rank(
        (entry, family.name)
        for family in registered_families()
        for entry in family.portfolio.get(task, ())
    )


def stacking_genomes(space: SearchSpace, task: str) -> list[Genome]:
    """Return the families' models for a stacking layer, of those that the user allows."""
    entries = _by_rank(
        (family.stacking, family.name)
        for family in registered_families()
        if family.stacking is not None and task in family.models
    )
    built_in = built_in_components(space, task)
    return [g for g in genomes_in(space, entries) if g.component_names <= built_in]


def _by_rank(entries: Iterable[tuple[PortfolioEntry, str]]) -> list[dict[str, Any]]:
    ordered = sorted(entries, key=lambda entry: entry[0].rank)
    return [entry.params(estimator) for entry, estimator in ordered]


def genomes_in(space: SearchSpace, entries: Iterable[Mapping[str, Any]]) -> Iterator[Genome]:
    """Yield the genomes of the entries that lie in a space, their numbers clipped to it."""
    for entry in entries:
        if entry["estimator"] in space.names:
            genome = space.genome({k: _clipped(k, v, space) for k, v in entry.items()})
            if genome in space:  # users may have narrowed the domains
                yield genome


def _clipped(key: str, value: Any, space: SearchSpace) -> Any:
    """Return a number of an entry, clipped to its domain in a space."""
    component, _, parameter = key.partition("__")
    if component not in space.names or parameter not in space[component].parameters:
        return value
    return clipped(value, space[component].parameters[parameter])
