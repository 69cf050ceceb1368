"""Permutation importance of the original columns on given rows, with intervals."""

import math
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.data import n_rows, shuffled_column, take_rows
from evolearn.insights.importances import COVERAGE, NORMAL_QUANTILE
from evolearn.results.insights import Importances
from evolearn.results.numbers import error_name
from evolearn.tasks.base import Task
from evolearn.tasks.predictions import Floats
from evolearn.tasks.scoring import Objective

# Rows that are predicted, drawn of more: the intervals show whether they are enough.
MOST_ROWS = 5_000
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
        if n_rows(X) > MOST_ROWS:
            rows = rng.permutation(n_rows(X))[:MOST_ROWS]
            X, y = take_rows(X, rows), y[rows]
        self._model, self._task, self._objective = model, task, objective
        self._X, self._encoded, self._rng = X, task.encoded(y), rng
        every = np.arange(len(y))
        samples = [rng.integers(len(y), size=len(y)) for _ in range(N_SAMPLES)]
        # A sample of one class, or of one row again and again, may have no score.
        self._samples = [every, *samples]
        self._usual = self._errors(X)

    def measure(
        self, names: Sequence[str], order: Sequence[int], n_repeats: int, time_limit: float
    ) -> Importances:
        """Return the importances.

        Parameters
        ----------
        names : sequence of str
            Names of the columns.
        order : sequence of int
            Their positions, those first that matter most if time runs out.
        n_repeats : int
            Number of orders in which each column is exchanged.
        time_limit : float
            Seconds after which no further column is begun; at least one is measured.
        """
        end = time.monotonic() + time_limit
        found: dict[int, list[Floats]] = {j: [] for j in order}
        for column in (j for _ in range(n_repeats) for j in order):
            if time.monotonic() > end and any(found.values()):
                break
            found[column].append(self._increases(column))
        columns = [found[j] for j in range(len(names))]
        importance, half = zip(*map(_mean_and_half_width, columns), strict=True)
        name = error_name(self._objective.name, self._objective.optimum)
        return Importances(
            measure=f"increase of the error ({name}) if the values of a column are exchanged "
            "among the rows",
            columns_of_table=tuple(names),
            importance=importance,
            lower=tuple(m - h for m, h in zip(importance, half, strict=True)),
            upper=tuple(m + h for m, h in zip(importance, half, strict=True)),
            coverage=COVERAGE,
            n_rows=len(self._encoded),
            n_repeats=max(map(len, columns)),
            note=_note(columns, n_repeats),
        )

    def _increases(self, column: int) -> Floats:
        """Return the increase of the error for all rows, then for each sample of them."""
        order = self._rng.permutation(len(self._encoded))
        return self._errors(shuffled_column(self._X, column, order)) - self._usual

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
