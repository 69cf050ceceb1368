"""The portfolio: strong, diverse configurations for the first generation of a search."""

from math import isfinite, log2
from typing import Any

from evolearn.cost.seconds import expected_seconds
from evolearn.pipeline.domains import clipped
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.portfolio_entries import genomes_in, portfolio_entries
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace
from evolearn.policy import DEFAULT_POLICY, Policy

# Number of places that an entry falls back each time its expected seconds double beyond its
# share of a time budget.
PLACES_PER_DOUBLING = 4.0
# Most shares of an entry; one that would take more gets fewer trees, rounds or epochs, and
# boosting a higher learning rate in return, within these limits.
MOST_SHARES = 4.0
LEAST_PART = 0.25
HIGHEST_RATE = 0.2


def portfolio(
    space: SearchSpace,
    problem: Problem,
    fair_seconds: float = float("inf"),
    policy: Policy = DEFAULT_POLICY,
) -> list[Genome]:
    """Return the first genomes to evaluate, the baseline first.

    The families' entries that lie in the space come by their ranks, except for those whose fit
    is expected to take longer than `fair_seconds`, its share of the time: they fall back by
    four places each time their seconds double, so that on a table with many classes or rows the
    first strong model does not come late. Entries that would take more than four shares get
    fewer trees, rounds or epochs. Estimators without an entry follow with their defaults. Genes
    then insert variants with what they discovered (`Gene.variants`). In a space without the
    baseline, the estimator with the lowest expected time comes first.

    The space is restricted to the problem. The policy may leave the portfolio empty, or its
    entries as large as they are.
    """
    if not policy.portfolio:
        return []
    most = MOST_SHARES * fair_seconds if policy.reduced_fidelity else float("inf")
    entries = portfolio_entries(problem.task)
    affordable = (
        cheaper(g, space, most / max(_seconds(g, space, problem), 1e-9))
        for g in genomes_in(space, entries)
    )
    genomes = list(dict.fromkeys(affordable))
    present = {genome.estimator for genome in genomes}
    genomes += [space.genome({"estimator": n}) for n in space.names if n not in present]
    if genomes[0].estimator != entries[0]["estimator"]:
        ordered = sorted(genomes, key=lambda genome: _seconds(genome, space, problem))
    else:

        def place(number: int) -> float:
            seconds = _seconds(genomes[number], space, problem)
            late = seconds / fair_seconds if isfinite(seconds) else 1.0  # not known: of a user
            return number + PLACES_PER_DOUBLING * log2(max(late, 1.0))

        places = sorted(range(1, len(genomes)), key=place)
        ordered = [genomes[0], *(genomes[i] for i in places)]
    # The variants of the first genes come first.
    for gene in reversed(space.genes):
        ordered = gene.variants(ordered, space.genome, space.preparation[gene.name])
    return ordered


def cheaper(genome: Genome, space: SearchSpace, part: float) -> Genome:
    """Return a genome with fewer trees, rounds or epochs, to take a part of its seconds.

    Boosting gets a higher learning rate in return. Nothing changes if the part is one or more,
    or the cost of the estimator is not known; a part below a quarter counts as a quarter.
    """
    component, cost = space[genome.estimator], space[genome.estimator].cost
    if cost is None or part >= 1.0:
        return genome
    part = max(part, LEAST_PART)
    params = genome.params
    for name, (_, power) in cost.units.items():
        key = f"{genome.estimator}__{name}"
        if power == 1.0 and _is_number(params.get(key)):  # proportional to the seconds
            params[key] = clipped(round(part * params[key]), component.parameters[name])
    key = f"{genome.estimator}__learning_rate"
    if _is_number(params.get(key)):
        rate = min(params[key] / part, max(HIGHEST_RATE, params[key]))
        params[key] = clipped(rate, component.parameters["learning_rate"])
    smaller = space.genome(params)
    return smaller if smaller in space else genome


def _is_number(value: Any) -> bool:
    """Whether a value is a number: users may have made another choice of it, or none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _seconds(genome: Genome, space: SearchSpace, problem: Problem) -> float:
    seconds = expected_seconds(space[genome.estimator], problem, genome["estimator"])
    return float("inf") if seconds is None else seconds
