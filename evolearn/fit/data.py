"""The data of a fit: table, target, weights and groups, checked and made numeric."""

import numbers
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from evolearn._compat import scorer_function
from evolearn.cost.memory import memory_of
from evolearn.data import (
    PreparedTable,
    as_table,
    check_table,
    is_missing,
    is_reordered,
    n_rows,
    prepare_table,
    varies_little,
)
from evolearn.evaluation.folds import draw_rows, list_splits
from evolearn.fit.settings import Settings
from evolearn.messages import one_line, shown
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace
from evolearn.pipeline.user_space import make_space
from evolearn.profiles import TableProfile, profile_table
from evolearn.recorded_warnings import recorded_warnings
from evolearn.tasks.base import Task, get_task
from evolearn.tasks.scoring import NotFiniteScoreError, Objective
from evolearn.user_warnings import warn

# Rows of the target on which the scorer is tried: of every class one at least.
CHECKED_ROWS = 1_000


@dataclass(frozen=True)
class FitData:
    """The arguments of ``fit``, made numeric.

    ``raw`` is the original table, ``profile`` summarizes its columns, ``space`` is the user's
    space for any table, ``cv`` None, a number, or a list of the user's splits, ``metrics`` are
    further objectives by their names, empty unless the user wants several, ``seed`` is the
    seed from which all others come.
    """

    raw: Any
    prepared: PreparedTable
    profile: TableProfile
    target: NDArray[Any]
    task: Task
    weights: NDArray[np.float64] | None
    groups: Any
    cv: Any
    objective: Objective
    metrics: Mapping[str, Objective]
    problem: Problem
    space: SearchSpace
    seed: int

    def needs_raw(self, space: SearchSpace) -> bool:
        """Whether a pipeline in a space, or a scorer, takes the original table."""
        scorers = (self.objective, *self.metrics.values())
        return any(s.is_function for s in scorers) or any(c.whole for c in space.estimators)


def read_data(settings: Settings, X: Any, y: Any, sample_weight: Any, groups: Any) -> FitData:
    """Check the arguments of ``fit`` and make them numeric."""
    X = as_table(X)
    check_table(X)
    _check_lengths(X, y, groups)
    _warn_of_other_order(X, y=y, sample_weight=sample_weight, groups=groups)
    target, task = get_task(settings.task).from_target(y)
    weights = checked_weights(sample_weight, n_rows(X))
    objective, metrics = _objectives(settings, task)
    task = task.for_scorers((objective, *metrics.values()), target)
    for one in (objective, *metrics.values()):
        _check_scorer(one, task, target)
    space = make_space(settings.search_space, task.models)
    prepared = prepare_table(X, settings.kinds)
    problem = Problem(
        task=task.models,
        table=prepared.schema,
        fine_numbers=not prepared.schema.sparse
        and varies_little(prepared.matrix[:, : prepared.schema.n_numeric]),
        weighted=weights is not None,
        responses=objective.responses,
        metric_loss=objective.loss,
        row_bytes=prepared.n_bytes / n_rows(X),
        memory=memory_of(prepared.n_bytes, settings.policy),
        **asdict(task.facts(target, weights)),
    )
    return FitData(
        raw=X,
        prepared=prepared,
        profile=profile_table(X, prepared),
        target=target,
        task=task,
        weights=weights,
        groups=groups,
        cv=list_splits(settings.cv, X, target, groups, task=task),
        objective=_weighted(objective, weights),
        metrics={name: _weighted(one, weights) for name, one in metrics.items()},
        problem=problem,
        space=space,
        seed=_root_seed(settings, prepared.matrix, target),
    )


def _warn_of_other_order(X: Any, **others: Any) -> None:
    """Warn of values whose index is that of X in another order."""
    for name, values in others.items():
        if is_reordered(values, X):
            warn(
                f"{name} has the index of X in another order. Rows are paired by position, not "
                f"by index, as in scikit-learn: pass {name}.loc[X.index] if the index says "
                f"which rows belong together, else {name}.set_axis(X.index)."
            )


def _check_lengths(X: Any, y: Any, groups: Any) -> None:
    """Raise if y or groups do not have one entry per row of X."""
    rows = n_rows(X)
    for name, values in (("y", y), ("groups", groups)):
        if values is None:
            continue
        try:
            length = len(values if hasattr(values, "__len__") else np.asarray(values))
        except TypeError:
            msg = (
                f"{name} must have one entry per row of X, got {shown(values)}; pass an array "
                "or a list."
            )
            raise ValueError(msg) from None
        if length != rows:
            msg = (
                f"Found input variables with inconsistent numbers of samples: X has {rows} "
                f"rows and {name} has {length} entries; pass one entry of {name} per row."
            )
            raise ValueError(msg)


def checked_weights(sample_weight: Any, rows: int) -> NDArray[np.float64] | None:
    """Return sample weights as float64, None if there are none."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, numbers.Real):
        weights = np.full(rows, float(sample_weight))
    else:
        weights = _as_numbers(sample_weight)
    if weights.shape != (rows,):
        msg = (
            f"sample_weight.shape == {weights.shape}, expected ({rows},); sample_weight must "
            "be 1D array or scalar, with one weight per row."
        )
        raise ValueError(msg)
    if not np.isfinite(weights).all():
        msg = "sample_weight contains NaN or infinity; give every row a finite weight."
        raise ValueError(msg)
    if (weights < 0).any():
        msg = (
            f"Negative values in sample_weight, the lowest is {weights.min():g}; weights must "
            "be zero or more."
        )
        raise ValueError(msg)
    with np.errstate(over="ignore"):
        total = weights.sum()
    if np.isinf(total):
        msg = (
            f"sample_weight has values up to {weights.max():.3g}, whose sum is out of range; "
            "divide them by their mean."
        )
        raise ValueError(msg)
    if not weights.any():
        msg = (
            "All values of sample_weight are zero, so that no row counts; "
            "Sample weights must contain at least one non-zero number."
        )
        raise ValueError(msg)
    return weights


def _objectives(settings: Settings, task: Task) -> tuple[Objective, Mapping[str, Objective]]:
    """Return the objective of the search, and all metrics by name if there are several."""
    scoring, refit = settings.scoring, settings.refit
    if scoring is None or isinstance(scoring, str) or callable(scoring):
        if refit is not None:
            msg = (
                f"refit={shown(refit)} names one of several metrics, but scoring is "
                f"{shown(scoring)}; pass a list or a dictionary as scoring, or refit=None."
            )
            raise ValueError(msg)
        return task.objective(scoring), {}
    if not isinstance(scoring, Mapping):
        wrong = [name for name in scoring if not isinstance(name, str)]
        if wrong or len(set(scoring)) < len(scoring):
            msg = (
                f"A list as scoring holds different names of scorers, got {shown(scoring)}; "
                "pass a dictionary of names and scorers for others."
            )
            raise ValueError(msg)
        scoring = {name: name for name in scoring}
    if not scoring:
        msg = "scoring is empty; pass at least one scorer, or None for the default one."
        raise ValueError(msg)
    names = list(scoring)
    if refit is not None and refit not in scoring:
        msg = (
            f"refit={shown(refit)} names the metric to optimise, but scoring has "
            f"{', '.join(map(shown, names))}; name one of them."
        )
        raise ValueError(msg)
    metrics = {str(name): task.objective(one) for name, one in scoring.items()}
    return metrics[names[0] if refit is None else refit], metrics


def _check_scorer(objective: Objective, task: Task, target: NDArray[Any]) -> None:
    """Raise ValueError if the scorer cannot score this target, whatever a model predicts."""
    responses, methods = objective.responses, type(task).responses
    if responses and not set(responses) & set(methods):
        msg = (
            f"scoring={shown(objective.name)} needs {' or '.join(responses)}, which models of "
            f"the task {task.name} do not have; pass another scorer."
        )
        raise ValueError(msg)
    function = scorer_function(objective.scorer)
    # Others than those of scikit-learn may depend on more than the predictions.
    known = function is not None and function.__module__.startswith("sklearn.")
    if not known or (responses and not {"predict", "predict_proba"} & set(responses)):
        return
    rows = draw_rows(np.arange(len(target)), CHECKED_ROWS, target, task=task, seed=0)
    values = target[rows]
    try:
        with recorded_warnings():
            task.score_predictions(
                task.perfect_predictions(values),
                task.encoded(values),
                replace(objective, fast=None),
                None,
            )
    except NotFiniteScoreError:
        return
    except Exception as error:  # a metric may raise anything
        msg = (
            f"scoring={shown(objective.name)} cannot score this target: "
            f"{one_line(error).rstrip('.')}; pass another scorer."
        )
        raise ValueError(msg) from error


def _as_numbers(sample_weight: Any) -> NDArray[np.float64]:
    """Return weights of any container as float64; raise ValueError if they are no numbers."""
    remedy = "pass an array of numbers, one weight per row"
    try:
        array = np.asarray(sample_weight)
        if array.dtype.kind in "cmM":
            raise TypeError
        # Text of numbers is no number either: it is a column mistaken for weights.
        if array.dtype.kind in "OUS":
            array = np.asarray([_number(value) for value in array.tolist()])
        return array.astype(np.float64)
    except _NoNumber as error:
        msg = f"sample_weight holds {shown(error.value)}, which is no number; {remedy}."
        raise ValueError(msg) from None
    except (TypeError, ValueError, OverflowError):
        msg = f"sample_weight must hold numbers, got {shown(sample_weight)}; {remedy}."
        raise ValueError(msg) from None


class _NoNumber(ValueError):
    """A value that is no number."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value


def _number(value: Any) -> float:
    if is_missing(value):
        return float("nan")
    if not isinstance(value, numbers.Real | Decimal):
        raise _NoNumber(value)
    return float(value)


def _root_seed(settings: Settings, matrix: Any, target: NDArray[Any]) -> int:
    """Return the seed from which all others come.

    For ``random_state=None`` it is fresh entropy (``check_random_state(None)`` is NumPy's
    global generator, which belongs to the user), or with a journal a digest of the data, so
    that a fit that was killed finds its own journal again.
    """
    if settings.random_state is not None:
        return int(check_random_state(settings.random_state).randint(2**31 - 1))
    if settings.journal is not None:
        return int(joblib.hash((matrix, target))[:7], 16)
    return int(np.random.default_rng().integers(2**31 - 1))


def _weighted(objective: Objective, weights: NDArray[np.float64] | None) -> Objective:
    """Return the objective, with a warning if it cannot use the weights that there are."""
    if weights is None or objective.takes_weights:
        return objective
    warn(
        f"The scorer {objective.name} takes no sample_weight: candidates are trained with the "
        "weights and scored without."
    )
    return replace(objective, weighted=False)
