"""Checks of the lengths and the weights that are passed to ``fit``."""

import numbers
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.data import n_rows


def check_lengths(X: Any, y: Any, groups: Any) -> None:
    """Raise if y or groups do not have one entry per row of X."""
    rows = n_rows(X)
    for name, values in (("y", y), ("groups", groups)):
        if values is not None and not hasattr(values, "__len__"):
            msg = (
                f"{name} must have one entry per row of X, got {values!r}; pass an array or a "
                "list."
            )
            raise ValueError(msg)
        if values is not None and len(values) != rows:
            msg = (
                f"Found input variables with inconsistent numbers of samples: X has {rows} "
                f"rows and {name} has {len(values)} entries; pass one entry of {name} per row."
            )
            raise ValueError(msg)


def check_weights(sample_weight: Any, rows: int) -> NDArray[np.float64] | None:
    """Return sample weights as float64, None if there are none.

    Raises
    ------
    ValueError
        If they have the wrong shape, are negative, not finite, or all zero.
    """
    if sample_weight is None:
        return None
    if isinstance(sample_weight, numbers.Real):
        weights = np.full(rows, float(sample_weight))
    else:
        weights = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (rows,):
        msg = (
            f"sample_weight.shape == {weights.shape}, expected ({rows},); sample_weight must "
            "be 1D array or scalar, with one weight per row."
        )
        raise ValueError(msg)
    if not np.isfinite(weights).all():
        msg = "sample_weight contains NaN or infinity; give every row a finite weight."
        raise ValueError(msg)
    if (weights < 0).any():
        msg = (
            f"Negative values in sample_weight, the lowest is {weights.min():g}; weights must "
            "be zero or more."
        )
        raise ValueError(msg)
    if not weights.any():
        msg = (
            "All values of sample_weight are zero, so that no row counts; "
            "Sample weights must contain at least one non-zero number."
        )
        raise ValueError(msg)
    return weights
