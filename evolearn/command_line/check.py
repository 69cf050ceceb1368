"""The command ``check``."""

import argparse
import json
from pathlib import Path

from evolearn.command_line.models import read_for_model
from evolearn.command_line.tables import add_table_options

# Exit code where there are findings.
FOUND = 1


def add_check_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to those of the command line."""
    parser = commands.add_parser(
        "check",
        help="compare new rows with those of the fit",
        description=(
            "Compare the rows of a table with those to which a model was fitted. The exit code "
            f"is {FOUND} if there are findings."
        ),
    )
    parser.add_argument("model", type=Path, help="a model file that fit wrote")
    parser.add_argument("table", type=Path, help="the file of the new rows")
    parser.add_argument("--json", action="store_true", help="findings as JSON")
    add_table_options(parser)
    parser.set_defaults(run=run_check)


def run_check(options: argparse.Namespace) -> tuple[list[str], int]:
    """Return the findings as lines, and the exit code."""
    model, X = read_for_model(options)
    found = model.check_table(X)
    text = json.dumps(found.as_dict(), indent=1) if options.json else str(found)
    return [text], 0 if found.ok else FOUND
