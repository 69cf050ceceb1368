"""Gene of constructed features: columns computed from others by formulas."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

from evolearn.data import TableSchema
from evolearn.genes.formula_domain import Formulas
from evolearn.genes.portfolio_variants import with_variants
from evolearn.genes.screening.formulas import MOST_ROWS, FoundFormulas, find_formulas
from evolearn.pipeline.component import Component
from evolearn.pipeline.gene import AlleleMoves, Complete, Gene, Options, Step, Trait
from evolearn.pipeline.genome import Allele, Genome
from evolearn.pipeline.plan import PipelinePlan
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.resources import Footprint
from evolearn.pipeline.screening_sample import ScreeningSample
from evolearn.search.genetic_programming import FormulaTrees
from evolearn.transformers import ConstructedFeatures, parse

# Of more columns there are too many formulas, and trees choose among them better.
MOST_COLUMNS = 300
# First variant of a portfolio entry and number of variants: where formulas explain most of
# what single columns do not, as where a law of nature made the target, and elsewhere.
EARLY_VARIANTS, LATE_VARIANTS = (3, 7), (6, 3)
MOST_OF_IT = 0.6
# Shares of the mutations of a set that add a formula or remove one; the others change one.
ADDED, REMOVED = 0.35, 0.2
# Share of crossovers of two sets that also cross two of their formulas.
CROSSED = 0.5
# Share of mutations that give up a set as a whole.
GIVEN_UP = 0.15
# Share of drawn sets that are kept where screening found no formula.
KEPT_UNKNOWN = 0.2


class FormulasGene(Gene):
    """New columns made of the numeric ones by formulas that the search evolves."""

    name = "features"
    neutral = "no_features"
    components = (
        Component("no_features", None, complexity=0.0),
        Component(
            "constructed",
            ConstructedFeatures,
            {"expressions": Formulas()},
            handles=frozenset({"missing"}),
            footprint=Footprint(1.5),
        ),
    )

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return the options for all estimators but those of the user."""
        return () if Trait.UNKNOWN in traits else ("no_features", "constructed")

    def why_not(self, option: Component, problem: Problem) -> str | None:
        """Return a reason for tables with too few or too many numeric columns."""
        if option.name == "constructed" and not 2 <= problem.table.n_numeric <= MOST_COLUMNS:
            return f"it is for 2 to {MOST_COLUMNS} columns of numbers"
        return super().why_not(option, problem)

    def sized(self, option: Component, problem: Problem) -> Component:
        """Return an option whose formulas are over the table's columns."""
        domain = option.parameters.get("expressions")
        if not isinstance(domain, Formulas):
            return option
        found = problem.finding(self.name) or FoundFormulas()
        domain = replace(
            domain, n_columns=problem.table.n_numeric, known=found.formulas, share=found.share
        )
        return option.with_domains(expressions=domain)

    def discover(self, problem: Problem, sample: ScreeningSample) -> FoundFormulas | None:
        """Return formulas that explain more of the target than single columns do."""
        numbers, targets = sample.numbers(2 * MOST_ROWS)
        domain = Formulas(numbers.shape[1])
        found = find_formulas(numbers, targets, domain.allows, sample.seed)
        return found if found.formulas else None

    def add_steps(self, plan: PipelinePlan, allele: Allele, step: Step) -> None:
        """Add the formulas behind the numeric columns."""
        super().add_steps(plan, allele, step)
        plan.n_numbers += len(dict(allele.values).get("expressions", ()))

    def variants(
        self, genomes: list[Genome], complete: Complete, options: Sequence[Component]
    ) -> list[Genome]:
        """Insert the first entry of each estimator, with the formulas that were found."""
        domains = [option.parameters.get("expressions") for option in options]
        share = max((d.share for d in domains if isinstance(d, Formulas)), default=0.0)
        first, most = EARLY_VARIANTS if share >= MOST_OF_IT else LATE_VARIANTS
        others = {self.name: "constructed"}
        return with_variants(genomes, complete, others, "expressions", first=first, most=most)

    def moves(self, options: Sequence[Component], rng: Random) -> AlleleMoves | None:
        """Return genetic programming of the formulas, where formulas are all there is."""
        for option in options:
            domain = option.parameters.get("expressions")
            alone = option.name == "constructed" and len(option.parameters) == 1
            if alone and isinstance(domain, Formulas):
                return FormulaMoves(domain, rng) if domain.n_columns else None
        return None

    def in_one_line(self, allele: Allele) -> str:
        """Return the allele as a step of a pipeline in one line; "" if it changes nothing."""
        n = len(dict(allele.values).get("expressions", ()))
        return f"{n} formula{'s'[: n != 1]}" if n else ""

    def in_words(self, name: str, value: Any, schema: TableSchema) -> str | None:
        """Return formulas with the names of columns."""
        if name != "expressions":
            return None
        return ", ".join(parse(text).readable(schema.names) for text in value)

    def made_columns(self, allele: Allele, schema: TableSchema) -> tuple[str, ...]:
        """Return the formulas with the names of columns."""
        return tuple(parse(text).readable(schema.names) for text in _formulas(allele))


class FormulaMoves:
    """Variation of sets of formulas, and of the formulas in them as trees."""

    def __init__(self, domain: Formulas, rng: Random) -> None:
        self._domain = domain
        self._rng = rng
        self._trees = FormulaTrees(range(domain.n_columns), domain.allows, rng)

    def drawn(self, allele: Allele, options: Sequence[str]) -> Allele:
        """Return the allele; seldom with formulas where none are known to be of use."""
        unknown = _formulas(allele) and not self._domain.known
        if unknown and self._rng.random() >= KEPT_UNKNOWN:
            return _constructed((), options, allele)
        return allele

    def mutated(self, allele: Allele, options: Sequence[str]) -> Allele | None:
        """Return an allele with a formula added, removed or changed, or without any."""
        if not set(options) <= {"constructed", "no_features"}:
            return None
        if "constructed" not in options:
            return allele
        formulas = _formulas(allele)
        if formulas and self._rng.random() < GIVEN_UP:
            return _constructed((), options, allele)
        if not formulas:  # a set may gain where one formula alone does not
            formulas = self._domain.sample(self._rng)
        return _constructed(self._mutated_set(formulas), options, allele)

    def mixed(self, first: Allele, second: Allele, options: Sequence[str]) -> Allele | None:
        """Return formulas of both parents, two of which may have been crossed."""
        if not first.component == second.component == "constructed":
            return None
        child = list(self._domain.mix(_formulas(first), _formulas(second), self._rng))
        if child and _formulas(second) and self._rng.random() < CROSSED:
            position = self._rng.randrange(len(child))
            donor = self._rng.choice(list(_formulas(second)))
            child[position] = self._trees.cross(child[position], donor)
        return _constructed(self._domain.of(child), options, first)

    def _mutated_set(self, formulas: Sequence[str]) -> tuple[str, ...]:
        draw = self._rng.random()
        room = len(formulas) < self._domain.most
        if not formulas or (draw < ADDED and room):
            known = self._rng.random() < 0.7
            new = self._domain.draw(self._rng) if known else self._trees.grow()
            return self._domain.of([*formulas, new])
        position = self._rng.randrange(len(formulas))
        if draw < ADDED + REMOVED:
            return tuple(text for i, text in enumerate(formulas) if i != position)
        changed = self._trees.mutate(formulas[position])
        return self._domain.of(
            changed if i == position else text for i, text in enumerate(formulas)
        )


def _formulas(allele: Allele) -> tuple[str, ...]:
    formulas: tuple[str, ...] = dict(allele.values).get("expressions", ())
    return formulas


def _constructed(formulas: tuple[str, ...], options: Sequence[str], allele: Allele) -> Allele:
    """Return the allele of these formulas; for none, the neutral one where it is allowed."""
    if formulas:
        return Allele.of("constructed", {"expressions": formulas})
    return Allele("no_features") if "no_features" in options else allele
