"""The step of a pipeline that adds waves of the calendar and differences between dates."""

import numbers

import numpy as np
from sklearn.utils.validation import check_is_fitted

from evolearn._compat import Interval, feature_names_in, fit_context
from evolearn.transformers.base import MatrixStep, check_positions

# The mean lengths of a month and a year of the Gregorian calendar.
DAY, DAYS_OF_WEEK, DAYS_OF_MONTH, YEAR = 86_400.0, 7.0, 30.436875, 31_556_952.0
_NAMES = {DAY: "day", DAYS_OF_WEEK: "week", DAYS_OF_MONTH: "month", YEAR: "year"}


class DateFeatures(MatrixStep):
    """Add sines and cosines of what returns, and differences between two columns.

    December is next to January, and Sunday to Monday: on a circle, as two waves show it, and
    not on a line. Trees find their way without; sums of columns and distances do not.

    Parameters
    ----------
    cycles : sequence of (int, float), default=()
        Columns by their position, each with the period after which it begins again, in its
        own unit: seconds since 1970 with 86,400 for the time of day.
    harmonics : int, default=1
        How many pairs of waves each cycle gets: of its period, of half of it, of a third and
        so on. Three of them tell all days of a week apart. 0: none.
    differences : sequence of (int, int), default=()
        Pairs of columns by their positions; the second is subtracted from the first.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen in fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit, for frames whose names are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn.transformers import DateFeatures
    >>> step = DateFeatures(cycles=[(0, 24.0)], differences=[(1, 0)])
    >>> step.fit_transform(np.array([[6.0, 8.0], [18.0, np.nan]])).round(2)
    array([[ 6.,  8.,  1.,  0.,  2.],
           [18., nan, -1., -0., nan]])
    >>> step.get_feature_names_out(["start", "end"])
    array(['start', 'end', 'sin(start / 24)', 'cos(start / 24)', 'end - start'],
          dtype=object)
    """

    _parameter_constraints = {  # noqa: RUF012, scikit-learn's way
        "cycles": ["array-like"],
        "harmonics": [Interval(numbers.Integral, 0, None, closed="left")],
        "differences": ["array-like"],
    }

    def __init__(self, *, cycles=(), harmonics=1, differences=()) -> None:
        self.cycles = cycles
        self.harmonics = harmonics
        self.differences = differences

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Check that the columns are there; nothing else is learned.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows.
        y : None
            Ignored.

        Returns
        -------
        self : DateFeatures
            The fitted step.

        Raises
        ------
        ValueError
            If a column is named that there is not.
        """
        X = self._checked(X, reset=True)
        named = [column for column, _ in self._cycles()]
        named += [column for pair in self.differences for column in pair]
        check_positions("cycles or differences", named)
        if any(not period > 0 for _, period in self._cycles()):
            raise ValueError(f"The periods of cycles must be above 0, got {self.cycles!r}.")
        missing = [column for column in named if not 0 <= column < X.shape[1]]
        if missing:
            raise ValueError(
                f"cycles or differences name the column at position {missing[0]}, but X has "
                f"{X.shape[1]} columns, counted from 0."
            )
        return self

    def transform(self, X):
        """Return X with the new columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        X_new : ndarray of shape (n_samples, n_features + n_new)
            Two columns per cycle and harmonic, then one per difference; missing where what
            they are made of is.
        """
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        new = []
        for column, period in self._cycles():
            turns = X[:, column] / period
            for harmonic in range(1, self.harmonics + 1):
                angle = 2 * np.pi * harmonic * turns
                new += [np.sin(angle), np.cos(angle)]
        new += [X[:, first] - X[:, second] for first, second in self.differences]
        return np.column_stack([X, *new])

    def _cycles(self):
        # In an array beside the periods, positions are floats.
        return [(int(j) if j == int(j) else j, period) for j, period in self.cycles]

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns, and those of the new ones.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names to use where fit saw none; else they must be those seen in fit.

        Returns
        -------
        names : ndarray of str objects
            Of the forms ``sin(2 * when_seconds / year)`` and ``end - start``.
        """
        check_is_fitted(self, "n_features_in_")
        names = feature_names_in(self, input_features)
        new = []
        for column, period in self._cycles():
            unit = _NAMES.get(period, f"{period:g}")
            for harmonic in range(1, self.harmonics + 1):
                times = "" if harmonic == 1 else f"{harmonic} * "
                new += [f"{wave}({times}{names[column]} / {unit})" for wave in ("sin", "cos")]
        new += [f"{names[first]} - {names[second]}" for first, second in self.differences]
        return np.array([*names, *new], dtype=object)
