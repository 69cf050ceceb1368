"""The part of a traceback that lies in the user's own code."""

import os
import sysconfig
import traceback
from pathlib import Path
from types import TracebackType

from evolearn.execution.serialization import printable

# Code that is not the user's: evolearn, what is installed, and the standard library.
_INSTALLED = tuple(
    f"{path}{os.sep}"
    for path in (
        Path(__file__).parent.parent,
        *(sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")),
    )
)
# Number of frames that are shown, the innermost ones.
MOST_FRAMES = 4


def user_frames(error: BaseException) -> str:
    """Format the frames of the user's code and those within, "" if none is the user's."""
    entries = _from_user_code(error.__traceback__)
    if not entries:
        return ""
    lines = traceback.format_list(entries[-MOST_FRAMES:])
    text = "".join([*lines, *traceback.format_exception_only(error)]).rstrip()
    return "\n".join(map(printable, text.split("\n")))


def location_in_user_code(error: BaseException) -> str:
    """Return file, line and function of the user's code that raised an error, or ""."""
    entries = [e for e in _from_user_code(error.__traceback__) if _is_users(e.filename)]
    if not entries:
        return ""
    return f"{entries[-1].filename}:{entries[-1].lineno}, in {entries[-1].name}"


def _from_user_code(trace: TracebackType | None) -> list[traceback.FrameSummary]:
    """Return the frames from the first one of the user's code on."""
    entries = traceback.extract_tb(trace)
    first = next((i for i, e in enumerate(entries) if _is_users(e.filename)), len(entries))
    return entries[first:]


def _is_users(filename: str) -> bool:
    return not filename.startswith((*_INSTALLED, "<frozen"))
