"""The step of a pipeline that adds columns which relate categories to other columns."""

import numbers

import numpy as np
from sklearn.utils.validation import check_is_fitted

from evolearn._compat import Interval, feature_names_in, fit_context
from evolearn.transformers.base import MatrixStep
from evolearn.transformers.relation_language import parse_relation


class CategoryRelations(MatrixStep):
    """Add columns that relate categories to other columns, such as ``mean(price | district)``.

    Works on a matrix of numbers followed by codes of categories; the new numbers come after
    its numbers, the new categories after its categories. Everything is learned in fit from the
    columns alone, never from the target: to encode a cross of categories by the target, let an
    encoder follow.

    Parameters
    ----------
    relations : sequence of str, default=()
        What is added, with numbers ``x0``, ``x1``, ... and categories ``c0``, ``c1``, ...:

        - ``"frequency(c2)"``: the share of the training rows that the category has;
        - ``"cross(c0, c3)"``: a category of its own for each pair of categories. Pairs of fewer
          than 5 training rows are missing, and all but the 250 most frequent ones;
        - ``"mean(x1 | c2)"``, ``"std(x1 | c2)"``: mean and standard deviation of a number
          within the category, drawn towards those of all rows as if 5 rows more had them;
        - ``"x1 - mean(x1 | c2)"``: the number less that mean.

        A missing category is one of its own; one that fit has not seen has the frequency 0 and
        the mean of all rows.
    n_categorical : int, default=0
        How many columns hold codes of categories, at the end.

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
    >>> step = CategoryRelations(relations=["mean(x0 | c0)"], n_categorical=1)
    >>> step.fit_transform(X).round(2)
    array([[1.  , 3.43, 0.  ],
           [3.  , 3.43, 0.  ],
           [8.  , 4.57, 1.  ],
           [4.  , 4.57, 1.  ]])
    >>> step.get_feature_names_out(["price", "district"])
    array(['price', 'mean(price | district)', 'district'], dtype=object)
    """

    _parameter_constraints = {  # noqa: RUF012, scikit-learn's way
        "relations": ["array-like"],
        "n_categorical": [Interval(numbers.Integral, 0, None, closed="left")],
    }

    def __init__(self, *, relations=(), n_categorical=0) -> None:
        self.relations = relations
        self.n_categorical = n_categorical

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Learn what the training rows tell of their categories.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows: numbers, then codes of categories.
        y : None
            Ignored.

        Returns
        -------
        self : CategoryRelations
            The fitted step.

        Raises
        ------
        ValueError
            If a relation cannot be read, or names a column that there is not.
        """
        X = self._checked(X, reset=True)
        if self.n_categorical > X.shape[1]:
            raise ValueError(
                f"n_categorical={self.n_categorical} says how many of the columns of X hold "
                f"categories, but X has {X.shape[1]}; pass at most that many."
            )
        parsed = [parse_relation(text) for text in self.relations]
        for relation in parsed:
            self._check_columns(relation, X.shape[1] - self.n_categorical)
        numbers, codes = self._parts(X)
        self._learned = [relation.learned(numbers, codes) for relation in parsed]
        return self

    def transform(self, X):
        """Return X with the new columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features + n_relations)
            Numbers, new numbers, codes, new codes.
        """
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        numbers, codes = self._parts(X)
        parsed = [parse_relation(text) for text in self.relations]
        new = [
            relation.values(learned, numbers, codes)
            for relation, learned in zip(parsed, self._learned, strict=True)
        ]
        return np.column_stack(
            [numbers, *_of(parsed, new, False), codes, *_of(parsed, new, True)]
        )

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns, and the relations as they are read.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names to use where fit saw none; else they must be those seen in fit.

        Returns
        -------
        names : ndarray of str objects
        """
        check_is_fitted(self, "n_features_in_")
        names = feature_names_in(self, input_features)
        boundary = len(names) - self.n_categorical
        numbers, categories = names[:boundary], names[boundary:]
        parsed = [parse_relation(text) for text in self.relations]
        new = [relation.readable(numbers, categories) for relation in parsed]
        every = [*numbers, *_of(parsed, new, False), *categories, *_of(parsed, new, True)]
        return np.array(every, dtype=object)

    def _check_columns(self, relation, n_numeric):
        for letter, position, there, what in (
            ("x", relation.number, n_numeric, "numbers"),
            ("c", max(relation.categories), self.n_categorical, "categories"),
        ):
            if position >= there:
                raise ValueError(
                    f"The relation {str(relation)!r} names column {letter}{position}, but X "
                    f"has {there} columns of {what}, counted from {letter}0."
                )

    def _parts(self, X):
        boundary = X.shape[1] - self.n_categorical
        return X[:, :boundary], X[:, boundary:]

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_learned")


def _of(relations, made, is_category):
    """Return what belongs to relations that make categories, or to those that make numbers."""
    return [
        one
        for relation, one in zip(relations, made, strict=True)
        if relation.is_category == is_category
    ]
