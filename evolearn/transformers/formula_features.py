"""Columns computed from others by formulas."""

import numpy as np

from evolearn.transformers.base import ColumnAdder
from evolearn.transformers.formula_language import parse

# Distance beyond its values in fit that a new column may have, as a share of their range: a
# ratio whose divisor is near zero may have any value.
MARGIN = 0.5


class ConstructedFeatures(ColumnAdder):
    """Add columns that are formulas of others, such as ``log1p(area) / rooms``.

    Parameters
    ----------
    expressions : sequence of str, default=()
        The formulas, written as nested calls over columns by their position:
        ``"div(log1p(x0), x3)"``. The operators are those of
        ``evolearn.transformers.OPERATORS``: ``sqrt`` and ``log`` are those of the absolute
        value, ``log1p`` is that of the absolute value with the sign of the value. Formulas are
        zero where they are not defined, and missing where one of their columns is.

    Attributes
    ----------
    bounds_ : ndarray of shape (n_expressions, 2)
        Bounds to which each new column is clipped: its extremes in fit, extended by half of
        their range on either side.
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit, for frames whose names are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn.transformers import ConstructedFeatures
    >>> ratio = ConstructedFeatures(expressions=["div(log1p(x0), x1)"])
    >>> ratio.fit_transform(np.array([[0.0, 4.0], [1.0, 2.0]])).round(2)
    array([[0.  , 4.  , 0.  ],
           [1.  , 2.  , 0.35]])
    >>> ratio.get_feature_names_out(["area", "rooms"])
    array(['area', 'rooms', 'log1p(area) / rooms'], dtype=object)
    """

    _parameter_constraints = {"expressions": ["array-like"]}  # noqa: RUF012, scikit-learn's way

    def __init__(self, *, expressions=()) -> None:
        self.expressions = expressions

    def _fit(self, X):
        for text in self.expressions:
            if max(parse(text).columns) >= X.shape[1]:
                raise ValueError(
                    f"The expression {text!r} names column x{max(parse(text).columns)}, but X "
                    f"has {X.shape[1]} columns, x0 to x{X.shape[1] - 1}."
                )
        new = self._new_columns(X)
        low, high = np.full(new.shape[1], -np.inf), np.full(new.shape[1], np.inf)
        bounded = ~np.isnan(new).all(axis=0)
        low[bounded] = np.nanmin(new[:, bounded], axis=0)
        high[bounded] = np.nanmax(new[:, bounded], axis=0)
        margin = np.where(bounded, MARGIN * (high - low), 0.0)
        self.bounds_ = np.column_stack([low - margin, high + margin])

    def _transform(self, X):
        new = self._new_columns(X)
        return np.hstack([X, np.clip(new, self.bounds_[:, 0], self.bounds_[:, 1])])

    def _output_names(self, names):
        return [*names, *(parse(text).readable(names) for text in self.expressions)]

    def _new_columns(self, X):
        new = [parse(text).values(X) for text in self.expressions]
        return np.column_stack(new) if new else np.empty((len(X), 0))
