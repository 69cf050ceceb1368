"""DEAP's data model: an individual is a genome with its fitness."""

from dataclasses import dataclass, field

from deap import base

from evolearn.pipeline.genome import Genome


class Fitness(base.Fitness):
    """Error and counted complexity, both minimised; the error counts first in comparisons."""

    weights = (-1.0, -1.0)

    @property
    def error(self) -> float:
        """The error on held-out rows: lower is better."""
        return float(self.values[0])

    @property
    def complexity(self) -> float:
        """The counted complexity of the pipeline."""
        return float(self.values[1])


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
