"""Warm starts: which genomes may continue from a parent's fitted models."""

from random import Random
from typing import Any

from evolearn.pipeline.domains import clipped
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.search_space import SearchSpace

# Longest lineage: a final model trains all of its genomes again, one after the other.
LONGEST_LINEAGE = 4
# Ratio of a child's boosting rounds to its parent's, and of the learning rate of the added
# rounds to the parent's: a lower one fits the rest more finely.
MORE_ROUNDS = (1.3, 2.0)
TAIL_RATE = (0.5, 1.0)
RATE = "learning_rate"


def can_be_parent(genome: Genome, space: SearchSpace) -> bool:
    """Whether children may be trained with a warm start from the models of a genome."""
    if len(genome.lineage) >= LONGEST_LINEAGE:
        return False
    return space[genome.estimator].inherits is not None or can_continue(genome, space)


def warm_started(child: Genome, parent: Genome, space: SearchSpace) -> Genome | None:
    """Return a child that starts from its parent's weights, None if it cannot.

    It takes from the parent what the weights need: the preparation of the data, and the
    parameters in `Component.inherits`. A child that differs in nothing else cannot.
    """
    shared = space[parent.estimator].inherits
    if shared is None or child.estimator != parent.estimator:
        return None
    if not can_be_parent(parent, space):
        return None
    inherited = dict(parent["estimator"].values)
    values = dict(child["estimator"].values)
    values |= {name: inherited[name] for name in shared if name in inherited}
    allele = space[child.estimator].allele(values)
    if str(allele) == str(parent["estimator"]):
        return None
    return parent.replaced("estimator", allele, parent)


def can_continue(genome: Genome, space: SearchSpace) -> bool:
    """Whether a child may continue the boosting of a genome.

    Not with early stopping, where the model decides the number of rounds.
    """
    component = space[genome.estimator]
    values = dict(genome["estimator"].values)
    if component.rounds is None or not isinstance(values.get(component.rounds), int):
        return False
    parameters = component.build(genome["estimator"]).get_params(deep=False)
    if "early_stopping" in parameters:
        return parameters["early_stopping"] is False
    return parameters.get("n_iter_no_change") is None


def continued(parent: Genome, space: SearchSpace, rng: Random) -> Genome | None:
    """Return a child that continues its parent's boosting with more rounds.

    None if that is not possible, or the parent has nearly the highest number of rounds.
    """
    if not can_be_parent(parent, space) or not can_continue(parent, space):
        return None
    component = space[parent.estimator]
    rounds = component.rounds
    assert rounds is not None  # checked by `can_continue`
    values = dict(parent["estimator"].values)
    more = round(values[rounds] * rng.uniform(*MORE_ROUNDS))
    changes: dict[str, Any] = {rounds: clipped(more, component.parameters[rounds])}
    if changes[rounds] < values[rounds] * MORE_ROUNDS[0]:
        return None
    if isinstance(values.get(RATE), float):
        lower = values[RATE] * rng.uniform(*TAIL_RATE)
        changes[RATE] = clipped(lower, component.parameters[RATE])
    allowed = {name: v for name, v in changes.items() if v in component.parameters[name]}
    if rounds not in allowed:
        return None
    return parent.replaced("estimator", component.allele(values | allowed), parent)
