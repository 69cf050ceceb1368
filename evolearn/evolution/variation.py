"""How children are made: mutation of one genome, crossover of two."""

from random import Random

from evolearn.space.genome import Gene, Genome
from evolearn.space.search_space import SearchSpace

# Shares of the kinds of mutation. Auto-FP (arXiv 2310.02540) finds evolution strongest on
# preprocessing, so that its slots are changed about as often as hyperparameters are moved.
NEW_ESTIMATOR = 0.1
PREPARATION = 0.35


def mutate(genome: Genome, space: SearchSpace, rng: Random) -> Genome:
    """Return a genome that differs in its estimator, its preparation or its values."""
    draw = rng.random()
    if draw < NEW_ESTIMATOR and len(space.names) > 1:
        others = [name for name in space.names if name != genome.estimator]
        return _adopt(space.sample(rng, rng.choice(others)), genome, space)
    slots = space.slots_of(genome.estimator)
    variable = [slot for slot in slots if _variable(slot, slots[slot], space)]
    own = space[genome.estimator].parameters
    if variable and (draw < NEW_ESTIMATOR + PREPARATION or not own):
        slot = rng.choice(variable)
        return _with(genome, slot, _mutated_slot(slot, genome[slot], slots[slot], space, rng))
    gene = space[genome.estimator].mutate(genome["estimator"], rng)
    return _with(genome, "estimator", gene)


def mate(first: Genome, second: Genome, space: SearchSpace, rng: Random) -> Genome:
    """Return a child of two genomes.

    Parents of one estimator type mix their hyperparameters, slot by slot; of different types,
    the child has the first one's estimator and the second one's preparation, as far as that
    estimator can be combined with it.
    """
    if first.estimator != second.estimator:
        return _adopt(first, second, space)
    genes = []
    for slot in first:
        a, b = first[slot], second[slot]
        if a.component == b.component:
            genes.append((slot, space.component(slot, a.component).mix(a, b, rng)))
        else:
            genes.append((slot, rng.choice((a, b))))
    return Genome.of(genes)


def _adopt(receiver: Genome, donor: Genome, space: SearchSpace) -> Genome:
    """Return the receiver with the donor's preparation, where its estimator allows it."""
    slots = space.slots_of(receiver.estimator)
    return Genome.of(
        (slot, donor[slot])
        if slot in slots and slot in donor and donor[slot].component in slots[slot]
        else (slot, receiver[slot])
        for slot in receiver
    )


def _variable(slot: str, options: tuple[str, ...], space: SearchSpace) -> bool:
    return len(options) > 1 or bool(space.component(slot, options[0]).parameters)


def _mutated_slot(
    slot: str, gene: Gene, options: tuple[str, ...], space: SearchSpace, rng: Random
) -> Gene:
    component = space.component(slot, gene.component)
    others = [name for name in options if name != gene.component]
    if component.parameters and (not others or rng.random() < 0.5):
        return component.mutate(gene, rng)
    return space.component(slot, rng.choice(others)).sample(rng)


def _with(genome: Genome, slot: str, gene: Gene) -> Genome:
    return Genome.of((s, gene if s == slot else genome[s]) for s in genome)
