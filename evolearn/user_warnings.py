"""Warnings of a fit: collected while it runs, shown once at its end at the user's own line."""

import contextlib
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from pathlib import Path
from types import FrameType

import joblib
import sklearn

from evolearn.exceptions import EvolearnWarning
from evolearn.recorded_warnings import users_filters

# Code between the user's line and the place of a warning.
_PASSED_OVER = (
    *(f"{Path(file).parent}{os.sep}" for file in (__file__, sklearn.__file__, joblib.__file__)),
    contextlib.__file__,
)
_PACKAGES = ("evolearn", "sklearn", "joblib", "contextlib")

_collected: ContextVar[dict[str, str] | None] = ContextVar("collected", default=None)


def warn(message: str, about: str | None = None) -> None:
    """Warn the user: at the end of the fit or prediction that is under way, else at once.

    Of several warnings `about` the same, such as a column, the first one is shown.
    """
    messages = _collected.get()
    if messages is None:
        _show([message])
    else:
        messages.setdefault(about or message, message)


@contextlib.contextmanager
def collected_warnings() -> Iterator[None]:
    """Collect the warnings within, and show them at the end, before an exception leaves too."""
    messages: dict[str, str] = {}
    token = _collected.set(messages)
    try:
        yield
    except BaseException:
        # The user has to see this exception, even if filters turn warnings into others.
        with contextlib.suppress(EvolearnWarning):
            _show(messages.values())
        raise
    finally:
        _collected.reset(token)
    _show(messages.values())


def _show(messages: Iterable[str]) -> None:
    frame = _frame_of_user(sys._getframe(1))
    with users_filters():
        for message in messages:
            warnings.warn_explicit(
                message,
                EvolearnWarning,
                frame.f_code.co_filename,
                frame.f_lineno,
                module=frame.f_globals.get("__name__"),
                registry=frame.f_globals.setdefault("__warningregistry__", {}),
            )


def _frame_of_user(frame: FrameType) -> FrameType:
    """Return the innermost frame outside evolearn, scikit-learn and joblib."""
    current: FrameType | None = frame
    while current is not None and _is_passed_over(current):
        current = current.f_back
    return frame if current is None else current


def _is_passed_over(frame: FrameType) -> bool:
    # Code of a frozen program has file names that are relative.
    package = str(frame.f_globals.get("__name__")).partition(".")[0]
    return package in _PACKAGES or frame.f_code.co_filename.startswith(_PASSED_OVER)
