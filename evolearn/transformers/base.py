"""What the steps that add columns to a matrix have in common."""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import validate_data


def check_positions(name, positions):
    """Raise a ValueError if not all positions of columns are whole numbers.

    Parameters
    ----------
    name : str
        Of the parameter, for the error.
    positions : iterable
    """
    wrong = [j for j in positions if isinstance(j, bool) or not isinstance(j, Integral)]
    if wrong:
        raise ValueError(
            f"{name} must give positions of columns as whole numbers, got {wrong[0]!r}."
        )


class MatrixStep(TransformerMixin, BaseEstimator):
    """A step that takes numbers, missing ones among them, and gives float64."""

    def _checked(self, X, *, reset):
        return validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan"
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags
