"""The time budget of a whole search, and deadlines of its steps."""

import math
import time
from collections.abc import Callable

from evolearn.execution.interruption import Interruption


class Budget:
    """A time limit that starts when it is made.

    Parameters
    ----------
    seconds : float or None
        The limit; None for no limit.
    clock : callable, default=time.monotonic
        Returns the time in seconds. A monotonic clock, so that a change of the wall clock
        neither ends a search early nor lets it run on.

    Examples
    --------
    >>> from evolearn.execution.budget import Budget
    >>> budget = Budget(60.0)
    >>> 0 < budget.remaining() <= 60
    True
    >>> Budget(None).remaining()
    inf
    """

    def __init__(
        self, seconds: float | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.seconds = None if seconds is None else float(seconds)
        self._clock = clock
        self._start = clock()

    def elapsed(self) -> float:
        """Seconds since the budget was made."""
        return self._clock() - self._start

    def remaining(self) -> float:
        """Seconds left: infinite without a limit, negative after the deadline."""
        return math.inf if self.seconds is None else self.seconds - self.elapsed()


class Deadline:
    """The end of a step, some seconds from now or once the user presses Ctrl-C.

    Without `interruption`, Ctrl-C does not count.
    """

    def __init__(
        self, seconds: float = math.inf, interruption: Interruption | None = None
    ) -> None:
        self._end = time.monotonic() + seconds
        self._interruption = interruption

    def is_over(self) -> bool:
        """Whether the time has come."""
        requested = self._interruption is not None and self._interruption.requested
        return requested or time.monotonic() > self._end
