"""The contract of every search: ask for candidates, tell how good they were."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

from evolearn.pipeline.genome import Genome
from evolearn.pipeline.search_space import SearchSpace

# How often a new genome is tried for before the space is held to be exhausted.
MOST_RETRIES = 200


@dataclass(frozen=True)
class Candidate:
    """A genome to be evaluated: its number in the order asked, and where it comes from."""

    number: int
    generation: int
    genome: Genome
    origin: str
    parents: tuple[int, ...] = ()


@dataclass(frozen=True)
class Prices:
    """What candidates cost.

    Attributes
    ----------
    seconds : callable
        Returns the expected seconds of a genome, all folds together.
    most : float
        The seconds that a candidate should take at most.
    whole_start : bool
        Whether the first generation has to be of the initial genomes alone.
    """

    seconds: Callable[[Genome], float]
    most: float = float("inf")
    whole_start: bool = False


class Search(ABC):
    """Proposes genomes one by one and learns from the results; never runs anything.

    Parameters
    ----------
    space : SearchSpace
    population_size : int
        Candidates per generation.
    initial : iterable of Genome
        The first genomes to propose, in this order.
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
        self._initial = list(dict.fromkeys(initial))
        self._seen: set[Genome] = set()
        self._asked = 0

    @property
    def initial(self) -> list[Genome]:
        """The initial genomes that have not been asked yet."""
        return list(self._initial)

    def ask(self, prices: Prices | None = None) -> Candidate | None:
        """Return the next candidate, never one asked before; None if the space is exhausted.

        What it costs may be a reason to ask another one first.
        """
        if self._initial:
            return self._candidate(self._initial.pop(0), "portfolio", ())
        return self._bred()

    def _bred(self) -> Candidate | None:
        """Return a new candidate that is no initial genome."""
        for attempt in range(MOST_RETRIES):
            # A population that has converged breeds known genomes: then draw from the space.
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
        """Take the error of a candidate, None if it failed."""

    def front(self) -> list[dict[str, Any]]:
        """Return the candidates that no other one beats in both error and complexity."""
        return []

    def _candidate(self, genome: Genome, origin: str, parents: tuple[int, ...]) -> Candidate:
        self._seen.add(genome)
        number = self._asked
        self._asked += 1
        return Candidate(number, number // self.population_size, genome, origin, parents)


class RandomSearch(Search):
    """Draws every genome from the space: the yardstick that evolution has to beat."""

    def propose(self) -> tuple[Genome, str, tuple[int, ...]]:
        """Return a genome drawn from the whole space."""
        return self.draw()

    def tell(self, candidate: Candidate, error: float | None) -> None:
        """Learn nothing."""
