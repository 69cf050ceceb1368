"""What became of a task."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What became of one task that was submitted to a pool.

    Parameters
    ----------
    key : int
        The key that the task was submitted with.
    status : {"done", "raised", "timed_out", "died", "out_of_memory", "cancelled"}
        How it ended.
    value : object
        What the function returned when "done", else None.
    reason : str
        One sentence on what went wrong; empty when "done".
    seconds : float
        From the moment the worker took the task up until the outcome, measured by the parent.
        Zero for a task that no worker ever took up.
    details : str
        The traceback in the worker as text when "raised", else empty.

    Examples
    --------
    >>> from evolearn.execution.outcome import Outcome
    >>> Outcome(key=3, status="timed_out", value=None,
    ...         reason="exceeded its limit of 5 s", seconds=5.0).reason
    'exceeded its limit of 5 s'
    """

    key: int
    status: str
    value: Any
    reason: str
    seconds: float
    details: str = ""
