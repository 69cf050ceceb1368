"""Imports of optional libraries, with one clear error where they are missing."""

import importlib
from typing import Any

# The extra of this package that installs each library.
EXTRAS = {
    "pandas": "pandas",
    "pyarrow": "arrow",
    "matplotlib.pyplot": "plots",
    "jinja2": "report",
    "skops.io": "save",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "skl2onnx": "onnx",
    "skl2onnx.common.data_types": "onnx",
}


def import_optional(module: str, needed_by: str) -> Any:
    """Import a module of an optional library.

    Raises
    ------
    ImportError
        If the library is not installed; the message names what needs it and the extra.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        library = module.partition(".")[0]
        msg = (
            f"{needed_by} needs {library}; install it with "
            f"pip install 'evolearn-automl[{EXTRAS[module]}]'."
        )
        raise ImportError(msg) from error
