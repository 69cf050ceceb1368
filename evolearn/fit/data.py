"""The table, the target and the settings of a fit, checked."""

import warnings
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
    n_rows,
    prepare_table,
    varies_little,
)
from evolearn.evaluation.folds import list_splits
from evolearn.exceptions import EvolearnWarning
from evolearn.fit.inputs import check_lengths, check_weights
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace
from evolearn.pipeline.user_space import make_space
from evolearn.tasks.base import Task, get_task
from evolearn.tasks.scoring import Objective


@dataclass(frozen=True)
class FitData:
    """What was passed to ``fit``, made numeric; the space is the user's, for any table.

    ``cv`` is None, a number, or a list of the user's splits.
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

    def is_taken_raw(self, space: SearchSpace) -> bool:
        """Tell whether a pipeline in a space, or the scorer, takes the table as it came."""
        return self.objective.is_function or any(c.whole for c in space.estimators)


def read_data(
    estimator: Any, X: Any, y: Any, sample_weight: Any, groups: Any, task: str
) -> FitData:
    """Check all input of a fit.

    Raises
    ------
    ValueError, TypeError
        If something that was passed cannot be used; the message names it and what to do.
    """
    X = as_table(X)
    check_table(X)
    target, learning_task = get_task(task).from_target(y)
    check_lengths(X, target, groups)
    weights = check_weights(sample_weight, n_rows(X))
    objective = learning_task.objective(estimator.scoring)
    space = make_space(estimator.search_space, learning_task.models)
    prepared = prepare_table(X, estimator.kinds)
    problem = Problem(
        task=learning_task.models,
        table=prepared.schema,
        fine_numbers=not prepared.schema.sparse
        and varies_little(prepared.matrix[:, : prepared.schema.n_numeric]),
        weighted=weights is not None,
        responses=objective.responses,
        row_bytes=prepared.n_bytes / n_rows(X),
        memory=memory_of(prepared.n_bytes),
        **asdict(learning_task.facts(target, weights)),
    )
    return FitData(
        raw=X,
        prepared=prepared,
        target=target,
        task=learning_task,
        weights=weights,
        groups=groups,
        cv=list_splits(estimator.cv, X, target, groups, task=learning_task),
        objective=_weighted(objective, weights),
        problem=problem,
        space=space,
        seed=root_seed(estimator, prepared.matrix, target),
    )


def root_seed(estimator: Any, matrix: Any, target: NDArray[Any]) -> int:
    """Return the seed from which all others come.

    Fresh entropy for None (``check_random_state(None)`` is NumPy's global generator, which
    belongs to the user); with a journal a digest of the data, so that a fit that was killed
    finds its own journal again.
    """
    if estimator.random_state is not None:
        return int(check_random_state(estimator.random_state).randint(2**31 - 1))
    if estimator.journal is not None:
        return int(joblib.hash((matrix, target))[:7], 16)
    return int(np.random.default_rng().integers(2**31 - 1))


def _weighted(objective: Objective, weights: NDArray[np.float64] | None) -> Objective:
    """Return an objective that takes weights if there are any, or says that it does not."""
    if weights is None or objective.takes_weights:
        return objective
    warnings.warn(
        f"The scorer {objective.name} takes no sample_weight: candidates are trained with the "
        "weights and scored without.",
        EvolearnWarning,
        stacklevel=4,
    )
    return replace(objective, weighted=False)
