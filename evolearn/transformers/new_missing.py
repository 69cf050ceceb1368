"""Imputation of numbers that are missing in new rows only."""

import numpy as np

from evolearn.transformers.base import NewRowsTransformer, check_positions

# Numbers whose medians are computed at a time: 2 MB, which processors hold in a cache.
BLOCK_CELLS = 2**18


def medians(X, columns):
    """Return the median of each of these columns, NaN where one misses numbers, and of others.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    columns : sequence of int

    Returns
    -------
    values : ndarray of shape (n_features,)
    """
    values, columns = np.full(X.shape[1], np.nan), np.array(columns, dtype=int)
    step = max(1, BLOCK_CELLS // len(X))
    for start in range(0, len(columns), step):
        some = columns[start : start + step]
        values[some] = np.median(X[:, some], axis=0)
    return values


class NewMissingImputer(NewRowsTransformer):
    """Fill in missing numbers of columns that are complete in the training rows.

    They become the median of the training rows. Estimators that take missing values learn
    where to send them, but only in columns where the training rows miss some. In others they
    take a missing number for zero, or for the smallest or the largest one.

    Parameters
    ----------
    columns : sequence of int, default=None
        Positions of the columns; others stay as they are. None: all columns.

    Attributes
    ----------
    fill_values_ : ndarray of shape (n_features,)
        Number that replaces missing ones in each column; NaN where they stay missing.
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit, for frames whose names are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn.transformers import NewMissingImputer
    >>> numbers = NewMissingImputer().fit(np.array([[0.0, 2.0], [4.0, np.nan], [5.0, 3.0]]))
    >>> numbers.transform(np.array([[np.nan, np.nan]]))
    array([[ 4., nan]])
    """

    _parameter_constraints = {"columns": ["array-like", None]}  # noqa: RUF012, scikit-learn's way

    def __init__(self, *, columns=None) -> None:
        self.columns = columns

    def _fit(self, X):
        columns = range(X.shape[1]) if self.columns is None else self.columns
        check_positions("columns", columns, self.n_features_in_)
        self.fill_values_ = medians(X, columns)

    def _transform(self, X):
        missing = np.isnan(X) & ~np.isnan(self.fill_values_)
        return np.where(missing, self.fill_values_, X) if missing.any() else X
