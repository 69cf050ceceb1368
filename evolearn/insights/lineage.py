"""Lineage of the best candidate in words."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from evolearn.data import TableSchema
from evolearn.messages import shown
from evolearn.pipeline.genome import Allele, Genome
from evolearn.pipeline.in_one_line import describe_pipeline
from evolearn.pipeline.search_space import SearchSpace
from evolearn.results.insights import Lineage, LineageStep
from evolearn.search.record import Record

# Changes that are named in one step; a crossover may change a dozen hyperparameters.
MOST_CHANGES = 6


def lineage_of(
    number: int, records: Sequence[Record], space: SearchSpace, schema: TableSchema
) -> Lineage:
    """Return the ancestors of a candidate, the first one first, and the candidate."""
    by_number = {record.candidate.number: record for record in records}
    path = [by_number[number]]
    while (parent := _parent(path[0], by_number)) is not None:
        path.insert(0, parent)
    steps = [_step(None, path[0], space, schema)]
    steps += [_step(*pair, space, schema) for pair in pairwise(path)]
    return Lineage(tuple(steps))


def _parent(record: Record, by_number: Mapping[int, Record]) -> Record | None:
    """Return the parent with the lower error, None if there is none."""
    parents = [by_number[n] for n in record.candidate.parents if n in by_number]
    return min(parents, key=_error, default=None)


def _error(record: Record) -> float:
    error = record.evaluation.error
    return float("inf") if error is None else error


def _step(
    parent: Record | None, record: Record, space: SearchSpace, schema: TableSchema
) -> LineageStep:
    candidate, error = record.candidate, record.evaluation.error
    if parent is None:
        origin = {"portfolio": "portfolio entry", "random": "random pipeline"}
        pipeline = _pipeline(candidate.genome, space, schema)
        change = f"{origin.get(candidate.origin, candidate.origin)}: {pipeline}"
        return LineageStep(candidate.number, candidate.generation, error, change, None)
    before = parent.evaluation.error
    gain = None if error is None or before is None else before - error
    change = _changes(parent.candidate.genome, candidate.genome, space, schema)
    if candidate.genome.parent is not None:
        change = f"continues the trained models; {change}"
    change = f"{candidate.origin}: {change}"
    return LineageStep(candidate.number, candidate.generation, error, change, gain)


def _pipeline(genome: Genome, space: SearchSpace, schema: TableSchema) -> str:
    """Return a pipeline in one line, with the formulas of the columns that it makes."""
    made = [
        formula
        for gene in space.genes
        if gene.name in genome
        for formula in gene.made_columns(genome[gene.name], schema)
    ]
    line = describe_pipeline(genome.params, space.genes)
    return f"{line}, with {', '.join(made)}" if made else line


def _changes(old: Genome, new: Genome, space: SearchSpace, schema: TableSchema) -> str:
    """Return the differences of two genomes in words."""
    neutral = {gene.name: gene.neutral for gene in space.genes}
    changes: list[str] = []
    for slot in dict.fromkeys([*new, *old]):
        if slot in old and slot in new:
            changes += _change(slot, old[slot], new[slot], space, schema)
        elif slot in new and new[slot].component != neutral.get(slot):
            # The estimator before it did not have the gene.
            changes.append(f"{slot} {_described(slot, new[slot], space, schema)}")
    named = ", ".join(changes[:MOST_CHANGES])
    more = len(changes) - MOST_CHANGES
    return f"{named} and {more} more" if more > 0 else named or "no visible change"


def _change(
    slot: str, before: Allele, after: Allele, space: SearchSpace, schema: TableSchema
) -> list[str]:
    """Return the differences of two alleles of one gene in words."""
    if before.component != after.component:
        described = _described(slot, after, space, schema)
        return [f"{slot} {before.component} -> {described}"]
    old, new = dict(before.values), dict(after.values)
    return [
        f"{name} {_value(slot, name, old.get(name), space, schema)} -> "
        f"{_value(slot, name, new.get(name), space, schema)}"
        for name in dict.fromkeys([*new, *old])
        if old.get(name) != new.get(name)
    ]


def _described(slot: str, allele: Allele, space: SearchSpace, schema: TableSchema) -> str:
    """Return an option, with its values where they are about columns of the table."""
    if slot == "estimator":
        return allele.component
    gene = next(gene for gene in space.genes if gene.name == slot)
    parts = [gene.in_words(name, value, schema) for name, value in allele.values]
    words = [part for part in parts if part is not None]
    return f"{allele.component} ({'; '.join(words)})" if words else allele.component


def _value(slot: str, name: str, value: Any, space: SearchSpace, schema: TableSchema) -> str:
    if slot != "estimator" and value is not None:
        gene = next(gene for gene in space.genes if gene.name == slot)
        words = gene.in_words(name, value, schema)
        if words is not None:
            return f"({words})"
    return f"{value:.3g}" if isinstance(value, float) else shown(value)
