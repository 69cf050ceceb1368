"""Models in files, and the tables that they take."""

import argparse
from pathlib import Path
from typing import Any

from evolearn.command_line.tables import format_of, read_table
from evolearn.export.saving import load_model


def read_model(path: Path) -> Any:
    """Read a model file.

    Raises
    ------
    OSError, ValueError, ImportError
        If it cannot be read, is no model file, or a library is missing.
    """
    return load_model(path)


def summary_of_model(model: Any) -> list[str]:
    """Return the summary of a model, without the advice on what to type in Python."""
    return [line for line in model.summary().splitlines() if not line.startswith("Next:")]


def read_for_model(options: argparse.Namespace) -> tuple[Any, Any]:
    """Read a model and a table; columns that were text in fit stay text."""
    model = read_model(options.model)
    profiles = model.table_profile_.columns
    texts = [one.info.name for one in profiles if one.values == "text"]
    return model, read_table(options.table, format_of(options), texts)
