"""Base class and checks of the transformers of numeric matrices."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import validate_data


def check_positions(name, positions, n_columns):
    """Check that positions of columns are whole numbers and that the columns exist.

    Parameters
    ----------
    name : str
        Name of the parameter, for the error.
    positions : iterable
    n_columns : int
        Number of columns of X.

    Raises
    ------
    ValueError
    """
    for j in positions:
        if isinstance(j, bool) or not isinstance(j, Integral):
            raise ValueError(
                f"{name} must give positions of columns as whole numbers, got {j!r}."
            )
        if not 0 <= int(j) < n_columns:
            raise ValueError(
                f"The entries of {name} name the column at position {j}, but X has "
                f"{n_columns} columns, counted from 0."
            )


class MatrixTransformer(TransformerMixin, BaseEstimator):
    """Base of transformers that take numbers, also missing ones, and return float64."""

    def _validate(self, X, *, reset):
        return validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan"
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags
