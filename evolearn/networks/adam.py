"""The optimiser of the networks and its learning rate schedule, in single precision."""

import numpy as np

from evolearn.networks.layers import Floats

# Adam's decay rates. The second one is that of RealMLP (Holzmüller et al., "Better by default",
# NeurIPS 2024), which forgets large gradients sooner than the usual 0.999.
FIRST_MOMENT, SECOND_MOMENT = 0.9, 0.95
EPSILON = 1e-8
# Share of the steps in which the learning rate rises to its highest value.
WARM_UP = 0.05


class Adam:
    """Adam (Kingma and Ba, ICLR 2015), which writes its arrays in place."""

    def __init__(self, size: int) -> None:
        self._mean = np.zeros(size, dtype=np.float32)
        self._square = np.zeros(size, dtype=np.float32)
        self._buffer = np.empty(size, dtype=np.float32)
        self._steps = 0

    def step(self, weights: Floats, gradient: Floats, rate: float) -> None:
        """Move a vector of weights against its gradient, in place."""
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
        weights -= buffer


def learning_rate(progress: float, highest: float) -> float:
    """Return the rate after a share of the steps: a short rise, then a fall as a cosine."""
    if progress < WARM_UP:
        return highest * (progress / WARM_UP + 0.05)
    fallen = (progress - WARM_UP) / (1 - WARM_UP)
    return highest * (0.5 * (1 + float(np.cos(np.pi * fallen))))
