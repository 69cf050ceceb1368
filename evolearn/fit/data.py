"""The data of a fit: table, target, weights and groups, checked and made numeric."""

import numbers
from dataclasses import asdict, dataclass, replace
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from evolearn.cost.memory import memory_of
from evolearn.data import (
    PreparedTable,
    as_table,
    check_table,
    is_reordered,
    n_rows,
    prepare_table,
    varies_little,
)
from evolearn.evaluation.folds import list_splits
from evolearn.fit.settings import Settings
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace
from evolearn.pipeline.user_space import make_space
from evolearn.tasks.base import Task, get_task
from evolearn.tasks.scoring import Objective
from evolearn.user_warnings import warn


@dataclass(frozen=True)
class FitData:
    """The arguments of ``fit``, made numeric.

    ``raw`` is the original table, ``space`` the user's space for any table, ``cv`` None, a
    number, or a list of the user's splits, ``seed`` the seed from which all others come.
    """

    raw: Any
    prepared: PreparedTable
    target: NDArray[Any]
    task: Task
    weights: NDArray[np.float64] | None
    groups: Any
    cv: Any
    objective: Objective
    problem: Problem
    space: SearchSpace
    seed: int

    def needs_raw(self, space: SearchSpace) -> bool:
        """Whether a pipeline in a space, or the scorer, takes the original table."""
        return self.objective.is_function or any(c.whole for c in space.estimators)


def read_data(settings: Settings, X: Any, y: Any, sample_weight: Any, groups: Any) -> FitData:
    """Check the arguments of ``fit`` and make them numeric."""
    X = as_table(X)
    check_table(X)
    _warn_of_other_order(X, y=y, sample_weight=sample_weight, groups=groups)
    target, task = get_task(settings.task).from_target(y)
    _check_lengths(X, target, groups)
    weights = _checked_weights(sample_weight, n_rows(X))
    objective = task.objective(settings.scoring)
    space = make_space(settings.search_space, task.models)
    prepared = prepare_table(X, settings.kinds)
    problem = Problem(
        task=task.models,
        table=prepared.schema,
        fine_numbers=not prepared.schema.sparse
        and varies_little(prepared.matrix[:, : prepared.schema.n_numeric]),
        weighted=weights is not None,
        responses=objective.responses,
        row_bytes=prepared.n_bytes / n_rows(X),
        memory=memory_of(prepared.n_bytes, settings.policy),
        **asdict(task.facts(target, weights)),
    )
    return FitData(
        raw=X,
        prepared=prepared,
        target=target,
        task=task,
        weights=weights,
        groups=groups,
        cv=list_splits(settings.cv, X, target, groups, task=task),
        objective=_weighted(objective, weights),
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
        if not hasattr(values, "__len__"):
            msg = (
                f"{name} must have one entry per row of X, got {values!r}; pass an array or a "
                "list."
            )
            raise ValueError(msg)
        if len(values) != rows:
            msg = (
                f"Found input variables with inconsistent numbers of samples: X has {rows} "
                f"rows and {name} has {len(values)} entries; pass one entry of {name} per row."
            )
            raise ValueError(msg)


def _checked_weights(sample_weight: Any, rows: int) -> NDArray[np.float64] | None:
    """Return sample weights as float64, None if there are none."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, numbers.Real):
        weights = np.full(rows, float(sample_weight))
    else:
        weights = np.asarray(sample_weight, dtype=np.float64)
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
    if not weights.any():
        msg = (
            "All values of sample_weight are zero, so that no row counts; "
            "Sample weights must contain at least one non-zero number."
        )
        raise ValueError(msg)
    return weights


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
