"""Predictions with their uncertainty: intervals, quantiles, sets of classes."""

import numbers
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from evolearn.messages import shown

Floats = NDArray[np.float64]


class _Calibrated:
    """Access to the calibration of a fitted model."""

    def _calibration(self, method: str) -> Any:
        check_is_fitted(self)
        model: Any = self
        found = model._of_search("_uncertainty")
        if found.calibration is None:
            raise ValueError(f"{method} is not possible: {found.reason}.")
        return found.calibration

    def _with_matrix(self, X: Any, predict: Callable[[Floats, Any], Any]) -> Any:
        """Apply a function to the predictions and the numeric matrix, by parts."""
        model: Any = self
        preparer = vars(self)["_uncertainty"].preparer

        def part(rows: Any) -> Any:
            predictions = np.asarray(model.estimator_.predict(rows), dtype=np.float64)
            return predict(predictions, preparer.transform(rows))

        return model._by_parts(part, X)


class IntervalMixin(_Calibrated):
    """Intervals and quantiles of a regressor."""

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Floats:
        """Predict intervals that hold the target with a given probability.

        They are made of the residuals of out-of-fold predictions (conformal prediction, as in
        CV+ [1]_), scaled by the expected size of a row's residual where that makes them
        narrower. New rows are taken to be of the same kind as those of ``fit``.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Columns are found by name if the table of ``fit`` had names.
        coverage : float, default=0.9
            The share of new rows whose target is to be in its interval, between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Lower and upper end, in the unit of the target.

        Raises
        ------
        ValueError
            If `coverage` is out of range, or too high for the number of scored rows; or if the
            model has no out-of-fold predictions.

        See Also
        --------
        predict_quantiles : Any quantiles.

        References
        ----------
        .. [1] Barber, Candes, Ramdas and Tibshirani, "Predictive inference with the
           jackknife+", Annals of Statistics 49(1), 2021.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from evolearn import EvolutionaryRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = EvolutionaryRegressor(
        ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
        ...     random_state=0,
        ... ).fit(X[:300], y[:300])
        >>> interval = model.predict_interval(X[300:], coverage=0.8)
        >>> inside = (interval[:, 0] <= y[300:]) & (y[300:] <= interval[:, 1])
        >>> bool(0.7 < inside.mean() < 0.9)
        True
        """
        _check_coverage(coverage)
        calibration = self._calibration("predict_interval")
        found: Floats = self._with_matrix(
            X, lambda mean, matrix: calibration.interval(mean, matrix, float(coverage))
        )
        return found

    def predict_quantiles(
        self, X: Any, quantiles: float | Sequence[float] = (0.1, 0.5, 0.9)
    ) -> Floats:
        """Predict quantiles of the target.

        They are the quantiles of out-of-fold residuals around the prediction, see
        `predict_interval`.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Columns are found by name if the table of ``fit`` had names.
        quantiles : float or sequence of float, default=(0.1, 0.5, 0.9)
            Levels between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, n_quantiles)
            In the unit of the target; the columns are in the order of `quantiles`.

        Raises
        ------
        ValueError
            If a level is out of range, or if the model has no out-of-fold predictions.

        See Also
        --------
        predict_interval : Intervals with a guaranteed share of rows.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from evolearn import EvolutionaryRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = EvolutionaryRegressor(
        ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
        ...     random_state=0,
        ... ).fit(X, y)
        >>> model.predict_quantiles(X[:5], [0.25, 0.75]).shape
        (5, 2)
        """
        levels = np.atleast_1d(np.asarray(quantiles, dtype=np.float64))
        outside = levels[~((levels > 0) & (levels < 1))]
        if levels.ndim > 1 or not len(levels) or len(outside):
            found = shown(float(outside[0])) if len(outside) else shown(quantiles)
            raise ValueError(f"quantiles has {found}; pass levels between 0 and 1.")
        calibration = self._calibration("predict_quantiles")
        predicted: Floats = self._with_matrix(
            X, lambda mean, matrix: calibration.quantiles(mean, matrix, levels)
        )
        return predicted


class SetMixin(_Calibrated):
    """Sets of classes of a classifier."""

    def predict_set(
        self, X: Any, coverage: float = 0.9, allow_empty: bool = False
    ) -> NDArray[np.bool_]:
        """Predict sets of classes that hold the true class with a given probability.

        Adaptive prediction sets [1]_ from out-of-fold probabilities: where the model is less
        sure, a set has more classes. New rows are taken to be of the same kind as those of
        ``fit``.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Columns are found by name if the table of ``fit`` had names.
        coverage : float, default=0.9
            The share of new rows whose true class is to be in the set, between 0 and 1.
        allow_empty : bool, default=False
            Whether a set may be empty. Then the share is `coverage` even where the model is
            right more often than that; else each set has at least the most probable class.

        Returns
        -------
        ndarray of bool of shape (n_samples, n_classes)
            Whether each class of ``classes_`` is in the set of the row.

        Raises
        ------
        ValueError
            If `coverage` is out of range, or if the model has no out-of-fold predictions.

        References
        ----------
        .. [1] Romano, Sesia and Candes, "Classification with valid and adaptive coverage",
           NeurIPS 2020.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from evolearn import EvolutionaryClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> model = EvolutionaryClassifier(
        ...     time_budget=None, n_evaluations=4, random_state=0,
        ...     search_space=["logistic_regression", "decision_tree"],
        ... ).fit(X, y)
        >>> sets = model.predict_set(X, coverage=0.99)
        >>> bool(sets.any(axis=1).all()), sets.shape
        (True, (150, 3))
        """
        _check_coverage(coverage)
        calibration = self._calibration("predict_set")
        model: Any = self
        sets: NDArray[np.bool_] = calibration.sets(
            model.predict_proba(X), float(coverage), bool(allow_empty)
        )
        return sets


def _check_coverage(coverage: Any) -> None:
    is_number = isinstance(coverage, numbers.Real) and not isinstance(coverage, bool)
    if not (is_number and 0 < coverage < 1):
        msg = f"coverage={shown(coverage)} is not between 0 and 1; pass a share such as 0.9."
        raise ValueError(msg)
