"""Categories as vectors that are trained with the network."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.networks.layers import Floats

Positions = NDArray[np.intp]

# Categories of fewer training rows share a vector, for one of their own would learn these rows;
# those that training has not seen have it too. So have all but the most frequent ones.
FEWEST_ROWS, MOST_CATEGORIES = 3, 1_000
# How long the vectors are at most, and the standard deviation of their first values: about that
# of a one-hot encoded flag.
LONGEST, FIRST_SPREAD = 8, 0.5


def category_positions(given: Any, n_columns: int) -> Positions:
    """Return the positions of the columns that hold categories, in ascending order.

    Parameters
    ----------
    given : array-like of bool or int, or None
        The parameter `categorical_features`.
    n_columns : int

    Raises
    ------
    ValueError
        If it is neither a boolean per column nor positions of columns.
    """
    marked = np.zeros(n_columns, dtype=bool)
    asked = np.asarray([] if given is None else given)
    if asked.dtype == bool and asked.shape == marked.shape:
        marked = asked
    elif asked.dtype.kind in "iu" and ((asked >= 0) & (asked < n_columns)).all():
        marked[asked] = True
    elif asked.size:
        msg = (
            f"categorical_features must be a boolean for each of the {n_columns} columns of X, "
            f"or positions from 0 to {n_columns - 1}, got {given!r}."
        )
        raise ValueError(msg)
    return np.flatnonzero(marked)


class CategoryVectors:
    """Says where in one long vector of weights the vectors of a row's categories stand.

    Each category of each column has a vector of ``ceil(sqrt(n))`` numbers, at most eight, for
    ``n`` categories of at least three training rows each, the thousand most frequent ones. The
    others, and those that training has not seen, share one that begins at zero (Guo and
    Berkhahn, "Entity embeddings of categorical variables", arXiv 1604.06737, 2016).

    Parameters
    ----------
    columns : ndarray of int
        The positions of the columns of categories.

    Attributes
    ----------
    n_outputs : int
        The numbers that all vectors of a row have together.
    n_weights : int
        Those of all categories.
    """

    def __init__(self, columns: Positions) -> None:
        self.columns = columns

    def fit(self, X: NDArray[Any]) -> "CategoryVectors":
        """Learn which categories there are; rows of X hold them as numbers."""
        self._known = []
        for column in X[:, self.columns].T:
            values, counts = np.unique(column, return_counts=True)
            most = np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]
            self._known.append(np.sort(values[most[counts[most] >= FEWEST_ROWS]]))
        wanted = [int(np.ceil(np.sqrt(len(known)))) for known in self._known]
        self._lengths = np.clip(wanted, 1, LONGEST).astype(np.intp)
        sizes = np.array([len(known) + 1 for known in self._known]) * self._lengths
        self._starts = np.cumsum([0, *sizes[:-1]], dtype=np.intp)
        self._steps = np.concatenate([np.arange(length) for length in self._lengths])
        self.n_outputs, self.n_weights = len(self._steps), int(np.sum(sizes))
        return self

    def first_weights(self, rng: np.random.Generator) -> Floats:
        """Return what the vectors of all categories begin with."""
        weights = rng.standard_normal(self.n_weights, dtype=np.float32)
        weights *= np.float32(FIRST_SPREAD)
        weights[self._places(self._starts[None])] = 0
        return weights

    def coded(self, X: NDArray[Any]) -> NDArray[Any]:
        """Return X with each category replaced by where its vector starts."""
        coded = X.copy()
        for known, column, start, length in zip(
            self._known, self.columns, self._starts, self._lengths, strict=True
        ):
            row = np.zeros(len(X), dtype=np.intp)
            if len(known):
                nearest = np.minimum(np.searchsorted(known, X[:, column]), len(known) - 1)
                row = np.where(known[nearest] == X[:, column], nearest + 1, 0)
            coded[:, column] = start + length * row
        return coded

    def __call__(self, X: NDArray[Any]) -> Positions:
        """Return where the numbers of the vectors of some coded rows stand."""
        return self._places(X[:, self.columns].astype(np.intp))

    def _places(self, starts: Positions) -> Positions:
        return np.repeat(starts, self._lengths, axis=1) + self._steps
