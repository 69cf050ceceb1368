"""The evolutionary classifier."""

from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if

from evolearn._compat import fit_context
from evolearn.estimators.base import BaseEvolutionary, model_has, single_has
from evolearn.estimators.documentation import documented
from evolearn.tasks.target import as_labels


@documented(
    metric="log loss",
    ensemble="the candidates that complement each other best, with pooled probabilities",
)
class EvolutionaryClassifier(ClassifierMixin, BaseEvolutionary):
    """Evolve the pipeline that classifies a table best.

    %(summary)s

    Parameters
    ----------
    %(parameters)s

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The sorted class labels.

    %(attributes)s

    See Also
    --------
    EvolutionaryRegressor : Evolve the pipeline that predicts a number best.
    sklearn.model_selection.RandomizedSearchCV : Random search over one estimator.

    %(notes)s

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from evolearn import EvolutionaryClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = EvolutionaryClassifier(
    ...     time_budget=None,
    ...     n_evaluations=4,
    ...     search_space=["decision_tree", "linear_discriminant_analysis"],
    ...     random_state=0,
    ... ).fit(X, y)
    >>> model.best_params_["estimator"]
    'linear_discriminant_analysis'
    >>> model.score(X, y) > 0.95
    True
    """

    _task = "classification"

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, groups=None):
        """Evolve a classifier.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            A pandas or polars frame, an Arrow table, a NumPy array or a SciPy sparse matrix.
        y : array-like of shape (n_samples,)
            Class labels: strings, numbers, booleans or ``datetime64``.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights in training and in scoring.
        groups : array-like of shape (n_samples,), default=None
            Group of each row. Rows of one group are never on both sides of a split.

        Returns
        -------
        self : EvolutionaryClassifier
            The fitted estimator.
        """
        return self._fit(X, y, sample_weight, groups)

    @available_if(model_has("predict_proba"))
    def predict_proba(self, X):
        """Predict class probabilities.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Columns are found by name if the table of ``fit`` had names.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of ``classes_``.
        """
        return self._predicted("predict_proba", X)

    @available_if(single_has("decision_function"))
    def decision_function(self, X):
        """Return the decision values of the fitted model, if it has them.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            Columns are found by name if the table of ``fit`` had names.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_classes)
            Decision values in the order of ``classes_``.
        """
        return self._predicted("decision_function", X)

    def score(self, X, y, sample_weight=None):
        """Return the score on a table: accuracy, or ``scoring`` if it is set.

        Parameters
        ----------
        X : table of shape (n_samples, n_features)
            The rows to predict.
        y : array-like of shape (n_samples,)
            Their true labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        float
            The score; greater is better.
        """
        y = as_labels(y)
        if self.scoring is None:
            return super().score(X, y, sample_weight)
        return self._score(X, y, sample_weight)
