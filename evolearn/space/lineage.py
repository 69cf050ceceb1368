"""Who may start from whose weights, and what training a whole line takes."""

from evolearn.networks.training import HEIR_EPOCHS
from evolearn.space.genome import Genome
from evolearn.space.problem import Problem
from evolearn.space.restriction import expected_seconds
from evolearn.space.search_space import SearchSpace

# A line may have so many genomes: a final model trains all of them again, one after the other.
LONGEST_LINE = 4


def heritable(genome: Genome, space: SearchSpace) -> bool:
    """Tell whether children may start from what the models of a genome have learned."""
    return space[genome.estimator].inherits is not None and len(genome.line) < LONGEST_LINE


def heir(child: Genome, parent: Genome, space: SearchSpace) -> Genome | None:
    """Return a child as one that starts from its parent's weights, None if it cannot.

    It takes from the parent what these presuppose: all that is done to the data before, and
    what is made of the columns. Where the child differs in nothing else, it cannot.
    """
    shared = space[parent.estimator].inherits
    if shared is None or child.estimator != parent.estimator or not heritable(parent, space):
        return None
    theirs = dict(parent["estimator"].values)
    values = dict(child["estimator"].values)
    values |= {name: theirs[name] for name in shared if name in theirs}
    gene = space[child.estimator].gene(values)
    if str(gene) == str(parent["estimator"]):
        return None
    genes = ((slot, gene if slot == "estimator" else parent[slot]) for slot in parent)
    return Genome(tuple(genes), parent)


def own_seconds(genome: Genome, space: SearchSpace, problem: Problem) -> float | None:
    """Return the expected seconds of one fit that starts from the parent's weights if it may.

    None if they are not known.
    """
    seconds = expected_seconds(space[genome.estimator], problem, genome["estimator"])
    return seconds if genome.parent is None or seconds is None else HEIR_EPOCHS * seconds


def line_factor(genome: Genome, space: SearchSpace, problem: Problem) -> float:
    """Return how many times as long it takes to train the whole line of a genome as the end.

    The same in a fold and on all rows.
    """
    seconds = [own_seconds(one, space, problem) for one in genome.line]
    known = [one for one in seconds if one]
    return sum(known) / known[-1] if len(known) == len(seconds) else float(len(seconds))
