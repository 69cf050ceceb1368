"""Intervals and quantiles of numbers: conformal prediction with out-of-fold residuals.

A new row's residual is taken to be one of those that cross-validation has seen, as in the CV+
of Barber, Candes, Ramdas and Tibshirani ("Predictive inference with the jackknife+", Annals of
Statistics 2021), but around the prediction of the model that was fitted on all rows. Residuals
are divided by their expected size where that makes intervals narrower (normalised conformal
prediction: Papadopoulos, Gammerman and Vovk 2008; Lei et al., JASA 2018).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

from evolearn.uncertainty.distribution import kept_quantiles
from evolearn.uncertainty.residual_scale import (
    FEWEST_ROWS,
    affordable_rows,
    fit_residual_scale,
    with_prediction,
)

Floats = NDArray[np.float64]

# Each end of an interval has a quantile of its own if so many residuals are beyond it;
# with fewer, both are that of the absolute residuals, which is less uncertain.
FEWEST_BEYOND = 10
# Coverage of the intervals by which the expected size of residuals is judged, and their mean
# width, relative to that of intervals of one width, from which on it is used.
JUDGED, WORTHWHILE = 0.9, 0.98
# No row is expected to have residuals below this share of the median: it would be luck.
LEAST_SHARE = 0.2


@dataclass(frozen=True, eq=False)
class IntervalCalibration:
    """The distribution of residuals, from which intervals of new predictions are made.

    Attributes
    ----------
    residuals : ndarray of shape (n_kept,)
        Sorted out-of-fold residuals, divided by their expected size. Of many rows, quantiles.
    n_rows : int
        Number of rows that they are from.
    forest : RandomForestRegressor or None
        Predicts the square root of the expected size; None where it is the same for all rows.
    floor : float
        The least expected size.
    nonnegative : bool
        Whether no value of the target was negative; then no interval goes below zero.
    """

    residuals: Floats
    n_rows: int
    forest: RandomForestRegressor | None
    floor: float
    nonnegative: bool

    def interval(self, predictions: Floats, matrix: Any, coverage: float) -> Floats:
        """Return the lower and the upper end for each row.

        Parameters
        ----------
        predictions : ndarray of shape (n_samples,)
        matrix : ndarray of shape (n_samples, n_columns)
            The numeric matrix of the rows.
        coverage : float
            Between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, 2)

        Raises
        ------
        ValueError
            If there are too few rows for this coverage.
        """
        low, high = self._ends(coverage)
        return self._around(predictions, matrix, np.array([low, high]))

    def quantiles(self, predictions: Floats, matrix: Any, levels: Sequence[float]) -> Floats:
        """Return quantiles of the target for each row, of shape (n_samples, n_levels)."""
        return self._around(predictions, matrix, np.quantile(self.residuals, levels))

    def _around(self, predictions: Floats, matrix: Any, offsets: Floats) -> Floats:
        scale = self.scale(predictions, matrix)
        values = predictions[:, None] + scale[:, None] * offsets
        return np.maximum(values, 0.0) if self.nonnegative else values

    def scale(self, predictions: Floats, matrix: Any) -> Floats:
        """Return the expected size of each row's residual, of shape (n_samples,)."""
        if self.forest is None:
            return np.ones(len(predictions))
        expected = self.forest.predict(with_prediction(matrix, predictions)) ** 2
        return np.maximum(expected, self.floor)

    def _ends(self, coverage: float) -> tuple[float, float]:
        """Return the residuals, in units of their expected size, between which is the share."""
        n, outside = self.n_rows, 1 - coverage
        # A new residual has any of n + 1 ranks with the same probability.
        if n * outside / 2 >= FEWEST_BEYOND:
            ranks = np.array([outside / 2 * (n + 1) - 1, (1 - outside / 2) * (n + 1) - 1])
            low, high = np.quantile(self.residuals, np.clip(ranks / (n - 1), 0, 1))
            return float(low), float(high)
        rank = coverage * (n + 1)
        if rank > n:
            needed, most = int(np.ceil(coverage / outside)), np.floor(100 * n / (n + 1)) / 100
            msg = (
                f"coverage={coverage:g} needs at least {needed} scored rows, there are {n}; "
                f"pass at most {most:g}."
            )
            raise ValueError(msg)
        half = float(np.quantile(np.abs(self.residuals), max(rank - 1, 0) / max(n - 1, 1)))
        return -half, half


def calibrate_intervals(
    matrix: Any,
    predictions: Floats,
    target: Floats,
    weights: Floats | None,
    *,
    factor: float = 1.0,
    seconds: float = float("inf"),
    seed: int = 0,
) -> IntervalCalibration:
    """Return the calibration of intervals by out-of-fold predictions.

    Parameters
    ----------
    matrix : ndarray of shape (n_rows, n_columns), or None
        The numeric matrix of the scored rows; None: residuals have one size for all rows.
    predictions, target : ndarray of shape (n_rows,)
    weights : ndarray of shape (n_rows,) or None
    factor : float
        By which residuals of the final models are smaller.
    seconds : float
        The time that may be spent.
    seed : int
    """
    residuals = factor * (target - predictions)
    constant = _calibration(residuals, weights, None, None, target)
    if matrix is None:
        return constant
    n_rows = min(affordable_rows(seconds, matrix.shape[1] + 1), len(residuals))
    if n_rows < FEWEST_ROWS:
        return constant
    rows = np.sort(np.random.default_rng(seed).permutation(len(residuals))[:n_rows])
    of_rows = None if weights is None else weights[rows]
    table = with_prediction(matrix[rows], predictions[rows])
    forest, scale = fit_residual_scale(table, residuals[rows], of_rows, seed)
    scaled = _calibration(residuals[rows], of_rows, forest, scale, target)
    scale = np.maximum(scale, scaled.floor)
    if _width(scaled) * np.average(scale, weights=of_rows) < WORTHWHILE * _width(constant):
        return scaled
    return constant


def _calibration(
    residuals: Floats,
    weights: Floats | None,
    forest: RandomForestRegressor | None,
    scale: Floats | None,
    target: Floats,
) -> IntervalCalibration:
    floor = 0.0
    if scale is not None:
        floor = max(LEAST_SHARE * float(np.median(scale)), float(np.finfo(float).tiny))
        residuals = residuals / np.maximum(scale, floor)
    kept = kept_quantiles(residuals, weights)
    n_rows = len(residuals) if weights is None else int(np.count_nonzero(weights))
    return IntervalCalibration(kept, n_rows, forest, floor, bool(target.min() >= 0))


def _width(calibration: IntervalCalibration) -> float:
    low, high = np.quantile(calibration.residuals, [(1 - JUDGED) / 2, (1 + JUDGED) / 2])
    return float(high - low)
