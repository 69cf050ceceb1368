"""Columns that relate categories to other columns."""

import numbers

import numpy as np

from evolearn._compat import Interval
from evolearn.transformers.base import ColumnAdder
from evolearn.transformers.relation_language import parse_relation


class CategoryRelations(ColumnAdder):
    """Add columns that relate categories to other columns, such as ``mean(price | district)``.

    The input is a matrix of numbers followed by codes of categories. New numbers are inserted
    after the numbers, new categories appended after the categories. Nothing is learned from the
    target: to encode a cross of categories by the target, let an encoder follow.

    Parameters
    ----------
    relations : sequence of str, default=()
        The new columns, with numbers ``x0``, ``x1``, ... and categories ``c0``, ``c1``, ...:

        - ``"frequency(c2)"``: the share of the training rows in the category;
        - ``"cross(c0, c3)"``: a category for each pair of categories. Pairs of fewer than 5
          training rows are missing values, as are all but the 250 most frequent pairs;
        - ``"mean(x1 | c2)"``, ``"std(x1 | c2)"``: mean and standard deviation of a number
          within the category, shrunk towards those of all rows by 5 more rows that have them;
        - ``"x1 - mean(x1 | c2)"``: the number minus that mean.

        Missing values are a category of their own. A category not seen in fit has the
        frequency 0 and the mean of all rows.
    n_categorical : int, default=0
        Number of columns of codes of categories; they are the last ones.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit, for frames whose names are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn.transformers import CategoryRelations
    >>> X = np.array([[1.0, 0.0], [3.0, 0.0], [8.0, 1.0], [4.0, 1.0]])
    >>> relations = CategoryRelations(relations=["mean(x0 | c0)"], n_categorical=1)
    >>> relations.fit_transform(X).round(2)
    array([[1.  , 3.43, 0.  ],
           [3.  , 3.43, 0.  ],
           [8.  , 4.57, 1.  ],
           [4.  , 4.57, 1.  ]])
    >>> relations.get_feature_names_out(["price", "district"])
    array(['price', 'mean(price | district)', 'district'], dtype=object)
    """

    _parameter_constraints = {  # noqa: RUF012, scikit-learn's way
        "relations": ["array-like"],
        "n_categorical": [Interval(numbers.Integral, 0, None, closed="left")],
    }

    def __init__(self, *, relations=(), n_categorical=0) -> None:
        self.relations = relations
        self.n_categorical = n_categorical

    def _fit(self, X):
        if self.n_categorical > X.shape[1]:
            raise ValueError(
                f"n_categorical={self.n_categorical} says how many of the columns of X hold "
                f"categories, but X has {X.shape[1]}; pass at most that many."
            )
        self._parsed = [parse_relation(text) for text in self.relations]
        for relation in self._parsed:
            self._check_columns(relation, X.shape[1] - self.n_categorical)
        numbers, codes = self._split(X)
        self._statistics = [relation.fit(numbers, codes) for relation in self._parsed]

    def _transform(self, X):
        numbers, codes = self._split(X)
        new = [
            relation.values(statistic, numbers, codes)
            for relation, statistic in zip(self._parsed, self._statistics, strict=True)
        ]
        new_numbers, new_codes = self._split_new(new)
        return np.column_stack([numbers, *new_numbers, codes, *new_codes])

    def _output_names(self, names):
        boundary = len(names) - self.n_categorical
        numbers, categories = names[:boundary], names[boundary:]
        new = [relation.readable(numbers, categories) for relation in self._parsed]
        new_numbers, new_categories = self._split_new(new)
        return [*numbers, *new_numbers, *categories, *new_categories]

    def _check_columns(self, relation, n_numeric):
        for letter, position, n_columns, content in (
            ("x", relation.number, n_numeric, "numbers"),
            ("c", max(relation.categories), self.n_categorical, "categories"),
        ):
            if position >= n_columns:
                raise ValueError(
                    f"The relation {str(relation)!r} names column {letter}{position}, but X "
                    f"has {n_columns} columns of {content}, counted from {letter}0."
                )

    def _split(self, X):
        boundary = X.shape[1] - self.n_categorical
        return X[:, :boundary], X[:, boundary:]

    def _split_new(self, items):
        """Split items, one per relation, into those of new numbers and of new categories."""
        pairs = list(zip(self._parsed, items, strict=True))
        return (
            [item for relation, item in pairs if not relation.is_category],
            [item for relation, item in pairs if relation.is_category],
        )
