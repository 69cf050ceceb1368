"""Gene of identifiers: means of the target for numbers that identify something."""

from sklearn.preprocessing import TargetEncoder

from evolearn.genes.screening.identifiers import MOST_ROWS, find_identifiers
from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Float
from evolearn.pipeline.gene import Gene, Options, Step, Trait
from evolearn.pipeline.genome import Allele
from evolearn.pipeline.plan import Branch, PipelinePlan
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.resources import Footprint
from evolearn.pipeline.screening_sample import ScreeningSample
from evolearn.tasks import get_task


class IdentifiersGene(Gene):
    """Target means of postcodes, users, products: numbers whose order means little.

    Screening before the search finds the columns, mostly none.
    """

    name = "identifiers"
    components = (
        Component(
            "identifier_means",
            TargetEncoder(),
            {"smooth": Float(0.5, 100.0, log=True, start=10.0)},
            handles=frozenset({"missing"}),
            complexity=0.5,
            # Too much for large tables, of which each copy counts.
            footprint=Footprint(4.0),
            learns_target=True,
        ),
        Component("numbers_alone", None, complexity=0.0),
    )

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return the options, the same for all estimators."""
        return ("identifier_means", "numbers_alone")

    def why_not(self, option: Component, problem: Problem) -> str | None:
        """Return a reason for tables without such numbers."""
        reason = "no number is known to identify anything"
        if problem.findings is None:  # before the screening
            numbers = problem.table.n_numeric and not problem.table.sparse
            return None if numbers else reason
        return None if problem.finding(self.name) else reason

    def discover(self, problem: Problem, sample: ScreeningSample) -> tuple[int, ...] | None:
        """Return the numeric columns whose values explain more than their order does."""
        matrix, targets = sample.numbers_and_codes(2 * MOST_ROWS)
        return find_identifiers(matrix, problem.table.n_numeric, targets, sample.seed)

    def add_steps(self, plan: PipelinePlan, allele: Allele, step: Step) -> None:
        """Add the means of the target as further columns."""
        positions = [*(plan.problem.finding(self.name) or ())]
        if step is None or not positions:
            return
        if isinstance(step, TargetEncoder):
            step.set_params(target_type=get_task(plan.problem.task).encoder_target_type)
        n_columns = len(positions) * plan.problem.n_outputs
        plan.branches.append(
            Branch(self.name, plan.scaled(step, "encoder"), positions, n_columns)
        )
