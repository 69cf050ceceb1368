"""Expected seconds of fits, by the cost laws of components."""

from evolearn.networks.training import WARM_START_EPOCHS
from evolearn.pipeline.component import Component
from evolearn.pipeline.genome import Allele, Genome
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.registry import reference_cost, widens_categories
from evolearn.pipeline.search_space import SearchSpace


def reference_seconds(problem: Problem) -> float:
    """Return the expected seconds of one fit of the family that seconds are compared with."""
    cost = reference_cost(problem.task)
    return cost.seconds_for(problem.n_fit_rows, problem.n_columns, problem.n_outputs)


def expected_seconds(
    component: Component, problem: Problem, allele: Allele | None = None
) -> float | None:
    """Return the expected seconds of one fit on the problem's table, None if not known.

    Without an allele, the hyperparameters have their defaults.
    """
    if component.cost is None:
        return None
    wide = widens_categories(component)
    columns = problem.n_encoded_columns if wide else problem.n_columns
    seconds = component.cost.seconds_for(problem.n_fit_rows, columns, problem.n_outputs)
    return seconds * component.cost.effort(component.default() if allele is None else allele)


def warm_start_seconds(genome: Genome, space: SearchSpace, problem: Problem) -> float | None:
    """Return the expected seconds of one fit with the genome's warm start, if it has one.

    None if they are not known.
    """
    component = space[genome.estimator]
    seconds = expected_seconds(component, problem, genome["estimator"])
    if genome.parent is None or seconds is None:
        return seconds
    if component.rounds is None:
        return WARM_START_EPOCHS * seconds
    before, now = (
        dict(one["estimator"].values)[component.rounds] for one in (genome.parent, genome)
    )
    return seconds * (1 - before / now)


def lineage_factor(genome: Genome, space: SearchSpace, problem: Problem) -> float:
    """Ratio of the training time of a genome's whole lineage to that of its last member."""
    seconds = [warm_start_seconds(one, space, problem) for one in genome.lineage]
    known = [one for one in seconds if one]
    return sum(known) / known[-1] if len(known) == len(seconds) else float(len(seconds))
