"""The network that predicts classes."""

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets

from evolearn._compat import fit_context
from evolearn.networks.layers import Floats
from evolearn.networks.training import BaseNetwork, weighed


class NetworkClassifier(ClassifierMixin, BaseNetwork):
    """A few small neural networks, trained side by side on the log loss; their mean.

    Parameters
    ----------
    hidden_layer_sizes, activation, embedding, n_bins, frequency_scale, \
categorical_features, n_members, max_iter, batch_size, learning_rate_init, weight_decay, \
dropout, skip, solver, schedule, early_stopping, validation_fraction, n_iter_no_change, \
random_state
        As in `NetworkRegressor`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The sorted classes.
    loss_curve_ : list of float
        The mean log loss of each epoch.
    validation_loss_curve_ : list of float
        The same on the held-out rows, after each epoch; only with early stopping.
    n_iter_ : int
        Epochs trained.
    n_features_in_ : int
        Columns seen in ``fit``.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if they are all text.
    stack_, embedding_ : object
        The trained networks, and what turns columns into their inputs.

    See Also
    --------
    NetworkRegressor : The same for numbers, with its parameters explained.

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
            A fitted network of the same classes to start from, see `NetworkRegressor`.

        Returns
        -------
        NetworkClassifier
            Itself, trained.

        Raises
        ------
        TypeError
            If the parent is no NetworkClassifier.
        ValueError
            If the parent was fitted on other columns or classes, or spreads columns in another
            way.
        """
        parent = copy.deepcopy(self) if parent is self else parent
        X, y = self._checked(X, y)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        X, codes, weights = weighed(X, codes, sample_weight)

        def loss(outputs: Floats, rows: NDArray[np.intp]) -> tuple[float, Floats]:
            slopes = _softmax(outputs)
            of_truth = slopes[:, np.arange(len(rows)), codes[rows]]
            lost = -np.log(np.maximum(of_truth, np.finfo(np.float32).tiny))
            slopes[:, np.arange(len(rows)), codes[rows]] -= 1
            slopes *= np.float32(1 / len(rows))
            if weights is not None:
                lost *= weights[rows]
                slopes *= weights[rows, None]
            return float(lost.mean()), slopes

        self._train(X, len(self.classes_), loss, parent)
        return self

    def _check_parent(self, parent):
        super()._check_parent(parent)
        if not np.array_equal(parent.classes_, self.classes_):
            msg = (
                f"parent knows the classes {parent.classes_.tolist()}, y has "
                f"{self.classes_.tolist()}; a network starts from one of the same classes."
            )
            raise ValueError(msg)

    def predict_proba(self, X):
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """

        def mean(outputs: Floats) -> NDArray[Any]:
            return _softmax(outputs).mean(axis=0, dtype=np.float64)

        probabilities = self._outputs(X, mean)
        return probabilities / probabilities.sum(axis=1, keepdims=True)

    def predict(self, X):
        """Predict the most probable classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        best = self.predict_proba(X).argmax(axis=1)
        return self.classes_[best]


def _softmax(outputs: Floats) -> Floats:
    shifted = outputs - outputs.max(axis=-1, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=-1, keepdims=True)
    return shifted
