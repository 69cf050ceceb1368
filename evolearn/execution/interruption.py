"""Handle Ctrl-C and SIGTERM: the first one requests an end, the second one enforces it."""

import contextlib
import signal
import threading
from types import FrameType
from typing import Any, Self


class Interruption:
    """Context that catches SIGINT, and SIGTERM if `on_sigterm` is "best".

    The first signal only sets `requested`, so that it never interrupts an operation; the second
    raises an exception. A handler of the user's own is called as well. Python delivers signals
    to the main thread alone: in another thread nothing is caught, and `caught` is False.

    Examples
    --------
    >>> from evolearn.execution.interruption import Interruption
    >>> with Interruption() as interruption:
    ...     interruption.requested
    False
    """

    def __init__(self, on_sigterm: str | None = None) -> None:
        self.requested = False
        self.caught = False
        self._numbers = [signal.SIGINT] + [signal.SIGTERM] * (on_sigterm == "best")
        self._first = signal.SIGINT
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in self._numbers:
                before = signal.getsignal(number)
                # A process that ignores a signal, or handles it outside Python, keeps doing so.
                if callable(before) or (number == signal.SIGTERM and before == signal.SIG_DFL):
                    self._before[number] = before
                    signal.signal(number, self._handle)
            self.caught = signal.SIGINT in self._before
        return self

    def __exit__(self, *error: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)
        self._before.clear()
        self.caught = False

    def exception(self) -> BaseException:
        """Return the exception that ends the program as the first signal would have done."""
        return _exception(self._first)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        is_second, self.requested = self.requested, True
        if not is_second:
            self._first = signal.Signals(number)
        of_user = self._before.get(number)
        if callable(of_user) and of_user is not signal.default_int_handler:
            # The first signal does not end the program, even if the handler would do so.
            ignored = () if is_second else (type(_exception(number)),)
            with contextlib.suppress(*ignored):
                of_user(number, frame)
        if is_second:
            raise _exception(number)


def _exception(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)
