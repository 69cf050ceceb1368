"""Selection of columns by a score of each one."""

import numpy as np
from sklearn.feature_selection import SelectPercentile, f_classif, f_regression

#: Scores that saved models name.
SCORES = {"f_classif": f_classif, "f_regression": f_regression}


class BestColumns(SelectPercentile):
    """Select a percentage of the columns by their scores, at least one column.

    A percentage of few columns may be none, and then
    `sklearn.feature_selection.SelectPercentile` selects nothing.

    Parameters
    ----------
    score_func : callable, default=f_classif
        Takes `X` and `y` and returns a score, or a score and a p-value, for each column.
    percentile : int, default=10
        Percent of the columns to keep.

    Attributes
    ----------
    scores_ : ndarray of shape (n_features,)
        Scores of the columns.
    pvalues_ : ndarray of shape (n_features,)
        p-values of the scores, None if `score_func` returns none.
    n_features_in_ : int
        Number of columns seen in fit.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in fit, for frames whose names are all strings.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn.transformers import BestColumns
    >>> X = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 6.0], [4.0, 5.0]])
    >>> BestColumns(percentile=10).fit(X[:, :1], [0, 0, 1, 1]).get_support()
    array([ True])
    """

    def __getstate__(self):
        # By its name: a reader of a saved model need not trust a function in it.
        state = super().__getstate__()
        names = {function: name for name, function in SCORES.items()}
        return state | {"score_func": names.get(self.score_func, self.score_func)}

    def __setstate__(self, state):
        function = state["score_func"]
        known = SCORES[function] if isinstance(function, str) else function
        super().__setstate__(state | {"score_func": known})

    def _get_support_mask(self):
        mask = super()._get_support_mask()
        if not mask.any():
            mask[np.argmax(np.nan_to_num(self.scores_, nan=-np.inf))] = True
        return mask
