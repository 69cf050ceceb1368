"""Method of the estimators that compares new rows with those of ``fit``."""

from typing import Any

from sklearn.utils.validation import check_is_fitted

from evolearn.profiles import TableCheck, check_new_table


class TableCheckMixin:
    """The method `check_table` of fitted estimators."""

    def check_table(self, X: Any) -> TableCheck:
        """Compare new rows with those of ``fit``, before a model predicts from them.

        Found are missing and additional columns, changed types and formats, more missing or
        unreadable values, categories that were not seen in ``fit``, values out of range, and
        shifted distributions. Differences that chance explains, given the number of rows and
        columns, are no findings: new rows like those of ``fit`` have one in at most 1 % of the
        tables.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            New rows, also those that ``predict`` would refuse.

        Returns
        -------
        TableCheck
            The ``findings``, the most severe ones first. ``print`` and notebooks show them,
            ``frame()`` returns a pandas frame and ``as_dict()`` plain values. ``ok`` says
            whether there is none.

        Raises
        ------
        ValueError
            If the model was fitted on a sparse table, or X is no table.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from evolearn import EvolutionaryRegressor
        >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
        >>> model = EvolutionaryRegressor(
        ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
        ...     random_state=0,
        ... ).fit(X[:300], y[:300])
        >>> model.check_table(X[300:]).title
        'No change found (142 new rows against 300 of fit, 10 columns).'
        >>> model.check_table(X[300:].assign(bmi=30.0)).findings[0].sentence
        "142 values are above the highest one of 'bmi' in fit, 0.1609, up to 30."
        """
        check_is_fitted(self)
        profile = self.table_profile_  # type: ignore[attr-defined]
        return check_new_table(profile, X)
