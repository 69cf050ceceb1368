"""Values as text in messages to the user."""

import re
from typing import Any

import numpy as np

# Longer texts of values are cut: a message is one sentence.
MOST_CHARACTERS = 100
# The text of a scalar of NumPy, such as np.int64(0).
_SCALAR = re.compile(r"\bnp\.\w+\(('[^']*'|[^()']*)\)")


def shown(value: Any) -> str:
    """Return the text of a value on one line: scalars of NumPy as Python's, long texts cut."""
    try:
        text = " ".join(repr(plain(value)).split())
    except Exception:  # a value whose text cannot be made must not hide the message
        text = f"an object of type {type(value).__name__}"
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 3]}..."


def one_line(error: BaseException) -> str:
    """Return the text of an error on one line, scalars of NumPy as Python's."""
    return _SCALAR.sub(r"\1", " ".join(str(error).split()))


def plain(value: Any) -> Any:
    """Return a value with Python's own scalars in place of NumPy's, in containers too."""
    if isinstance(value, np.datetime64 | np.timedelta64):
        return str(value)  # of nanoseconds, `item` makes an integer
    if isinstance(value, np.generic):
        return value.item()
    if type(value) in (list, tuple, set, frozenset):
        return type(value)(plain(one) for one in value)
    if type(value) is dict:
        return {plain(key): plain(one) for key, one in value.items()}
    return value
