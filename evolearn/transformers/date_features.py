"""Sines and cosines of cycles of the calendar, and differences between dates."""

import numbers

import numpy as np

from evolearn._compat import Interval
from evolearn.messages import shown
from evolearn.transformers.base import ColumnAdder, check_positions

# The mean lengths of a month and a year of the Gregorian calendar.
DAY, DAYS_OF_WEEK, DAYS_OF_MONTH, YEAR = 86_400.0, 7.0, 30.436875, 31_556_952.0
HOURS_OF_DAY = 24.0
_NAMES = {DAY: "day", DAYS_OF_WEEK: "week", DAYS_OF_MONTH: "month", YEAR: "year"}


class DateFeatures(ColumnAdder):
    """Add sines and cosines of cyclic columns, and differences between columns.

    December is next to January, and Sunday to Monday: on a circle, which a sine and a cosine
    describe, but not as numbers. Linear models and distances need them; trees do not. There are
    two new columns per cycle and harmonic, then one per difference; they are missing where
    their columns are.

    Parameters
    ----------
    cycles : sequence of (int, float), default=()
        Positions of columns, each with its period in the unit of the column: 86,400 for the
        time of day of seconds since 1970.
    harmonics : int, default=1
        Number of pairs of sine and cosine of each cycle: of its period, of half of it, of a
        third and so on. Three of them distinguish all days of a week. 0: none.
    differences : sequence of (int, int), default=()
        Pairs of positions of columns; the second is subtracted from the first.

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
    >>> dates = DateFeatures(cycles=[(0, 24.0)], differences=[(1, 0)])
    >>> dates.fit_transform(np.array([[6.0, 8.0], [18.0, np.nan]])).round(2)
    array([[ 6.,  8.,  1.,  0.,  2.],
           [18., nan, -1., -0., nan]])
    >>> dates.get_feature_names_out(["start", "end"])
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

    def _fit(self, X):
        positions = [column for column, _ in self._cycles()]
        positions += [column for pair in self.differences for column in pair]
        check_positions("cycles and differences", positions, X.shape[1])
        if any(not period > 0 for _, period in self._cycles()):
            raise ValueError(
                f"The periods of cycles must be above 0, got {shown(self.cycles)}."
            )

    def _transform(self, X):
        new = []
        for column, period in self._cycles():
            turns = X[:, column] / period
            for harmonic in range(1, self.harmonics + 1):
                angle = 2 * np.pi * harmonic * turns
                new += [np.sin(angle), np.cos(angle)]
        new += [X[:, first] - X[:, second] for first, second in self.differences]
        return np.column_stack([X, *new])

    def _cycles(self):
        # In an array of positions and periods, positions are floats.
        return [(int(j) if j == int(j) else j, period) for j, period in self.cycles]

    def _output_names(self, names):
        new = []
        for column, period in self._cycles():
            unit = _NAMES.get(period, f"{period:g}")
            for harmonic in range(1, self.harmonics + 1):
                times = "" if harmonic == 1 else f"{harmonic} * "
                new += [f"{wave}({times}{names[column]} / {unit})" for wave in ("sin", "cos")]
        new += [f"{names[first]} - {names[second]}" for first, second in self.differences]
        return [*names, *new]
