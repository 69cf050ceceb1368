"""Dense networks trained side by side, forward and backward, in single precision."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Single precision in training, double precision in prediction.
Floats = NDArray[Any]
Positions = NDArray[np.intp]

# Standard deviation of the biases of the first layer: its units bend at different places.
FIRST_BIAS = 0.5


def _relu(Z: Floats) -> tuple[Floats, Floats]:
    return np.maximum(Z, 0), (Z > 0).astype(np.float32)


def _tanh(Z: Floats) -> tuple[Floats, Floats]:
    H = np.tanh(Z)
    return H, 1 - H * H


def _silu(Z: Floats) -> tuple[Floats, Floats]:
    S = _logistic(Z)
    H = Z * S
    slope = S * (1 - H)
    slope += H
    return H, slope


def _logistic(Z: Floats) -> Floats:
    # In place as far as possible: these are the largest arrays of a step.
    S = np.negative(Z)
    with np.errstate(over="ignore"):  # exp(-Z) is infinite far below zero: S is 0 there
        np.exp(S, out=S)
    S += 1
    return np.reciprocal(S, out=S)


#: The activations by name: each returns its values and its slopes.
ACTIVATIONS: dict[str, Callable[[Floats], tuple[Floats, Floats]]] = {
    "relu": _relu,
    "silu": _silu,
    "tanh": _tanh,
}
#: The same activations as functions that write their values over their input.
_IN_PLACE: dict[str, Callable[[Floats], Any]] = {
    "relu": lambda Z: np.maximum(Z, 0, out=Z),
    "silu": lambda Z: np.multiply(Z, _logistic(Z), out=Z),
    "tanh": lambda Z: np.tanh(Z, out=Z),
}
# Variance of weights, times the number of inputs, that keeps the variance of the signal from
# layer to layer (He et al., 2015; Glorot and Bengio, 2010).
GAINS = {"relu": 2.0, "silu": 2.0, "tanh": 1.0}


class ParallelNetworks:
    """Networks of one shape that are trained on the same batches, each with its own weights.

    A step of several small networks takes little longer than that of one, and the mean of
    their predictions is better than any of them.

    `hidden` are the numbers of units of the hidden layers, `rng` draws the initial weights.
    All members share the `category_weights`, the initial vectors of categories: the last inputs
    of a row are some of these weights.

    Attributes
    ----------
    vector : ndarray of float32
        All weights, which is trained and pickled; the attributes below are views of it.
    weights : list of ndarray of shape (n_members, n_in, n_out)
    biases : list of ndarray of shape (n_members, 1, n_out)
    category_weights : ndarray of shape (n_category_weights,)
    """

    def __init__(
        self,
        n_inputs: int,
        hidden: Sequence[int],
        n_outputs: int,
        *,
        n_members: int,
        activation: str,
        rng: np.random.Generator,
        category_weights: Floats | None = None,
    ) -> None:
        sizes = [n_inputs, *hidden, n_outputs]
        self._shapes = [(n_members, a, b) for a, b in pairwise(sizes)]
        self.n_members = n_members
        self.hidden = sizes[1:-1]
        self.activation = activation
        self._n_category_weights = 0 if category_weights is None else len(category_weights)
        n_weights = sum(a * b for _, a, b in self._shapes) * n_members
        # Weights stand before biases, because weight decay applies to weights only.
        self._n_decayed = n_weights + self._n_category_weights
        n_biases = sum(sizes[1:]) * n_members
        self.vector = np.zeros(self._n_decayed + n_biases, dtype=np.float32)
        self._make_views()
        for layer, weights in enumerate(self.weights):
            last = layer == len(self.weights) - 1
            variance = (1.0 if last else GAINS[activation]) / weights.shape[1]
            weights[...] = rng.standard_normal(weights.shape, dtype=np.float32)
            weights *= np.float32(np.sqrt(variance))
        self.biases[0][...] = FIRST_BIAS * rng.standard_normal(
            self.biases[0].shape, dtype=np.float32
        )
        if category_weights is not None:
            self.category_weights[...] = category_weights

    def __getstate__(self) -> dict[str, object]:
        views = ("weights", "biases", "category_weights")
        return {name: value for name, value in vars(self).items() if name not in views}

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state)
        self._make_views()

    def _make_views(self) -> None:
        self.weights, self.biases, self.category_weights = self.views(self.vector)

    def layers(self, member: int) -> list[tuple[Floats, Floats]]:
        """Return the weights and biases of one network, layer by layer, as views."""
        pairs = zip(self.weights, self.biases, strict=True)
        return [(weights[member], biases[member, 0]) for weights, biases in pairs]

    def views(self, vector: Floats) -> tuple[list[Floats], list[Floats], Floats]:
        """Return views of a vector: weights, biases and the weights of categories."""
        weights, biases = [], []
        start, place = 0, self._n_decayed
        for members, a, b in self._shapes:
            end = start + members * a * b
            weights.append(vector[start:end].reshape(members, a, b))
            biases.append(vector[place : place + members * b].reshape(members, 1, b))
            start, place = end, place + members * b
        return weights, biases, vector[start : self._n_decayed]

    def _inputs(self, X: Floats, positions: Positions | None) -> Floats:
        """Append the category weights at some positions to each row."""
        if positions is None:
            return X
        return np.concatenate([X, self.category_weights[positions]], axis=1)

    def forward(self, X: Floats, positions: Positions | None = None) -> NDArray[np.float64]:
        """Compute the outputs, of shape (n_members, n_samples, n_outputs).

        In double precision, so that the prediction of a row does not depend on other rows. X
        has no inputs that are weights of categories: `positions`, of shape (n_samples,
        n_vectors), are the places of these weights, None without any.
        """
        values = self._inputs(X, positions).astype(np.float64)[None]
        for layer, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True)):
            if layer > 0:
                _IN_PLACE[self.activation](values)
            values = np.matmul(values, weights)
            values += biases
        return values

    def _forward(
        self, X: Floats, dropout: float = 0.0, rng: Any = None
    ) -> tuple[Floats, list[Floats], list[Floats]]:
        """Return the outputs, the inputs of each layer, and the slopes at the hidden units."""
        inputs, slopes = [X[None]], []
        for weights, biases in zip(self.weights[:-1], self.biases[:-1], strict=True):
            Z = np.matmul(inputs[-1], weights)
            Z += biases
            H, slope = ACTIVATIONS[self.activation](Z)
            if dropout:
                kept = rng.random(H.shape, dtype=np.float32) >= dropout
                scale = kept * np.float32(1 / (1 - dropout))
                H *= scale
                slope *= scale
            inputs.append(H)
            slopes.append(slope)
        outputs = np.matmul(inputs[-1], self.weights[-1])
        outputs += self.biases[-1]
        return outputs, inputs, slopes

    def gradient(
        self,
        X: Floats,
        positions: Positions | None,
        loss: Callable[[Floats], tuple[float, Floats]],
        dropout: float,
        rng: np.random.Generator,
        out: Floats,
    ) -> float:
        """Compute the gradient of a batch's loss with respect to `vector`; return the loss.

        X and `positions` are as in `forward`. The loss takes the outputs and returns its value
        and its gradient with respect to them. `dropout` is the share of hidden units that are
        left out, `rng` draws them. The gradient is written into `out`.
        """
        outputs, inputs, slopes = self._forward(self._inputs(X, positions), dropout, rng)
        weight_gradients, bias_gradients, category_gradient = self.views(out)
        value, delta = loss(outputs)
        for layer in reversed(range(len(self.weights))):
            np.matmul(inputs[layer].transpose(0, 2, 1), delta, out=weight_gradients[layer])
            np.sum(delta, axis=1, keepdims=True, out=bias_gradients[layer])
            if layer > 0:
                delta = np.matmul(delta, self.weights[layer].transpose(0, 2, 1))
                delta *= slopes[layer - 1]
        if positions is not None:
            weights = self.weights[0][:, X.shape[1] :]
            of_inputs = np.matmul(delta, weights.transpose(0, 2, 1)).sum(axis=0)
            # Adds up the rows that have the same weight; faster than np.add.at.
            category_gradient[...] = np.bincount(
                positions.ravel(), of_inputs.ravel(), minlength=len(category_gradient)
            )
        return value

    def scale_outputs(self, factor: float, shift: float) -> None:
        """Multiply all outputs by a factor, then shift them."""
        self.weights[-1] *= np.float32(factor)
        self.biases[-1] *= np.float32(factor)
        self.biases[-1] += np.float32(shift)

    def decay(self, share: float) -> None:
        """Shrink the weights, but not the biases, by a share of their size."""
        self.vector[: self._n_decayed] *= np.float32(1 - share)
