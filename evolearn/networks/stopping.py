"""Early stopping: training ends when rows that were held out say so."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evolearn.networks.layers import Floats

Rows = NDArray[np.intp]


@dataclass
class EarlyStopping:
    """Keeps the weights that were best on held-out rows.

    Attributes
    ----------
    patience : int
        Epochs without a lower loss after which training ends.
    rows : ndarray of int
        The rows that are held out.
    curve : list of float
        The loss on the held-out rows after each epoch.
    """

    patience: int
    rows: Rows
    curve: list[float] = field(default_factory=list)
    _weights: Floats | None = None

    def note(self, loss: float, weights: Floats) -> bool:
        """Take note of the loss after an epoch; tell whether training shall end."""
        if not self.curve or loss < min(self.curve):
            self._weights = weights.copy()
        self.curve.append(loss)
        return len(self.curve) - 1 - int(np.argmin(self.curve)) >= self.patience

    def restore(self, weights: Floats) -> None:
        """Write the best weights there were."""
        if self._weights is not None:
            weights[...] = self._weights


def split_rows(n_rows: int, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Return the rows to train on and those that are held out.

    Raises
    ------
    ValueError
        If none are left to train on.
    """
    n_held_out = max(1, round(fraction * n_rows))
    if n_held_out >= n_rows:
        msg = (
            f"validation_fraction={fraction} of {n_rows} rows leaves none to train on; set "
            "early_stopping=False."
        )
        raise ValueError(msg)
    order = np.random.default_rng(seed).permutation(n_rows)
    return np.sort(order[n_held_out:]), np.sort(order[:n_held_out])
