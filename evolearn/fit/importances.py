"""Importances of the columns of a table: how much predictions change with each of them."""

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context

from evolearn.data import is_sparse, n_rows, names_checked, shuffled_column, take_rows
from evolearn.execution.budget import Budget
from evolearn.recorded_warnings import recorded_warnings
from evolearn.tasks.base import Task

# Rows that are predicted with each column in another order: the order of importances needs few.
MOST_ROWS, FEWEST_ROWS = 50, 10
# Rows, and numbers, that are predicted in all: tables of more than 2,000 columns are too wide.
MOST_PREDICTED, MOST_NUMBERS = 20_000, 20_000_000
# Columns that are predicted together, so that models have many rows at a time.
COLUMNS_AT_ONCE = 16
# Share of a time budget that is kept for importances, and its largest number of seconds.
RESERVED_SHARE, MOST_RESERVED = 0.02, 2.0
# The rows of several columns take no more than so many times as long as those of one: most of
# the time of a prediction does not depend on the number of rows.
SLACK = 2.0


def reserved_for_importances(budget_seconds: float) -> float:
    """Return the seconds of a time budget to reserve for importances."""
    return min(RESERVED_SHARE * budget_seconds, MOST_RESERVED)


def feature_importances(
    model: Any, X: Any, task: Task, width: int, budget: Budget
) -> NDArray[np.float64] | None:
    """Return the importance of each column of the table, in sum 1 unless all are 0.

    It is the mean squared change of the model's predictions for some rows if the values of the
    column are exchanged among them. That needs no target, and is the same kind of number for
    every model.

    Parameters
    ----------
    model : estimator
        Takes the table `X`.
    X : table of shape (n_samples, n_features)
        The training rows.
    task : Task
    width : int
        Number of values of a row on its way through the model.
    budget : Budget
        Of the whole fit.

    Returns
    -------
    ndarray of shape (n_features,) or None
        None for sparse and very wide tables, where time is short, and for models that do not
        predict rows of exchanged values.
    """
    n_columns = X.shape[1]
    most = min(MOST_PREDICTED, MOST_NUMBERS // width) // (n_columns + 1)
    number = min(most, MOST_ROWS, n_rows(X))
    if is_sparse(X) or number < min(FEWEST_ROWS, n_rows(X)):
        return None
    rows = np.random.default_rng(0).permutation(n_rows(X))[:number]
    changes: list[float] = []
    try:
        with recorded_warnings(), names_checked(), config_context(transform_output="default"):
            started = time.monotonic()
            usual = _predictions(model, take_rows(X, rows), task)
            call = SLACK * (time.monotonic() - started)
            while len(changes) < n_columns:
                n_calls = -(-(n_columns - len(changes)) // COLUMNS_AT_ONCE)
                if n_calls * call > budget.remaining():
                    return None
                started = time.monotonic()
                group = range(len(changes), min(len(changes) + COLUMNS_AT_ONCE, n_columns))
                predictions = _predictions(model, _exchanged(X, rows, group), task)
                for part in np.split(predictions, len(group)):
                    changes.append(_mean_change(part, usual))
                call = time.monotonic() - started
    except Exception:  # the user's model need not take values that never occur together
        return None
    total = sum(changes)
    return np.asarray(changes) / total if total > 0 else np.zeros(n_columns)


def _exchanged(X: Any, rows: NDArray[np.intp], columns: range) -> Any:
    """Return the rows once for each column, its values moved on by one row."""
    n = len(rows)
    table = take_rows(X, np.tile(rows, len(columns)))
    for block, column in enumerate(columns):
        order = np.arange(n * len(columns))
        order[block * n : (block + 1) * n] = block * n + np.roll(np.arange(n), 1)
        table = shuffled_column(table, column, order)
    return table


def _predictions(model: Any, X: Any, task: Task) -> NDArray[Any]:
    return task.predictions_of(model, X) if task.can_predict(model) else model.predict(X)


def _mean_change(predictions: NDArray[Any], usual: NDArray[Any]) -> float:
    """Mean squared difference of numbers, or the share of labels that differ."""
    if predictions.dtype.kind != "f":
        return float(np.mean(predictions != usual))
    return float(np.mean((predictions - usual) ** 2))
