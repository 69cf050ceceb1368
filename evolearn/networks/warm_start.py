"""Warm starts: networks that start from the weights of others, also of other shapes.

The moves are those of Chen, Goodfellow and Shlens, "Net2Net: accelerating learning via
knowledge transfer" (ICLR 2016): a network of another shape starts with the function that its
parent has learned.
"""

import numpy as np

from evolearn.networks.layers import ACTIVATIONS, Floats, ParallelNetworks

#: The weights and biases of one network, layer by layer, the output last.
Layers = list[tuple[Floats, Floats]]

# Noise on copies of a unit and on copies of a whole network, as a share of the standard
# deviation of the weights. Without it copies would have equal gradients forever.
UNIT_NOISE = 0.05
MEMBER_NOISE = 0.2

# Scale, shift and gain of each activation f such that gain * (f(scale * h + shift) - f(shift))
# is about h for any h that f itself returns: exactly for relu, within 3 % of the largest value
# for tanh, and within 4 % up to h = 6 for silu, around its point of inflection.
IDENTITY = {
    "relu": (1.0, 0.0, 1.0),
    "silu": (0.5, 2.4, 2 / 1.0998),
    "tanh": (0.5, 0.0, 2.1),
}
# Mean slope of each activation; a removed layer is replaced by a line of this slope.
SLOPES = {"relu": 0.5, "silu": 0.5, "tanh": 1.0}


def inherit_weights(
    child: ParallelNetworks, parent: ParallelNetworks, rng: np.random.Generator
) -> None:
    """Initialise networks with the weights of others, in place.

    - More units: each new one is a copy of a random one, with a little noise, and the outgoing
      weights of both are divided between them (Net2WiderNet).
    - Fewer units: those with the strongest weights, incoming and outgoing, stay.
    - More layers: each new one, the last before the output, is an identity (Net2DeeperNet):
      exactly with relu, nearly with silu and tanh. Without a layer before it, it keeps only the
      positive part of the inputs.
    - Fewer layers: the last ones are removed and their weights multiplied into the output's.
    - More members: copies of the first ones, with noise. Fewer: the first ones.

    So the child computes the same as its parent, except for the noise and the removed units and
    layers, if their activations are the same. Both have the same numbers of inputs, outputs and
    category weights.
    """
    child.category_weights[...] = parent.category_weights
    for member in range(child.n_members):
        layers = parent.layers(member % parent.n_members)
        if member >= parent.n_members:
            layers = [(_noisy(W, MEMBER_NOISE, rng), b) for W, b in layers]
        while len(layers) < len(child.weights):
            layers = _deeper(layers, parent.activation)
        while len(layers) > len(child.weights):
            layers = _shallower(layers, parent.activation)
        for number, width in enumerate(child.hidden):
            layers = _resized(layers, number, width, rng)
        for number, (W, b) in enumerate(layers):
            child.weights[number][member] = W
            child.biases[number][member, 0] = b


def _noisy(W: Floats, share: float, rng: np.random.Generator) -> Floats:
    return W + _noise(W.shape, share * W.std(), rng)


def _noise(shape: tuple[int, ...], scale: float, rng: np.random.Generator) -> Floats:
    return np.float32(scale) * rng.standard_normal(shape, dtype=np.float32)


def _resized(layers: Layers, number: int, width: int, rng: np.random.Generator) -> Layers:
    """Change the number of units of a hidden layer."""
    (W, b), (out, c) = layers[number : number + 2]
    if width > len(b):
        copied = rng.integers(len(b), size=width - len(b))
        units = np.concatenate([np.arange(len(b)), copied])
        new = W[:, copied] + _noise((len(W), len(copied)), UNIT_NOISE * W.std(), rng)
        W = np.concatenate([W, new], axis=1)
        out = out[units] * (1 / np.bincount(units)[units])[:, None]
        b = b[units]
    elif width < len(b):
        strength = np.sqrt((W**2).sum(axis=0) + b**2) * np.sqrt((out**2).sum(axis=1))
        units = np.sort(np.argsort(-strength, kind="stable")[:width])
        W, b, out = W[:, units], b[units], out[units]
    return [*layers[:number], (W, b), (out, c), *layers[number + 2 :]]


def _deeper(layers: Layers, activation: str) -> Layers:
    """Insert an identity before the output."""
    out, c = layers[-1]
    scale, shift, gain = IDENTITY[activation]
    biases = np.full(len(out), shift, dtype=np.float32)
    at_zero = ACTIVATIONS[activation](biases)[0]
    new = np.float32(scale) * np.eye(len(out), dtype=np.float32), biases
    out = np.float32(gain) * out
    return [*layers[:-1], new, (out, c - at_zero @ out)]


def _shallower(layers: Layers, activation: str) -> Layers:
    """Merge the last hidden layer into the output."""
    (W, b), (out, c) = layers[-2:]
    out = np.float32(SLOPES[activation]) * out
    return [*layers[:-2], (W @ out, b @ out + c)]
