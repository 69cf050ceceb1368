"""The distribution of many numbers, kept as quantiles."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# The most quantiles that are kept: a tail of a hundredth then has ten.
MOST_KEPT = 1_001


def kept_quantiles(values: Floats, weights: Floats | None = None) -> Floats:
    """Return the sorted values, or quantiles of many or weighted ones.

    Parameters
    ----------
    values : ndarray of shape (n_values,)
    weights : ndarray of shape (n_values,), default=None
        Not negative; values of weight zero do not count.

    Returns
    -------
    ndarray of shape (n_kept,)
        At levels of equal distance from 0 to 1.
    """
    if weights is None:
        return np.quantile(values, np.linspace(0, 1, min(len(values), MOST_KEPT)))
    values, weights = values[weights > 0], weights[weights > 0]
    order = np.argsort(values, kind="stable")
    places = np.cumsum(weights[order]) - weights[order] / 2
    places = (places - places[0]) / max(places[-1] - places[0], np.finfo(float).tiny)
    return np.interp(np.linspace(0, 1, min(len(values), MOST_KEPT)), places, values[order])
