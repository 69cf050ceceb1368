"""A prepared table with columns of all kinds, and the problem of a task on it."""

import numpy as np

from evolearn.data import prepare_table
from evolearn.pipeline.problem import Problem

TASKS = ("classification", "regression")


def mixed_table(n_rows=120):
    """A table with missing numbers, categories and a target of each task."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(n_rows, 3))
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    words = rng.choice(["red", "green", "blue"], n_rows)
    table = np.empty((n_rows, 4), dtype=object)
    table[:, :3], table[:, 3] = numbers, words
    target = 10 + np.nan_to_num(numbers[:, 0]) + (words == "red")
    return prepare_table(table), target


def problem_of(prepared, task, **changes):
    """The problem of a task on a prepared table."""
    classes = {"n_classes": 2, "smallest_class": 50} if task == "classification" else {}
    return Problem(task, prepared.schema, positive_target=True, **(classes | changes))
