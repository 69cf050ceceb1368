"""The memory model: limits for fits and predictions on large tables.

One fit may hold nearly as much memory as the table itself: training rows, their prepared copies
and the model together. With two workers, the shared table and the caller's copy this makes four
times the table. Folds then train on a fifth of the rows, and final models on as many rows as
their kind has room for; boosted trees, which keep a byte per number, on all of them.
"""

from collections.abc import Iterable
from dataclasses import replace

from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Integer
from evolearn.pipeline.gene import Gene
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace
from evolearn.policy import DEFAULT_POLICY, Policy

# Share of the table's size that a fit may hold; the rest is for libraries and predictions.
SHARE = 0.85
# Share of a large table's rows that a fold trains on: they are held once in their original form
# and up to four times while they are imputed, scaled and fitted.
TRAINING_SHARE = 0.2
# New columns are held twice while they are made.
WIDENING_COPIES = 2.0
# Columns that are transformed apart are copied, and once more when they are joined with the
# others, also inside of boosting that splits by categories.
JOINED_COPIES = 2.0


def memory_of(n_bytes: int, policy: Policy = DEFAULT_POLICY) -> float:
    """Return the most bytes that one fit may hold on a matrix of this size."""
    return float("inf") if n_bytes < policy.large_table_bytes else SHARE * n_bytes


def fit_bytes(component: Component, problem: Problem) -> float:
    """Return the bytes of the largest fit of a component in a fold."""
    # The rows of a fold are copied out of the table.
    n_rows = problem.n_fit_rows
    of_pairs = 0.0 if component.footprint is None else component.footprint.of_pair * n_rows**2
    per_row = problem.row_bytes + _per_row(component, problem, refit=False)
    per_row += JOINED_COPIES * problem.row_bytes * problem.fine_numbers
    return n_rows * per_row + of_pairs + _fixed(component, problem)


def refit_rows(genome: Genome, space: SearchSpace, problem: Problem) -> int:
    """Return the number of rows of a final fit: all of them if there is room.

    It may take the room of two fits, see `refits_alone`.
    """
    total, footprint = problem.n_final_rows, space[genome.estimator].footprint
    if problem.memory == float("inf") or footprint is None:
        return total
    if footprint.of_pair:
        return problem.n_fit_rows
    needed, fixed = _of_refit(genome, space, problem)
    room = 2 * problem.memory - fixed
    if needed * total <= room and total == problem.table.n_rows:
        return total  # no copy: the rows are read where they are
    return min(total, max(int(room / (needed + problem.row_bytes)), problem.n_fit_rows))


def refits_alone(genome: Genome, space: SearchSpace, problem: Problem) -> bool:
    """Whether a final fit takes too much memory for another one beside it."""
    if problem.memory == float("inf"):
        return False
    needed, fixed = _of_refit(genome, space, problem)
    return needed * refit_rows(genome, space, problem) + fixed > problem.memory


def refit_factor(genome: Genome, space: SearchSpace, problem: Problem) -> float:
    """Ratio of the expected seconds of a final fit to those of a fit in a fold."""
    few, many = problem.n_fit_rows, refit_rows(genome, space, problem)
    cost, columns = space[genome.estimator].cost, problem.n_columns
    if cost is None or not cost.seconds:
        return many / few
    seconds = [cost.seconds_for(n, columns, problem.n_outputs) for n in (few, many)]
    return seconds[1] / seconds[0]


def _of_refit(genome: Genome, space: SearchSpace, problem: Problem) -> tuple[float, float]:
    """Return the bytes of a final fit per row, and those that do not depend on the rows."""
    component = space[genome.estimator]
    needed = _per_row(component, problem, refit=True)
    joins = any(space.component(gene, genome[gene].component).joins_columns for gene in genome)
    if joins or problem.fine_numbers:
        needed += JOINED_COPIES * problem.row_bytes
    return needed, _fixed(component, problem)


def within_memory(
    components: Iterable[Component], problem: Problem, left_out: dict[str, str]
) -> list[Component]:
    """Return the components whose fits can be held, made smaller where that is enough."""
    components = list(components)
    if problem.memory == float("inf"):
        return components
    kept = []
    for component in components:
        smaller = _smaller(component, problem)
        if smaller is None:
            need = fit_bytes(component, problem) / 2**20
            left_out[component.name] = (
                f"a fit is expected to hold {need:.0f} MiB, on this table "
                f"{problem.memory / 2**20:.0f} MiB are the limit"
            )
        else:
            kept.append(smaller)
    if not kept:  # at least the smallest one must be tried
        kept = [min(components, key=lambda c: fit_bytes(c, problem))]
        del left_out[kept[0].name]
    return kept


def too_wide(gene: Gene, option: Component, problem: Problem) -> str | None:
    """Return the reason if an option of a gene would hold too much, else None."""
    if problem.memory == float("inf"):
        return None
    column_bytes = problem.row_bytes / problem.table.n_columns
    widening = WIDENING_COPIES * gene.n_columns_made(option, problem) * column_bytes
    if max(widening * problem.n_fit_rows, fit_bytes(option, problem)) > problem.memory:
        return "it would hold too many copies of so large a table"
    return None


def _per_row(component: Component, problem: Problem, *, refit: bool) -> float:
    footprint = component.footprint
    if footprint is None:
        return 0.0
    fewer = footprint.refit_copies
    copies = fewer if refit and fewer is not None else footprint.copies
    total = copies * problem.row_bytes + footprint.of_row
    total += footprint.of_output * problem.n_outputs
    return total + sum(
        unit * _most(component, name) for name, unit in footprint.of_each.items()
    )


def _fixed(component: Component, problem: Problem) -> float:
    if component.footprint is None:
        return 0.0
    units = component.footprint.of_column.items()
    return problem.n_columns * sum(unit * _most(component, name) for name, unit in units)


def _most(component: Component, name: str) -> int:
    """Return the highest value of an integer parameter; 0 for other domains of the user."""
    domain = component.parameters.get(name)
    return int(domain.high) if isinstance(domain, Integer) else 0


def _smaller(component: Component, problem: Problem) -> Component | None:
    """Return a component whose largest fit can be held, None if there is none."""
    excess = fit_bytes(component, problem) - problem.memory
    if excess <= 0:
        return component
    footprint = component.footprint
    assert footprint is not None  # without one it would take nothing
    units = {name: unit * problem.n_fit_rows for name, unit in footprint.of_each.items()}
    units |= {name: unit * problem.n_columns for name, unit in footprint.of_column.items()}
    for name, unit in units.items():
        domain = component.parameters.get(name)
        if not isinstance(domain, Integer):
            continue
        high = int(domain.high - excess / unit)
        if high > domain.low:
            smaller = replace(domain, high=high, start=min(domain.default, high))
            return component.with_domains(**{name: smaller})
    return None
