"""Bytes and text for other processes: pickled values, and errors on one line.

It uses the standard library alone: the worker program loads this file by its path, before it
knows where packages are.
"""

import importlib
from typing import Any

# Longer than any message meant for people; only dumps of whole arrays are cut.
REASON_LENGTH = 1000


def import_cloudpickle() -> Any:
    """Import cloudpickle: a dependency of joblib since 1.6, a part of it before."""
    try:
        return importlib.import_module("cloudpickle")
    except ModuleNotFoundError:
        return importlib.import_module("joblib.externals.cloudpickle")


def pickled(value: Any) -> bytes:
    """Pickle anything, lambdas and what is defined in a script or notebook included."""
    blob: bytes = import_cloudpickle().dumps(value, protocol=5)
    return blob


def describe(error: BaseException) -> str:
    """Type and message of an error on one line."""
    try:
        import traceback  # takes 2 ms, which workers would need for their start

        text = "".join(traceback.format_exception_only(error))
    except BaseException:
        # A message that fails to format must not hide which error it was.
        text = type(error).__name__
    text = " ".join(text.split())
    return text if len(text) <= REASON_LENGTH else text[:REASON_LENGTH] + " ..."
