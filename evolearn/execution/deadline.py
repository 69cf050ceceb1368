"""Deadline: some seconds from now, or an interrupt by the user."""

import time

from evolearn.execution.interruption import Interruption


class Deadline:
    """The end of a step, some seconds from now or once the user presses Ctrl-C.

    Parameters
    ----------
    seconds : float, default=inf
    interruption : Interruption or None, default=None
        None: interrupts do not count.

    Examples
    --------
    >>> from evolearn.execution.deadline import Deadline
    >>> Deadline().is_over(), Deadline(-1.0).is_over()
    (False, True)
    """

    def __init__(
        self, seconds: float = float("inf"), interruption: Interruption | None = None
    ) -> None:
        self._end = time.monotonic() + seconds
        self._interruption = interruption

    def is_over(self) -> bool:
        """Whether the time has come."""
        requested = self._interruption is not None and self._interruption.requested
        return requested or time.monotonic() > self._end
