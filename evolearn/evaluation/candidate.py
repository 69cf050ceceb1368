"""Candidate: a genome that a search wants to have evaluated."""

from dataclasses import dataclass

from evolearn.pipeline.genome import Genome


@dataclass(frozen=True)
class Candidate:
    """A genome to be evaluated, its number in the order asked, and its origin.

    ``origin`` is the operator that made it, ``parents`` are the numbers of its parents.
    """

    number: int
    generation: int
    genome: Genome
    origin: str
    parents: tuple[int, ...] = ()
