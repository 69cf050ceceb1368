"""Pooling of the probabilities of several models: a weighted mean of their logarithms.

A logarithmic opinion pool (Genest and Zidek, "Combining probability distributions", Statistical
Science 1986) of members whose sharpness was corrected first (temperature scaling: Guo et al.,
"On calibration of modern neural networks", ICML 2017). On most tables of the suite it has a
lower error than the mean of the probabilities: a forest is underconfident, overfitted boosted
trees are overconfident, and in a plain mean the underconfident members dominate.
"""

import numpy as np
from scipy.special import expit

from evolearn.tasks.predictions import Floats, Indices

# Lower probabilities are raised to this one: no member can rule out a class by itself.
LEAST_PROBABILITY = 1e-4
# The least and the largest factor of logarithms: the few rows of a small table can neither
# make members uniform nor certain.
SHARPNESS_BOUNDS = (0.2, 5.0)
# The most steps of Newton's method, which converges in four or five.
MOST_STEPS = 12


def logarithms(probabilities: Floats) -> Floats:
    """Return logarithms of probabilities, of shape (n_samples, n_classes)."""
    return np.log(np.maximum(probabilities, LEAST_PROBABILITY))


def pooled(mean: Floats) -> Floats:
    """Return the softmax of each row: probabilities of unnormalised logarithms."""
    if mean.shape[1] == 2:  # sums over rows of two are slow, and a selection needs thousands
        second = expit(mean[:, 1] - mean[:, 0])
        return np.column_stack([1 - second, second])
    shifted = np.exp(mean - mean.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)


def sharpness(logs: Floats, codes: Indices, weights: Floats | None) -> float:
    """Return the factor of logarithms of probabilities with which their log loss is lowest.

    `codes` are the positions of the true classes.
    """
    logs = logs - logs.max(axis=1, keepdims=True)
    of_truth = np.average(logs[np.arange(len(codes)), codes], weights=weights)
    factor = 1.0
    for _ in range(MOST_STEPS):
        # The log loss is convex in the factor; slope and curvature are those of a softmax.
        shares = np.exp(factor * logs)
        shares /= shares.sum(axis=1, keepdims=True)
        means = (shares * logs).sum(axis=1)
        variances = (shares * logs**2).sum(axis=1) - means**2
        slope = np.average(means, weights=weights) - of_truth
        curvature = np.average(variances, weights=weights)
        if curvature <= 0:
            break
        # No further than to half or twice at a time: far off, the parabola misleads.
        step = np.clip(factor - slope / curvature, factor / 2, factor * 2)
        step = float(np.clip(step, *SHARPNESS_BOUNDS))
        if abs(step - factor) < 1e-3:
            return step
        factor = step
    return factor
