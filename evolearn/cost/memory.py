"""The memory rule: what fits and predictions on large tables may hold.

A fit may hold nearly as much as the table itself, training rows, their prepared copies and the
model under way taken together: with two workers, the shared table and the one of the caller,
four times the table. Folds train on a fifth of the rows then, and the final models on as many
as their kind has room for: boosted trees on all of them, for they keep a byte per number.
"""

from collections.abc import Iterable
from dataclasses import replace

from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice, Integer
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace
from evolearn.policy import DEFAULT_POLICY, Policy

# The part of it that a fit may hold; the rest is for what is imported and answered.
SHARE = 0.85
# The part of a large table's rows that a fold trains on: held once as they are, and up to four
# times while they are imputed, scaled and fitted.
TRAINING_SHARE = 0.2
# Preparation that makes more numbers of those there are is held twice while it is made.
WIDENING_COPIES = 2.0
# The most knots of a spline, and two pieces beyond them; bins are as many as knots at most.
COLUMNS_PER_SPLINE = 18
# Encoded columns are held apart and joined with the numbers, also inside of boosting that
# knows categories; the encoder that leaves their codes as they are makes no copies.
ENCODED_COPIES = 2.0
AS_IT_IS = "ordinal"
# Medians of columns are found in masked and sorted copies, two more than means need.
FRUGAL_STRATEGIES = Choice("mean", "most_frequent")


def memory_of(n_bytes: int, policy: Policy = DEFAULT_POLICY) -> float:
    """Return the bytes that one fit may hold on a matrix of this size."""
    return float("inf") if n_bytes < policy.large_table_bytes else SHARE * n_bytes


def fit_bytes(component: Component, problem: Problem) -> float:
    """Return the bytes that the largest fit of a component holds in a fold."""
    # The rows of a fold are taken out of the table.
    n_rows = problem.n_fit_rows
    of_pairs = 0.0 if component.footprint is None else component.footprint.of_pair * n_rows**2
    per_row = problem.row_bytes + _per_row(component, problem, refit=False)
    per_row += ENCODED_COPIES * problem.row_bytes * problem.fine_numbers
    return n_rows * per_row + of_pairs + _fixed(component, problem)


def refit_rows(genome: Genome, space: SearchSpace, problem: Problem) -> int:
    """Return on how many rows a final model can be fitted: all of them if there is room.

    It may have the room of two, see `refits_alone`.
    """
    total, footprint = problem.n_final_rows, space[genome.estimator].footprint
    if problem.memory == float("inf") or footprint is None:
        return total
    if footprint.of_pair:
        return problem.n_fit_rows
    needed, fixed = _of_refit(genome, space, problem)
    room = 2 * problem.memory - fixed
    if needed * total <= room and total == problem.table.n_rows:
        return total  # which are read where they are
    return min(total, max(int(room / (needed + problem.row_bytes)), problem.n_fit_rows))


def refits_alone(genome: Genome, space: SearchSpace, problem: Problem) -> bool:
    """Tell whether a final model needs so much memory that no other may be fitted beside."""
    if problem.memory == float("inf"):
        return False
    needed, fixed = _of_refit(genome, space, problem)
    return needed * refit_rows(genome, space, problem) + fixed > problem.memory


def refit_factor(genome: Genome, space: SearchSpace, problem: Problem) -> float:
    """Return how much longer a final fit is expected to take than one in a fold."""
    few, many = problem.n_fit_rows, refit_rows(genome, space, problem)
    cost, columns = space[genome.estimator].cost, problem.n_columns
    if cost is None or not cost.seconds:
        return many / few
    seconds = [cost.seconds_for(n, columns, problem.n_outputs) for n in (few, many)]
    return seconds[1] / seconds[0]


def _of_refit(genome: Genome, space: SearchSpace, problem: Problem) -> tuple[float, float]:
    """Return the bytes that a final fit holds per row, and whatever their number."""
    component = space[genome.estimator]
    needed = _per_row(component, problem, refit=True)
    encoder = genome["encoder"].component if "encoder" in genome else AS_IT_IS
    if encoder != AS_IT_IS or problem.fine_numbers:
        needed += ENCODED_COPIES * problem.row_bytes
    return needed, _fixed(component, problem)


def within_memory(
    components: Iterable[Component], problem: Problem, left_out: dict[str, str]
) -> list[Component]:
    """Return the components whose fits can be held, smaller ones where that is enough."""
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
    if not kept:  # something must be tried: what needs least
        kept = [min(components, key=lambda c: fit_bytes(c, problem))]
        del left_out[kept[0].name]
    return kept


def too_wide(component: Component, problem: Problem) -> str | None:
    """Return why a preparation of columns would hold too much, None if it would not."""
    if problem.memory == float("inf"):
        return None
    made = {
        "polynomial": problem.n_columns**2 / 2,
        "one_hot": problem.n_encoded_columns,
        "spline": problem.n_encoded_columns * COLUMNS_PER_SPLINE,
        "bins": problem.n_encoded_columns * COLUMNS_PER_SPLINE,
    }
    column_bytes = problem.row_bytes / problem.table.n_columns
    widening = WIDENING_COPIES * made.get(component.name, 0) * column_bytes
    if max(widening * problem.n_fit_rows, fit_bytes(component, problem)) > problem.memory:
        return "it would hold too many copies of so large a table"
    return None


def with_frugal_strategy(component: Component, problem: Problem) -> Component:
    """Return an imputer that takes no medians on a large table, others as they are."""
    if problem.memory == float("inf") or component.name != "simple_imputer":
        return component
    frugal = {**component.parameters, "strategy": FRUGAL_STRATEGIES}
    return replace(component, parameters=frugal)


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
    """Return the highest value of a number; 0 for what a user has made of it."""
    domain = component.parameters.get(name)
    return int(domain.high) if isinstance(domain, Integer) else 0


def _smaller(component: Component, problem: Problem) -> Component | None:
    """Return a component whose largest fit can be held, None if there is none."""
    excess = fit_bytes(component, problem) - problem.memory
    if excess <= 0:
        return component
    footprint = component.footprint
    assert footprint is not None  # or it would need nothing
    units = {name: unit * problem.n_fit_rows for name, unit in footprint.of_each.items()}
    units |= {name: unit * problem.n_columns for name, unit in footprint.of_column.items()}
    for name, unit in units.items():
        domain = component.parameters.get(name)
        if not isinstance(domain, Integer):
            continue
        high = int(domain.high - excess / unit)
        if high > domain.low:
            smaller = replace(domain, high=high, start=min(domain.default, high))
            return replace(component, parameters={**component.parameters, name: smaller})
    return None
