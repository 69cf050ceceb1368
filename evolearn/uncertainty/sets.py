"""Sets of classes: conformal prediction with out-of-fold probabilities.

Adaptive prediction sets (Romano, Sesia and Candes, "Classification with valid and adaptive
coverage", NeurIPS 2020): a set has the most probable classes, and more of them where the model
is less sure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evolearn.uncertainty.distribution import kept_quantiles

Floats = NDArray[np.float64]

# Factors by which probabilities become a number between 0 and 1 that looks drawn by chance.
MIXED, SHIFT = 12.9898, 43758.5453


@dataclass(frozen=True, eq=False)
class SetCalibration:
    """The distribution of conformal scores of the true classes.

    Attributes
    ----------
    scores : ndarray of shape (n_kept,)
        Sorted scores of the out-of-fold rows. Of many rows, quantiles.
    n_rows : int
        Number of rows that they are from.
    """

    scores: Floats
    n_rows: int

    def sets(
        self, probabilities: Floats, coverage: float, allow_empty: bool
    ) -> NDArray[np.bool_]:
        """Return for each row which classes are in its set.

        Parameters
        ----------
        probabilities : ndarray of shape (n_samples, n_classes)
        coverage : float
            Between 0 and 1.
        allow_empty : bool
            Whether sets without any class are left as they are.

        Returns
        -------
        ndarray of bool of shape (n_samples, n_classes)
        """
        n = self.n_rows
        level = max(coverage * (n + 1) - 1, 0) / max(n - 1, 1)
        # With too few rows for this coverage, every class is in every set.
        limit = float(np.quantile(self.scores, level)) if level <= 1 else np.inf
        inside = conformal_scores(probabilities) <= limit
        if not allow_empty:
            inside[np.arange(len(inside)), probabilities.argmax(axis=1)] = True
        return inside


def calibrate_sets(
    probabilities: Floats, codes: NDArray[np.intp], weights: Floats | None
) -> SetCalibration:
    """Return the calibration of sets by out-of-fold probabilities.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_classes)
    codes : ndarray of shape (n_rows,)
        Positions of the true classes.
    weights : ndarray of shape (n_rows,) or None
    """
    scores = conformal_scores(probabilities)[np.arange(len(codes)), codes]
    n_rows = len(scores) if weights is None else int(np.count_nonzero(weights))
    return SetCalibration(kept_quantiles(scores, weights), n_rows)


def conformal_scores(probabilities: Floats) -> Floats:
    """Return the score of each class, of shape (n_samples, n_classes).

    It is the probability of all classes that are more probable, and a part of its own. The part
    is between 0 and 1, and the same for all classes of a row. It follows from the probabilities
    alone, so that a row has the same set wherever it stands.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ordered = np.take_along_axis(probabilities, order, axis=1)
    mixed = np.sin(MIXED * np.arange(1, ordered.shape[1] + 1) * ordered).sum(axis=1) * SHIFT
    part = mixed - np.floor(mixed)
    ordered = np.cumsum(ordered, axis=1) - (1 - part[:, None]) * ordered
    scores = np.empty_like(ordered)
    np.put_along_axis(scores, order, ordered, axis=1)
    return scores
