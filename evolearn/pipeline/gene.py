"""The protocol of genes: everything about one choice that is made before the model."""

from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any, Protocol, TypeAlias

from sklearn.base import BaseEstimator

from evolearn.pipeline.component import Component
from evolearn.pipeline.genome import Allele, Genome
from evolearn.pipeline.plan import PipelinePlan
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.screening_sample import ScreeningSample

#: The unfitted step of an option, None for one that changes nothing.
Step: TypeAlias = BaseEstimator | None
#: Names of options, the default first.
Options = tuple[str, ...]
#: Returns the full genome of a flat description, as `SearchSpace.genome` does.
Complete = Callable[[Mapping[str, Any]], Genome]


class Trait(StrEnum):
    """Needs of an estimator, by which genes decide which options it gets."""

    #: Nothing is known of it: an estimator of the user.
    UNKNOWN = "unknown"
    #: It takes no missing values, or profits from complete columns.
    COMPLETE = "complete"
    #: It compares columns by their size.
    SCALED = "scaled"
    #: It standardises its columns itself.
    SELF_SCALED = "self_scaled"
    #: It assumes normally distributed columns.
    NORMAL = "normal"
    #: It learns straight lines and takes hundreds of columns.
    LINEAR = "linear"
    #: It takes the words of texts as they are.
    WORDS = "words"
    #: Its columns may be replaced by combinations of columns.
    TRANSFORMED = "transformed"
    #: Its columns may be selected.
    SELECTED = "selected"
    #: It splits columns at thresholds, and needs no scaling.
    THRESHOLDS = "thresholds"
    #: It splits columns of category codes by subsets of the categories.
    CATEGORIES = "categories"
    #: It learns a vector of each category.
    CATEGORY_VECTORS = "category_vectors"
    #: It does better with target means than with category codes.
    TARGET_MEANS = "target_means"
    #: It is trained on a standardised target.
    SCALED_TARGET = "scaled_target"


class AlleleMoves(Protocol):
    """Variation of a gene whose alleles have a structure of their own."""

    def drawn(self, allele: Allele, options: Sequence[str]) -> Allele:
        """Return the allele to keep in a drawn genome."""

    def mutated(self, allele: Allele, options: Sequence[str]) -> Allele | None:
        """Return a mutated allele, None to mutate it as any other."""

    def mixed(self, first: Allele, second: Allele, options: Sequence[str]) -> Allele | None:
        """Return a crossover of two alleles, None to mix them as any others."""


@dataclass(frozen=True)
class Variants:
    """Portfolio entries to insert: the first at a position, the others at every second one."""

    genomes: Sequence[Genome] = ()
    first: int = 0

    def inserted(self, entries: Sequence[Genome]) -> list[Genome]:
        """Return portfolio entries with the variants among them."""
        mixed = list(entries)
        for i, genome in enumerate(self.genomes):
            mixed.insert(self.first + 2 * i, genome)
        return mixed


class Gene(ABC):
    """One choice that a genome makes about the data before the model.

    A gene is a subclass in a file of its own and an instance of it in the registry
    (`evolearn.pipeline.registry.register_gene`). All methods have a default: a gene with a
    single step among the numeric columns needs `name`, `components` and `options` alone.

    Attributes
    ----------
    name : str
        The key of the gene in genomes and results.
    components : tuple of Component
        Its options. Those whose estimator is None change nothing.
    neutral : str or None
        The option that replaces one that is seldom drawn; None: the gene has none.
    scales : bool
        Whether it scales the numeric columns, so that columns made by others are scaled, too.
    prepares : bool
        Whether it changes the input columns; not if it only changes the estimator.
    mutation_share : float
        Probability that a mutation may turn the neutral option into another one, as long as
        nothing is known in favour of the others.
    """

    name: str
    components: tuple[Component, ...]
    neutral: str | None = None
    scales: bool = False
    prepares: bool = True
    mutation_share: float = 1.0

    # -- which options there are ------------------------------------------------------------

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return the options of an estimator with these traits, the default first."""
        return tuple(component.name for component in self.components)

    def options_on_table(self, estimator: Component, problem: Problem) -> Options | None:
        """Return the options that a table dictates to an estimator, None if there are none."""
        return None

    def why_not(self, option: Component, problem: Problem) -> str | None:
        """Return the reason why an option is of no use on a table, None if it is of use."""
        if problem.table.sparse and "sparse" not in option.handles:
            return "it needs dense data"
        return None

    def sized(self, option: Component, problem: Problem) -> Component:
        """Return an option with its domains adapted to the table."""
        return option

    def n_columns_made(self, option: Component, problem: Problem) -> float:
        """Return the number of columns that an option makes, for the memory limit."""
        return 0.0

    def widens(self, option: str) -> bool:
        """Whether an option makes several columns of one category, for the cost of a fit."""
        return False

    # -- before the search ------------------------------------------------------------------

    def discover(self, problem: Problem, sample: ScreeningSample) -> Any:
        """Return findings about the table for `Problem.findings`; None if there are none.

        Only called if a time budget leaves the seconds for it and some estimator uses the gene.
        """
        return None

    # -- building a pipeline ----------------------------------------------------------------

    def add_steps(self, plan: PipelinePlan, allele: Allele, step: BaseEstimator | None) -> None:
        """Add the gene's step to a pipeline and record which columns come out.

        Parameters
        ----------
        plan : PipelinePlan
            The pipeline so far.
        allele : Allele
        step : estimator or None
            Built of the allele; None for an option that changes nothing.
        """
        if step is not None:
            plan.number_steps.append((self.name, step))

    def configure(
        self, plan: PipelinePlan, allele: Allele, step: Step, estimator: BaseEstimator
    ) -> BaseEstimator:
        """Return the pipeline's estimator, adapted to or wrapped by the gene."""
        return estimator

    # -- variation --------------------------------------------------------------------------

    def variants(
        self, genomes: Sequence[Genome], complete: Complete, options: Sequence[Component]
    ) -> Variants:
        """Return portfolio entries that use the findings, and where to insert them.

        Parameters
        ----------
        genomes : sequence of Genome
            The portfolio so far.
        complete : callable
            Returns the full genome of a flat description.
        options : sequence of Component
            The gene's options in the search space.
        """
        return Variants()

    def moves(self, options: Sequence[Component], rng: Random) -> AlleleMoves | None:
        """Return the gene's own variation operators, None for those of any component."""
        return None


def variants_of(
    genomes: Sequence[Genome],
    complete: Complete,
    gene: str,
    option: str,
    parameter: str,
    **others: str,
) -> list[Genome]:
    """Return, for each estimator, its first genome with an option that found something.

    Parameters
    ----------
    genomes : sequence of Genome
    complete : callable
    gene, option : str
    parameter : str
        The option's parameter that starts at the findings; empty if there are none.
    **others : str
        Options of other genes.
    """
    variants: dict[str, Genome] = {}
    for genome in genomes:
        if gene in genome and genome.estimator not in variants:
            variant = complete({**genome.params, gene: option, **others})
            allele = variant[gene]
            if allele.component == option and dict(allele.values).get(parameter):
                variants[genome.estimator] = variant
    return list(variants.values())
