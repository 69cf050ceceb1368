"""What may be done to a process only if it is one of evolearn's own."""

import random

import numpy as np


def seed_generators(seed: int) -> None:
    """Seed Python's and NumPy's global generators; never to be called in a user's process."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002, it is the global one that is to be seeded
