"""Where workers keep compiled modules, if the installation has none."""

import importlib.util
import os
import sys
from pathlib import Path

# By far the largest package that workers import, and compiled or not as the others are.
LARGEST = "sklearn"


def bytecode_environment() -> dict[str, str]:
    """Return environment variables that let workers import compiled modules.

    Installers may leave packages uncompiled, and where ``PYTHONDONTWRITEBYTECODE`` is set, as
    in many containers, they remain so: then a worker compiles scikit-learn anew each time,
    which takes it four seconds of a time budget instead of one. Such workers keep what they
    compile in the user's cache folder (Python writes nothing, and says nothing, where it must
    not). Empty where modules are compiled, or the user has said where they shall be.
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
