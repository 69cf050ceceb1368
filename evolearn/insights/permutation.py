"""Permutation importance of the original columns on given rows, with intervals."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from evolearn.data import shuffled_column, take_rows
from evolearn.insights.importances import COVERAGE, NORMAL_QUANTILE
from evolearn.results.insights import Importances
from evolearn.tasks.base import Task
from evolearn.tasks.predictions import Floats
from evolearn.tasks.scoring import Objective

# Rows that are predicted, drawn of more: the intervals show whether they are enough.
MOST_ROWS = 5_000
# Rows that are predicted to measure the time, and share of a time limit in which every column
# is to be exchanged once, with fewer rows if need be.
PILOT_ROWS, FIRST_SHARE = 200, 0.5
# Samples of the rows, with replacement, from which the intervals are computed.
N_SAMPLES = 50


class PermutationImportances:
    """Increase of a model's error if the values of a column are exchanged among the rows.

    Parameters
    ----------
    model : estimator
        Takes the table.
    task : Task
    objective : Objective
        Of the error. Its scorer gets predictions, and never the table.
    X : table of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    rng : numpy.random.Generator
    """

    def __init__(
        self,
        model: Any,
        task: Task,
        objective: Objective,
        X: Any,
        y: NDArray[Any],
        rng: np.random.Generator,
    ) -> None:
        self._model, self._task, self._objective = model, task, objective
        self._X, self._y, self._rng = X, y, rng
        self._take(MOST_ROWS)

    def _take(self, n_wanted: int) -> None:
        """Keep at most so many rows, and draw the samples of them."""
        if len(self._y) > n_wanted:
            rows = self._rng.permutation(len(self._y))[:n_wanted]
            self._X, self._y = take_rows(self._X, rows), self._y[rows]
        n = len(self._y)
        self._encoded = self._task.encoded(self._y)
        samples = [self._rng.integers(n, size=n) for _ in range(N_SAMPLES)]
        self._samples = [np.arange(n), *samples]

    def _affordable_rows(self, n_tables: int, seconds: float) -> int:
        """Return the number of rows of which so many tables can be predicted in time."""
        few = take_rows(self._X, np.arange(min(PILOT_ROWS, len(self._y))))
        self._predictions(few)  # the first call may load libraries
        started = time.monotonic()
        self._predictions(few)
        one = max(time.monotonic() - started, 1e-9)
        return max(int(PILOT_ROWS * seconds / (n_tables * one)), PILOT_ROWS)

    def measure(
        self, groups: Mapping[str, Sequence[int]], n_repeats: int, time_limit: float
    ) -> Importances:
        """Return the importances.

        Parameters
        ----------
        groups : dict of str to sequence of int
            Positions of the columns that are exchanged together, by the name of the group;
            those first that matter most if time runs out.
        n_repeats : int
            Number of orders in which each group is exchanged.
        time_limit : float
            Seconds after which no further group is begun; at least one is measured.
        """
        end = time.monotonic() + time_limit
        n_affordable = self._affordable_rows(len(groups) + 1, FIRST_SHARE * time_limit)
        if n_affordable < len(self._y):
            self._take(n_affordable)
        self._usual = self._errors(self._X)
        found: dict[str, list[Floats]] = {name: [] for name in groups}
        for name in (name for _ in range(n_repeats) for name in groups):
            if time.monotonic() > end and any(found.values()):
                break
            found[name].append(self._increases(groups[name]))
        columns = list(found.values())
        importance, half = zip(*map(_mean_and_half_width, columns), strict=True)
        return Importances(
            measure=f"increase of the error ({self._objective.error_name}) if the values of a "
            "column are exchanged among the rows",
            columns_of_table=tuple(groups),
            importance=importance,
            lower=tuple(m - h for m, h in zip(importance, half, strict=True)),
            upper=tuple(m + h for m, h in zip(importance, half, strict=True)),
            coverage=COVERAGE,
            n_rows=len(self._encoded),
            n_repeats=max(map(len, columns)),
            note=_note(columns, n_repeats),
        )

    def _increases(self, columns: Sequence[int]) -> Floats:
        """Return the increase of the error for all rows, then for each sample of them."""
        order = self._rng.permutation(len(self._encoded))
        table = self._X
        for column in columns:
            table = shuffled_column(table, column, order)
        return self._errors(table) - self._usual

    def _errors(self, X: Any) -> Floats:
        """Return the error for all rows, then for each sample; NaN where there is no score."""
        predictions = self._predictions(X)
        errors = np.full(len(self._samples), np.nan)
        for i, rows in enumerate(self._samples):
            try:
                score = self._task.score_predictions(
                    predictions[rows], self._encoded[rows], self._objective, None
                )
            except ValueError:
                if i == 0:  # of all rows, there has to be a score
                    raise
                continue
            errors[i] = self._objective.error(score)
        return errors

    def _predictions(self, X: Any) -> Floats:
        # Of 4,000 rows an ensemble took 0.5 s with one thread and, on busy cores, 5 s with two.
        with threadpool_limits(1):
            return self._predicted(X)

    def _predicted(self, X: Any) -> Floats:
        if self._task.can_predict(self._model):
            return self._task.predictions_of(self._model, X)
        return self._task.perfect_predictions(self._model.predict(X))


def _mean_and_half_width(repeats: Sequence[Floats]) -> tuple[float, float]:
    """Return the mean increase, and half the width of its interval; NaN without repeats."""
    if not repeats:
        return math.nan, math.nan
    table = np.array(repeats)
    means = table.mean(axis=0)
    variance = float(np.nanvar(means[1:]))  # by the chance of the rows
    if len(repeats) > 1:  # and of the orders
        variance += float(table[:, 0].var(ddof=1)) / len(repeats)
    return float(means[0]), NORMAL_QUANTILE * variance**0.5


def _note(columns: Sequence[Sequence[Floats]], n_repeats: int) -> str:
    """Return a sentence on columns, or repeats, for which no time was left."""
    missing = sum(not repeats for repeats in columns)
    if missing:
        return f"No time was left for {missing} of {len(columns)} columns."
    fewest = min(map(len, columns))
    return "" if fewest == n_repeats else f"Time ran out after {fewest} of {n_repeats} repeats."
