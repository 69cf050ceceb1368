"""Neural network for regression."""

import copy

import numpy as np
from sklearn.base import RegressorMixin

from evolearn._compat import fit_context
from evolearn.networks.layers import Floats, Positions
from evolearn.networks.training import BaseNetwork, with_unit_weights


class NetworkRegressor(RegressorMixin, BaseNetwork):
    """Mean of a few small neural networks, trained side by side on the squared error.

    Columns are scaled, and those with many distinct values are expanded into bins or waves, so
    that the network follows sharp changes as trees do. The target is scaled too. The optimiser
    is Adam with decoupled weight decay [2]_; the learning rate rises shortly and then falls to
    zero as a cosine.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int or int, default=(128, 128)
        Number of units of each hidden layer.
    activation : {"relu", "silu", "tanh"}, default="silu"
        Activation function of the hidden units.
    embedding : {"none", "piecewise", "periodic"}, default="piecewise"
        Expansion of columns with many distinct values into several inputs [1]_: none, quantile
        bins, or sines and cosines. Columns of sparse matrices are not expanded.
    n_bins : int, default=12
        Number of bins, or of frequencies, per column.
    frequency_scale : float, default=0.3
        Standard deviation of the frequencies, per standard deviation of a column.
    categorical_features : array-like of bool or int, default=None
        Columns that hold categories, as numbers: a boolean for each column, or positions.
        Each category of at least three training rows (of a column's thousand most frequent
        ones) has its own vector, which is trained with the network [4]_. The length of the
        vectors is the square root of the number of categories, at most eight. All other
        categories, and those not seen in fit, share one vector. X cannot be sparse then. None:
        all columns are numbers.
    n_members : int, default=4
        Number of networks whose mean is predicted.
    max_iter : int, default=40
        Number of epochs (passes over the training rows).
    batch_size : int, default=128
        Number of rows per step.
    learning_rate_init : float, default=5e-3
        The highest learning rate.
    weight_decay : float, default=1e-2
        Share by which weights shrink, per step and unit of learning rate.
    dropout : float, default=0.0
        Share of hidden units that are left out of a step.
    random_state : int, RandomState instance or None, default=None
        Draws the initial weights, the order of the rows and the units that are left out.

    Attributes
    ----------
    loss_curve_ : list of float
        Mean squared error of each epoch, in units of the target's variance.
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
    NetworkClassifier : The same for classification.

    References
    ----------
    .. [1] Gorishniy, Rubachev and Babenko, "On embeddings for numerical features in tabular
           deep learning", NeurIPS 2022.
    .. [2] Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
    .. [3] Chen, Goodfellow and Shlens, "Net2Net: accelerating learning via knowledge transfer",
           ICLR 2016.
    .. [4] Guo and Berkhahn, "Entity embeddings of categorical variables", arXiv 1604.06737,
           2016.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn.networks import NetworkRegressor
    >>> X = np.linspace(0, 1, 200)[:, None]
    >>> y = np.sin(6 * X[:, 0])
    >>> bool(NetworkRegressor(random_state=0).fit(X, y).score(X, y) > 0.99)
    True
    """

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, parent=None):
        """Train on a table and its target.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), default=None
        parent : NetworkRegressor, default=None
            A fitted network to start from (warm start): its embedding and its weights are
            taken over; units, layers and members are added or removed so that the function
            changes little [3]. It is trained for a third of ``max_iter`` epochs, at half of the
            learning rate. None: from random weights.

        Returns
        -------
        self : NetworkRegressor
            The fitted network.

        Raises
        ------
        TypeError
            If the parent is no NetworkRegressor.
        ValueError
            If the parent was fitted on other columns, or with another embedding.
        """
        parent = copy.deepcopy(self) if parent is self else parent
        X, y = self._checked(X, y, y_numeric=True)
        X, y, weights = with_unit_weights(X, y, sample_weight)
        self._centre = float(np.average(y, weights=weights))
        largest = float(np.abs(y - self._centre).max()) or 1.0  # squares may overflow
        variance = float(np.average(((y - self._centre) / largest) ** 2, weights=weights))
        self._scale = largest * float(np.sqrt(variance)) or 1.0
        target = ((y - self._centre) / self._scale).astype(np.float32)

        def loss(rows: Positions, outputs: Floats) -> tuple[float, Floats]:
            errors = outputs - target[rows, None]
            slopes = errors * np.float32(2 / len(rows))
            if weights is not None:
                slopes *= weights[rows, None]
            return float(np.mean(errors * slopes)) * len(rows) / 2, slopes

        self._train(X, 1, loss, parent)
        return self

    def _rescale_outputs(self, parent):
        """Rescale outputs from the parent's scaling of the target to this one."""
        self.networks_.scale_outputs(
            parent._scale / self._scale, (parent._centre - self._centre) / self._scale
        )

    def predict(self, X):
        """Predict the target.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        target : ndarray of shape (n_samples,)
        """
        scaled = self._mean_outputs(X, lambda outputs: outputs[..., 0])
        return scaled * self._scale + self._centre
