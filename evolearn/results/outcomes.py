"""Outcomes of candidates by their status."""

# Far behind after some folds; too slow for the time that there was.
RACED, TOO_SLOW = "raced", "timed_out"


def has_failed(status: str) -> bool:
    """Whether a candidate failed: one that was given up for lack of time did not.

    Examples
    --------
    >>> from evolearn.results.outcomes import has_failed
    >>> [has_failed(status) for status in ("failed", "died", "timed_out", "raced", "scored")]
    [True, True, False, False, False]
    """
    return status not in ("scored", RACED, TOO_SLOW)
