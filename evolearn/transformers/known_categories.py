"""Protection of models against codes of categories that their training rows lack."""

import numpy as np
from sklearn.base import OneToOneFeatureMixin

from evolearn.transformers.base import (
    MatrixTransformer,
    NewRowsTransformer,
    check_positions,
)
from evolearn.transformers.category_statistics import Categories
from evolearn.transformers.new_missing import medians

# Code of missing categories, below all others, in columns where training rows miss some.
MISSING = -1.0


class KnownCategories(NewRowsTransformer):
    """Make codes of categories missing that the training rows lack.

    The codes of a table are positions in a list of its categories, so a fold's held-out rows
    may have codes that its training rows lack. A model would place such a code between its
    neighbours in the list. It cannot do so in `predict`, where unseen categories are missing.

    Parameters
    ----------
    columns : sequence of int, default=()
        Positions of the columns of codes.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit, for frames whose names are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn.transformers import KnownCategories
    >>> known = KnownCategories(columns=[0]).fit(np.array([[0.0], [2.0]]))
    >>> known.transform(np.array([[0.0], [1.0], [2.0]]))
    array([[ 0.],
           [nan],
           [ 2.]])
    """

    _parameter_constraints = {"columns": ["array-like"]}  # noqa: RUF012, scikit-learn's way

    def __init__(self, *, columns=()) -> None:
        self.columns = columns

    def _fit(self, X):
        check_positions("columns", self.columns, self.n_features_in_)
        self._categories = [Categories.fit(X[:, j]) for j in self.columns]

    def _transform(self, X):
        lost = []
        for j, categories in zip(self.columns, self._categories, strict=True):
            rows = np.flatnonzero(categories.positions(X[:, j]) == categories.unseen)
            if len(rows):
                lost.append((rows, j))
        if lost:
            X = X.copy()  # such rows are few, and others need no copy
            for rows, j in lost:
                X[rows, j] = np.nan
        return X


class CodeImputer(OneToOneFeatureMixin, MatrixTransformer):
    """Fill in missing codes of categories for models that read the codes as numbers.

    Where training rows miss some, a missing code becomes -1, which is below all others: the
    model learns its meaning. Elsewhere it becomes the median code of the training rows, for -1
    would be taken for a neighbour of the first categories.

    Parameters
    ----------
    keep_learned : bool, default=False
        Whether codes stay missing in columns where training rows miss some, for models that
        take missing values.
    columns : sequence of int, default=None
        Positions of the columns of codes that the model reads as numbers; others stay as they
        are. None: all columns.

    Attributes
    ----------
    fill_values_ : ndarray of shape (n_features,)
        Code that replaces missing ones in each column; NaN where they stay missing.
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit, for frames whose names are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn.transformers import CodeImputer
    >>> codes = CodeImputer().fit(np.array([[0.0, 2.0], [4.0, np.nan], [5.0, 3.0]]))
    >>> codes.transform(np.array([[np.nan, np.nan]]))
    array([[ 4., -1.]])
    """

    _parameter_constraints = {  # noqa: RUF012, scikit-learn's way
        "keep_learned": ["boolean"],
        "columns": ["array-like", None],
    }

    def __init__(self, *, keep_learned=False, columns=None) -> None:
        self.keep_learned = keep_learned
        self.columns = columns

    def _fit(self, X):
        columns = range(X.shape[1]) if self.columns is None else self.columns
        check_positions("columns", columns, self.n_features_in_)
        self.fill_values_ = medians(X, columns)
        if not self.keep_learned:
            incomplete = [j for j in columns if np.isnan(self.fill_values_[j])]
            self.fill_values_[incomplete] = MISSING

    def _transform(self, X):
        return np.where(np.isnan(X), self.fill_values_, X)
