"""Base class and checks of the transformers of numeric matrices."""

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from evolearn._compat import feature_names_in, fit_context
from evolearn.messages import shown


def check_positions(name, positions, n_columns):
    """Check that positions of columns are whole numbers and that the columns exist."""
    for j in positions:
        if isinstance(j, bool) or not isinstance(j, Integral):
            raise ValueError(
                f"{name} must give positions of columns as whole numbers, got {shown(j)}."
            )
        if not 0 <= int(j) < n_columns:
            raise ValueError(
                f"The entries of {name} name the column at position {j}, but X has "
                f"{n_columns} columns, counted from 0."
            )


class MatrixTransformer(TransformerMixin, BaseEstimator):
    """Base of transformers that take numbers, also missing ones, and return float64.

    Subclasses define ``_fit`` and ``_transform``, which take the validated rows.
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {}

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Learn from the training rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows.
        y : None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If a parameter cannot be parsed, or names a column that does not exist.
        """
        self._fit(self._validate(X, reset=True))
        return self

    def transform(self, X):
        """Transform rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features_out)
        """
        check_is_fitted(self)
        return self._transform(self._validate(X, reset=False))

    def _validate(self, X, *, reset):
        return validate_data(
            self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan"
        )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        return tags


class NewRowsTransformer(OneToOneFeatureMixin, MatrixTransformer):
    """Base of transformers that change new rows alone: the training rows stay as they are."""

    @fit_context(prefer_skip_nested_validation=False)
    def fit_transform(self, X, y=None):
        """Learn from the training rows and return them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows.
        y : None
            Ignored.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features)
        """
        X = self._validate(X, reset=True)
        self._fit(X)
        return X


class ColumnAdder(MatrixTransformer):
    """Base of transformers that add columns.

    Subclasses also define ``_output_names``, which takes the names of the input columns.
    """

    def get_feature_names_out(self, input_features=None):
        """Names of the columns; new ones are written with the names of their columns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the input columns if there were none in fit; else they must be the same.

        Returns
        -------
        names : ndarray of str objects
        """
        check_is_fitted(self, "n_features_in_")
        names = self._output_names(list(feature_names_in(self, input_features)))
        return np.array(names, dtype=object)
