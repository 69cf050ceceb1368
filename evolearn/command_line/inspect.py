"""The command ``inspect``."""

import argparse
import json
from pathlib import Path
from typing import Any

from evolearn.command_line.models import read_model, summary_of_model
from evolearn.export.saving import model_facts
from evolearn.results.numbers import percent
from evolearn.results.tabular import text_of_table


def add_inspect_command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> None:
    """Add the command to those of the command line."""
    parser = commands.add_parser(
        "inspect",
        help="show a model file",
        description="Show the model, its expected error, its columns and its versions.",
    )
    parser.add_argument("model", type=Path, help="a model file that fit wrote")
    parser.add_argument("--json", action="store_true", help="facts as JSON")
    parser.set_defaults(run=run_inspect)


def run_inspect(options: argparse.Namespace) -> tuple[list[str], int]:
    """Return lines about a model file, and the exit code."""
    facts = model_facts(options.model)
    if options.json:
        return [json.dumps(facts, indent=1)], 0
    model = read_model(options.model)
    versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
    columns = text_of_table("", _columns(model))
    return [*summary_of_model(model), "", columns, "", f"Fitted with {versions}."], 0


def _columns(model: Any) -> dict[str, list[Any]]:
    """Return a row for each column of the table of fit."""
    table: dict[str, list[Any]] = {"column": [], "read as": [], "missing": [], "left out": []}
    profiles = {one.info.name: one for one in model.table_profile_.columns}
    for name, kind in model.column_kinds_.items():
        profile = profiles.get(name)
        is_known = profile is not None and profile.n_rows
        share = profile.n_missing / profile.n_rows if profile and is_known else 0.0
        table["column"].append(name)
        table["read as"].append(kind)
        table["missing"].append(percent(share) if share else "")
        table["left out"].append(model.dropped_columns_.get(name, ""))
    return table
