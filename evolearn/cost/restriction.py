"""The rules by which components are left out of a search space for a table."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from evolearn.cost.memory import too_wide, within_memory
from evolearn.cost.seconds import expected_seconds
from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Integer
from evolearn.pipeline.gene import Gene
from evolearn.pipeline.optional_library import OptionalEstimator
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.registry import slots_of
from evolearn.pipeline.screening_sample import ScreeningSample
from evolearn.pipeline.search_space import SearchSpace
from evolearn.tasks import get_task
from evolearn.tasks.sample_weights import weight_parameter

# Encoders by the target make their training columns out of fold, which takes so many rows of
# some class.
FEWEST_OF_CLASS = 5


def restrict(space: SearchSpace, problem: Problem) -> SearchSpace:
    """Return the part of a space that can be used on a table, with the reasons for the rest.

    1. Estimators of other tasks are left out, and those of a library that cannot be used.
    2. Estimators that lack the prediction methods that the scorer needs are left out; with
       sample weights, also those whose ``fit`` takes none.
    3. On sparse data, components that need dense data are left out. So are estimators that
       need more rows of every class than half of the rarest class has.
    4. Options of genes are left out for the reasons that the genes give (`Gene.why_not`), and
       those that encode by the target where there are fewer than five rows per class.
    5. Estimators are adapted to the size of the table (`Component.size_limits`), options of
       genes likewise (`Gene.sized`).
    6. On large tables (see `evolearn.cost.memory`), components whose fit would hold too much
       memory are made smaller or left out.
    7. Estimators whose expected time of one fit is above the problem's limit get fewer trees,
       rounds or epochs. Where that is not enough they are left out; if none would remain, the
       cheapest stays.
    8. Where no rows can be held out, estimators of evolearn train without early stopping.

    Raises
    ------
    ValueError
        If no estimator is left.
    """
    reasons = {component.name: _unsuited(component, problem) for component in space.estimators}
    left_out = {**space.left_out, **{name: why for name, why in reasons.items() if why}}
    fitting = [component for component in space.estimators if not reasons[component.name]]
    if not fitting:
        why = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        msg = (
            f"The search space has no estimator that can be used for this {problem.task} "
            f"({why or 'it is empty'}); add one to search_space."
        )
        raise ValueError(msg)
    sized = [_sized(component, space, problem) for component in fitting]
    small = within_memory(sized, problem, left_out)
    fast = _affordable([_cheaper(c, problem) for c in small], problem, left_out)
    if not problem.early_stopping:
        fast = [c if c.user_defined else _without_early_stopping(c) for c in fast]
    preparation = {}
    for gene in space.genes:
        options = space.preparation[gene.name]
        found = {option.name: why_not(gene, option, problem) for option in options}
        kept = [option for option in options if found[option.name] is None]
        preparation[gene.name] = [gene.sized(option, problem) for option in kept]
        left_out |= {name: reason for name, reason in found.items() if reason}
    return SearchSpace(fast, preparation, left_out, space.genes)


def discover(space: SearchSpace, problem: Problem, sample: ScreeningSample) -> Problem:
    """Return the problem with the findings of all genes that a table can use.

    The space need not be restricted to the problem.
    """
    findings: dict[str, Any] = {}
    before = replace(problem, findings=None)
    offered = [space.slots_of(name) for name in space.names]
    for gene in space.genes:
        usable = {
            option.name
            for option in space.preparation[gene.name]
            if option.estimator is not None and why_not(gene, option, before) is None
        }
        if any(usable & set(slots.get(gene.name, ())) for slots in offered):
            found = gene.discover(problem, sample)
            if found:
                findings[gene.name] = found
    return replace(problem, findings=findings)


def why_not(gene: Gene, option: Component, problem: Problem) -> str | None:
    """Return the reason why a table has no use for an option of a gene, None if it has."""
    if reason := too_wide(gene, option, problem):
        return reason
    few = problem.n_least_rows < FEWEST_OF_CLASS * max(problem.n_classes, 1)
    if option.learns_target and few:
        return f"there are fewer than {FEWEST_OF_CLASS} rows to train on for each class"
    return gene.why_not(option, problem)


def _sized(component: Component, space: SearchSpace, problem: Problem) -> Component:
    """Return an estimator adapted to the size of a table, with the options it dictates."""
    if component.size_limits is not None:
        component = component.size_limits(component, problem)
    for gene in space.genes:
        options = gene.options_on_table(component, problem)
        if options is not None:
            component = replace(component, slots={**slots_of(component), gene.name: options})
    return component


def _unsuited(component: Component, problem: Problem) -> str | None:
    """Return the reason why an estimator cannot be used on a table, None if it can."""
    if isinstance(component.estimator, OptionalEstimator) and component.estimator.trouble:
        return component.estimator.trouble
    if not get_task(problem.task).accepts(component.prototype()):
        return f"it is not made for {problem.task}"
    if _lacks_methods(component.build(component.default()), problem.responses):
        return f"it has no {' or '.join(problem.responses)}, which the scorer needs"
    if problem.weighted and weight_parameter(component.prototype()) is None:
        return "its fit takes no sample_weight"
    if problem.table.sparse and "sparse" not in component.handles:
        return "it needs dense data"
    # Half of the rows of a class: at least so many are in the training part of every fold.
    training_rows = problem.smallest_class / 2
    if component.full_rank and training_rows <= problem.most_columns:
        return "it needs more rows of every class than there are columns"
    if problem.n_classes and training_rows < component.class_rows > 1:
        return f"it needs {component.class_rows} rows of every class in every fold"
    return None


def _lacks_methods(prototype: Any, responses: tuple[str, ...]) -> bool:
    # Any estimator has predict, at least after fit; other methods are known before.
    return bool(responses) and not any(
        m == "predict" or hasattr(prototype, m) for m in responses
    )


def _affordable(
    components: Iterable[Component], problem: Problem, left_out: dict[str, str]
) -> list[Component]:
    known = {c.name: expected_seconds(c, problem) for c in components}
    # The cost of a user's estimator is not known: it may always be tried.
    seconds = {name: 0.0 if cost is None else cost for name, cost in known.items()}
    cheapest = min(seconds, key=lambda name: seconds[name])
    fast = [c for c in components if seconds[c.name] <= problem.fit_limit or c.name == cheapest]
    kept = {c.name for c in fast}
    for name in seconds:  # in the order of the space
        if name not in kept:
            left_out[name] = (
                f"one fit is expected to take {seconds[name]:.3g} s, "
                f"the limit is {problem.fit_limit:.3g} s"
            )
    return fast


def _cheaper(component: Component, problem: Problem) -> Component:
    """Return a component with fewer trees, rounds or epochs if a fit would take too long."""
    seconds = expected_seconds(component, problem)
    if seconds is None or seconds <= problem.fit_limit or component.cost is None:
        return component
    changed = {}
    for name, (_, power) in component.cost.units.items():
        domain = component.parameters.get(name)
        if power == 1.0 and isinstance(domain, Integer):  # proportional to the seconds
            affordable = int(domain.default * problem.fit_limit / seconds)
            start = max(affordable, int(domain.low))
            high = max(min(2 * start, int(domain.high)), int(domain.low) + 1)
            changed[name] = replace(domain, high=high, start=min(start, high))
    return component.with_domains(**changed)


def _without_early_stopping(component: Component) -> Component:
    prototype = component.prototype()
    if "early_stopping" not in prototype.get_params():
        return component
    parameters = {k: v for k, v in component.parameters.items() if k != "early_stopping"}
    prototype.set_params(early_stopping=False)
    return replace(component, estimator=prototype, parameters=parameters)
