"""Variation: random genomes, mutation of one genome, crossover of two.

`moves_of` gives the variation operators of genes; they draw from one generator with the others.
"""

from collections.abc import Mapping
from random import Random
from types import MappingProxyType

from evolearn.pipeline.gene import AlleleMoves, Gene
from evolearn.pipeline.genome import Allele, Genome
from evolearn.pipeline.search_space import SearchSpace

# Shares of the kinds of mutation. Auto-FP (arXiv 2310.02540) finds evolution strongest on
# preprocessing, so its genes are changed about as often as hyperparameters are moved.
NEW_ESTIMATOR = 0.1
PREPARATION = 0.35
# Share of mutations of a gene that change its hyperparameters and not its option.
SAME_OPTION = 0.5

Moves = Mapping[str, AlleleMoves]
_NONE: Moves = MappingProxyType({})


def moves_of(space: SearchSpace, rng: Random) -> Moves:
    """Return the variation operators of genes that have their own, by gene."""
    moves = {gene.name: gene.moves(space.preparation[gene.name], rng) for gene in space.genes}
    return {name: one for name, one in moves.items() if one is not None}


def sample(
    space: SearchSpace, rng: Random, moves: Moves = _NONE, estimator: str | None = None
) -> Genome:
    """Return a random genome, of one estimator if its name is given."""
    genome = space.sample(rng, estimator)
    slots = space.slots_of(genome.estimator)
    for gene in space.genes:
        if gene.neutral and gene.neutral in slots.get(gene.name, ()):
            option = space.component(gene.name, genome[gene.name].component)
            share = option.draw_share
            if share < 1.0 and not _has_findings(space, gene) and rng.random() >= share:
                neutral = space.component(gene.name, gene.neutral).default()
                genome = genome.replaced(gene.name, neutral)
    for name, own in moves.items():
        if name in genome:
            genome = genome.replaced(name, own.drawn(genome[name], slots[name]))
    return genome


def mutate(genome: Genome, space: SearchSpace, rng: Random, moves: Moves = _NONE) -> Genome:
    """Return a genome that differs in its estimator, its preparation or its values."""
    draw = rng.random()
    if draw < NEW_ESTIMATOR and len(space.names) > 1:
        others = [name for name in space.names if name != genome.estimator]
        return _adopt(sample(space, rng, moves, rng.choice(others)), genome, space)
    slots = space.slots_of(genome.estimator)
    variable = [name for name in slots if _is_variable(name, slots[name], space)]
    for gene in space.genes:
        if _is_left_alone(gene, genome, space) and rng.random() >= gene.neutral_mutation_share:
            variable.remove(gene.name)
    own = space[genome.estimator].parameters
    if variable and (draw < NEW_ESTIMATOR + PREPARATION or not own):
        name = rng.choice(variable)
        allele = moves[name].mutated(genome[name], slots[name]) if name in moves else None
        if allele is None:
            allele = _mutated(name, genome[name], slots[name], space, rng)
        return genome.replaced(name, allele)
    allele = space[genome.estimator].mutate(genome["estimator"], rng)
    return genome.replaced("estimator", allele)


def mate(
    first: Genome, second: Genome, space: SearchSpace, rng: Random, moves: Moves = _NONE
) -> Genome:
    """Return a child of two genomes.

    Parents of one estimator type mix their hyperparameters, gene by gene. Of different types,
    the child has the first one's estimator and the second one's preparation, as far as that
    estimator can be combined with it.
    """
    if first.estimator != second.estimator:
        return _adopt(first, second, space)
    alleles, slots = [], space.slots_of(first.estimator)
    for name in first:
        a, b = first[name], second[name]
        mixed = moves[name].mixed(a, b, slots[name]) if name in moves else None
        if mixed is None and a.component == b.component:
            mixed = space.component(name, a.component).mix(a, b, rng)
        elif mixed is None:
            mixed = rng.choice((a, b))
        alleles.append((name, mixed))
    return Genome(tuple(alleles))


def _adopt(receiver: Genome, donor: Genome, space: SearchSpace) -> Genome:
    """Return the receiver with the donor's preparation, where its estimator allows it."""
    child = Genome(receiver.genes)
    for name, options in space.slots_of(receiver.estimator).items():
        if name in donor and donor[name].component in options:
            child = child.replaced(name, donor[name])
    return child


def _has_findings(space: SearchSpace, gene: Gene) -> bool:
    """Whether screening found something that an option of the gene starts from."""
    return any(
        getattr(domain, "known", ())
        for option in space.preparation[gene.name]
        for domain in option.parameters.values()
    )


def _is_left_alone(gene: Gene, genome: Genome, space: SearchSpace) -> bool:
    """Whether a gene with its neutral option is seldom mutated."""
    if gene.neutral_mutation_share >= 1.0 or gene.name not in genome:
        return False
    options = space.slots_of(genome.estimator)[gene.name]
    is_neutral = genome[gene.name].component == gene.neutral
    return is_neutral and len(options) > 1 and not _has_findings(space, gene)


def _is_variable(name: str, options: tuple[str, ...], space: SearchSpace) -> bool:
    return len(options) > 1 or bool(space.component(name, options[0]).parameters)


def _mutated(
    name: str, allele: Allele, options: tuple[str, ...], space: SearchSpace, rng: Random
) -> Allele:
    component = space.component(name, allele.component)
    others = [option for option in options if option != allele.component]
    if component.parameters and (not others or rng.random() < SAME_OPTION):
        return component.mutate(allele, rng)
    share = {option: space.component(name, option).mutation_share for option in others}
    other = rng.choice(others)
    usual = [option for option in others if share[option] == 1.0]
    if share[other] < 1.0 and usual and rng.random() >= share[other]:
        other = rng.choice(usual)
    return space.component(name, other).sample(rng)
