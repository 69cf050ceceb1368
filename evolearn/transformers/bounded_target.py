"""Transformation of a target whose inverse is bounded by the targets of the training rows."""

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_array, check_is_fitted

from evolearn._compat import HasMethods
from evolearn.transformers.base import MatrixTransformer

# Distance beyond the targets of the training rows that predictions may have, as a share of
# their range.
REACH = 1.0
# The part of that distance that transformed predictions may have.
NEARLY = 1 - 1e-6


class BoundedTarget(MatrixTransformer):
    """Transform a target, and clip the inverse transform near the training targets.

    The inverse of a logarithm grows without limit, and that of a Yeo-Johnson transform with a
    negative exponent is not defined beyond some value: a model of the transformed target that
    goes a little too far on an unusual row would predict a number of any size, or none. Used as
    the ``transformer`` of scikit-learn's `TransformedTargetRegressor`.

    Parameters
    ----------
    transformer : transformer
        Increasing function with an ``inverse_transform``, such as `PowerTransformer`.

    Attributes
    ----------
    transformer_ : transformer
        The fitted transformer.
    bounds_ : ndarray of shape (2, n_targets)
        Bounds of the inverse transform: the extremes of the training targets, extended by
        their range on either side.
    n_features_in_ : int
        Number of targets.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the targets, for frames whose names are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> from evolearn.transformers import BoundedTarget
    >>> log = BoundedTarget(FunctionTransformer(np.log1p, np.expm1)).fit([[0.0], [100.0]])
    >>> log.inverse_transform([[4.0], [40.0]]).round(1)
    array([[ 53.6],
           [200. ]])
    """

    _parameter_constraints = {  # noqa: RUF012, scikit-learn's way
        "transformer": [HasMethods(["fit", "transform", "inverse_transform"])]
    }

    def __init__(self, transformer) -> None:
        self.transformer = transformer

    def _fit(self, X):
        self.transformer_ = clone(self.transformer).fit(X)
        low, high = np.nanmin(X, axis=0), np.nanmax(X, axis=0)
        reach = REACH * (high - low)
        self.bounds_ = np.stack([low - reach, high + reach])
        with np.errstate(all="ignore"):  # a logarithm may not exist so far down
            ends = np.asarray(self.transformer_.transform(self.bounds_))
        seen = np.asarray(self.transformer_.transform(np.stack([low, high])))
        # Not quite to the ends, for the inverse may not exist a rounding error further. Where
        # an end is not finite, only the inverse transform is clipped.
        self._transformed_bounds = np.where(
            np.isfinite(ends), seen + NEARLY * (ends - seen), [[-np.inf], [np.inf]]
        )

    def _transform(self, X):
        return np.asarray(self.transformer_.transform(X))

    def inverse_transform(self, X):
        """Undo the transformation and clip to `bounds_`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_targets)

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_targets)
        """
        check_is_fitted(self)
        X = check_array(X, dtype=np.float64, ensure_all_finite=False)
        clipped = np.clip(X, *self._transformed_bounds)
        with np.errstate(over="ignore"):  # where transformed bounds are infinite
            return np.clip(self.transformer_.inverse_transform(clipped), *self.bounds_)
