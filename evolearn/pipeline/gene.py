"""The protocol of genes: everything about one choice that is made before the model."""

from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from random import Random
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from sklearn.base import BaseEstimator

from evolearn.data import TableSchema
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

    UNKNOWN = "unknown"  # nothing is known of it: an estimator of the user
    COMPLETE = "complete"  # it takes no missing values, or profits from complete columns
    SCALED = "scaled"  # it compares columns by their size
    SELF_SCALED = "self_scaled"  # it standardises its columns itself
    NORMAL = "normal"  # it assumes normally distributed columns
    LINEAR = "linear"  # it learns straight lines and takes hundreds of columns
    WORDS = "words"  # it takes the words of texts as they are
    TRANSFORMED = "transformed"  # its columns may be replaced by combinations of columns
    SELECTED = "selected"  # its columns may be selected
    THRESHOLDS = "thresholds"  # it splits columns at thresholds, and needs no scaling
    CATEGORIES = "categories"  # it splits columns of codes by subsets of the categories
    CATEGORY_VECTORS = "category_vectors"  # it learns a vector of each category
    TARGET_MEANS = "target_means"  # it does better with target means than with category codes
    SCALED_TARGET = "scaled_target"  # it is trained on a standardised target
    LOSSES = "losses"  # it can minimise other losses, which its component names


class AlleleMoves(Protocol):
    """Variation of a gene whose alleles have a structure of their own."""

    def drawn(self, allele: Allele, options: Sequence[str]) -> Allele:
        """Return the allele to keep in a drawn genome."""

    def mutated(self, allele: Allele, options: Sequence[str]) -> Allele | None:
        """Return a mutated allele, None to mutate it as any other."""

    def mixed(self, first: Allele, second: Allele, options: Sequence[str]) -> Allele | None:
        """Return a crossover of two alleles, None to mix them as any others."""


class Gene(ABC):
    """One choice that a genome makes about the data before the model.

    A gene is a subclass in a file of its own and an instance of it in the registry
    (`evolearn.pipeline.registry.register_gene`). All methods have a default: a gene with a
    single step that keeps the number of numeric columns needs only `name`, `components` and
    `options`.

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
    joint : bool
        Whether its step comes behind all columns, not only behind the numbers.
    labels : mapping of str to str
        How options read in one line, where their names do not read well.
    neutral_mutation_share : float
        Probability that a mutation may turn the neutral option into another one, as long as
        nothing is known in favour of the others.
    """

    name: str
    components: tuple[Component, ...]
    neutral: str | None = None
    scales: bool = False
    prepares: bool = True
    joint: bool = False
    labels: Mapping[str, str] = MappingProxyType({})
    neutral_mutation_share: float = 1.0

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

    def add_steps(self, plan: PipelinePlan, allele: Allele, step: Step) -> None:
        """Add the allele's step to a pipeline and record which columns come out.

        The step is None for an option that changes nothing.
        """
        if step is None or not self.prepares:
            return
        if self.joint:
            plan.add_joint_step(self.name, step)
        else:
            plan.number_steps.append((self.name, step))

    def configure(
        self, plan: PipelinePlan, allele: Allele, step: Step, estimator: BaseEstimator
    ) -> BaseEstimator:
        """Return the pipeline's estimator, adapted to or wrapped by the gene."""
        return estimator

    # -- variation --------------------------------------------------------------------------

    def variants(
        self, genomes: list[Genome], complete: Complete, options: Sequence[Component]
    ) -> list[Genome]:
        """Return the portfolio with entries that use the findings inserted.

        `options` are the gene's options in the search space.
        """
        return genomes

    def moves(self, options: Sequence[Component], rng: Random) -> AlleleMoves | None:
        """Return the gene's own variation operators, None for those of any component."""
        return None

    # -- in reports -------------------------------------------------------------------------

    def in_one_line(self, allele: Allele) -> str:
        """Return an allele as a step of a pipeline in one line; "" if it changes nothing.

        That of a gene that only changes the estimator is read behind the estimator.
        """
        own = {component.name: component for component in self.components}
        component = own.get(allele.component)
        if component is not None and component.estimator is None:
            return ""
        name = allele.component
        return allele.described(self.labels.get(name, name.replace("_", " ")))

    def in_words(self, name: str, value: Any, schema: TableSchema) -> str | None:
        """Return a value of a parameter in words, where it is about columns of the table.

        None: the value reads well as it is.
        """
        return None

    def made_columns(self, allele: Allele, schema: TableSchema) -> tuple[str, ...]:
        """Return the formulas of new columns, with the names of the table's columns."""
        return ()
