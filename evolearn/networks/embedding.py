"""Conversion of table columns to the inputs of a network."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.networks.categories import CategoryVectors
from evolearn.networks.layers import Floats, Positions

# Columns with fewer distinct values are not expanded: they are flags, small counts, or one-hot
# encoded.
FEWEST_VALUES = 5
# Maximum number of rows from which quantiles and distinct values are computed.
MOST_ROWS = 20_000
# Asymptote of scaled values, as in RealMLP: outliers stay distinct, but near.
CLIP = 3.0
# Scaled values are clipped here first: their squares must not overflow.
FARTHEST = 1e6
# Minimum width of a bin, so that its slope is finite.
SMALLEST = float(np.finfo(np.float32).tiny)


@dataclass
class Embedding:
    """Conversion of columns to the inputs of a network, fitted on training rows.

    Every column is centred, scaled, and bent so that it stays within three. Columns with many
    distinct values are also expanded: into ``n_bins`` quantile bins ("piecewise": the share of
    each bin that lies below the value) or into sines and cosines of ``n_bins`` frequencies
    ("periodic"), so that a network follows sharp changes (Gorishniy, Rubachev and Babenko, "On
    embeddings for numerical features in tabular deep learning", NeurIPS 2022).

    Columns of categories become vectors that are trained (`CategoryVectors`), the last inputs.
    A CSR matrix has none. `scale` is the standard deviation of the frequencies, per standard
    deviation of the column; `categories` are the positions of the columns of categories.
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
        self.expanded = np.zeros(0, dtype=np.intp)
        if not isinstance(X, np.ndarray):
            # Zeros must stay zeros: columns are divided by their largest value, not centred.
            largest = np.asarray(abs(X).max(axis=0).todense(), dtype=np.float64).ravel()
            self.centre = np.zeros(X.shape[1], dtype=np.float64)
            self.width = np.where(largest > 0, largest, 1.0)
            return self
        self.centre = X.mean(axis=0, dtype=np.float64)
        width = X.std(axis=0, dtype=np.float64)
        # A column that varies by less than rounding errors is constant.
        tiny = 1e-13 * np.maximum(np.abs(self.centre), np.finfo(np.float32).tiny)
        self.width = np.where(width > tiny, width, 1.0)
        # Flags, such as one-hot encoded categories, stay as they are: rare ones would become
        # huge.
        flags = ((X == 0) | (X == 1)).all(axis=0)
        self.centre[flags], self.width[flags] = 0.0, 1.0
        if self.kind != "none":
            self._fit_expansion(X, rng)
        return self

    def _fit_expansion(self, X: NDArray[Any], rng: np.random.Generator) -> None:
        rows = X if len(X) <= MOST_ROWS else X[rng.permutation(len(X))[:MOST_ROWS]]
        scaled = self._scaled(rows)
        many = [len(np.unique(column)) >= FEWEST_VALUES for column in scaled.T]
        self.expanded = np.flatnonzero(many)
        shape = (len(self.expanded), self.n_bins)
        if self.kind == "periodic":
            self.slopes = (2 * np.pi * self.scale * rng.standard_normal(shape)).astype("f4")
            return
        self.starts = np.zeros(shape, dtype=np.float32)
        self.slopes = np.zeros(shape, dtype=np.float32)
        for row, column in enumerate(self.expanded):
            edges = np.unique(
                np.quantile(scaled[:, column], np.linspace(0, 1, self.n_bins + 1))
            )
            widths = np.diff(edges)
            self.starts[row, : len(widths)] = edges[:-1]
            self.slopes[row, : len(widths)] = 1 / np.maximum(widths, SMALLEST)

    @property
    def n_outputs(self) -> int:
        """Number of inputs of the network."""
        each = {"none": 0, "piecewise": self.n_bins, "periodic": 2 * self.n_bins}[self.kind]
        n_numbers = len(self.centre) + each * len(self.expanded)
        return n_numbers + (0 if self.vectors is None else self.vectors.n_outputs)

    def first_weights(self, rng: np.random.Generator) -> Floats | None:
        """Draw the initial vectors of categories; None without categories."""
        return None if self.vectors is None else self.vectors.first_weights(rng)

    def encode(self, X: Any) -> Any:
        """Encode the categories of rows for `__call__`."""
        return X if self.vectors is None else self.vectors.encode(X)

    def _scaled(self, X: Any) -> Floats:
        dense = X if isinstance(X, np.ndarray) else X.toarray()
        scaled = (dense - self.centre) / self.width
        return np.clip(scaled, -FARTHEST, FARTHEST, out=scaled).astype(np.float32)

    def __call__(self, X: Any) -> tuple[Floats, Positions | None]:
        """Return the inputs of encoded rows, and the positions of their category weights."""
        if self.vectors is None:
            return self._inputs(X), None
        return self._inputs(X[:, self._numbers]), self.vectors.weight_positions(X)

    def _inputs(self, X: Any) -> Floats:
        """Scale, bend and expand columns of numbers."""
        scaled = self._scaled(X)
        bent = scaled / np.sqrt(1 + (scaled / CLIP) ** 2)
        if not len(self.expanded):
            return bent
        columns = scaled[:, self.expanded, None]
        if self.kind == "periodic":
            angles = (columns * self.slopes).reshape(len(scaled), -1)
            return np.concatenate([bent, np.sin(angles), np.cos(angles)], axis=1)
        parts = (columns - self.starts) * self.slopes
        np.clip(parts, 0, 1, out=parts)
        parts *= 2
        parts -= 1
        return np.concatenate([bent, parts.reshape(len(scaled), -1)], axis=1)
