"""Dense networks trained side by side, forward and backward, in single precision."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

# In single precision, but for predictions.
Floats = NDArray[Any]

# The biases of the first layer are spread, so that its units bend at different places.
FIRST_BIAS = 0.5


def _relu(Z: Floats) -> tuple[Floats, Floats]:
    return np.maximum(Z, 0), (Z > 0).astype(np.float32)


def _tanh(Z: Floats) -> tuple[Floats, Floats]:
    H = np.tanh(Z)
    return H, 1 - H * H


def _silu(Z: Floats) -> tuple[Floats, Floats]:
    # In place where it can be: these are the largest arrays of a step.
    S = np.negative(Z)
    with np.errstate(over="ignore"):  # exp(-Z) is infinite far below zero: S is 0 there
        np.exp(S, out=S)
    S += 1
    np.reciprocal(S, out=S)
    H = Z * S
    slope = S * (1 - H)
    slope += H
    return H, slope


#: The activations by name: each gives its values and its slopes.
ACTIVATIONS: dict[str, Callable[[Floats], tuple[Floats, Floats]]] = {
    "relu": _relu,
    "silu": _silu,
    "tanh": _tanh,
}
# The variance of weights that keeps that of the signal from layer to layer (He et al., 2015;
# Glorot and Bengio, 2010).
GAINS = {"relu": 2.0, "silu": 2.0, "tanh": 1.0}


def _backwards(delta: Floats, weights: Floats) -> Floats:
    """Return the gradient at the inputs of all members together."""
    return np.matmul(delta, weights.transpose(0, 2, 1)).sum(axis=0)


@dataclass
class _Trace:
    """What a layer keeps for the way back: its input, and the slopes at its output."""

    inputs: Floats
    slopes: Floats | None = None


class Stack:
    """Networks of one shape that see the same batches, each from weights of its own.

    A step of several small networks takes little longer than that of one, and the mean of
    what they predict is better than any of them.

    Parameters
    ----------
    n_inputs, n_outputs : int
    hidden : sequence of int
        The units of each hidden layer.
    n_members : int
        How many networks.
    activation : {"relu", "silu", "tanh"}
    rng : numpy.random.Generator
        Draws the weights, and the units to drop.
    skip : bool, default=False
        Whether the inputs are also connected to the outputs directly, from weights of zero.
    table : ndarray of float32, default=None
        Weights of which rows take some as their last inputs: those that all members see.

    Attributes
    ----------
    n_members : int
    hidden : list of int
    weights : list of ndarray of shape (n_members, n_in, n_out)
    biases : list of ndarray of shape (n_members, 1, n_out)
    straight : ndarray of shape (n_members, n_inputs, n_outputs) or None
    table : ndarray of shape (n_table,)
        Views of one vector, which is what is stepped and pickled.
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
        skip: bool = False,
        table: Floats | None = None,
    ) -> None:
        sizes = [n_inputs, *hidden, n_outputs]
        self._shapes = [(n_members, a, b) for a, b in pairwise(sizes)]
        self._straight = (n_members, n_inputs, n_outputs) if skip else None
        self.n_members = n_members
        self.hidden = sizes[1:-1]
        self.activation = activation
        n_weights = sum(a * b for _, a, b in self._shapes) * n_members
        n_weights += n_members * n_inputs * n_outputs * skip
        self._n_table = 0 if table is None else len(table)
        n_weights += self._n_table
        self.vector = np.zeros(n_weights + sum(sizes[1:]) * n_members, dtype=np.float32)
        # All weights stand before all biases: decay concerns the first part alone.
        self._n_decayed = n_weights
        self._view()
        for layer, weights in enumerate(self.weights):
            last = layer == len(self.weights) - 1
            variance = (1.0 if last else GAINS[activation]) / weights.shape[1]
            weights[...] = rng.standard_normal(weights.shape, dtype=np.float32)
            weights *= np.float32(np.sqrt(variance))
        self.biases[0][...] = FIRST_BIAS * rng.standard_normal(
            self.biases[0].shape, dtype=np.float32
        )
        if table is not None:
            self.table[...] = table

    def __getstate__(self) -> dict[str, object]:
        return {
            name: value
            for name, value in vars(self).items()
            if name not in ("weights", "biases", "straight", "table")
        }

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state)
        self._view()

    def _view(self) -> None:
        self.weights, self.biases, self.straight, self.table = self.parts(self.vector)

    def layers(self, member: int) -> list[tuple[Floats, Floats]]:
        """Return the weights and biases of one network, layer by layer, as views."""
        pairs = zip(self.weights, self.biases, strict=True)
        return [(weights[member], biases[member, 0]) for weights, biases in pairs]

    def parts(self, vector: Floats) -> tuple[list[Floats], list[Floats], Floats | None, Floats]:
        """Return weights, biases, straight connections and the table of a vector, as views."""
        weights, biases = [], []
        start, place = 0, self._n_decayed
        for members, a, b in self._shapes:
            end = start + members * a * b
            weights.append(vector[start:end].reshape(members, a, b))
            biases.append(vector[place : place + members * b].reshape(members, 1, b))
            start, place = end, place + members * b
        straight = None
        end = self._n_decayed - self._n_table
        if self._straight is not None:
            straight = vector[start:end].reshape(self._straight)
        return weights, biases, straight, vector[end : self._n_decayed]

    def _inputs(self, X: Floats, places: NDArray[np.intp] | None) -> Floats:
        """Return rows with what they take from the table behind them."""
        return X if places is None else np.concatenate([X, self.table[places]], axis=1)

    def forward(self, X: Floats, places: NDArray[np.intp] | None = None) -> NDArray[np.float64]:
        """Return the outputs, of shape (n_members, n_samples, n_outputs).

        In double precision: what is predicted of a row must not depend on the others.
        """
        inputs = self._inputs(X, places)[None].astype(np.float64)
        H: NDArray[Any] = inputs
        for layer, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True)):
            Z = np.matmul(H, weights)
            Z += biases
            H = ACTIVATIONS[self.activation](Z)[0] if layer < len(self.weights) - 1 else Z
        return H if self.straight is None else H + np.matmul(inputs, self.straight)

    def _forward(
        self, X: Floats, dropout: float, rng: np.random.Generator
    ) -> tuple[Floats, list[_Trace]]:
        trace = [_Trace(X[None])]
        for layer, (weights, biases) in enumerate(zip(self.weights, self.biases, strict=True)):
            Z = np.matmul(trace[-1].inputs, weights)
            Z += biases
            if layer == len(self.weights) - 1:
                if self.straight is not None:
                    Z += np.matmul(X[None], self.straight)
                return Z, trace
            H, slopes = ACTIVATIONS[self.activation](Z)
            if dropout:
                kept = rng.random(H.shape, dtype=np.float32) >= dropout
                scale = kept * np.float32(1 / (1 - dropout))
                H *= scale
                slopes *= scale
            trace.append(_Trace(H, slopes))
        raise AssertionError("a network has a last layer")

    def gradient(
        self,
        X: Floats,
        of_outputs: Callable[[Floats], Floats],
        dropout: float,
        rng: np.random.Generator,
        out: Floats,
        places: NDArray[np.intp] | None = None,
    ) -> None:
        """Write the gradient of a batch's loss into `out`, a vector like `vector`.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_inputs)
            Without the inputs that come from the table.
        of_outputs : callable
            Gives the gradient with respect to the outputs.
        dropout : float
            The share of hidden units that are left out.
        rng : numpy.random.Generator
        out : ndarray
        places : ndarray of int of shape (n_samples, n_taken), default=None
            What each row takes from the table.
        """
        inputs, n_plain = self._inputs(X, places), X.shape[1]
        outputs, trace = self._forward(inputs, dropout, rng)
        of_weights, of_biases, of_straight, of_table = self.parts(out)
        delta = of_outputs(outputs)
        of_taken = np.zeros((), dtype=np.float32)
        if of_straight is not None and self.straight is not None:
            np.matmul(inputs.T[None], delta, out=of_straight)
            of_taken = _backwards(delta, self.straight[:, n_plain:])
        for layer in range(len(self.weights) - 1, -1, -1):
            np.matmul(trace[layer].inputs.transpose(0, 2, 1), delta, out=of_weights[layer])
            np.sum(delta, axis=1, keepdims=True, out=of_biases[layer])
            slopes = trace[layer].slopes
            if slopes is not None:
                delta = np.matmul(delta, self.weights[layer].transpose(0, 2, 1))
                delta *= slopes
        if places is not None:
            of_taken = of_taken + _backwards(delta, self.weights[0][:, n_plain:])
            # Rows that take the same weight add up; faster than np.add.at.
            of_table[...] = np.bincount(
                places.ravel(), weights=of_taken.ravel(), minlength=len(of_table)
            )

    def scale_outputs(self, factor: float, shift: float) -> None:
        """Let all outputs be multiplied by a factor, then shifted."""
        for weights in (self.weights[-1], self.straight):
            if weights is not None:
                weights *= np.float32(factor)
        self.biases[-1] *= np.float32(factor)
        self.biases[-1] += np.float32(shift)

    def decay(self, share: float) -> None:
        """Move the weights, but not the biases, towards zero by a share of their size."""
        self.vector[: self._n_decayed] *= np.float32(1 - share)
