"""What a network sees of a table: columns scaled, clipped, and spread over several inputs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.networks.categories import CategoryVectors, Positions

Floats = NDArray[np.float32]

# Columns with fewer different values than this are seen as they are: they are flags, counts of
# little, or one-hot encoded.
FEWEST_VALUES = 5
# Rows that are looked at to find quantiles and different values.
MOST_ROWS = 20_000
# Where scaled values are bent back to, as in RealMLP: outliers stay apart, but near.
CLIP = 3.0
# Standard deviations beyond which a value is as far away as any: squares must not overflow.
FARTHEST = 1e6
# The least width of a bin: whatever is not zero, its slope is a number.
SMALLEST = float(np.finfo(np.float32).tiny)


@dataclass
class Embedding:
    """Turns columns into the inputs of a network.

    Every column is centred and scaled, and bent so that it stays within three. Those with many
    different values are also spread: over their ``n_bins`` quantile bins ("piecewise": how much
    of each bin lies below the value) or over sines and cosines of ``n_bins`` frequencies each
    ("periodic"), so that a network follows sharp changes (Gorishniy, Rubachev and Babenko, "On
    embeddings for numerical features in tabular deep learning", NeurIPS 2022).

    Columns of categories become vectors that are trained (`CategoryVectors`), the last inputs.

    Attributes
    ----------
    kind : {"none", "piecewise", "periodic"}
    n_bins : int
    scale : float
        The standard deviation of the frequencies, per standard deviation of the column.
    categories : ndarray of int
        The positions of the columns of categories; there are none in a CSR matrix.
    """

    kind: str
    n_bins: int
    scale: float
    categories: Positions

    def fit(self, X: Any, rng: np.random.Generator) -> "Embedding":
        """Learn from the rows of X, a dense or CSR matrix."""
        self.vectors = None
        if len(self.categories):
            self.vectors = CategoryVectors(self.categories).fit(X)
            self._numbers = np.delete(np.arange(X.shape[1]), self.categories)
            X = X[:, self._numbers]
        self.sparse = not isinstance(X, np.ndarray)
        if self.sparse:
            # Zeros must stay zeros: scaled by the largest value alone, and not spread.
            largest = np.asarray(abs(X).max(axis=0).todense(), dtype=np.float64).ravel()
            self.centre = np.zeros(X.shape[1], dtype=np.float64)
            self.width = np.where(largest > 0, largest, 1.0)
            self.spread = np.zeros(0, dtype=np.intp)
        else:
            self.centre = X.mean(axis=0, dtype=np.float64)
            width = X.std(axis=0, dtype=np.float64)
            # What varies less than rounding errors do is constant.
            tiny = 1e-13 * np.maximum(np.abs(self.centre), np.finfo(np.float32).tiny)
            self.width = np.where(width > tiny, width, 1.0)
            # Flags, such as one-hot encoded categories, stay as they are: rare ones would
            # become huge.
            flags = ((X == 0) | (X == 1)).all(axis=0)
            self.centre[flags], self.width[flags] = 0.0, 1.0
            self._fit_spread(X, rng)
        return self

    def _fit_spread(self, X: NDArray[Any], rng: np.random.Generator) -> None:
        if self.kind == "none":
            self.spread = np.zeros(0, dtype=np.intp)
            return
        rows = X if len(X) <= MOST_ROWS else X[rng.permutation(len(X))[:MOST_ROWS]]
        scaled = self._scaled(rows)
        many = [len(np.unique(column)) >= FEWEST_VALUES for column in scaled.T]
        self.spread = np.flatnonzero(many)
        shape = (len(self.spread), self.n_bins)
        if self.kind == "periodic":
            self.slopes = (2 * np.pi * self.scale * rng.standard_normal(shape)).astype("f4")
            return
        self.starts = np.zeros(shape, dtype=np.float32)
        self.slopes = np.zeros(shape, dtype=np.float32)
        for row, column in enumerate(self.spread):
            edges = np.unique(
                np.quantile(scaled[:, column], np.linspace(0, 1, self.n_bins + 1))
            )
            widths = np.diff(edges)
            self.starts[row, : len(widths)] = edges[:-1]
            self.slopes[row, : len(widths)] = 1 / np.maximum(widths, SMALLEST)

    @property
    def n_outputs(self) -> int:
        """The number of inputs that the network gets."""
        each = {"none": 0, "piecewise": self.n_bins, "periodic": 2 * self.n_bins}[self.kind]
        of_numbers = len(self.centre) + each * len(self.spread)
        return of_numbers + (0 if self.vectors is None else self.vectors.n_outputs)

    def first_weights(self, rng: np.random.Generator) -> Floats | None:
        """Return what the vectors of categories begin with, None if there are none."""
        return None if self.vectors is None else self.vectors.first_weights(rng)

    def coded(self, X: Any) -> Any:
        """Return rows as the other methods take them, their categories looked up."""
        return X if self.vectors is None else self.vectors.coded(X)

    def places(self, X: Any) -> Positions | None:
        """Return where the vectors of some coded rows stand among the weights."""
        return None if self.vectors is None else self.vectors(X)

    def _scaled(self, X: Any) -> Floats:
        dense = X if isinstance(X, np.ndarray) else X.toarray()
        scaled = (dense - self.centre) / self.width
        return np.clip(scaled, -FARTHEST, FARTHEST, out=scaled).astype(np.float32)

    def __call__(self, X: Any) -> Floats:
        """Return the inputs for some coded rows, without vectors of categories."""
        scaled = self._scaled(X if self.vectors is None else X[:, self._numbers])
        bent = scaled / np.sqrt(1 + (scaled / CLIP) ** 2)
        if not len(self.spread):
            return bent
        columns = scaled[:, self.spread, None]
        if self.kind == "periodic":
            angles = (columns * self.slopes).reshape(len(scaled), -1)
            return np.concatenate([bent, np.sin(angles), np.cos(angles)], axis=1)
        parts = (columns - self.starts) * self.slopes
        np.clip(parts, 0, 1, out=parts)
        parts *= 2
        parts -= 1
        return np.concatenate([bent, parts.reshape(len(scaled), -1)], axis=1)
