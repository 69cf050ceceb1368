"""Gene of relations: crosses of categories, their frequencies, numbers grouped by them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from evolearn.data import TableSchema
from evolearn.genes.encoder import ENCODER, TARGET_MEAN
from evolearn.genes.portfolio_variants import with_variants
from evolearn.genes.screening.relations import MOST_ROWS, find_relations
from evolearn.genes.text_sets import TextSet
from evolearn.pipeline.component import Component
from evolearn.pipeline.gene import Complete, Gene, Options, Step, Trait
from evolearn.pipeline.genome import Allele, Genome
from evolearn.pipeline.plan import PipelinePlan
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.resources import Footprint
from evolearn.pipeline.screening_sample import ScreeningSample
from evolearn.transformers import KINDS, CategoryRelations, Relation, parse_relation

# More new columns than these help few models, and cost all of them time.
MOST_RELATIONS = 8
# The first variant of a portfolio entry, and the number of variants.
FIRST_VARIANT, MOST_VARIANTS = 5, 3


@dataclass(frozen=True)
class Relations(TextSet):
    """Domain of sets of relations between columns, each written as in `CategoryRelations`.

    Numeric columns are named from ``x0`` on, categorical ones from ``c0`` on.

    Examples
    --------
    >>> from evolearn.genes.relations import Relations
    >>> ("mean(x0 | c1)",) in Relations(n_numbers=1, n_categories=2)
    True
    >>> ("cross(c0, c2)",) in Relations(n_numbers=1, n_categories=2)
    False
    """

    n_numbers: int = 0
    n_categories: int = 0
    known: tuple[str, ...] = ()
    most: int = MOST_RELATIONS

    @property
    def n_sources(self) -> int:
        """Number of categorical columns."""
        return self.n_categories

    def draw_new(self, rng: Random) -> str:
        """Return a relation of any kind between any columns."""
        kinds = [
            name
            for name, kind in KINDS.items()
            if kind.n_categories <= self.n_categories
            and (self.n_numbers or not kind.has_number)
        ]
        name = rng.choice(kinds)
        categories = rng.sample(range(self.n_categories), KINDS[name].n_categories)
        number = rng.randrange(self.n_numbers) if KINDS[name].has_number else -1
        return str(Relation(name, tuple(sorted(categories)), number))

    def mutate(self, value: Sequence[str], rng: Random) -> tuple[str, ...]:
        """Return the set with one relation added, removed or replaced."""
        position = rng.randrange(len(value)) if value else 0
        others = [text for i, text in enumerate(value) if i != position]
        if len(value) > 1 and rng.random() < 0.4:
            return tuple(others)
        if not self.n_categories:
            return tuple(value)
        grows = not value or (len(value) < self.most and rng.random() < 0.5)
        return self.of([*(value if grows else others), self.draw(rng)])

    def fits(self, text: str) -> bool:
        """Whether a text is a relation between existing columns."""
        relation = parse_relation(text)
        return (
            text == str(relation)
            and relation.number < self.n_numbers
            and max(relation.categories) < self.n_categories
        )


class RelationsGene(Gene):
    """Columns made of categories and of numbers grouped by categories."""

    name = "relations"
    neutral = "no_relations"
    # Where screening finds no relation, most relations only cost time.
    neutral_mutation_share = 0.2
    components = (
        Component("no_relations", None, complexity=0.0),
        Component(
            "related",
            CategoryRelations,
            {"relations": Relations()},
            handles=frozenset({"missing"}),
            # Too much for large tables, of which each copy counts.
            footprint=Footprint(4.0),
            draw_share=0.2,
        ),
    )

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return the options for all estimators but those of the user."""
        return () if Trait.UNKNOWN in traits else ("no_relations", "related")

    def why_not(self, option: Component, problem: Problem) -> str | None:
        """Return a reason for tables without categories."""
        return None if problem.table.cardinalities else "there are no categories"

    def sized(self, option: Component, problem: Problem) -> Component:
        """Return an option whose relations are between the table's columns."""
        domain = option.parameters.get("relations")
        if not isinstance(domain, Relations):
            return option
        table = problem.table
        domain = replace(
            domain,
            n_numbers=table.n_numeric,
            n_categories=len(table.cardinalities),
            known=problem.finding(self.name) or (),
        )
        return option.with_domains(relations=domain)

    def discover(self, problem: Problem, sample: ScreeningSample) -> tuple[str, ...] | None:
        """Return relations that make boosted trees better, best first."""
        if not problem.table.cardinalities:
            return None
        matrix, targets = sample.numbers_and_codes(2 * MOST_ROWS)
        return find_relations(matrix, problem.table.n_numeric, targets, sample.seed)

    def add_steps(self, plan: PipelinePlan, allele: Allele, step: Step) -> None:
        """Add the relations in front of all other steps: they need the whole matrix."""
        if step is None:
            return
        step.set_params(n_categorical=len(plan.problem.table.cardinalities))
        plan.matrix_steps.append((self.name, step))
        relations = dict(allele.values).get("relations", ())
        crosses = [parse_relation(text).is_category for text in relations]
        plan.n_made_categories += crosses.count(True)
        plan.n_made_numbers += crosses.count(False)
        plan.n_numbers += crosses.count(False)

    def variants(
        self, genomes: list[Genome], complete: Complete, options: Sequence[Component]
    ) -> list[Genome]:
        """Insert the first entries of some estimators, with the relations that were found."""
        # Crosses have no order, and more categories than one-hot encoding accepts.
        others = {self.name: "related", ENCODER: TARGET_MEAN}
        return with_variants(
            genomes, complete, others, "relations", first=FIRST_VARIANT, most=MOST_VARIANTS
        )

    def in_one_line(self, allele: Allele) -> str:
        """Return the allele as a step of a pipeline in one line; "" if it changes nothing."""
        n = len(dict(allele.values).get("relations", ()))
        return f"{n} relation{'s'[: n != 1]}" if n else ""

    def in_words(self, name: str, value: Any, schema: TableSchema) -> str | None:
        """Return relations with the names of columns."""
        return ", ".join(_readable(value, schema)) if name == "relations" else None

    def made_columns(self, allele: Allele, schema: TableSchema) -> tuple[str, ...]:
        """Return the relations with the names of columns."""
        return _readable(dict(allele.values).get("relations", ()), schema)


def _readable(relations: Sequence[str], schema: TableSchema) -> tuple[str, ...]:
    numbers, codes = schema.names[: schema.n_numeric], schema.names[schema.first_code :]
    return tuple(parse_relation(text).readable(numbers, codes) for text in relations)
