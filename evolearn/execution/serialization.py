"""Bytes and text for other processes: pickled values, and errors on one line.

It uses the standard library alone: the worker program loads this file by its path, before it
knows where packages are.
"""

import importlib
import io
import os
import sys
import threading
from collections import ChainMap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from importlib.machinery import EXTENSION_SUFFIXES
from types import CodeType, FunctionType, ModuleType
from typing import Any

# Longer than any message meant for people; only dumps of whole arrays are cut.
REASON_LENGTH = 1000
# Characters that terminals obey, that end a line, or that reverse the order of others.
_CONTROL = (*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
# Folders of installed packages; Debian names them in the second way.
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_ESCAPES = {n: f"\\x{n:02x}" if n < 256 else f"\\u{n:04x}" for n in _CONTROL}


def import_cloudpickle() -> Any:
    """Import cloudpickle: a dependency of joblib since 1.6, a part of it before."""
    try:
        return importlib.import_module("cloudpickle")
    except ModuleNotFoundError:
        return importlib.import_module("joblib.externals.cloudpickle")


@cache
def _pickler() -> Any:
    """Return the class of cloudpickle's picklers, with two changes.

    Code keeps the names of its files, which tracebacks show; cloudpickle leaves them out since
    version 3.1. Modules that other processes cannot import are pickled by value.
    """
    base = import_cloudpickle().Pickler
    reduce_code, reduce_module = (base.dispatch_table[kind] for kind in (CodeType, ModuleType))

    def with_file_name(code: CodeType) -> tuple[Any, ...]:
        function, arguments = reduce_code(code)
        named = (code.co_filename if a == "<dynamic-code>" else a for a in arguments)
        return function, tuple(named)

    def reduce_any_module(module: ModuleType) -> Any:
        with _by_value(_unimportable(module.__name__)):
            return reduce_module(module)

    def reducer_override(self: Any, value: Any) -> Any:
        if isinstance(value, type | FunctionType):
            with _by_value(_unimportable(getattr(value, "__module__", None))):
                return base.reducer_override(self, value)
        return base.reducer_override(self, value)

    changed = {CodeType: with_file_name, ModuleType: reduce_any_module}
    table = ChainMap(changed, base.dispatch_table)
    members = {"dispatch_table": table, "reducer_override": reducer_override}
    return type("Pickler", (base,), members)


_registration = threading.RLock()


@contextmanager
def _by_value(module: ModuleType | None) -> Iterator[None]:
    """Have cloudpickle reduce what the module defines by value."""
    if module is None:
        yield
        return
    cloudpickle = import_cloudpickle()
    # The registry is that of the whole process; the reduction of one object is short.
    with _registration:
        if module.__name__ in cloudpickle.list_registry_pickle_by_value():
            yield
            return
        cloudpickle.register_pickle_by_value(module)
        try:
            yield
        finally:
            cloudpickle.unregister_pickle_by_value(module)


def _unimportable(name: Any) -> ModuleType | None:
    """Return an imported module if another process could not import it by its name.

    For example one that was loaded from a path outside of ``sys.path``. Of a module with such a
    name that comes from another file it is true too.
    """
    module = sys.modules.get(name) if isinstance(name, str) else None
    if module is None or name == "__main__":  # by value in any case
        return None
    if name.partition(".")[0] in sys.stdlib_module_names:
        return None
    file = getattr(module, "__file__", None)
    if file is not None and (
        # Compiled code has no value to pickle. Its module may have another name than its place:
        # the losses of scikit-learn 1.7 say "_loss" in place of "sklearn._loss._loss".
        file.endswith(tuple(EXTENSION_SUFFIXES))
        # Installed packages are found, also where a folder of the same name has come before
        # them in the path: their source tree, for example.
        or not _INSTALLED.isdisjoint(file.replace("\\", "/").split("/"))
    ):
        return None
    return None if _is_importable(name, file, tuple(map(str, sys.path))) else module


@lru_cache(maxsize=4096)
def _is_importable(name: str, file: str | None, path: tuple[str, ...]) -> bool:
    """Whether the finders of modules, with this path, find this file for this name."""
    parent = name.rpartition(".")[0]
    where = None
    if parent:
        where = getattr(sys.modules.get(parent), "__path__", None)
        if where is None or _unimportable(parent) is not None:
            return False
    try:
        found = (finder.find_spec(name, where) for finder in sys.meta_path)
        spec = next((spec for spec in found if spec is not None), None)
    except Exception:  # of a finder that is not Python's own
        return True
    if spec is None:
        return False
    if file is None or not spec.has_location or spec.origin is None:
        return True
    return os.path.realpath(spec.origin) == os.path.realpath(file)


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
