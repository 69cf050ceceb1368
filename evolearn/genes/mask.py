"""Gene of the column mask: columns of the table that are left out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from evolearn.data import TableSchema
from evolearn.pipeline.component import Component
from evolearn.pipeline.gene import Gene, Options, Step, Trait
from evolearn.pipeline.genome import Allele
from evolearn.pipeline.plan import PipelinePlan
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.resources import Footprint
from evolearn.transformers import ColumnMask

# Largest size of a drawn mask: the less a mask does, the more often it is worth it.
MOST_DRAWN = 3
# On wider tables, a mask of a few columns makes no difference.
MOST_COLUMNS = 100


@dataclass(frozen=True)
class Columns:
    """Domain of sets of columns by position, ascending; at most half of all columns.

    Examples
    --------
    >>> from evolearn.genes.mask import Columns
    >>> (0, 2) in Columns(n_columns=4)
    True
    >>> (0, 1, 2) in Columns(n_columns=4)
    False
    """

    n_columns: int = 0

    @property
    def default(self) -> tuple[int, ...]:
        """The empty set."""
        return ()

    @property
    def most(self) -> int:
        """Largest size of a set."""
        return self.n_columns // 2

    def sample(self, rng: Random) -> tuple[int, ...]:
        """Return a few columns."""
        n_wanted = rng.randint(min(1, self.most), min(self.most, MOST_DRAWN))
        return tuple(sorted(rng.sample(range(self.n_columns), n_wanted)))

    def mutate(self, value: Sequence[int], rng: Random) -> tuple[int, ...]:
        """Return the set with one column added, removed or replaced."""
        others = [j for j in range(self.n_columns) if j not in value]
        kept = list(value)
        grows = len(kept) < self.most and (not kept or rng.random() < 0.4)
        if kept and not grows:
            kept.pop(rng.randrange(len(kept)))
        if self.most and (grows or not kept or rng.random() < 0.5):
            kept.append(rng.choice(others))
        return tuple(sorted(kept))

    def mix(self, first: Sequence[int], second: Sequence[int], rng: Random) -> tuple[int, ...]:
        """Return a set with columns of both."""
        either = sorted({*first, *second})
        kept = [j for j in either if (j in first and j in second) or rng.random() < 0.5]
        return tuple(kept) if 0 < len(kept) <= self.most else tuple(first)

    def __contains__(self, value: Any) -> bool:
        return (
            isinstance(value, tuple)
            and all(isinstance(j, int) and 0 <= j < self.n_columns for j in value)
            and list(value) == sorted(set(value))
            and len(value) <= self.most
        )


class MaskGene(Gene):
    """A mask of columns that the estimator does not see, though others may be made of them."""

    name = "mask"
    neutral = "all_columns"
    # No screening knows which columns are better left out.
    neutral_mutation_share = 0.2
    components = (
        Component("all_columns", None, complexity=0.0),
        Component(
            "masked",
            ColumnMask,
            {"left_out": Columns()},
            handles=frozenset({"missing"}),
            complexity=0.0,
            # Too much for large tables, of which each copy counts.
            footprint=Footprint(4.0),
            draw_share=0.2,
        ),
    )

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return the options for all estimators but those of the user."""
        return () if Trait.UNKNOWN in traits else ("all_columns", "masked")

    def why_not(self, option: Component, problem: Problem) -> str | None:
        """Return a reason for sparse data, and for too few or too many columns."""
        n_columns = problem.table.n_numeric + len(problem.table.cardinalities)
        if 2 <= n_columns <= MOST_COLUMNS and not problem.table.sparse:
            return None
        return f"it is for 2 to {MOST_COLUMNS} columns of dense data"

    def sized(self, option: Component, problem: Problem) -> Component:
        """Return an option whose masks are of the table's columns."""
        domain = option.parameters.get("left_out")
        if not isinstance(domain, Columns):
            return option
        n_columns = problem.table.n_numeric + len(problem.table.cardinalities)
        return option.with_domains(left_out=replace(domain, n_columns=n_columns))

    def add_steps(self, plan: PipelinePlan, allele: Allele, step: Step) -> None:
        """Add the mask of numeric columns, and leave out the categories that it names.

        A mask counts both together, numbers first.
        """
        if step is None:
            return
        left_out: Sequence[int] = dict(allele.values).get("left_out", ())
        n_numeric = plan.problem.table.n_numeric
        numbers = [j for j in left_out if j < n_numeric]
        plan.left_out.update(j - n_numeric for j in left_out if j >= n_numeric)
        plan.number_steps.append((self.name, step.set_params(left_out=numbers)))
        plan.n_numbers -= len(numbers)

    def in_one_line(self, allele: Allele) -> str:
        """Return the allele as a step of a pipeline in one line; "" if it changes nothing."""
        n = len(dict(allele.values).get("left_out", ()))
        return f"without {n} column{'s'[: n != 1]}" if n else ""

    def in_words(self, name: str, value: Any, schema: TableSchema) -> str | None:
        """Return the names of the columns that are left out."""
        if name != "left_out":
            return None
        skipped = schema.first_code - schema.n_numeric
        places = [j if j < schema.n_numeric else j + skipped for j in value]
        return f"without {', '.join(schema.names[j] for j in places)}"
