"""The evolutionary search: steady-state (mu + 1), elitist, on error and counted complexity."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from deap import base, tools

from evolearn.evaluation.candidate import Candidate
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.lineage import can_continue, continued, warm_started
from evolearn.pipeline.search_space import SearchSpace
from evolearn.policy import DEFAULT_POLICY, Policy
from evolearn.search.ask_tell import CostEstimates, Search
from evolearn.search.estimator_ranking import EstimatorRanking
from evolearn.search.portfolio import cheaper
from evolearn.search.random_operators import with_random
from evolearn.search.variation import mate, moves_of, mutate, sample

# Share of crossovers whose child is also mutated, so that copies of a parent are rare.
MUTATION_AFTER_CROSSOVER = 0.5
# Share of genomes drawn from the whole space, so that no estimator type is lost for ever.
IMMIGRANTS = 0.08
# Share of parents chosen by error alone; the others by Pareto rank and crowding (NSGA-II),
# which keeps simple and unusual pipelines among the parents.
ERROR_TOURNAMENTS = 0.7
# Probability of proposing a remaining portfolio entry when only hopeless or too costly ones are
# left; offspring are proposed otherwise.
LEFT_OVER = 0.25
# An entry waits if even its smaller version takes this many times `CostEstimates.most`.
TOO_COSTLY = 1.5


class Fitness(base.Fitness):
    """Error and counted complexity, both minimised; the error counts first in comparisons."""

    weights = (-1.0, -1.0)


@dataclass(eq=False)
class Individual:
    """A scored genome of the population, with the number of its candidate.

    Individuals are compared by genome, never by identity or fitness: that is what DEAP's
    archives use to tell twins.
    """

    genome: Genome
    number: int
    fitness: Fitness = field(default_factory=Fitness)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Individual) and self.genome == other.genome

    def __hash__(self) -> int:
        return hash(self.genome)


class Evolution(Search):
    """A steady-state genetic algorithm with NSGA-II survival (Deb et al., 2002).

    Every told candidate competes with the population for its `population_size` places, so a
    parent is never lost to a worse child. The archive has all non-dominated individuals ever
    told.
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
        self.population: list[Individual] = []
        self.archive = tools.ParetoFront()
        self._policy = policy
        self._ranking = EstimatorRanking(space)
        self._toolbox = self._make_toolbox()

    def ask(self, costs: CostEstimates | None = None) -> Candidate | None:
        """Return the next portfolio entry or, when none is left, a child.

        Entries come in their order, except for hopeless estimator types and too costly ones,
        which come now and then among the offspring. Entries that take longer than a candidate
        should get fewer trees, rounds or epochs.
        """
        if costs is None:
            return super().ask()
        portfolio_first = costs.portfolio_first and self._asked < self.population_size
        n_places = self.population_size - self._asked if portfolio_first else None
        entries = self.initial[:n_places]
        sizes: dict[Genome, Genome] = {}
        for entry in entries:
            genome = sizes[entry] = self._affordable(entry, costs)
            rejected = self._is_too_costly(genome, costs) or self._ranking.is_hopeless(genome)
            if not rejected and genome not in self._seen:
                return self._started(entry, genome)
        left = [entry for entry in entries if sizes[entry] not in self._seen]
        child = None
        if not left or not (portfolio_first or self.rng.random() < LEFT_OVER):
            child = self._new_candidate()
        return self._started(left[0], sizes[left[0]]) if left and child is None else child

    def _affordable(self, entry: Genome, costs: CostEstimates) -> Genome:
        """Return an entry, or a smaller, new version of it if it exceeds `costs.most`."""
        if not self._policy.reduced_fidelity:
            return entry
        part = costs.most / max(costs.seconds(entry), 1e-9)
        smaller = cheaper(entry, self.space, part)
        return entry if smaller in self._seen else smaller

    def _started(self, entry: Genome, genome: Genome) -> Candidate:
        self.initial.remove(entry)
        return self._candidate(genome, "portfolio", ())

    def _is_too_costly(self, genome: Genome, costs: CostEstimates) -> bool:
        # The cost of a user's estimator is not known: it may always be tried.
        known = self.space[genome.estimator].cost is not None
        return known and costs.seconds(genome) > TOO_COSTLY * costs.most

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
            child = self._continued(parents[0])
            if child is None:
                child = self._warm_started(self._toolbox.mutate(parents[0].genome), parents[0])
            return child, "mutation", (parents[0].number,)
        child = self._toolbox.mate(parents[0].genome, parents[1].genome)
        if self.rng.random() < MUTATION_AFTER_CROSSOVER:
            child = self._toolbox.mutate(child)
        child = self._warm_started(child, parents[0])
        return child, "crossover", (parents[0].number, parents[1].number)

    def _continued(self, parent: Individual) -> Genome | None:
        """Return a child that continues its parent's boosting, in a share of cases."""
        share = self._policy.boosting_continuation
        if not can_continue(parent.genome, self.space) or self.rng.random() >= share:
            return None
        return continued(parent.genome, self.space, self.rng)

    def _warm_started(self, child: Genome, parent: Individual) -> Genome:
        """Return the child, in a share of cases with a warm start from its parent's weights."""
        warm = warm_started(child, parent.genome, self.space)
        share = self._policy.weight_inheritance
        return child if warm is None or self.rng.random() >= share else warm

    def tell(self, candidate: Candidate, error: float | None) -> None:
        """Let a candidate compete for a place in the population; failed ones do not."""
        self._ranking.record(candidate.genome, error)
        # Only finite numbers enter: NaN beats everything in DEAP's comparisons.
        if error is not None and math.isfinite(error):
            individual = Individual(candidate.genome, candidate.number)
            individual.fitness.values = (error, self.space.complexity(candidate.genome))
            pool = [*self.population, individual]
            # Sorting also sets the crowding distances that parent selection needs.
            self.population = self._toolbox.survive(pool, min(len(pool), self.population_size))
            self.archive.update([individual])

    def front(self) -> list[int]:
        """Return the numbers of the candidates on the Pareto front, lowest error first."""
        ordered = sorted(self.archive, key=lambda one: one.fitness.values[0])
        return [individual.number for individual in ordered]

    def _parents(self) -> list[Individual]:
        if len(self.population) < 4 or self.rng.random() < ERROR_TOURNAMENTS:
            parents: list[Individual] = self._toolbox.by_error(self.population, 2)
            return parents
        return self._toolbox.by_rank(self.population, 4)[:2]

    def _make_toolbox(self) -> Any:
        toolbox, moves = base.Toolbox(), moves_of(self.space, self.rng)
        toolbox.register("sample", sample, self.space, self.rng, moves)
        toolbox.register("mate", mate, space=self.space, rng=self.rng, moves=moves)
        toolbox.register("mutate", mutate, space=self.space, rng=self.rng, moves=moves)
        toolbox.register("survive", tools.selNSGA2)
        toolbox.register("by_error", with_random(tools.selTournament, self.rng), tournsize=3)
        toolbox.register("by_rank", with_random(tools.selTournamentDCD, self.rng))
        return toolbox
