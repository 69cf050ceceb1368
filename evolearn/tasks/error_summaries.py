"""Summaries of out-of-fold errors: residuals, or confusion and calibration of classes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.results.error_summaries import ClassificationSummary, Numbers, ResidualSummary
from evolearn.tasks.predictions import Floats

# Bins of predictions, and the fewest rows of one: no bin shows a single row.
MOST_BINS, FEWEST_IN_BIN = 10, 5
BARS = 20
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
# Residuals beyond these quantiles are counted in the outer bars of the histogram.
OUTER = (0.01, 0.99)
# Classes of the confusion matrix; all others are one class.
MOST_CLASSES = 20


def summary_of_residuals(predictions: Floats, values: Floats) -> ResidualSummary:
    """Return the summary of predicted and true numbers."""
    residuals = values - predictions
    squares, variance = float(np.mean(residuals**2)), float(np.var(values))
    bins = _bins(predictions)
    quantiles = [np.quantile(residuals[rows], LEVELS) for rows in bins]
    low, high = np.quantile(residuals, OUTER)
    edges = np.linspace(low, high if high > low else low + 1.0, BARS + 1)
    bars, _ = np.histogram(np.clip(residuals, edges[0], edges[-1]), edges)
    return ResidualSummary(
        n_rows=len(values),
        mean_absolute_error=float(np.mean(np.abs(residuals))),
        root_mean_squared_error=squares**0.5,
        r2=1.0 - squares / variance if variance > 0 else float("nan"),
        bias=float(np.mean(residuals)),
        predicted=tuple(float(np.mean(predictions[rows])) for rows in bins),
        actual=tuple(float(np.mean(values[rows])) for rows in bins),
        count=tuple(map(len, bins)),
        quantiles={
            level: tuple(float(of_bin[i]) for of_bin in quantiles)
            for i, level in enumerate(LEVELS)
        },
        edges=_floats(edges),
        bars=tuple(map(int, bars)),
    )


def summary_of_classes(
    probabilities: Floats, codes: NDArray[Any], names: list[str]
) -> ClassificationSummary:
    """Return the summary of predicted probabilities and the positions of the true classes."""
    predicted = probabilities.argmax(axis=1)
    if len(names) == 2:
        calibrated, probability, has_class = names[1], probabilities[:, 1], codes == 1
    else:
        calibrated, probability = "", probabilities.max(axis=1)
        has_class = predicted == codes
    bins = _bins(probability)
    means = np.array([probability[rows].mean() for rows in bins])
    shares = np.array([has_class[rows].mean() for rows in bins])
    sizes = np.array([len(rows) for rows in bins])
    classes, confusion = _confusion(predicted, codes, names)
    return ClassificationSummary(
        n_rows=len(codes),
        accuracy=float(np.mean(predicted == codes)),
        classes=classes,
        confusion=confusion,
        calibrated_class=calibrated,
        probability=_floats(means),
        frequency=_floats(shares),
        count=tuple(map(int, sizes)),
        calibration_error=float(np.average(np.abs(means - shares), weights=sizes)),
    )


def _confusion(
    predicted: NDArray[Any], codes: NDArray[Any], names: list[str]
) -> tuple[tuple[str, ...], tuple[tuple[int, ...], ...]]:
    """Return the names of the most frequent classes, and the confusion matrix."""
    kept = np.arange(len(names))
    if len(names) > MOST_CLASSES:
        counts = np.bincount(codes, minlength=len(names))
        kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_CLASSES])
    places = np.full(len(names), len(kept))
    places[kept] = np.arange(len(kept))
    shown = [names[j] for j in kept] + ["others"] * (len(names) > len(kept))
    matrix = np.zeros((len(shown), len(shown)), dtype=int)
    np.add.at(matrix, (places[codes], places[predicted]), 1)
    return tuple(shown), tuple(tuple(map(int, row)) for row in matrix)


def _bins(values: Floats) -> list[NDArray[np.intp]]:
    """Return the rows of bins of equally many values, by rising values."""
    n_bins = max(1, min(MOST_BINS, len(values) // FEWEST_IN_BIN))
    return list(np.array_split(np.argsort(values, kind="stable"), n_bins))


def _floats(values: Any) -> Numbers:
    return tuple(map(float, values))
