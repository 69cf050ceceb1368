"""The evolutionary search: mu + lambda, elitist, on error and counted complexity."""

import math
from collections.abc import Iterable
from random import Random
from typing import Any

from deap import base, tools

from evolearn.evaluation.candidate import Candidate
from evolearn.genes.formulas import CONSTRUCTED, FEATURES, Expressions
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.lineage import goes_on, heir, longer
from evolearn.pipeline.search_space import SearchSpace
from evolearn.policy import DEFAULT_POLICY, Policy
from evolearn.search.ask_tell import CostEstimates, Search
from evolearn.search.estimator_ranking import Standings
from evolearn.search.genetic_programming import Trees
from evolearn.search.individual import Individual
from evolearn.search.portfolio import cheaper
from evolearn.search.random_operators import with_random
from evolearn.search.variation import mate, mutate, sample

# A child of a crossover is mutated as well in this share of cases: twins of a parent are rare.
MUTATION_AFTER_CROSSOVER = 0.5
# Share of genomes drawn from the whole space, so that no estimator type is lost for ever.
IMMIGRANTS = 0.08
# Share of parents chosen by error alone; the others by Pareto rank and crowding (NSGA-II),
# which keeps simple and odd pipelines in play.
ERROR_TOURNAMENTS = 0.7
# Where no entry of the portfolio is left that has any hope and can be afforded, one of the rest
# is asked in this share of cases, children in the others.
LEFT_OVER = 0.25
# An entry that takes so much longer than a candidate should, made smaller already, is one of
# these others.
TOO_DEAR = 1.5


class Evolution(Search):
    """A steady-state genetic algorithm with NSGA-II survival (Deb et al., 2002).

    Every told candidate competes with the population for its `population_size` places, so a
    parent is never lost to a worse child.

    Attributes
    ----------
    population : list of Individual
    archive : deap.tools.ParetoFront
        All non-dominated individuals ever told.
    logbook : deap.tools.Logbook
        A record per generation: size of the population, its best, median and worst error.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        population_size: int,
        initial: Iterable[Genome] = (),
        rng: Random,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        super().__init__(space, population_size=population_size, initial=initial, rng=rng)
        self._policy = policy
        self.population: list[Individual] = []
        self.archive = tools.ParetoFront()
        self.logbook = tools.Logbook()
        self._statistics = tools.Statistics(key=_error)
        self._statistics.register("best", min)
        self._statistics.register("median", _median)
        self._statistics.register("worst", max)
        self._told = 0
        self._standings = Standings(space)
        self._toolbox = self._make_toolbox()

    def ask(self, costs: CostEstimates | None = None) -> Candidate | None:
        """Return the next entry of the portfolio or, once there is none, a child.

        Entries come in their order, but for those of types that have shown themselves hopeless
        and those too dear: these come now and then among the children. One that takes longer
        than a candidate should gets fewer trees, rounds or epochs.
        """
        if costs is None:
            return super().ask()
        portfolio_first = costs.portfolio_first and self._asked < self.population_size
        entries = self._initial[
            : self.population_size - self._asked if portfolio_first else None
        ]
        sizes: dict[Genome, Genome] = {}
        for entry in entries:
            genome = sizes[entry] = self._affordable(entry, costs)
            dear = self._is_too_dear(genome, costs) or self._standings.is_hopeless(genome)
            if not dear and genome not in self._seen:
                return self._started(entry, genome)
        left = [entry for entry in entries if sizes[entry] not in self._seen]
        if left and (portfolio_first or self.rng.random() < LEFT_OVER):
            return self._started(left[0], sizes[left[0]])
        child = self._bred()
        if child is None and left:
            return self._started(left[0], sizes[left[0]])
        return child

    def _affordable(self, entry: Genome, costs: CostEstimates) -> Genome:
        """Return an entry as it is asked: smaller, if it is too dear and that was not asked."""
        if not self._policy.reduced_fidelity:
            return entry
        part = costs.most / max(costs.seconds(entry), 1e-9)
        smaller = cheaper(entry, self.space, part)
        return entry if smaller in self._seen else smaller

    def _started(self, entry: Genome, genome: Genome) -> Candidate:
        self._initial.remove(entry)
        return self._candidate(genome, "portfolio", ())

    def _is_too_dear(self, genome: Genome, costs: CostEstimates) -> bool:
        # Of an estimator of the user's it is not known: it may always be tried.
        known = self.space[genome.estimator].cost is not None
        return known and costs.seconds(genome) > TOO_DEAR * costs.most

    def draw(self) -> tuple[Genome, str, tuple[int, ...]]:
        """Return a genome drawn from the whole space."""
        return self._toolbox.sample(), "random", ()

    def propose(self) -> tuple[Genome, str, tuple[int, ...]]:
        """Return a child of the population, or now and then a genome from the whole space."""
        fewest = min(2, self.population_size)
        if len(self.population) < fewest or self.rng.random() < IMMIGRANTS:
            return self.draw()
        parents = self._parents()
        if self.rng.random() >= self._policy.crossover_probability or parents[0] == parents[1]:
            child = self._longer(parents[0])
            if child is None:
                child = self._heir(self._toolbox.mutate(parents[0].genome), parents[0])
            return child, "mutation", (parents[0].number,)
        child = self._toolbox.mate(parents[0].genome, parents[1].genome)
        if self.rng.random() < MUTATION_AFTER_CROSSOVER:
            child = self._toolbox.mutate(child)
        child = self._heir(child, parents[0])
        return child, "crossover", (parents[0].number, parents[1].number)

    def _longer(self, parent: Individual) -> Genome | None:
        """Return a child that goes on from its parent's rounds of boosting, if it shall."""
        if (
            not goes_on(parent.genome, self.space)
            or self.rng.random() >= self._policy.boosting_continuation
        ):
            return None
        return longer(parent.genome, self.space, self.rng)

    def _heir(self, child: Genome, parent: Individual) -> Genome:
        """Return the child, which may have become one that starts from its parent's weights."""
        one = heir(child, parent.genome, self.space)
        return (
            child
            if one is None or self.rng.random() >= self._policy.weight_inheritance
            else one
        )

    def tell(self, candidate: Candidate, error: float | None) -> None:
        """Let a candidate compete for a place in the population; failed ones have none."""
        self._standings.note(candidate.genome, error)
        # Only finite numbers enter: NaN beats everything in DEAP's comparisons.
        if error is not None and math.isfinite(error):
            individual = Individual(candidate.genome, candidate.number)
            individual.fitness.values = (error, self.space.complexity(candidate.genome))
            pool = [*self.population, individual]
            # Sorting also sets the crowding distances that parent selection needs.
            self.population = self._toolbox.survive(pool, min(len(pool), self.population_size))
            self.archive.update([individual])
        self._told += 1
        if self._told % self.population_size == 0:
            self._record()

    def front(self) -> list[dict[str, Any]]:
        """Return the Pareto front, lowest error first."""
        return [
            {
                "candidate": individual.number,
                "fitness": individual.fitness.error,
                "complexity": individual.fitness.complexity,
                "params": individual.genome.params,
            }
            for individual in sorted(self.archive, key=_error)
        ]

    def _record(self) -> None:
        generation = self._told // self.population_size - 1
        errors = self._statistics.compile(self.population) if self.population else {}
        self.logbook.record(generation=generation, size=len(self.population), **errors)

    def _parents(self) -> list[Individual]:
        if len(self.population) < 4 or self.rng.random() < ERROR_TOURNAMENTS:
            parents: list[Individual] = self._toolbox.by_error(self.population, 2)
            return parents
        return self._toolbox.by_rank(self.population, 4)[:2]

    def _make_toolbox(self) -> Any:
        toolbox, trees = base.Toolbox(), _trees(self.space, self.rng)
        toolbox.register("sample", sample, self.space, self.rng, trees)
        toolbox.register("mate", mate, space=self.space, rng=self.rng, trees=trees)
        toolbox.register("mutate", mutate, space=self.space, rng=self.rng, trees=trees)
        toolbox.register("survive", tools.selNSGA2)
        toolbox.register("by_error", with_random(tools.selTournament, self.rng), tournsize=3)
        toolbox.register("by_rank", with_random(tools.selTournamentDCD, self.rng))
        return toolbox


def _trees(space: SearchSpace, rng: Random) -> Trees | None:
    """Return the moves on constructed features, None if the space has none that can move."""
    for component in space.preparation[FEATURES]:
        domain = component.parameters.get("expressions")
        alone = component.name == CONSTRUCTED and len(component.parameters) == 1
        if alone and isinstance(domain, Expressions):
            return Trees(domain, rng) if domain.n_columns else None
    return None


def _error(individual: Individual) -> float:
    return individual.fitness.error


def _median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
