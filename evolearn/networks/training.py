"""Training and prediction, shared by the classifier and the regressor."""

import numbers
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from evolearn._compat import Interval, StrOptions, check_sample_weight
from evolearn.messages import shown
from evolearn.networks.adam import Adam, learning_rate
from evolearn.networks.categories import category_positions
from evolearn.networks.embedding import Embedding
from evolearn.networks.layers import ACTIVATIONS, Floats, ParallelNetworks, Positions
from evolearn.networks.warm_start import inherit_weights

#: Share of the `max_iter` epochs, and of the learning rate, that are used for a network that
#: starts from another one's weights. The errors of 102 children on six tables (400 rows) were
#: 1.012 times those of the same networks trained from scratch; with the full rate 1.017, with a
#: quarter of it 1.008, with half of it for a sixth of the epochs 1.017. On the first 47, shrunk
#: and perturbed weights (Ash and Adams, NeurIPS 2020) gave 0.993 to 1.03, these 0.985.
WARM_START_EPOCHS, WARM_START_RATE = 1 / 3, 0.5
# Maximum number of rows predicted at once, and of their inputs: they stay in the cache.
ROWS_AT_ONCE, INPUTS_AT_ONCE = 2_048, 2**20
# Parameters of each embedding on which the meaning of the inputs depends.
EMBEDDING_PARAMETERS = {
    "none": (),
    "piecewise": ("n_bins",),
    "periodic": ("n_bins", "frequency_scale"),
}

#: Takes the positions of a batch's rows, and outputs of shape (n_members, n_batch, n_outputs);
#: returns the mean loss and the gradient of the sum of the members' losses.
Loss = Callable[[Positions, Floats], tuple[float, Floats]]


def with_unit_weights(X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Floats | None]:
    """Remove rows of weight zero and scale the weights, if any, to a mean of one."""
    if sample_weight is None:
        return X, y, None
    weights = check_sample_weight(sample_weight, X)
    if (weights == 0).any() and (weights > 0).any():
        rows = np.flatnonzero(weights)
        X, y, weights = X[rows], y[rows], weights[rows]
    return X, y, (weights / weights.mean()).astype(np.float32)


class BaseNetwork(BaseEstimator):
    """Parameters, training and prediction; subclasses define the loss and the outputs."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "hidden_layer_sizes": [
            "array-like",
            Interval(numbers.Integral, 1, None, closed="left"),
        ],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "embedding": [StrOptions(set(EMBEDDING_PARAMETERS))],
        "n_bins": [Interval(numbers.Integral, 1, None, closed="left")],
        "frequency_scale": [Interval(numbers.Real, 0, None, closed="neither")],
        "categorical_features": ["array-like", None],
        "n_members": [Interval(numbers.Integral, 1, None, closed="left")],
        "max_iter": [Interval(numbers.Integral, 1, None, closed="left")],
        "batch_size": [Interval(numbers.Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(numbers.Real, 0, None, closed="neither")],
        "weight_decay": [Interval(numbers.Real, 0, None, closed="left")],
        "dropout": [Interval(numbers.Real, 0, 1, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        hidden_layer_sizes=(128, 128),
        *,
        activation="silu",
        embedding="piecewise",
        n_bins=12,
        frequency_scale=0.3,
        categorical_features=None,
        n_members=4,
        max_iter=40,
        batch_size=128,
        learning_rate_init=5e-3,
        weight_decay=1e-2,
        dropout=0.0,
        random_state=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.embedding = embedding
        self.n_bins = n_bins
        self.frequency_scale = frequency_scale
        self.categorical_features = categorical_features
        self.n_members = n_members
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.random_state = random_state

    def _train(self, X: Any, n_outputs: int, loss: Loss, parent: "BaseNetwork | None") -> None:
        """Train from random weights, or from those of a fitted parent.

        Sets `embedding_`, `networks_`, `loss_curve_` and `n_iter_`.
        """
        rng = np.random.default_rng(check_random_state(self.random_state).randint(2**31 - 1))
        self._initialise(X, n_outputs, parent, rng)
        X = self.embedding_.encode(X)
        n_rows, n_epochs, highest = X.shape[0], self.max_iter, float(self.learning_rate_init)
        if parent is not None:
            n_epochs = max(1, round(WARM_START_EPOCHS * self.max_iter))
            highest *= WARM_START_RATE
        self.loss_curve_ = []
        batches = list(gen_batches(n_rows, min(self.batch_size, n_rows)))
        optimiser = Adam(len(self.networks_.vector))
        gradient = np.empty_like(self.networks_.vector)
        for epoch in range(n_epochs):
            order, total = rng.permutation(n_rows), 0.0
            for number, batch in enumerate(batches):
                rows = order[batch]
                mean_loss = self.networks_.gradient(
                    *self.embedding_(X[rows]), partial(loss, rows), self.dropout, rng, gradient
                )
                total += len(rows) * mean_loss
                progress = (epoch * len(batches) + number) / (len(batches) * n_epochs)
                rate = learning_rate(progress, highest)
                self.networks_.decay(rate * self.weight_decay)
                optimiser.step(self.networks_.vector, gradient, rate)
            self.loss_curve_.append(total / n_rows)
            if not np.isfinite(total):
                raise ValueError(
                    f"The loss is no finite number after {epoch + 1} epochs; lower "
                    f"learning_rate_init, which is {shown(self.learning_rate_init)}."
                )
        self.n_iter_ = n_epochs

    def _initialise(
        self, X: Any, n_outputs: int, parent: "BaseNetwork | None", rng: np.random.Generator
    ) -> None:
        """Set `embedding_` and `networks_` to their state before training."""
        if parent is None:
            positions = category_positions(self.categorical_features, X.shape[1])
            self.embedding_ = Embedding(
                self.embedding, self.n_bins, self.frequency_scale, positions
            )
            self.embedding_.fit(X, rng)
        else:
            self._check_parent(parent)
            self.embedding_ = parent.embedding_  # weights are of use with their inputs only
        self.networks_ = ParallelNetworks(
            self.embedding_.n_outputs,
            self._layer_sizes(),
            n_outputs,
            n_members=self.n_members,
            activation=self.activation,
            category_weights=self.embedding_.first_weights(rng),
            rng=rng,
        )
        if parent is not None:
            inherit_weights(self.networks_, parent.networks_, rng)
            self._rescale_outputs(parent)

    def _layer_sizes(self) -> list[int]:
        """Return the checked number of units of each hidden layer."""
        sizes = np.atleast_1d(np.asarray(self.hidden_layer_sizes, dtype=object))
        if sizes.ndim != 1 or not all(
            isinstance(units, numbers.Integral) and int(units) > 0 for units in sizes
        ):
            raise ValueError(
                "hidden_layer_sizes must be whole numbers of units above 0, one per layer, got "
                f"{shown(self.hidden_layer_sizes)}."
            )
        return [int(units) for units in sizes]

    def _check_parent(self, parent: Any) -> None:
        """Raise an error if this network cannot start from the weights of another one."""
        name = type(self).__name__
        if type(parent) is not type(self):
            raise TypeError(f"parent must be a fitted {name}, got {shown(parent)}.")
        check_is_fitted(parent)
        if parent.n_features_in_ != self.n_features_in_:
            raise ValueError(
                f"parent was fitted on {parent.n_features_in_} columns, X has "
                f"{self.n_features_in_}; a network starts from one of the same columns."
            )
        embedding = parent.embedding_
        positions = category_positions(self.categorical_features, self.n_features_in_)
        if not np.array_equal(positions, embedding.categories):
            raise ValueError(
                f"parent has categories in the columns {embedding.categories.tolist()}, this "
                f"{name} in {positions.tolist()}; set categorical_features to the parent's."
            )
        theirs = {
            "embedding": embedding.kind,
            "n_bins": embedding.n_bins,
            "frequency_scale": embedding.scale,
        }
        for parameter in ("embedding", *EMBEDDING_PARAMETERS[self.embedding]):
            if getattr(self, parameter) != theirs[parameter]:
                raise ValueError(
                    f"parent has {parameter}={shown(theirs[parameter])}, this {name} "
                    f"{shown(getattr(self, parameter))}: its weights are of other inputs; set "
                    "it to the parent's."
                )

    def _rescale_outputs(self, parent: Any) -> None:
        """Rescale the outputs to the target of this fit; no-op for targets not scaled."""

    def _checked(self, X: Any, *y: Any, **settings: Any) -> Any:
        # Sparse rows are supported without categories only.
        sparse = "csr" if self.categorical_features is None else False
        return validate_data(self, X, *y, accept_sparse=sparse, dtype=np.float64, **settings)

    def _mean_outputs(self, X: Any, convert: Callable[[Floats], Floats]) -> Floats:
        """Compute the mean of the members' converted outputs, block by block of rows."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        block = int(np.clip(INPUTS_AT_ONCE // self.embedding_.n_outputs, 64, ROWS_AT_ONCE))
        parts = []
        for rows in gen_batches(X.shape[0], block):
            inputs = self.embedding_(self.embedding_.encode(X[rows]))
            outputs = convert(self.networks_.forward(*inputs))
            parts.append(outputs.mean(axis=0, dtype=np.float64))
        return np.concatenate(parts)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.categorical_features is None
        return tags
