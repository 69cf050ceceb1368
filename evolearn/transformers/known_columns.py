"""Protection of models against columns with hardly any value."""

import numpy as np
from sklearn.base import OneToOneFeatureMixin

from evolearn.transformers.base import MatrixTransformer

# Minimum number of values. All of fewer values may be in the tenth of the rows that is held out
# for early stopping.
FEWEST_KNOWN = 10


class KnownColumns(OneToOneFeatureMixin, MatrixTransformer):
    """Set columns to zero that have fewer than ten values in the training rows.

    scikit-learn's histogram gradient boosting fails if all values of a column are missing, as
    they may be in the training rows of a fold.

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

    def _fit(self, X):
        n_missing = np.isnan(X).sum(axis=0)
        self.unknown_ = (n_missing > 0) & (len(X) - n_missing < FEWEST_KNOWN)

    def _transform(self, X):
        return np.where(self.unknown_, 0.0, X) if self.unknown_.any() else X
