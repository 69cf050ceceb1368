"""Category vectors: embeddings of categories that are trained with the network."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.messages import shown
from evolearn.networks.layers import Floats, Positions

# Categories of fewer training rows share a vector, for one of their own would memorise these
# rows. So do categories not seen in training, and all but the most frequent ones.
FEWEST_ROWS, MOST_CATEGORIES = 3, 1_000
# Maximum length of a vector, and the standard deviation of its first values: about that of a
# one-hot encoded flag.
LONGEST, FIRST_SPREAD = 8, 0.5


def category_positions(categorical_features: Any, n_columns: int) -> Positions:
    """Return the positions of the columns that hold categories, in ascending order."""
    mask = np.zeros(n_columns, dtype=bool)
    given = np.asarray([] if categorical_features is None else categorical_features)
    if given.dtype == bool and given.shape == mask.shape:
        mask = given
    elif given.dtype.kind in "iu" and ((given >= 0) & (given < n_columns)).all():
        mask[given] = True
    elif given.size:
        raise ValueError(
            f"categorical_features must be a boolean for each of the {n_columns} columns of X, "
            f"or positions from 0 to {n_columns - 1}, got {shown(categorical_features)}."
        )
    return np.flatnonzero(mask)


class CategoryVectors:
    """Layout of the vectors of all categories in one long array of weights.

    Each category of each column has a vector of ``ceil(sqrt(n))`` numbers, at most eight, for
    ``n`` categories of at least three training rows each, the thousand most frequent ones. All
    others, seen in training or not, share one vector that starts at zero (Guo and Berkhahn,
    "Entity embeddings of categorical variables", arXiv 1604.06737, 2016).

    `columns` are the positions of the columns of categories. Once fitted, `n_outputs` is the
    total length of the vectors of one row, `n_weights` that of all categories.
    """

    def __init__(self, columns: Positions) -> None:
        self.columns = columns

    def fit(self, X: NDArray[Any]) -> "CategoryVectors":
        """Learn the categories of each column, which are numbers in X."""
        self._categories = []
        for column in X[:, self.columns].T:
            values, counts = np.unique(column, return_counts=True)
            most = np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]
            self._categories.append(np.sort(values[most[counts[most] >= FEWEST_ROWS]]))
        n_categories = np.array([len(one) for one in self._categories])
        roots = np.ceil(np.sqrt(n_categories)).astype(np.intp)
        self._lengths = np.clip(roots, 1, LONGEST)
        sizes = (n_categories + 1) * self._lengths
        self._starts = np.cumsum([0, *sizes[:-1]], dtype=np.intp)
        self._offsets = np.concatenate([np.arange(length) for length in self._lengths])
        self.n_outputs, self.n_weights = len(self._offsets), int(np.sum(sizes))
        return self

    def first_weights(self, rng: np.random.Generator) -> Floats:
        """Draw the initial vectors of all categories, of shape (n_weights,)."""
        weights = rng.standard_normal(self.n_weights, dtype=np.float32)
        weights *= np.float32(FIRST_SPREAD)
        weights[self._weight_positions(self._starts[None])] = 0
        return weights

    def encode(self, X: NDArray[Any]) -> NDArray[Any]:
        """Replace each category in X by the position at which its vector starts."""
        encoded = X.copy()
        for categories, column, start, length in zip(
            self._categories, self.columns, self._starts, self._lengths, strict=True
        ):
            number = np.zeros(len(X), dtype=np.intp)  # that of the shared vector
            if len(categories):
                last = len(categories) - 1
                nearest = np.minimum(np.searchsorted(categories, X[:, column]), last)
                number = np.where(categories[nearest] == X[:, column], nearest + 1, 0)
            encoded[:, column] = start + length * number
        return encoded

    def weight_positions(self, X: NDArray[Any]) -> Positions:
        """Return the positions of the weights of encoded rows, (n_samples, n_outputs)."""
        return self._weight_positions(X[:, self.columns].astype(np.intp))

    def _weight_positions(self, starts: Positions) -> Positions:
        return np.repeat(starts, self._lengths, axis=1) + self._offsets
