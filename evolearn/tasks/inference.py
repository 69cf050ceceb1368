"""The task that a target suggests, where the user names none."""

from typing import Any

import numpy as np

from evolearn.data import is_missing
from evolearn.tasks.target import as_array

# Whole numbers with more different values are counted or measured, not classes. Most tables of
# public repositories with more classes name them by strings.
MOST_CLASSES = 20


def task_of(y: Any) -> str:
    """Return the name of the task for a target: ``"classification"`` or ``"regression"``.

    Strings, booleans and categories are classes, and so are whole numbers with at most 20
    different values, of which each occurs twice on average.

    Parameters
    ----------
    y : array-like of shape (n_samples,)

    Examples
    --------
    >>> from evolearn.tasks import task_of
    >>> task_of(["yes", "no", "no"]), task_of([1, 0, 0, 1, 1]), task_of([1.5, 2.0, 3.1])
    ('classification', 'classification', 'regression')
    """
    values = as_array(y)
    if values.dtype.kind not in "fiu":
        return "regression" if values.dtype.kind in "mM" else _of_objects(values)
    known = values[~np.isnan(values)] if values.dtype.kind == "f" else values
    if not np.array_equal(known, np.round(known)):
        return "regression"
    n_distinct = len(np.unique(known))
    return "classification" if n_distinct <= min(MOST_CLASSES, len(known) / 2) else "regression"


def _of_objects(values: Any) -> str:
    """Return the task of strings, booleans or mixed objects."""
    known = [value for value in values.ravel().tolist() if not is_missing(value)]
    if known and all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in known
    ):
        return task_of(np.asarray(known, dtype=np.float64))
    return "classification"
