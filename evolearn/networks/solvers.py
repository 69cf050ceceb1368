"""How weights are moved against the gradient, and how fast, in single precision."""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from evolearn.networks.layers import Floats

# Adam's decay rates; the second one as in RealMLP (Holzmüller et al., "Better by default",
# NeurIPS 2024), which forgets large gradients sooner than the usual 0.999.
FIRST_MOMENT, SECOND_MOMENT = 0.9, 0.95
EPSILON = 1e-8
# That of plain gradient descent, as is usual.
MOMENTUM = 0.9
# The share of the steps in which the learning rate rises to its highest value.
WARM_UP = 0.05


class Solver(Protocol):
    """Moves a vector of weights, step by step."""

    def step(self, vector: Floats, gradient: Floats, rate: float) -> None:
        """Move `vector` against the gradient."""


class Adam:
    """The optimiser of Kingma and Ba (ICLR 2015), its arrays written in place."""

    def __init__(self, size: int) -> None:
        self._mean = np.zeros(size, dtype=np.float32)
        self._square = np.zeros(size, dtype=np.float32)
        self._buffer = np.empty(size, dtype=np.float32)
        self._steps = 0

    def step(self, vector: Floats, gradient: Floats, rate: float) -> None:
        """Move `vector` against the gradient."""
        self._steps += 1
        buffer = self._buffer
        self._mean *= FIRST_MOMENT
        np.multiply(gradient, 1 - FIRST_MOMENT, out=buffer)
        self._mean += buffer
        self._square *= SECOND_MOMENT
        np.multiply(gradient, gradient, out=buffer)
        buffer *= 1 - SECOND_MOMENT
        self._square += buffer
        np.divide(self._square, 1 - SECOND_MOMENT**self._steps, out=buffer)
        np.sqrt(buffer, out=buffer)
        buffer += EPSILON
        np.divide(self._mean, buffer, out=buffer)
        buffer *= rate / (1 - FIRST_MOMENT**self._steps)
        vector -= buffer


class Momentum:
    """Gradient descent with Nesterov's momentum, as Sutskever et al. (ICML 2013) write it."""

    def __init__(self, size: int) -> None:
        self._velocity = np.zeros(size, dtype=np.float32)

    def step(self, vector: Floats, gradient: Floats, rate: float) -> None:
        """Move `vector` against the gradient."""
        self._velocity *= MOMENTUM
        self._velocity += gradient
        vector -= np.float32(rate) * (gradient + np.float32(MOMENTUM) * self._velocity)


#: By name; each is given the number of weights.
SOLVERS: Mapping[str, Callable[[int], Solver]] = {"adam": Adam, "sgd": Momentum}


def _cosine(fallen: float) -> float:
    return 0.5 * (1 + float(np.cos(np.pi * fallen)))


def _linear(fallen: float) -> float:
    return 1 - fallen


def _constant(fallen: float) -> float:
    return 1.0


#: By name; each gives the share of the highest rate after a share of the steps.
SCHEDULES: Mapping[str, Callable[[float], float]] = {
    "cosine": _cosine,
    "linear": _linear,
    "constant": _constant,
}


def rate_after(progress: float, highest: float, schedule: str) -> float:
    """Return the learning rate after a share of the steps; it rises for a moment at first."""
    if progress < WARM_UP:
        return highest * (progress / WARM_UP + 0.05)
    return highest * SCHEDULES[schedule]((progress - WARM_UP) / (1 - WARM_UP))
