"""Neural network for classification."""

import copy

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from evolearn._compat import fit_context
from evolearn.networks.layers import Floats, Positions
from evolearn.networks.training import BaseNetwork, with_unit_weights


class NetworkClassifier(ClassifierMixin, BaseNetwork):
    """Mean of a few small neural networks, trained side by side on the log loss.

    Parameters
    ----------
    hidden_layer_sizes, activation, embedding, n_bins, frequency_scale, \
categorical_features, n_members, max_iter, batch_size, learning_rate_init, weight_decay, \
dropout, random_state
        As in `NetworkRegressor`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The sorted classes.
    loss_curve_ : list of float
        Mean log loss of each epoch.
    n_iter_ : int
        Number of epochs trained.
    n_features_in_ : int
        Number of columns seen in ``fit``.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, if all of them are strings.
    networks_ : ParallelNetworks
        The trained networks.
    embedding_ : Embedding
        The conversion of columns to their inputs.

    See Also
    --------
    NetworkRegressor : The same for regression; it explains the parameters.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from evolearn.networks import NetworkClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> bool(NetworkClassifier(random_state=0).fit(X, y).score(X, y) > 0.95)
    True
    """

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, parent=None):
        """Train on a table and its classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
        parent : NetworkClassifier, default=None
            A fitted network of the same classes to start from; see `NetworkRegressor`.

        Returns
        -------
        self : NetworkClassifier
            The fitted network.

        Raises
        ------
        TypeError
            If the parent is no NetworkClassifier.
        ValueError
            If the parent was fitted on other columns or classes, or with another embedding.
        """
        parent = copy.deepcopy(self) if parent is self else parent
        X, y = self._checked(X, y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        X, codes, weights = with_unit_weights(X, codes, sample_weight)

        def loss(rows: Positions, outputs: Floats) -> tuple[float, Floats]:
            slopes = _softmax(outputs)
            truth = (slice(None), np.arange(len(rows)), codes[rows])
            losses = -np.log(np.maximum(slopes[truth], np.finfo(np.float32).tiny))
            slopes[truth] -= 1
            slopes *= np.float32(1 / len(rows))
            if weights is not None:
                losses *= weights[rows]
                slopes *= weights[rows, None]
            return float(losses.mean()), slopes

        self._train(X, len(self.classes_), loss, parent)
        return self

    def _check_parent(self, parent):
        super()._check_parent(parent)
        if not np.array_equal(parent.classes_, self.classes_):
            raise ValueError(
                f"parent knows the classes {parent.classes_.tolist()}, y has "
                f"{self.classes_.tolist()}; a network starts from one of the same classes."
            )

    def predict_proba(self, X):
        """Predict the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        probabilities = self._mean_outputs(X, _softmax)
        return probabilities / probabilities.sum(axis=1, keepdims=True)

    def predict(self, X):
        """Predict the most probable classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        classes : ndarray of shape (n_samples,)
        """
        best = self.predict_proba(X).argmax(axis=1)  # raises an error if it is not fitted
        return self.classes_[best]


def _softmax(outputs: Floats) -> Floats:
    shifted = outputs - outputs.max(axis=-1, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=-1, keepdims=True)
    return shifted
