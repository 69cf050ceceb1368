"""Rows that are drawn for a comparison, where there are no rows of the user."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.data import ColumnInfo
from evolearn.pipeline.problem import Problem

SEED = 0
# Rows that are drawn at least, rows of each class, and the most: enough for the folds of an
# encoder and for early stopping, and few enough that a model is trained in seconds.
FEWEST, OF_EACH_CLASS, MOST = 160, 12, 2_000
# Share of missing cells in columns that may have some.
MISSING = 0.08
# Notations of dates by the order of day, month and year.
_DATES = {"": "%Y-%m-%d", "ymd": "%Y-%m-%d", "dmy": "%d.%m.%Y", "mdy": "%m/%d/%Y"}
_WORDS = ("red", "green", "blue", "small", "large", "old", "new", "fast", "slow", "round")


def drawn_rows(
    columns: tuple[ColumnInfo, ...] | None, problem: Problem, task: Any
) -> tuple[Any, NDArray[Any]]:
    """Return a table with the columns of a search, and a target; its seed is fixed.

    The table is an array of objects, or of numbers if there are no `columns` to be read.
    """
    rng = np.random.default_rng(SEED)
    classes = getattr(task, "classes", ())
    per_class = max(OF_EACH_CLASS, problem.table.n_columns + 5)
    n_rows = int(np.clip(per_class * len(classes), FEWEST, MOST))
    n_rows = max(n_rows, OF_EACH_CLASS * len(classes))
    has_missing = problem.table.has_missing
    if columns is None:
        table: Any = _numbers(rng, (n_rows, problem.table.n_columns), has_missing)
        signal = np.nansum(table, axis=1)
    else:
        table = np.empty((n_rows, len(columns)), dtype=object)
        signal = rng.standard_normal(n_rows)
        for j, info in enumerate(columns):
            table[:, j], change = _column(rng, info, n_rows, has_missing)
            signal += change
    return table, _target(rng, signal, problem, classes)


def _numbers(rng: np.random.Generator, shape: Any, has_missing: bool) -> NDArray[Any]:
    numbers = np.round(10 * rng.standard_normal(shape), 3)
    if has_missing:
        numbers[rng.random(shape) < MISSING] = np.nan
    return numbers


def _column(
    rng: np.random.Generator, info: ColumnInfo, n_rows: int, has_missing: bool
) -> tuple[Any, Any]:
    """Return the cells of a column, and what they add to the signal of the target."""
    if info.kind == "numeric":
        numbers = _numbers(rng, n_rows, has_missing)
        change = np.nan_to_num(numbers) / 10
        if info.text_format is not None:
            return _marked(rng, info, [_number_text(one, info) for one in numbers]), change
        return numbers + info.offset, change
    if info.kind == "datetime":
        seconds = rng.integers(10**9, 17 * 10**8, n_rows)
        days = seconds.astype("datetime64[s]").astype("datetime64[us]").tolist()
        if info.text_format is not None:
            pattern = _DATES.get(getattr(info.text_format, "order", ""), _DATES[""])
            return _marked(rng, info, [day.strftime(pattern) for day in days]), 0.0
        return days, 0.0
    if info.kind == "timedelta":
        seconds = rng.integers(1, 80_000, n_rows)
        if info.text_format is not None:
            clocks = [f"{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in seconds]
            return _marked(rng, info, clocks), seconds / 20_000
        return seconds.astype("timedelta64[s]").tolist(), seconds / 20_000
    if info.kind == "vector":
        shape = (n_rows, max(map(int, info.parts)) + 1)
        return [", ".join(map(str, row)) for row in _numbers(rng, shape, False)], 0.0
    if info.kind == "text":
        count = rng.integers(1, 8, n_rows)
        return [" ".join(rng.choice(_WORDS, n)) for n in count], count / 4
    return _categories(rng, info, n_rows)


def _categories(rng: np.random.Generator, info: ColumnInfo, n_rows: int) -> tuple[Any, Any]:
    values: list[Any] = []
    for category in info.categories or ("a", "b"):
        # An array has no order of its own: categories that are sorted in it as well.
        if not values or category > values[-1]:
            values.append(category)
    codes = rng.integers(0, len(values), n_rows)
    cells: list[Any] = [values[code] for code in codes]
    for i in np.flatnonzero(rng.random(n_rows) < MISSING):
        cells[i] = None
    return cells, codes % 3 - 1.0


def _number_text(number: float, info: ColumnInfo) -> str | None:
    if np.isnan(number):
        return None
    return f"{number:.3f}".replace(".", getattr(info.text_format, "decimal", "."))


def _marked(rng: np.random.Generator, info: ColumnInfo, cells: list[Any]) -> list[Any]:
    """Return texts of which some are the column's marks."""
    if info.marks:
        for i in np.flatnonzero(rng.random(len(cells)) < 2 * MISSING):
            cells[i] = str(rng.choice(info.marks))
    return cells


def _target(
    rng: np.random.Generator, signal: NDArray[Any], problem: Problem, classes: Any
) -> NDArray[Any]:
    if not len(classes):
        noisy = signal + 0.1 * rng.standard_normal(len(signal))
        return noisy - noisy.min() if problem.positive_target else noisy
    codes = np.sort(np.arange(len(signal)) % len(classes))
    places = np.argsort(signal + rng.standard_normal(len(signal)), kind="stable")
    y = np.empty(len(signal), dtype=np.asarray(classes).dtype)
    y[places] = np.asarray(classes)[codes]
    return y
