"""The method that fits any candidate of a search on given rows."""

from types import MethodType
from typing import Any

from sklearn import config_context
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from evolearn.data import n_rows, names_checked
from evolearn.execution.process_settings import quiet_process
from evolearn.fit.data import checked_weights
from evolearn.messages import shown
from evolearn.tasks import get_task


def refit(self: Any, candidate: int, X: Any, y: Any, sample_weight: Any = None) -> Any:
    """Fit any candidate of the search on given rows.

    Columns are read as in ``fit``. The candidate's own seed is used, and those whose
    models it started from are trained first. The estimator itself stays as it is.

    Parameters
    ----------
    candidate : int
        Its number, as in ``leaderboard_`` and ``cv_results_``.
    X : table of shape (n_samples, n_features)
        Rows with the columns of ``fit``.
    y : array-like of shape (n_samples,)
        The target.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the rows.

    Returns
    -------
    estimator
        A fitted pipeline of scikit-learn, like ``best_estimator_``.

    Raises
    ------
    ValueError
        If there is no such candidate, or X lacks a column; the message names it.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from evolearn import EvolutionaryRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = EvolutionaryRegressor(
    ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.refit(0, X[:200], y[:200]).predict(X[200:]).shape
    (242,)
    """
    check_is_fitted(self)
    X = self._checked(X)
    if candidate not in self.cv_results_["candidate"]:
        raise ValueError(
            f"There is no candidate {shown(candidate)}; pass a number of "
            "leaderboard_['candidate'] that is not negative."
        )
    check_consistent_length(X, y, sample_weight)
    target, _ = get_task(self._task).from_target(y)
    weights = checked_weights(sample_weight, n_rows(X))
    fitter = self._of_search("_candidate_fitter")
    with (
        config_context(enable_metadata_routing=False, transform_output="default"),
        quiet_process(),
        names_checked(),
    ):
        return fitter.fit(candidate, self.cv_results_, X, target, weights)


class RefitMethod:
    """The method `refit` of estimators that have a parameter of this name as well.

    The parameter is that of scikit-learn's search objects: the metric by which the best model
    is chosen. Its value is in the dictionary of the instance, where `get_params` takes it.
    """

    def __get__(self, estimator: Any, owner: type | None = None) -> Any:
        return refit if estimator is None else MethodType(refit, estimator)

    def __set__(self, estimator: Any, value: str | None) -> None:
        vars(estimator)["refit"] = value
