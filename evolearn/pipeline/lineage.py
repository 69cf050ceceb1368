"""Who may start from what others have learned, and what training a whole line takes."""

from random import Random
from typing import Any

from evolearn.cost.restriction import expected_seconds
from evolearn.networks.training import WARM_START_EPOCHS
from evolearn.pipeline.genome import Gene, Genome
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace

# A line may have so many genomes: a final model trains all of them again, one after the other.
LONGEST_LINE = 4
# What boosting that goes on has of rounds, times its parent's; and the rate of those that are
# added, times its parent's: a lower one fits the rest more finely.
MORE_ROUNDS = (1.3, 2.0)
TAIL_RATE = (0.5, 1.0)
RATE = "learning_rate"


def heritable(genome: Genome, space: SearchSpace) -> bool:
    """Tell whether children may start from what the models of a genome have learned."""
    if len(genome.line) >= LONGEST_LINE:
        return False
    return space[genome.estimator].inherits is not None or goes_on(genome, space)


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
    return None if str(gene) == str(parent["estimator"]) else _child(parent, gene)


def goes_on(genome: Genome, space: SearchSpace) -> bool:
    """Tell whether boosting may go on from the rounds of a genome.

    Not where it may stop early: then the rounds are for the model to say.
    """
    component = space[genome.estimator]
    values = dict(genome["estimator"].values)
    if component.rounds is None or not isinstance(values.get(component.rounds), int):
        return False
    parameters = component.build(genome["estimator"]).get_params(deep=False)
    if "early_stopping" in parameters:
        return parameters["early_stopping"] is False
    return parameters.get("n_iter_no_change") is None


def longer(parent: Genome, space: SearchSpace, rng: Random) -> Genome | None:
    """Return a child that goes on from its parent's rounds with more of them.

    None if that cannot be, or the parent has about as many as there may be.
    """
    if not heritable(parent, space) or not goes_on(parent, space):
        return None
    component = space[parent.estimator]
    rounds = component.rounds
    assert rounds is not None  # or it would not go on
    values = dict(parent["estimator"].values)
    more = round(values[rounds] * rng.uniform(*MORE_ROUNDS))
    changes: dict[str, Any] = {rounds: component.parameters[rounds].clip(more)}
    if changes[rounds] < values[rounds] * MORE_ROUNDS[0]:
        return None
    if isinstance(values.get(RATE), float):
        changes[RATE] = component.parameters[RATE].clip(values[RATE] * rng.uniform(*TAIL_RATE))
    there = {name: v for name, v in changes.items() if v in component.parameters[name]}
    return _child(parent, component.gene(values | there)) if rounds in there else None


def own_seconds(genome: Genome, space: SearchSpace, problem: Problem) -> float | None:
    """Return the expected seconds of one fit that starts from where its parent is if it may.

    None if they are not known.
    """
    component = space[genome.estimator]
    seconds = expected_seconds(component, problem, genome["estimator"])
    if genome.parent is None or seconds is None:
        return seconds
    if component.rounds is None:
        return WARM_START_EPOCHS * seconds
    before, now = (
        dict(one["estimator"].values)[component.rounds] for one in (genome.parent, genome)
    )
    return seconds * (1 - before / now)


def line_factor(genome: Genome, space: SearchSpace, problem: Problem) -> float:
    """Return how many times as long it takes to train the whole line of a genome as the end.

    The same in a fold and on all rows.
    """
    seconds = [own_seconds(one, space, problem) for one in genome.line]
    known = [one for one in seconds if one]
    return sum(known) / known[-1] if len(known) == len(seconds) else float(len(seconds))


def _child(parent: Genome, gene: Gene) -> Genome:
    """Return a child that starts from its parent, with another gene of the estimator."""
    genes = ((slot, gene if slot == "estimator" else parent[slot]) for slot in parent)
    return Genome(tuple(genes), parent)
