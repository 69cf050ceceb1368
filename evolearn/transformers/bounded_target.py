"""The transformation of a target whose way back ends near the targets of the training rows."""

import numpy as np
from sklearn.base import clone
from sklearn.utils.validation import check_array, check_is_fitted

from evolearn._compat import HasMethods, fit_context
from evolearn.transformers.base import MatrixStep

# How far beyond the targets of the training rows answers may lie, as a share of their range.
REACH = 1.0
# The part of that as far as the transformed answers go.
NEARLY = 1 - 1e-6


class BoundedTarget(MatrixStep):
    """Transform a target, and hold what comes back within reach of the training targets.

    The way back from a logarithm grows without limit, and that from a Yeo-Johnson transform
    with a negative exponent is not defined beyond some value: a model of a transformed target
    that goes a little too far on an unusual row would answer with a number of any size, or
    with none. For the ``transformer`` of scikit-learn's `TransformedTargetRegressor`.

    Parameters
    ----------
    transformer : transformer
        Increasing, with an ``inverse_transform``, such as `PowerTransformer`.

    Attributes
    ----------
    transformer_ : transformer
        Fitted.

    bounds_ : ndarray of shape (2, n_targets)
        Between which values the targets that come back are held: those seen in fit, and their
        range on either side.

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

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Learn the transformation, and between which values the targets lie.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_targets)
            The targets of the training rows.
        y : None
            Ignored.

        Returns
        -------
        self : BoundedTarget
            The fitted transformation.
        """
        X = self._checked(X, reset=True)
        self.transformer_ = clone(self.transformer).fit(X)
        low, high = np.nanmin(X, axis=0), np.nanmax(X, axis=0)
        reach = REACH * (high - low)
        self.bounds_ = np.stack([low - reach, high + reach])
        with np.errstate(all="ignore"):  # a logarithm may not exist so far down
            ends = np.asarray(self.transformer_.transform(self.bounds_))
        seen = np.asarray(self.transformer_.transform(np.stack([low, high])))
        # Not quite to the ends: a rounding error further there may be no way back. What has no
        # end may go on for ever, and is held when it has come back.
        self._transformed_bounds = np.where(
            np.isfinite(ends), seen + NEARLY * (ends - seen), [[-np.inf], [np.inf]]
        )
        return self

    def transform(self, X):
        """Return the transformed targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_targets)

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_targets)
        """
        check_is_fitted(self)
        return np.asarray(self.transformer_.transform(self._checked(X, reset=False)))

    def inverse_transform(self, X):
        """Return the targets that were transformed, held within `bounds_`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_targets)

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_targets)
        """
        check_is_fitted(self)
        X = check_array(X, dtype=np.float64, ensure_all_finite=False)
        within = np.clip(X, *self._transformed_bounds)
        with np.errstate(over="ignore"):  # of what may go on for ever
            return np.clip(self.transformer_.inverse_transform(within), *self.bounds_)
