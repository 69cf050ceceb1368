"""The transformer that turns any ordinary table into a numeric matrix."""

import json

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from evolearn._compat import feature_names_in
from evolearn.data.containers import (
    align_labels,
    align_table,
    as_table,
    feature_names,
    position_labels,
    refuse_infinity,
    warn_of_names,
)
from evolearn.data.encoding import encode, learn_encoding, relearn_categories
from evolearn.data.matrix import infinite_columns, is_sparse, within_single_precision
from evolearn.data.schema import (
    ColumnInfo,
    columns_of_plain,
    output_names,
    plain_columns,
    text_blocks,
)
from evolearn.versioned import VersionedPickle


class ColumnPreparer(VersionedPickle, TransformerMixin, BaseEstimator):
    """Turn any ordinary table into a numeric matrix: numbers, words of texts, category codes.

    Takes pandas and polars frames, Arrow tables, NumPy arrays and SciPy sparse matrices
    with columns of numbers, booleans, strings, categories, datetimes and durations of any
    type. Nothing statistical is done: numbers stay as they are, categories become the positions
    in their sorted list, datetimes become seconds and calendar parts, and missing values of
    every kind become NaN, as do categories that were not seen in fit. Numbers beyond 1e25 are
    compressed, in their order, to what single precision holds. The words of free text are
    counted in 64 to 2,048 columns that they are hashed into; a missing text has none.
    Columns without information (constants, duplicates, identifiers) are left out.

    Parameters
    ----------
    kinds : dict, default=None
        Kinds of columns by their name or position, in place of the detected ones:
        `"numeric"`, `"categorical"`, `"datetime"`, `"datetime_day_first"`,
        `"datetime_month_first"`, `"timedelta"`, `"text"`, `"vector"` (several numbers in a
        cell) or `"drop"`.
    columns : sequence of ColumnInfo, default=None
        Description of the columns from an earlier fit (`columns_`). Fit then learns the
        categories only and ignores `kinds`, so that the output has the same columns on any
        part of the rows. None: all is learned.

    Attributes
    ----------
    columns_ : tuple of ColumnInfo
        Kind of each input column, its frozen categories, and the reason if it is dropped.
    n_numeric_ : int
        Number of numeric columns; they come first in the output.
    texts_ : tuple of TextBlock
        Name and number of columns of each text; these come next.
    cardinalities_ : tuple of int
        Number of categories of each column of codes; these come last.
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit, for frames whose names are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn.data import ColumnPreparer
    >>> X = np.array([[1, "red"], [None, "blue"], [2.5, "red"]], dtype=object)
    >>> preparer = ColumnPreparer().fit(X)
    >>> preparer.transform(X)
    array([[1. , 1. ],
           [nan, 0. ],
           [2.5, 1. ]])
    >>> preparer.transform(np.array([[3, "green"], [4, "red"]], dtype=object))
    array([[ 3., nan],
           [ 4.,  1.]])
    """

    def __init__(self, *, kinds=None, columns=None) -> None:
        self.kinds = kinds
        self.columns = columns

    def fit(self, X, y=None):
        """Learn the kind of each column and its categories.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The training rows.
        y : None
            Ignored.

        Returns
        -------
        self : ColumnPreparer
            The fitted transformer.
        """
        self.fit_transform(X)
        return self

    def fit_transform(self, X, y=None):
        """Fit to a table and return its matrix.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The training rows.
        y : None
            Ignored.

        Returns
        -------
        matrix : ndarray or CSR matrix of shape (n_samples, n_features_out)
            Numbers first, then the words of texts, then the codes of categories.
        """
        X = as_table(X)
        self._is_sparse = is_sparse(X)
        if self._is_sparse:
            if self.kinds:
                raise ValueError(
                    "kinds says how to read columns, but X is a sparse matrix, whose columns "
                    "are all numbers; pass kinds=None, or a table that is not sparse."
                )
            matrix = _as_csr(X)
            columns = tuple(ColumnInfo(f"x{j}", "numeric") for j in range(X.shape[1]))
        elif self.columns is not None:
            X = self._by_given_names(X)
            columns = relearn_categories(X, self.columns)
            matrix = encode(X, columns)
        else:
            columns, matrix = learn_encoding(X, self.kinds)
        self._set_columns(X, columns)
        return matrix

    def _by_given_names(self, X):
        names = [info.name for info in self.columns]
        if names != [f"x{j}" for j in range(len(names))]:  # those of an array
            X = align_table(X, names)
        self._check_width(X, len(names))
        return X

    def _set_columns(self, X, columns):
        kept = [info for info in columns if info.is_kept]
        self.columns_ = columns
        self.cardinalities_ = tuple(info.n_codes for info in kept if info.has_codes)
        self.texts_ = text_blocks(columns)
        self.n_numeric_ = sum(max(1, len(info.parts)) for info in kept if info.is_numeric)
        self.n_features_in_ = len(columns)
        self._labels = position_labels(X)
        names = feature_names(X)
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def transform(self, X):
        """Return the matrix of a table with the columns seen in fit.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Columns of frames are found by name.

        Returns
        -------
        matrix : ndarray or CSR matrix of shape (n_samples, n_features_out)
            Numbers first, then the words of texts, then the codes of categories.
        """
        check_is_fitted(self)
        X = self._aligned(as_table(X))
        if is_sparse(X):
            if self._is_sparse:
                return _as_csr(X)
            X = X.toarray()  # later steps were fitted on a dense matrix
        return encode(X, self.columns_, is_new=True)

    def _aligned(self, X):
        names = getattr(self, "feature_names_in_", None)
        warn_of_names(X, names, type(self).__name__)
        X = align_table(X, names) if names is not None else align_labels(X, self._labels)
        self._check_width(X, self.n_features_in_)
        return X

    def _check_width(self, X, n_expected):
        if X.shape[1] != n_expected:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting "
                f"{n_expected} features as input; pass the columns seen in fit."
            )

    def get_feature_names_out(self, input_features=None):
        """Names of the columns of the matrix.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input columns if there were none in fit; else they must be the same.

        Returns
        -------
        names : ndarray of str objects
            Names of the kept columns. Parts of a datetime end with the part's name, those of a
            vector with their position, columns of a text with `"_words"` and a number.
        """
        check_is_fitted(self)
        names = [info.name for info in self.columns_]
        if input_features is not None:
            names = [str(name) for name in feature_names_in(self, input_features)]
        return np.array(output_names(self.columns_, names), dtype=object)

    def __getstate__(self):
        # As text: each type in a saved model is one that its reader must trust, and libraries
        # that do not pickle are slow where values are many.
        state = super().__getstate__()
        for name in {"columns", "columns_"} & set(state):
            if state[name] is not None:
                plain = plain_columns(state[name])
                state[name] = json.dumps(plain, default=np.generic.item)
        state.pop("texts_", None)
        return state

    def __setstate__(self, state):
        state = dict(state)
        for name in {"columns", "columns_"} & set(state):
            if state[name] is not None:
                state[name] = columns_of_plain(json.loads(state[name]))
        super().__setstate__(state)
        if "columns_" in state:
            self.texts_ = text_blocks(self.columns_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        tags.input_tags.string = True
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _as_csr(X):
    matrix = X.tocsr()
    matrix = matrix if matrix.dtype == np.float64 else matrix.astype(np.float64)
    refuse_infinity(f"column {j}" for j in infinite_columns(matrix))
    return within_single_precision(matrix)
