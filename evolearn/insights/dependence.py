"""Dependence of predictions on the values of a column, from exchanged values alone."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.insights.columns import ReadableColumn
from evolearn.insights.importances import Exchange
from evolearn.results.insights import Dependence, Importances
from evolearn.tasks.base import Task

MOST_COLUMNS = 4
# Points of a curve, and the fewest rows of one.
MOST_POINTS, FEWEST_AT_POINT = 6, 5
MOST_OUTCOMES = 3


def dependence_of(
    exchange: Exchange,
    importances: Importances,
    columns: Sequence[ReadableColumn],
    matrix: Any,
    task: Task,
) -> tuple[Dependence, ...]:
    """Return the curves of the most important columns, one per outcome.

    Each row was predicted with its own value of a column and with that of another row. The
    differences of these predictions are explained by effects of both values, by least squares.
    For an additive model these are the effects of partial dependence without noise.
    """
    names, usual = task.outcomes(exchange.usual)
    likeliest = np.sort(np.argsort(-usual.mean(axis=0), kind="stable")[:MOST_OUTCOMES])
    by_source: dict[int, ReadableColumn] = {}
    for column in columns:
        by_source.setdefault(column.source, column)
    curves: list[Dependence] = []
    found = 0
    for source in importances.order:
        if found == MOST_COLUMNS or importances.importance[source] == 0:
            break
        if source not in by_source:
            continue
        values = np.asarray(matrix[exchange.rows, by_source[source].place], dtype=np.float64)
        changes = task.outcomes(exchange.exchanged[source])[1] - usual
        new = list(_curves(by_source[source], values, changes[:, likeliest]))
        found += bool(new)
        for k, points, effect, count in new:
            name = names[likeliest[k]]
            curves.append(Dependence(by_source[source].name, points, name, effect, count))
    return tuple(curves)


def _curves(
    column: ReadableColumn, values: NDArray[np.float64], changes: NDArray[np.float64]
) -> Iterator[tuple[int, tuple[Any, ...], tuple[float, ...], tuple[int, ...]]]:
    """Yield (outcome, points, effects, counts) of a column; nothing if all values are alike."""
    bins, points = _binned(column, values)
    if len(points) < 2:
        return
    before, after = bins, np.roll(bins, 1)
    known = (before >= 0) & (after >= 0)
    design = np.zeros((int(known.sum()), len(points)))
    places = np.arange(len(design))
    np.add.at(design, (places, after[known]), 1.0)
    np.add.at(design, (places, before[known]), -1.0)
    counts = np.bincount(bins[bins >= 0], minlength=len(points))
    for k in range(changes.shape[1]):
        effect = np.linalg.lstsq(design, changes[known, k], rcond=None)[0]
        effect = effect - np.average(effect, weights=counts)
        yield k, points, tuple(effect.tolist()), tuple(counts.tolist())


def _binned(
    column: ReadableColumn, values: NDArray[np.float64]
) -> tuple[NDArray[np.intp], tuple[Any, ...]]:
    """Return the bin of each value, -1 for none, and a typical value of each bin."""
    there = ~np.isnan(values)
    bins = np.full(len(values), -1, dtype=np.intp)
    if column.categories:
        codes = values[there].astype(np.intp)
        counts = np.bincount(codes, minlength=len(column.categories))
        frequent = np.argsort(-counts, kind="stable")[:MOST_POINTS]
        kept = [j for j in np.sort(frequent) if counts[j] >= FEWEST_AT_POINT]
        for i, code in enumerate(kept):
            bins[values == code] = i
        return bins, tuple(column.categories[j] for j in kept)
    n_bins = min(MOST_POINTS, int(there.sum()) // FEWEST_AT_POINT)
    if n_bins < 2:
        return bins, ()
    edges = np.unique(np.quantile(values[there], np.linspace(0, 1, n_bins + 1)[1:-1]))
    bins[there] = np.searchsorted(edges, values[there], side="left")
    full = np.unique(bins[there])  # ties may leave a bin empty
    bins[there] = np.searchsorted(full, bins[there])
    centres = [column.value(np.median(values[bins == i])) for i in range(len(full))]
    return bins, tuple(centres)
