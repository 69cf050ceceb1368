"""Networks that start from the weights of others: wider, deeper, narrower, more or fewer.

The moves are those of Chen, Goodfellow and Shlens, "Net2Net: accelerating learning via
knowledge transfer" (ICLR 2016): what was learned is not lost, and a network of another shape
begins where its parent stood.
"""

from dataclasses import dataclass

import numpy as np

from evolearn.networks.layers import ACTIVATIONS, Floats, Stack

#: The weights and biases of one network, layer by layer, the output last.
Layers = list[tuple[Floats, Floats]]

# What tells copies of a unit from each other, and copies of a whole network: a share of the
# standard deviation of the weights. Without it they would have the same gradients for ever.
UNIT_NOISE = 0.05
MEMBER_NOISE = 0.2


@dataclass(frozen=True)
class _Line:
    """Where an activation is nearly a straight line.

    ``gain * (f(scale * h + shift) - f(shift))`` is ``h`` for what `f` itself gives: exactly for
    relu, within 3 % of the largest value for tanh, and within 4 % up to h = 6 for silu, around
    its point of inflection.
    """

    scale: float
    shift: float
    gain: float


_LINES = {
    "relu": _Line(1.0, 0.0, 1.0),
    "silu": _Line(0.5, 2.4, 2 / 1.0998),
    "tanh": _Line(0.5, 0.0, 2.1),
}
# The mean slope of an activation, by which layers are joined if one between them goes.
_SLOPES = {"relu": 0.5, "silu": 0.5, "tanh": 1.0}


def inherit(child: Stack, parent: Stack, rng: np.random.Generator) -> None:
    """Give a stack of networks the weights of another one, in place.

    - More units: each new one is a copy of a drawn one, with a little noise, and what both send
      on is divided among them (Net2WiderNet).
    - Fewer units: those with the strongest weights, in and out, stay.
    - More layers: each new one, the last before the output, hands on what it gets
      (Net2DeeperNet): exactly with relu, nearly with silu and tanh, if there was a layer
      before; after none the child keeps what is positive of the inputs.
    - Fewer layers: the last ones go, and their weights are multiplied into the output's.
    - A straight connection from inputs to outputs begins at zero, or goes.
    - More members: copies of the first ones, with noise. Fewer: the first ones.

    So the child computes what its parent did, but for the noise and for what was lost with
    units and layers, as long as their activations are the same.

    Parameters
    ----------
    child, parent : Stack
        With the same number of inputs and of outputs, and tables of the same size.
    rng : numpy.random.Generator
        Draws the units that are copied, and the noise.
    """
    child.table[...] = parent.table
    for member in range(child.n_members):
        layers = parent.layers(member % parent.n_members)
        if member >= parent.n_members:
            layers = [(_noisy(W, MEMBER_NOISE, rng), b) for W, b in layers]
        while len(layers) < len(child.weights):
            layers = _deeper(layers, parent.activation)
        while len(layers) > len(child.weights):
            layers = _shallower(layers, parent.activation)
        for number, width in enumerate(child.hidden):
            has = layers[number][0].shape[1]
            if width > has:
                layers = _wider(layers, number, width, rng)
            elif width < has:
                layers = _narrower(layers, number, width)
        for number, (W, b) in enumerate(layers):
            child.weights[number][member] = W
            child.biases[number][member, 0] = b
        if child.straight is not None:
            theirs = parent.straight
            child.straight[member] = 0 if theirs is None else theirs[member % parent.n_members]


def _noisy(W: Floats, share: float, rng: np.random.Generator) -> Floats:
    noise = rng.standard_normal(W.shape, dtype=np.float32)
    return W + np.float32(share * W.std()) * noise


def _wider(layers: Layers, number: int, width: int, rng: np.random.Generator) -> Layers:
    (W, b), (out, c) = layers[number : number + 2]
    has = W.shape[1]
    units = np.concatenate([np.arange(has), rng.integers(has, size=width - has)])
    shares = 1 / np.bincount(units)[units]
    new = W[:, units[has:]]
    noise = rng.standard_normal(new.shape, dtype=np.float32)
    new = new + np.float32(UNIT_NOISE * W.std()) * noise
    wide = np.concatenate([W, new], axis=1), b[units]
    return [*layers[:number], wide, (out[units] * shares[:, None], c), *layers[number + 2 :]]


def _narrower(layers: Layers, number: int, width: int) -> Layers:
    (W, b), (out, c) = layers[number : number + 2]
    incoming = np.sqrt((W**2).sum(axis=0) + b**2)
    strength = incoming * np.sqrt((out**2).sum(axis=1))
    units = np.sort(np.argsort(-strength, kind="stable")[:width])
    return [*layers[:number], (W[:, units], b[units]), (out[units], c), *layers[number + 2 :]]


def _deeper(layers: Layers, activation: str) -> Layers:
    out, c = layers[-1]
    line, width = _LINES[activation], len(out)
    shift = np.full(width, line.shift, dtype=np.float32)
    at_zero = ACTIVATIONS[activation](shift)[0]
    new = np.float32(line.scale) * np.eye(width, dtype=np.float32), shift
    out = np.float32(line.gain) * out
    return [*layers[:-1], new, (out, c - at_zero @ out)]


def _shallower(layers: Layers, activation: str) -> Layers:
    (W, b), (out, c) = layers[-2:]
    out = np.float32(_SLOPES[activation]) * out
    return [*layers[:-2], (W @ out, b @ out + c)]
