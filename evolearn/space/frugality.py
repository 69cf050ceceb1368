"""The memory rule: what fits and predictions on large tables may hold.

A fit may hold as much as the table itself, training rows, their prepared copies and the model
under way taken together. With two workers, the shared table and the one of the caller that is
four times the table. Folds train on a quarter of the rows then, and the final models on as many
as their kind has room for: boosted trees on all of them, for they keep a byte per number.
"""

from collections.abc import Iterable
from dataclasses import replace

from evolearn.space.components import Component
from evolearn.space.domains import Integer
from evolearn.space.problem import Problem

# From this size on the memory of a table's copies counts: on smaller ones all of this would
# save less than an import costs.
LARGE_TABLE = 64 * 2**20
# The part of a large table's rows that a fold trains on: held once as they are, up to three
# times while they are imputed, scaled and fitted.
TRAINING_SHARE = 0.25
# Preparation that makes more numbers of those there are is held twice while it is made.
WIDENING_COPIES = 2.0


def memory_of(n_bytes: int) -> float:
    """Return the bytes that one fit may hold on a matrix of this size."""
    return float("inf") if n_bytes < LARGE_TABLE else float(n_bytes)


def bytes_per_row(component: Component, problem: Problem, *, refit: bool = False) -> float:
    """Return the bytes that a fit of a component, as large as it gets, holds per row."""
    footprint = component.footprint
    if footprint is None:
        return 0.0
    copies = footprint.copies
    if refit and footprint.refit_copies is not None:
        copies = footprint.refit_copies
    # The rows of a fold are taken out of the table, all rows are read where they are.
    total = (copies if refit else 1.0 + copies) * problem.row_bytes
    total += footprint.of_row + footprint.of_output * problem.n_outputs
    for name, unit in footprint.of_each.items():
        domain = component.parameters[name]
        total += unit * (domain.high if isinstance(domain, Integer) else 0)
    return total


def refit_rows(component: Component, problem: Problem) -> int:
    """Return on how many rows a final model can be fitted; all of them if there is room."""
    total = problem.table.n_rows
    if problem.memory == float("inf") or component.footprint is None:
        return total
    needed = bytes_per_row(component, problem, refit=True)
    if needed * total <= problem.memory:
        return total
    # Fewer rows have to be taken out of the table first.
    rows = int(problem.memory / (needed + problem.row_bytes))
    return min(total, max(rows, problem.n_fit_rows))


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
            need = bytes_per_row(component, problem) * problem.n_fit_rows
            left_out[component.name] = (
                f"a fit is expected to hold {need / 2**20:.0f} MiB, on this table "
                f"{problem.memory / 2**20:.0f} MiB are the limit"
            )
        else:
            kept.append(smaller)
    if not kept:  # something must be tried: what needs least
        kept = [min(components, key=lambda c: bytes_per_row(c, problem))]
        del left_out[kept[0].name]
    return kept


def too_wide(component: Component, problem: Problem) -> str | None:
    """Return why a preparation of columns would hold too much, None if it would not."""
    if problem.memory == float("inf"):
        return None
    columns = problem.table.n_columns
    made = {"polynomial": columns**2 / 2, "one_hot": problem.n_encoded_columns}
    widening = WIDENING_COPIES * made.get(component.name, 0) / columns * problem.row_bytes
    room = problem.memory / problem.n_fit_rows
    if max(widening, bytes_per_row(component, problem)) > room:
        return "it would hold too many copies of so large a table"
    return None


def _smaller(component: Component, problem: Problem) -> Component | None:
    """Return a component whose largest fit can be held, None if there is none."""
    room = problem.memory / problem.n_fit_rows
    excess = bytes_per_row(component, problem) - room
    if excess <= 0:
        return component
    assert component.footprint is not None  # or it would need nothing
    for name, unit in component.footprint.of_each.items():
        domain = component.parameters[name]
        if isinstance(domain, Integer) and int(domain.high - excess / unit) > domain.low:
            high = int(domain.high - excess / unit)
            smaller = replace(domain, high=high, start=min(domain.default, high))
            return replace(component, parameters={**component.parameters, name: smaller})
    return None
