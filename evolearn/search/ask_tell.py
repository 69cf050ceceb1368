"""The protocol of every search: ask for candidates, tell their errors."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from evolearn.evaluation.candidate import Candidate
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.search_space import SearchSpace

# Number of attempts to find a new genome before the space counts as exhausted.
MOST_RETRIES = 200


@dataclass(frozen=True)
class CostEstimates:
    """Expected seconds of a genome, all folds together, and the most that one should take.

    With `portfolio_first`, the first generation has to consist of initial genomes alone.
    """

    seconds: Callable[[Genome], float]
    most: float = float("inf")
    portfolio_first: bool = False


class Search(ABC):
    """A search: proposes genomes one by one and learns from their errors; runs nothing.

    Parameters
    ----------
    space : SearchSpace
    population_size : int
        Candidates per generation.
    initial : iterable of Genome
        The first genomes to propose, in this order; as an attribute, those not asked yet.
    rng : random.Random
        The only source of randomness.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        population_size: int,
        initial: Iterable[Genome] = (),
        rng: Random,
    ) -> None:
        self.space = space
        self.population_size = population_size
        self.rng = rng
        self.initial = list(dict.fromkeys(initial))
        self._seen: set[Genome] = set()
        self._asked = 0

    def ask(self, costs: CostEstimates | None = None) -> Candidate | None:
        """Return the next candidate, never one asked before; None if the space is exhausted.

        With cost estimates, cheaper candidates may be preferred.
        """
        if self.initial:
            return self._candidate(self.initial.pop(0), "portfolio", ())
        return self._new_candidate()

    def _new_candidate(self) -> Candidate | None:
        """Return a new candidate that is no initial genome."""
        for attempt in range(MOST_RETRIES):
            # A population that has converged repeats itself: then draw from the space.
            genome, origin, parents = (
                self.propose() if attempt < MOST_RETRIES // 2 else self.draw()
            )
            if genome not in self._seen:
                return self._candidate(genome, origin, parents)
        return None

    def draw(self) -> tuple[Genome, str, tuple[int, ...]]:
        """Return a genome drawn from the whole space."""
        return self.space.sample(self.rng), "random", ()

    @abstractmethod
    def propose(self) -> tuple[Genome, str, tuple[int, ...]]:
        """Return a genome, the operator that made it, and the numbers of its parents."""

    @abstractmethod
    def tell(self, candidate: Candidate, error: float | None) -> None:
        """Learn the error of a candidate, None if it failed."""

    def front(self) -> list[int]:
        """Return the numbers of the candidates on the front of error and complexity."""
        return []

    def _candidate(self, genome: Genome, origin: str, parents: tuple[int, ...]) -> Candidate:
        self._seen.add(genome)
        number = self._asked
        self._asked += 1
        return Candidate(number, number // self.population_size, genome, origin, parents)


class RandomSearch(Search):
    """Random search over the space: the baseline that evolution has to beat."""

    def propose(self) -> tuple[Genome, str, tuple[int, ...]]:
        """Return a genome drawn from the whole space."""
        return self.draw()

    def tell(self, candidate: Candidate, error: float | None) -> None:
        """Learn nothing."""
