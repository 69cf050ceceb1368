"""The evolutionary regressor."""

from sklearn.base import RegressorMixin

from evolearn._compat import fit_context
from evolearn.estimators.base import BaseEvolutionary
from evolearn.estimators.documentation import documented


@documented(
    metric="root mean squared error",
    ensemble="a weighted mean of the candidates that complement each other best",
)
class EvolutionaryRegressor(RegressorMixin, BaseEvolutionary):
    """Evolve the pipeline that predicts a number best.

    %(summary)s

    Parameters
    ----------
    %(parameters)s

    Attributes
    ----------
    %(attributes)s

    See Also
    --------
    EvolutionaryClassifier : Evolve the pipeline that classifies a table best.
    sklearn.model_selection.RandomizedSearchCV : Random search over one estimator.

    %(notes)s

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from evolearn import EvolutionaryRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = EvolutionaryRegressor(
    ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.best_params_["estimator"]
    'ridge'
    >>> model.stop_reason_
    'n_evaluations'
    """

    _task = "regression"

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, groups=None):
        """Evolve a regressor.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            A pandas or polars frame, an Arrow table, a NumPy array or a SciPy sparse matrix.
        y : array-like of shape (n_samples,)
            Numbers of any type.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights in training and in scoring.
        groups : array-like of shape (n_samples,), default=None
            Group of each row. Rows of one group are never on both sides of a split.

        Returns
        -------
        self : EvolutionaryRegressor
            The fitted estimator.
        """
        return self._fit(X, y, sample_weight, groups)

    def score(self, X, y, sample_weight=None):
        """Return the score on a table: R2, or ``scoring`` if it is set.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The rows to predict.
        y : array-like of shape (n_samples,)
            Their true values.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        float
            The score; greater is better.
        """
        if self.scoring is None:
            return super().score(X, y, sample_weight)
        return self._score(X, y, sample_weight)
