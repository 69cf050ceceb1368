"""The command ``predict``."""

import argparse
from pathlib import Path

from evolearn.command_line.models import read_for_model
from evolearn.command_line.tables import add_table_options, check_writable, write_table
from evolearn.optional import import_optional


def add_predict_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    """Add the command to those of the command line."""
    parser = commands.add_parser(
        "predict",
        help="predict from a table in a file",
        description="Predict the target of each row of a table, in the order of its rows.",
    )
    parser.add_argument("model", type=Path, help="a model file that fit wrote")
    parser.add_argument("table", type=Path, help="the file of the new rows")
    parser.add_argument(
        "--out",
        type=Path,
        help="the file to write, CSV or .parquet (default: CSV on standard output)",
    )
    parser.add_argument(
        "--probabilities", action="store_true", help="also the probability of each class"
    )
    add_table_options(parser)
    parser.set_defaults(run=run_predict)


def run_predict(options: argparse.Namespace) -> tuple[list[str], int]:
    """Predict from a table; return lines to print, and the exit code.

    Raises
    ------
    ValueError, TypeError, OSError, ImportError
        If the model, the table or the path cannot be used.
    """
    check_writable(options.out, "The table")
    model, X = read_for_model(options)
    pandas = import_optional("pandas", "The command line")
    columns = {"prediction": model.predict(X)}
    if options.probabilities:
        if not hasattr(model, "classes_"):
            raise ValueError("--probabilities is for classes, and the model predicts numbers.")
        for label, values in zip(model.classes_, model.predict_proba(X).T, strict=True):
            columns[f"probability of {label}"] = values
    text = write_table(pandas.DataFrame(columns), options.out)
    if options.out is None:
        return text.splitlines(), 0
    return [f"{len(X)} predictions were written to {options.out}."], 0
