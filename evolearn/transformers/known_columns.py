"""The step of a pipeline that spares models columns of which next to nothing is known."""

import numpy as np
from sklearn.base import OneToOneFeatureMixin
from sklearn.utils.validation import check_is_fitted

from evolearn.transformers.base import MatrixStep

# Of fewer known values a tenth of the rows, held out for early stopping, may have all.
FEWEST_KNOWN = 10


class KnownColumns(OneToOneFeatureMixin, MatrixStep):
    """Set columns to zero of which the training rows know fewer than ten values.

    Where a column has no known value at all, scikit-learn's histogram gradient boosting fails;
    the rows of a fold may have none though others do.

    Attributes
    ----------
    unknown_ : ndarray of shape (n_features,)
        Whether each column is set to zero.

    n_features_in_ : int
        Number of columns seen in fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit, for frames whose names are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn.transformers import KnownColumns
    >>> X = np.column_stack([np.arange(12.0), np.full(12, np.nan)])
    >>> KnownColumns().fit_transform(X)[:2]
    array([[0., 0.],
           [1., 0.]])
    """

    def fit(self, X, y=None):
        """Learn which columns have known values.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows.
        y : None
            Ignored.

        Returns
        -------
        self : KnownColumns
            The fitted step.
        """
        X = self._checked(X, reset=True)
        n_missing = np.isnan(X).sum(axis=0)
        self.unknown_ = (n_missing > 0) & (len(X) - n_missing < FEWEST_KNOWN)
        return self

    def transform(self, X):
        """Return X with those columns set to zero.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features)
        """
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        return np.where(self.unknown_, 0.0, X) if self.unknown_.any() else X
