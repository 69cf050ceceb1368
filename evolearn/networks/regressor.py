"""The network that predicts numbers."""

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from evolearn._compat import fit_context
from evolearn.networks.layers import Floats
from evolearn.networks.training import BaseNetwork, weighed


class NetworkRegressor(RegressorMixin, BaseNetwork):
    """A few small neural networks, trained side by side on the squared error; their mean.

    Columns are scaled, and those with many different values are spread over bins or waves, so
    that the network follows sharp changes as trees do. The target is scaled too.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int or int, default=(128, 128)
        The units of each hidden layer.
    activation : {"relu", "silu", "tanh"}, default="silu"
        What the hidden units compute.
    embedding : {"none", "piecewise", "periodic"}, default="piecewise"
        How columns with many different values are spread over several inputs: not, over
        quantile bins, or over sines and cosines [1]_. Columns of sparse matrices never are.
    n_bins : int, default=12
        Bins, or frequencies, per column.
    frequency_scale : float, default=0.3
        The standard deviation of the frequencies, per standard deviation of a column.
    categorical_features : array-like of bool or int, default=None
        The columns that hold categories, as numbers: a boolean for each column, or positions.
        Each category of at least three training rows (of a column's thousand most frequent
        ones) has a vector of its own that is trained with the network [4]_, of as many numbers
        as the root of their count, at most eight; all others and those not seen in fit share
        one. X cannot be sparse then. None: all columns are numbers.
    n_members : int, default=4
        Networks of which the mean is predicted.
    max_iter : int, default=40
        Epochs: how often every row is seen.
    batch_size : int, default=128
        Rows per step.
    learning_rate_init : float, default=5e-3
        The highest learning rate; it rises to that for a moment.
    weight_decay : float, default=1e-2
        How fast weights shrink, as a share per step and unit of learning rate [2]_.
    dropout : float, default=0.0
        The share of hidden units that are left out of a step.
    skip : bool, default=False
        Whether inputs are also connected to the output directly, past the hidden layers.
    solver : {"adam", "sgd"}, default="adam"
        What moves the weights: Adam, or gradient descent with Nesterov's momentum.
    schedule : {"cosine", "linear", "constant"}, default="cosine"
        How the learning rate falls: to zero as a cosine or along a line, or not.
    early_stopping : bool, default=False
        Whether rows are held out, and the weights of the epoch taken that were best on them.
    validation_fraction : float, default=0.1
        The share of the rows that is held out then.
    n_iter_no_change : int, default=10
        Epochs without a lower loss on them after which training ends.
    random_state : int, RandomState instance or None, default=None
        Draws the first weights, the order of the rows and what is left out.

    Attributes
    ----------
    loss_curve_ : list of float
        The mean loss of each epoch, in units of the target's variance.
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
    NetworkClassifier : The same for classes.

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
            A fitted network to start from: its columns, embedding and, as far as the shapes
            agree, its weights; units, layers and members that are more or fewer are made of
            those it has [3]_. A third of `max_iter` epochs is trained then, at half of the
            learning rate. None: from drawn weights. With `early_stopping` the rows that the
            parent held out are held out again; a parent that held out none, or was fitted on
            other rows, has seen them, and the validation loss is too good.

        Returns
        -------
        NetworkRegressor
            Itself, trained.

        Raises
        ------
        TypeError
            If the parent is no NetworkRegressor.
        ValueError
            If the parent was fitted on other columns, or spreads them in another way.
        """
        parent = copy.deepcopy(self) if parent is self else parent
        X, y = self._checked(X, y, y_numeric=True)
        X, y, weights = weighed(X, y, sample_weight)
        self._centre = float(np.average(y, weights=weights))
        largest = float(np.abs(y - self._centre).max()) or 1.0  # its square may be too large
        variance = float(np.average(((y - self._centre) / largest) ** 2, weights=weights))
        self._scale = largest * float(np.sqrt(variance)) or 1.0
        target = ((y - self._centre) / self._scale).astype(np.float32)

        def loss(outputs: Floats, rows: NDArray[np.intp]) -> tuple[float, Floats]:
            errors = outputs - target[rows, None]
            slopes = errors * np.float32(2 / len(rows))
            if weights is not None:
                slopes *= weights[rows, None]
            return float(np.mean(errors * slopes)) * len(rows) / 2, slopes

        self._train(X, 1, loss, parent)
        return self

    def _adopt_outputs(self, parent):
        """Let the outputs mean what the parent's do, be its target of another size."""
        self.stack_.scale_outputs(
            parent._scale / self._scale, (parent._centre - self._centre) / self._scale
        )

    def predict(self, X):
        """Predict the target.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """

        def mean(outputs: Floats) -> NDArray[Any]:
            return outputs[..., 0].mean(axis=0, dtype=np.float64)

        scaled = self._outputs(X, mean)
        return scaled * self._scale + self._centre
