"""Importances of the columns of a table, and the dependence of predictions on their values."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context
from threadpoolctl import threadpool_limits

from evolearn.data import is_sparse, n_rows, names_checked, shuffled_column, take_rows
from evolearn.execution.budget import Budget
from evolearn.insights.errors import AbsentError
from evolearn.recorded_warnings import recorded_warnings
from evolearn.results.insights import Importances
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
# Nominal coverage of intervals, with the normal quantile that belongs to it.
COVERAGE, NORMAL_QUANTILE = 0.9, 1.645
MEASURE = "root mean squared change of predictions if the values of a column are exchanged"
# Changes below this share of the largest one are rounding errors.
TINY = 1e-9


@dataclass(frozen=True, eq=False)
class Exchange:
    """Predictions for some rows, as they are and with each column's values moved on by one row.

    Attributes
    ----------
    rows : ndarray of shape (n_rows,)
        Positions of the rows in the table.
    usual : ndarray of shape (n_rows, ...)
        Predictions for these rows.
    exchanged : list of ndarray
        For each column, the predictions for rows that have its value from the row before.
    """

    rows: NDArray[np.intp]
    usual: NDArray[Any]
    exchanged: list[NDArray[Any]]

    def changes(self) -> NDArray[np.float64]:
        """Return the squared change of each prediction; of labels, whether it is another one.

        Returns
        -------
        ndarray of shape (n_columns, n_rows)
        """
        return np.array([_changes(part, self.usual) for part in self.exchanged])


def reserved_for_importances(budget_seconds: float) -> float:
    """Return the seconds of a time budget to reserve for importances."""
    return min(RESERVED_SHARE * budget_seconds, MOST_RESERVED)


def exchange_columns(model: Any, X: Any, task: Task, width: int, budget: Budget) -> Exchange:
    """Return the model's predictions for some rows with the values of each column exchanged.

    That needs no target, and no further rows.

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

    Raises
    ------
    AbsentError
        For sparse and very wide tables, where time is short, and for models that do not
        predict rows of exchanged values.
    """
    n_columns = X.shape[1]
    most = min(MOST_PREDICTED, MOST_NUMBERS // width) // (n_columns + 1)
    number = min(most, MOST_ROWS, n_rows(X))
    if is_sparse(X):
        raise AbsentError("the table is sparse")
    if number < min(FEWEST_ROWS, n_rows(X)):
        raise AbsentError("the table is too wide")
    rows = np.random.default_rng(0).permutation(n_rows(X))[:number]
    exchanged: list[NDArray[Any]] = []
    if budget.remaining() <= 0:
        raise AbsentError("no time was left")
    with (
        recorded_warnings(),
        names_checked(),
        config_context(transform_output="default"),
        # For some hundred rows, threads cost more than they save where cores are busy.
        threadpool_limits(1),
    ):
        started = time.monotonic()
        usual = _predictions(model, take_rows(X, rows), task)
        call = SLACK * (time.monotonic() - started)
        while len(exchanged) < n_columns:
            n_calls = -(-(n_columns - len(exchanged)) // COLUMNS_AT_ONCE)
            if n_calls * call > budget.remaining():
                raise AbsentError("no time was left")
            started = time.monotonic()
            group = range(len(exchanged), min(len(exchanged) + COLUMNS_AT_ONCE, n_columns))
            predictions = _predictions(model, _exchanged(X, rows, group), task)
            exchanged += np.split(predictions, len(group))
            call = time.monotonic() - started
    return Exchange(rows, usual, exchanged)


def importances_of(exchange: Exchange, names: Sequence[str]) -> Importances:
    """Return the root mean squared change of predictions with each column, with intervals."""
    changes = exchange.changes()
    changes[changes <= TINY**2 * changes.max(initial=0.0)] = 0.0
    means = changes.mean(axis=1)
    errors = NORMAL_QUANTILE * changes.std(axis=1) / max(changes.shape[1] - 1, 1) ** 0.5
    return Importances(
        measure=MEASURE,
        columns_of_table=tuple(names),
        importance=tuple(np.sqrt(means).tolist()),
        lower=tuple(np.sqrt(np.maximum(means - errors, 0.0)).tolist()),
        upper=tuple(np.sqrt(means + errors).tolist()),
        coverage=COVERAGE,
        n_rows=len(exchange.rows),
    )


def feature_importances(importances: Importances) -> NDArray[np.float64]:
    """Return the mean squared changes in sum 1, unless all are 0."""
    values = np.asarray(importances.importance) ** 2
    total = float(values.sum())
    return values / total if total > 0 else values


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


def _changes(predictions: NDArray[Any], usual: NDArray[Any]) -> NDArray[np.float64]:
    """Return the squared difference of each row's numbers, or whether its labels differ."""
    if predictions.dtype.kind != "f":
        return (predictions != usual).astype(np.float64)
    squares = (predictions - usual) ** 2
    return squares if squares.ndim == 1 else squares.mean(axis=1)
