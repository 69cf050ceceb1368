"""A cache of compiled modules for workers, where the installation has none."""

import importlib.util
import os
import sys
from pathlib import Path

# By far the largest package that workers import: the others are compiled if it is.
LARGEST = "sklearn"


def bytecode_environment() -> dict[str, str]:
    """Environment variables that let workers import compiled modules.

    Installers may leave packages uncompiled. Where ``PYTHONDONTWRITEBYTECODE`` is set, as in
    many containers, they remain so: each worker then compiles scikit-learn, which takes four
    seconds of a time budget instead of one. Such workers keep compiled modules in the user's
    cache folder (Python writes nothing, without an error, where it has no permission). There
    are no variables if modules are compiled, or if the user has set a folder for them.
    """
    if sys.pycache_prefix is not None or _is_compiled():
        return {}
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111
    folder = Path(base)
    if not folder.is_absolute():  # there is no home
        return {}
    return {
        "PYTHONPYCACHEPREFIX": str(folder / "evolearn" / "bytecode"),
        "PYTHONDONTWRITEBYTECODE": "",
    }


def _is_compiled() -> bool:
    spec = importlib.util.find_spec(LARGEST)
    origin = None if spec is None else spec.origin
    return origin is None or Path(importlib.util.cache_from_source(origin)).exists()
