"""Handle Ctrl-C: the first one requests an end, the second one raises KeyboardInterrupt."""

import signal
import threading
from types import FrameType
from typing import Any, Self


class Interruption:
    """Context that catches SIGINT.

    The first signal only sets `requested`, so that it never interrupts an operation; the second
    raises KeyboardInterrupt. Python delivers signals to the main thread alone: in another
    thread nothing is caught, and `caught` is False.

    Examples
    --------
    >>> from evolearn.execution.interruption import Interruption
    >>> with Interruption() as interruption:
    ...     interruption.requested
    False
    """

    def __init__(self) -> None:
        self.requested = False
        self.caught = False
        self._before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            before = signal.getsignal(signal.SIGINT)
            # A process that ignores Ctrl-C, or handles it outside Python, keeps doing so.
            if callable(before):
                self._before = before
                signal.signal(signal.SIGINT, self._handle)
                self.caught = True
        return self

    def __exit__(self, *error: object) -> None:
        if self.caught:
            signal.signal(signal.SIGINT, self._before)
            self.caught = False

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
