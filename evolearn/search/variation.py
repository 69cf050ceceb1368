"""How children are made: mutation of one genome, crossover of two."""

from random import Random

from evolearn.genes.catalogue import BINS, EMBEDDED, NO_TRANSFORMER, PROJECTION
from evolearn.genes.formulas import CONSTRUCTED, FEATURES, NO_FEATURES
from evolearn.genes.masks import ALL_COLUMNS, MASK, MASKED
from evolearn.genes.relations import NO_RELATIONS, RELATED, RELATIONS, Relations
from evolearn.pipeline.genome import Gene, Genome
from evolearn.pipeline.search_space import SearchSpace
from evolearn.search.genetic_programming import Trees

# Shares of the kinds of mutation. Auto-FP (arXiv 2310.02540) finds evolution strongest on
# preprocessing, so that its slots are changed about as often as hyperparameters are moved.
NEW_ESTIMATOR = 0.1
PREPARATION = 0.35

OURS = {CONSTRUCTED, NO_FEATURES}
# Those that are mutated are seldom given up as a whole; where no formula, or no relation, is
# known to tell anything of the target, those that are drawn are seldom taken. Which columns are
# better left out is never known.
GIVEN_UP = 0.15
TAKEN_UNKNOWN = 0.2
# The slots of which that is so beside constructed features: what is seldom taken, and instead.
SELDOM = {RELATIONS: (RELATED, NO_RELATIONS), MASK: (MASKED, ALL_COLUMNS)}
# What brings nothing that others do not bring: errors of linear models behind bins are 0.85 of
# those without, behind splines 0.84 (see numeric_slots), behind random projections 1.00.
SELDOM_TAKEN = {BINS: NO_TRANSFORMER, PROJECTION: NO_TRANSFORMER}
# The same when genomes are drawn, as (slot, what is seldom taken, instead). The log loss of
# networks with vectors of categories is 1.09 of that with one-hot encoded ones (seven tables,
# 600 rows, three seeds; 0.96 to 1.26).
SELDOM_DRAWN = (
    *((slot, *names) for slot, names in SELDOM.items()),
    ("encoder", EMBEDDED, "one_hot"),
    *(("transformer", *names) for names in SELDOM_TAKEN.items()),
)


def sample(
    space: SearchSpace, rng: Random, trees: Trees | None = None, estimator: str | None = None
) -> Genome:
    """Return a random genome, of one estimator if its name is given."""
    genome = space.sample(rng, estimator)
    for slot, taken, instead in SELDOM_DRAWN:
        has = slot in genome and genome[slot].component == taken
        if has and _unknown(genome, slot, taken, instead, space) and _refused(rng):
            genome = _with(genome, slot, space.component(slot, instead).default())
    unknown = trees is not None and not trees.domain.bred
    if unknown and _formulas_of(genome) and _refused(rng):
        options = space.slots_of(genome.estimator)[FEATURES]
        return _with(genome, FEATURES, _constructed((), options, genome[FEATURES]))
    return genome


def mutate(
    genome: Genome, space: SearchSpace, rng: Random, trees: Trees | None = None
) -> Genome:
    """Return a genome that differs in its estimator, its preparation or its values.

    Parameters
    ----------
    genome : Genome
    space : SearchSpace
    rng : random.Random
        That of `trees` too.
    trees : Trees, default=None
        The moves within constructed features; None: they move as any other values do.
    """
    draw = rng.random()
    if draw < NEW_ESTIMATOR and len(space.names) > 1:
        others = [name for name in space.names if name != genome.estimator]
        return _adopt(sample(space, rng, trees, rng.choice(others)), genome, space)
    slots = space.slots_of(genome.estimator)
    variable = [slot for slot in slots if _variable(slot, slots[slot], space)]
    for slot, (taken, instead) in SELDOM.items():
        lacks = slot in genome and genome[slot].component == instead
        if lacks and _unknown(genome, slot, taken, instead, space) and _refused(rng):
            variable.remove(slot)
    own = space[genome.estimator].parameters
    if variable and (draw < NEW_ESTIMATOR + PREPARATION or not own):
        slot = rng.choice(variable)
        if slot == FEATURES and trees is not None and set(slots[slot]) <= OURS:
            return _with(genome, slot, _mutated_features(genome[slot], slots[slot], trees, rng))
        return _with(genome, slot, _mutated_slot(slot, genome[slot], slots[slot], space, rng))
    gene = space[genome.estimator].mutate(genome["estimator"], rng)
    return _with(genome, "estimator", gene)


def mate(
    first: Genome, second: Genome, space: SearchSpace, rng: Random, trees: Trees | None = None
) -> Genome:
    """Return a child of two genomes.

    Parents of one estimator type mix their hyperparameters, slot by slot, and cross their
    constructed features as trees; of different types, the child has the first one's estimator
    and the second one's preparation, as far as that estimator can be combined with it.
    """
    if first.estimator != second.estimator:
        return _adopt(first, second, space)
    genes, slots = [], space.slots_of(first.estimator)
    for slot in first:
        a, b = first[slot], second[slot]
        if slot == FEATURES and trees is not None and CONSTRUCTED == a.component == b.component:
            formulas = trees.mixed_sets(_formulas(a), _formulas(b))
            genes.append((slot, _constructed(formulas, slots[slot], a)))
        elif a.component == b.component:
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


def _mutated_features(gene: Gene, options: tuple[str, ...], trees: Trees, rng: Random) -> Gene:
    """Return other constructed features: a formula more, less or changed, or none."""
    if CONSTRUCTED not in options:
        return gene
    formulas = _formulas(gene)
    if formulas and rng.random() < GIVEN_UP:
        return _constructed((), options, gene)
    if not formulas:  # a set may bring what one formula alone does not
        formulas = trees.domain.sample(rng)
    return _constructed(trees.mutated_set(formulas), options, gene)


def _formulas(gene: Gene) -> tuple[str, ...]:
    formulas: tuple[str, ...] = dict(gene.values).get("expressions", ())
    return formulas


def _formulas_of(genome: Genome) -> tuple[str, ...]:
    return _formulas(genome[FEATURES]) if FEATURES in genome else ()


def _constructed(formulas: tuple[str, ...], options: tuple[str, ...], gene: Gene) -> Gene:
    """Return the gene of these formulas; of none, that of no features, if it may be that."""
    if formulas:
        return Gene.of(CONSTRUCTED, {"expressions": formulas})
    return Gene(NO_FEATURES) if NO_FEATURES in options else gene


def _unknown(genome: Genome, slot: str, taken: str, instead: str, space: SearchSpace) -> bool:
    """Tell whether a genome may have both in a slot, and nothing is known to be of use."""
    if not {taken, instead} <= set(space.slots_of(genome.estimator)[slot]):
        return False
    domains = space.component(slot, taken).parameters.values()
    return not any(isinstance(domain, Relations) and domain.found for domain in domains)


def _refused(rng: Random) -> bool:
    return rng.random() >= TAKEN_UNKNOWN


def _variable(slot: str, options: tuple[str, ...], space: SearchSpace) -> bool:
    return len(options) > 1 or bool(space.component(slot, options[0]).parameters)


def _mutated_slot(
    slot: str, gene: Gene, options: tuple[str, ...], space: SearchSpace, rng: Random
) -> Gene:
    component = space.component(slot, gene.component)
    others = [name for name in options if name != gene.component]
    if component.parameters and (not others or rng.random() < 0.5):
        return component.mutate(gene, rng)
    other = rng.choice(others)
    usual = [name for name in others if name not in SELDOM_TAKEN]
    if other in SELDOM_TAKEN and usual and _refused(rng):
        other = rng.choice(usual)
    return space.component(slot, other).sample(rng)


def _with(genome: Genome, slot: str, gene: Gene) -> Genome:
    return Genome.of((s, gene if s == slot else genome[s]) for s in genome)
