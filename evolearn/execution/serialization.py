"""Bytes and text for other processes: pickled values, and errors on one line.

It uses the standard library alone: the worker program loads this file by its path, before it
knows where packages are.
"""

import importlib
import io
from collections import ChainMap
from collections.abc import Callable
from functools import cache
from types import CodeType
from typing import Any

# Longer than any message meant for people; only dumps of whole arrays are cut.
REASON_LENGTH = 1000
# Characters that terminals obey, that end a line, or that reverse the order of others.
_CONTROL = (*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
_ESCAPES = {n: f"\\x{n:02x}" if n < 256 else f"\\u{n:04x}" for n in _CONTROL}


def import_cloudpickle() -> Any:
    """Import cloudpickle: a dependency of joblib since 1.6, a part of it before."""
    try:
        return importlib.import_module("cloudpickle")
    except ModuleNotFoundError:
        return importlib.import_module("joblib.externals.cloudpickle")


@cache
def _pickler() -> Any:
    """Return the class of cloudpickle's picklers, with the names of files in code.

    Tracebacks show them; cloudpickle leaves them out since version 3.1.
    """
    base = import_cloudpickle().Pickler
    reduce_code = base.dispatch_table[CodeType]

    def with_file_name(code: CodeType) -> tuple[Any, ...]:
        function, arguments = reduce_code(code)
        named = (code.co_filename if a == "<dynamic-code>" else a for a in arguments)
        return function, tuple(named)

    table = ChainMap({CodeType: with_file_name}, base.dispatch_table)
    return type("Pickler", (base,), {"dispatch_table": table})


def dump(value: Any, file: Any, buffer_callback: Callable[[Any], Any] | None = None) -> None:
    """Pickle anything into a file, what is defined in a script or notebook included."""
    _pickler()(file, protocol=5, buffer_callback=buffer_callback).dump(value)


def pickled(value: Any, buffer_callback: Callable[[Any], Any] | None = None) -> bytes:
    """Return the bytes of a pickle, see `dump`."""
    file = io.BytesIO()
    dump(value, file, buffer_callback)
    return file.getvalue()


def printable(text: str) -> str:
    """Return a line of text with escapes in place of control characters."""
    return text.translate(_ESCAPES)


def describe(error: BaseException) -> str:
    """Type and message of an error on one line."""
    try:
        import traceback  # takes 2 ms, which workers would need for their start

        text = "".join(traceback.format_exception_only(error))
    except BaseException:
        # A message that fails to format must not hide which error it was.
        text = type(error).__name__
    text = printable(" ".join(text.split()))
    return text if len(text) <= REASON_LENGTH else text[:REASON_LENGTH] + " ..."
