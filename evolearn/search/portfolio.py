"""Generation 0: strong, diverse configurations, in an order that suits the table."""

from collections.abc import Iterable, Iterator
from math import isfinite, log2
from typing import Any

from evolearn.cost.restriction import expected_seconds
from evolearn.genes.formulas import CONSTRUCTED, FEATURES
from evolearn.genes.relations import RELATED, RELATIONS
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace
from evolearn.policy import DEFAULT_POLICY, Policy
from evolearn.search.portfolio_entries import STARTS, Entry

# By how many places an entry is put off each time its expected seconds double beyond its share
# of a time budget.
PLACES_PER_DOUBLING = 4.0
# An entry may take so many shares; one that would take more gets fewer trees, rounds or epochs,
# and boosting a higher learning rate in return, within these limits.
MOST_SHARES = 4.0
LEAST_PART = 0.25
HIGHEST_RATE = 0.2
# Where formulas are known, at which place the first entry that has them comes, each other one
# two places later, and how many there are: if they tell most of what single columns do not, as
# where a law of nature made the target, and else.
FIRST_TWIN, MOST_TWINS = (3, 6), (7, 3)
MOST_OF_IT = 0.6
# The same for relations, and how their crosses are encoded: these have no order, and more
# categories than one-hot encoding takes.
FIRST_RELATED, MOST_RELATED = 5, 3
OF_CROSSES = "target_mean"


def portfolio(
    space: SearchSpace,
    problem: Problem,
    fair_seconds: float = float("inf"),
    policy: Policy = DEFAULT_POLICY,
) -> list[Genome]:
    """Return the first genomes to evaluate, the baseline first.

    The entries of the default portfolio that lie in the space come in their order, but for
    those whose fit is expected to take longer than its share of the time: each time their
    seconds double they fall back by four places, so that on a table with many classes or rows
    the first strong model does not come late. What would take more than four shares gets fewer
    trees, rounds or epochs. Where formulas or relations are known, the first entries of
    estimators come with them too. Then comes every estimator that had no entry, as
    it is without mutation. Of a space that has not the default baseline, the estimator with the
    lowest expected time comes first.

    Parameters
    ----------
    space : SearchSpace
        Restricted to the problem.
    problem : Problem
    fair_seconds : float, default=inf
        The seconds of one fit that are an entry's fair share of the time budget.
    policy : Policy, default=DEFAULT_POLICY
        It may leave the portfolio empty, or its entries as large as they are.

    Returns
    -------
    list of Genome
    """
    if not policy.portfolio:
        return []
    most = MOST_SHARES * fair_seconds if policy.reduced_fidelity else float("inf")
    entries = entries_in(space, STARTS[problem.task])
    thrifty = (
        cheaper(g, space, most / max(_seconds(g, space, problem), 1e-9)) for g in entries
    )
    genomes = list(dict.fromkeys(thrifty))
    there = {genome.estimator for genome in genomes}
    genomes += [space.genome({"estimator": n}) for n in space.names if n not in there]
    baseline = STARTS[problem.task][0]["estimator"]
    if genomes[0].estimator != baseline:
        cheapest_first = sorted(genomes, key=lambda genome: _seconds(genome, space, problem))
        return _with_relations(_with_formulas(cheapest_first, space), space)

    def place(number: int) -> float:
        seconds = _seconds(genomes[number], space, problem)
        late = seconds / fair_seconds if isfinite(seconds) else 1.0  # of a user's: not known
        return number + PLACES_PER_DOUBLING * log2(max(late, 1.0))

    ordered = [genomes[0], *(genomes[i] for i in sorted(range(1, len(genomes)), key=place))]
    return _with_relations(_with_formulas(ordered, space), space)


def _with_formulas(genomes: list[Genome], space: SearchSpace) -> list[Genome]:
    """Return the genomes and, of the first of each estimator, another one with formulas.

    None if no formula is known to tell anything of the target.
    """
    twins = _twins(genomes, space, FEATURES, CONSTRUCTED, "expressions")
    if not twins:
        return genomes
    domain = space.component(FEATURES, CONSTRUCTED).parameters["expressions"]
    rank = int(getattr(domain, "share", 0.0) < MOST_OF_IT)
    return _mixed(genomes, twins[: MOST_TWINS[rank]], FIRST_TWIN[rank])


def _with_relations(genomes: list[Genome], space: SearchSpace) -> list[Genome]:
    """Return the genomes and, of the first of some estimators, another one with relations."""
    twins = _twins(genomes, space, RELATIONS, RELATED, "relations", encoder=OF_CROSSES)
    return _mixed(genomes, twins[:MOST_RELATED], FIRST_RELATED)


def _twins(
    genomes: list[Genome],
    space: SearchSpace,
    slot: str,
    name: str,
    parameter: str,
    **other_slots: str,
) -> list[Genome]:
    """Return the first genome of each estimator with what is known for a slot, if it is."""
    twins: dict[str, Genome] = {}
    for genome in genomes:
        if slot in genome and genome.estimator not in twins:
            twin = space.genome({**genome.params, slot: name, **other_slots})
            gene = twin[slot]
            if gene.component == name and dict(gene.values).get(parameter):
                twins[genome.estimator] = twin
    return list(twins.values())


def _mixed(genomes: list[Genome], twins: list[Genome], first: int) -> list[Genome]:
    """Return the genomes with the twins at every second place from the first one on."""
    mixed = list(genomes)
    for i, twin in enumerate(twins):
        mixed.insert(first + 2 * i, twin)
    return mixed


def entries_in(space: SearchSpace, entries: Iterable[Entry]) -> Iterator[Genome]:
    """Yield the genomes of those entries that lie in a space, their numbers clipped to it."""
    for entry in entries:
        if entry["estimator"] in space.names:
            genome = space.genome({k: _clipped(k, v, space) for k, v in entry.items()})
            if genome in space:  # users may have narrowed the domains
                yield genome


def _clipped(key: str, value: Any, space: SearchSpace) -> Any:
    """Return a number of an entry as near as the domain in this space allows."""
    component, _, parameter = key.partition("__")
    if component not in space.names or parameter not in space[component].parameters:
        return value
    return space[component].parameters[parameter].clip(value)


def cheaper(genome: Genome, space: SearchSpace, part: float) -> Genome:
    """Return a genome that takes a part of the seconds: with fewer trees, rounds or epochs.

    Boosting gets a higher learning rate in return. A part of one or more changes nothing, nor
    does one of an estimator of which is not known what its seconds grow with; less than a
    quarter is not taken.
    """
    component, cost = space[genome.estimator], space[genome.estimator].cost
    if cost is None or part >= 1.0:
        return genome
    part = max(part, LEAST_PART)
    params = genome.params
    for name, (_, power) in cost.units.items():
        key = f"{genome.estimator}__{name}"
        if power == 1.0 and _is_number(params.get(key)):  # what seconds are proportional to
            params[key] = component.parameters[name].clip(round(part * params[key]))
    key = f"{genome.estimator}__learning_rate"
    if _is_number(params.get(key)):
        rate = min(params[key] / part, max(HIGHEST_RATE, params[key]))
        params[key] = component.parameters["learning_rate"].clip(rate)
    smaller = space.genome(params)
    return smaller if smaller in space else genome


def _is_number(value: Any) -> bool:
    """Tell whether a value is one: users may have made another choice of it, or none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _seconds(genome: Genome, space: SearchSpace, problem: Problem) -> float:
    seconds = expected_seconds(space[genome.estimator], problem, genome["estimator"])
    return float("inf") if seconds is None else seconds
