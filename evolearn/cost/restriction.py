"""The written rules by which components are left out for a table."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sklearn.base import is_classifier, is_regressor

from evolearn.cost.memory import too_wide, with_frugal_strategy, within_memory
from evolearn.cost.size_limits import (
    MOST_SPREAD_COLUMNS,
    imputed,
    narrow,
    of_few_rows,
    over_columns,
    with_few_neighbors,
    with_fewer_rounds,
)
from evolearn.genes.catalogue import BINS, NO_TEXT, PROJECTION
from evolearn.genes.dates import cycles_of, differences_of
from evolearn.genes.identifiers import IDENTIFIER_MEANS, IDENTIFIERS
from evolearn.genes.masks import MASK
from evolearn.genes.targets import OTHER_TARGETS, SCALED_TARGET
from evolearn.models.shared import BOOSTING_COST
from evolearn.pipeline.component import PLAIN_SLOTS, Component
from evolearn.pipeline.domains import Integer
from evolearn.pipeline.genome import Gene
from evolearn.pipeline.optional_library import Imported
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace

# What takes the best ones of several columns, each by itself.
UNIVARIATE = ("univariate", "univariate_regression")
# What makes many columns of each, so that straight lines become curves or steps.
SPREADING = ("spline", BINS)
# Squares and products of more columns than this are too many: 40 columns make 860.
POLYNOMIAL_COLUMNS = 40
# Of columns that are so few no fewer are made.
FEWEST_DECOMPOSED = 3
# Two pairs of sine and cosine for each of four cycles of a date.
COLUMNS_PER_DATE = 16
# What encodes by the target does so out of fold, for which some class must have so many rows.
OF_TARGET = ("target_mean", IDENTIFIER_MEANS)
FEWEST_OF_CLASS = 5
# Of more columns there are too many formulas, and trees choose among them better.
MOST_FORMULA_COLUMNS = 300
# Of more columns, a mask of a few makes no difference.
MOST_MASKED_COLUMNS = 100


def restrict(space: SearchSpace, problem: Problem) -> SearchSpace:
    """Return the part of a space that can be used on a problem, with what was left out and why.

    1. Estimators of the other task are left out, and those of a library that cannot be used.
    2. Estimators that lack the prediction methods which the scorer needs are left out; with
       sample weights, also those whose ``fit`` takes none.
    3. On sparse data, components that need dense data are left out; estimators that need a
       number of rows of every class, where half of the rarest class are not that many.
    4. Encoders and relations are left out of tables without categories, what makes columns of
       words or of dates out of tables without them, what takes numbers for identifiers where
       none is known to be one, the logarithm of the target where the
       target does not lie above -1, means of the target where there are fewer than five rows
       for each class. A text gets no more components than a tenth of the rows. A
       target that varies too little to be seen in single precision is scaled, and nothing else
       is done to it.
    5. Polynomial features are left out above 40 columns, splines and bins above 100, all three
       beside text, truncated SVD on dense data, random projections up to 3 columns.
    6. Estimators whose expected time for one fit (`Cost`) is known and above the problem's
       limit get fewer trees, rounds or epochs; where that is not enough they are left out, but
       if that would leave none, the cheapest stays.
    7. Where a stratified part cannot be held out, the catalogue's estimators train without
       early stopping. Nearest neighbors are at most half of the training rows of any fold.
       Trees get an imputer on sparse data.
    8. The catalogue's forests and boosted trees have at most as many trees as there are rows,
       forests no more than some 300 MiB hold, if need be by larger leaves;
       its networks see at most 400,000 rows, all epochs together, and do not spread more than
       100 columns over bins or waves.
    9. Constructed features are left out of tables with fewer than two or more than 300 columns
       of numbers; column masks are for dense tables of 2 to 100 columns, words not counted.
    10. On large tables, those whose memory is limited (see `evolearn.cost.memory`),
       estimators and preparation that would hold more are left out, kernel features and trees
       are fewer.

    Raises
    ------
    ValueError
        If no estimator is left.
    """
    left_out = dict(space.left_out)
    fitting = []
    for component in space.estimators:
        reason = _unsuited(component, problem)
        if reason:
            left_out[component.name] = reason
        else:
            fitting.append(component)
    if not fitting:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in left_out.items())
        msg = (
            f"The search space has no estimator that can be used for this {problem.task} "
            f"({reasons or 'it is empty'}); add one to search_space."
        )
        raise ValueError(msg)
    suited = [imputed(narrow(c, problem), problem) for c in fitting]
    if problem.fine_target:
        suited = [_of_scaled_target(c) for c in suited]
    useful = [with_few_neighbors(with_fewer_rounds(c, problem), problem) for c in suited]
    frugal = within_memory(useful, problem, left_out)
    fast = _affordable([_cheaper(c, problem) for c in frugal], problem, left_out)
    estimators = [
        c if _may_stop_early(c, problem) else _without_early_stopping(c) for c in fast
    ]
    preparation = {}
    for slot, components in space.preparation.items():
        useless = {c.name: _useless(slot, c, problem) for c in components}
        kept = [c for c in components if useless[c.name] is None]
        preparation[slot] = [
            over_columns(of_few_rows(with_frugal_strategy(c, problem), problem), problem)
            for c in kept
        ]
        left_out |= {name: reason for name, reason in useless.items() if reason}
    return SearchSpace(estimators, preparation, left_out)


def reference_seconds(problem: Problem) -> float:
    """Return the expected seconds of one fit of histogram gradient boosting as it is."""
    return BOOSTING_COST.seconds_for(problem.n_fit_rows, problem.n_columns, problem.n_outputs)


def expected_seconds(
    component: Component, problem: Problem, gene: Gene | None = None
) -> float | None:
    """Return the expected seconds of one fit on the problem's table, None if not known.

    With the values of a gene, or those of an unmutated genome.
    """
    if component.cost is None:
        return None
    first = (component.slots or PLAIN_SLOTS).get("encoder", ("none",))[0]
    wide = first == "one_hot"
    columns = problem.n_encoded_columns if wide else problem.n_columns
    seconds = component.cost.seconds_for(problem.n_fit_rows, columns, problem.n_outputs)
    return seconds * component.cost.effort(component.default() if gene is None else gene)


def _unsuited(component: Component, problem: Problem) -> str | None:
    if isinstance(component.estimator, Imported) and component.estimator.trouble:
        return component.estimator.trouble
    prototype = component.prototype()
    classification = problem.task == "classification"
    if not (is_classifier(prototype) if classification else is_regressor(prototype)):
        return "it is no classifier" if classification else "it is no regressor"
    if _lacks_answers(component.build(component.default()), problem.responses):
        return f"it has no {' or '.join(problem.responses)}, which the scorer needs"
    if problem.weighted and component.weight_parameter is None:
        return "its fit takes no sample_weight"
    if problem.table.sparse and "sparse" not in component.handles:
        return "it needs dense data"
    # Half of the rows of a class, for fewer of them are in the training part of a fold.
    training_rows = problem.smallest_class / 2
    if component.full_rank and training_rows <= _most_columns(problem):
        return "it needs more rows of every class than there are columns"
    if classification and training_rows < component.class_rows and component.class_rows > 1:
        return f"it needs {component.class_rows} rows of every class in every fold"
    return None


def _most_columns(problem: Problem) -> int:
    """Return how many columns there may be with what tells of missing values, and of dates."""
    indicated = (1 + problem.table.has_missing) * problem.n_encoded_columns
    return indicated + COLUMNS_PER_DATE * len(problem.table.dates)


def _lacks_answers(prototype: Any, responses: tuple[str, ...]) -> bool:
    # Everything has predict, be it after fit; probabilities are known to be there or not.
    return bool(responses) and not any(
        m == "predict" or hasattr(prototype, m) for m in responses
    )


def _affordable(
    components: Iterable[Component], problem: Problem, left_out: dict[str, str]
) -> list[Component]:
    known = {c.name: expected_seconds(c, problem) for c in components}
    # What it costs to fit an estimator of the user's is not known: it may always be tried.
    seconds = {name: 0.0 if cost is None else cost for name, cost in known.items()}
    cheapest = min(seconds, key=lambda name: seconds[name])
    fast = [c for c in components if seconds[c.name] <= problem.fit_limit or c.name == cheapest]
    kept = {c.name for c in fast}
    for name in seconds:  # in the order of the space, which that of a set is not
        if name not in kept:
            left_out[name] = (
                f"one fit is expected to take {seconds[name]:.3g} s, "
                f"the limit is {problem.fit_limit:.3g} s"
            )
    return fast


def _cheaper(component: Component, problem: Problem) -> Component:
    """Return a component with fewer trees, rounds or epochs if a fit is expected to be late."""
    seconds = expected_seconds(component, problem)
    if seconds is None or seconds <= problem.fit_limit or component.cost is None:
        return component
    parameters = dict(component.parameters)
    for name, (_, power) in component.cost.units.items():
        domain = parameters.get(name)
        if power == 1.0 and isinstance(domain, Integer):  # what the seconds are proportional to
            affordable = int(domain.default * problem.fit_limit / seconds)
            start = max(affordable, int(domain.low))
            high = max(min(2 * start, int(domain.high)), int(domain.low) + 1)
            parameters[name] = replace(domain, high=high, start=min(start, high))
    return replace(component, parameters=parameters)


def _useless(slot: str, component: Component, problem: Problem) -> str | None:
    table = problem.table
    if reason := too_wide(component, problem):
        return reason
    if component.name in OF_TARGET and problem.n_least_rows < FEWEST_OF_CLASS * max(
        problem.n_classes, 1
    ):
        return f"there are fewer than {FEWEST_OF_CLASS} rows to train on for each class"
    if slot in ("encoder", "relations"):
        return None if table.cardinalities else "there are no categories"
    if slot == MASK:
        n_columns = table.n_numeric + len(table.cardinalities)
        fits = 2 <= n_columns <= MOST_MASKED_COLUMNS and not table.sparse
        return None if fits else f"it is for 2 to {MOST_MASKED_COLUMNS} columns of dense data"
    if slot == IDENTIFIERS:
        return None if problem.identifiers else "no number is known to identify anything"
    if slot == "text":
        return _useless_for_text(component, problem)
    if slot == "dates":
        return _useless_for_dates(component, problem)
    if slot == "selector" and component.name in UNIVARIATE and problem.n_encoded_columns < 2:
        return "there is a single column"
    if component.name == "constructed" and not 2 <= table.n_numeric <= MOST_FORMULA_COLUMNS:
        return f"it is for 2 to {MOST_FORMULA_COLUMNS} columns of numbers"
    if slot == "target":
        if problem.fine_target and component.name in OTHER_TARGETS:
            return "the target varies too little for it"
        if component.name == "log_target" and not problem.positive_target:
            return "the target does not lie above -1"
        return None
    if component.name == PROJECTION and problem.n_encoded_columns <= FEWEST_DECOMPOSED:
        return f"there are no more than {FEWEST_DECOMPOSED} columns"
    if table.sparse:
        if component.name == "truncated_svd" and problem.n_columns <= FEWEST_DECOMPOSED:
            return f"there are no more than {FEWEST_DECOMPOSED} columns"
        if component.name == "standard":  # without centring, see express
            return None
        return None if "sparse" in component.handles else "it needs dense data"
    if component.name == "truncated_svd":
        return "it is for sparse data"
    if component.name in ("polynomial", *SPREADING) and table.texts:
        return "it is not for words"
    if component.name in SPREADING and problem.n_encoded_columns > MOST_SPREAD_COLUMNS:
        return f"there are more than {MOST_SPREAD_COLUMNS} columns"
    if component.name == "polynomial" and problem.n_encoded_columns > POLYNOMIAL_COLUMNS:
        return f"there are more than {POLYNOMIAL_COLUMNS} columns"
    return None


def _of_scaled_target(component: Component) -> Component:
    """Return a component of the catalogue that sees the target in standard deviations."""
    if component.cost is None:
        return component
    return replace(
        component, slots={**(component.slots or PLAIN_SLOTS), "target": (SCALED_TARGET,)}
    )


def _useless_for_text(component: Component, problem: Problem) -> str | None:
    table = problem.table
    if not table.texts:
        return "there is no text"
    if component.name == NO_TEXT and not table.n_numeric and not table.cardinalities:
        return "there is nothing but text"
    return None


def _useless_for_dates(component: Component, problem: Problem) -> str | None:
    table = problem.table
    if not table.dates:
        return "there are no dates"
    if component.name == "date_differences" and not differences_of(table):
        return "there is a single date"
    if component.name == "cyclic_dates" and not cycles_of(table):
        return "no part of a date returns"
    return None


def _may_stop_early(component: Component, problem: Problem) -> bool:
    if component.cost is None:
        return True  # the user's own estimator: searched as it is
    return problem.early_stopping


def _without_early_stopping(component: Component) -> Component:
    prototype = component.prototype()
    if "early_stopping" not in prototype.get_params():
        return component
    parameters = {k: v for k, v in component.parameters.items() if k != "early_stopping"}
    prototype.set_params(early_stopping=False)
    return replace(component, estimator=prototype, parameters=parameters)
