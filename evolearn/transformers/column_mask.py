"""Removal of columns by their positions."""

import numpy as np
from sklearn.feature_selection import SelectorMixin
from sklearn.utils.validation import check_is_fitted

from evolearn.transformers.base import MatrixTransformer, check_positions


class ColumnMask(SelectorMixin, MatrixTransformer):
    """Remove some columns.

    Parameters
    ----------
    left_out : sequence of int, default=()
        Positions of the columns to remove.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit, for frames whose names are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn.transformers import ColumnMask
    >>> ColumnMask(left_out=[1]).fit_transform(np.array([[1.0, 2.0, 3.0]]))
    array([[1., 3.]])
    """

    _parameter_constraints = {"left_out": ["array-like"]}  # noqa: RUF012, scikit-learn's way

    def __init__(self, *, left_out=()) -> None:
        self.left_out = left_out

    def _fit(self, X):
        check_positions("left_out", self.left_out, self.n_features_in_)

    def _get_support_mask(self):
        check_is_fitted(self, "n_features_in_")
        return ~np.isin(np.arange(self.n_features_in_), np.asarray(self.left_out, dtype=int))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64"]
        return tags
