"""The command ``fit``."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evolearn.command_line.models import summary_of_model
from evolearn.command_line.tables import (
    add_table_options,
    check_writable,
    format_of,
    read_table,
)
from evolearn.data.number_text import infer_number_format
from evolearn.data.text_columns import is_missing_word
from evolearn.estimators.classifier import EvolutionaryClassifier
from evolearn.estimators.regressor import EvolutionaryRegressor
from evolearn.results.progress import LOGGER
from evolearn.tasks import task_of

ESTIMATORS: dict[str, Any] = {
    "classification": EvolutionaryClassifier,
    "regression": EvolutionaryRegressor,
}


def add_fit_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to those of the command line."""
    parser = commands.add_parser(
        "fit",
        help="fit a model to a table in a file",
        description="Fit a model to a table in a CSV, Parquet or Arrow file, and save it.",
    )
    parser.add_argument("table", type=Path, help="the file of the table")
    parser.add_argument("--target", required=True, help="the column to predict")
    parser.add_argument("--out", type=Path, required=True, help="the model file to write")
    parser.add_argument(
        "--time", type=float, default=60.0, metavar="SECONDS", help="default: %(default)g"
    )
    parser.add_argument("--evaluations", type=int, metavar="N", help="end after N candidates")
    parser.add_argument(
        "--task", choices=list(ESTIMATORS), help="default: by the values of the target"
    )
    parser.add_argument("--metric", help="a scorer of scikit-learn, such as roc_auc")
    parser.add_argument("--seed", type=int, help="for reproducible results")
    parser.add_argument("--n-jobs", type=int, metavar="N", help="processes; -1: all processors")
    parser.add_argument("--drop", nargs="+", default=[], metavar="COLUMN", help="left out")
    parser.add_argument(
        "--kinds",
        nargs="+",
        default=[],
        metavar="COLUMN=KIND",
        help="kinds of columns, such as postcode=categorical",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a report as HTML")
    parser.add_argument("--journal", type=Path, metavar="FOLDER", help="keep the evaluations")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_table_options(parser)
    parser.set_defaults(run=run_fit)


def run_fit(options: argparse.Namespace) -> tuple[list[str], int]:
    """Fit, save and report a model; return lines to print, and the exit code.

    Raises
    ------
    ValueError, TypeError, OSError, ImportError, SearchError
        If the table, an option or a path cannot be used.
    """
    check_writable(options.out, "The model")
    check_writable(options.report, "The report")
    if options.time <= 0:
        raise ValueError(f"--time must be above 0 seconds, got {options.time:g}.")
    kinds = kinds_of(options.kinds)
    table = read_table(options.table, format_of(options))
    X, y = split_target(table, options.target, options.drop, options.table.name)
    unknown = [name for name in kinds if name not in X.columns]
    if unknown:
        raise ValueError(f"--kinds names {unknown[0]!r}, but the table has no such column.")
    task = options.task or task_of(y)
    if not options.quiet:
        override = "" if options.task else "; --task overrides it"
        LOGGER.info(
            "%d rows, %d columns, target %r: %s%s",
            *(*X.shape, options.target, task, override),
        )
    model = ESTIMATORS[task](
        time_budget=options.time,
        n_evaluations=options.evaluations,
        scoring=options.metric,
        random_state=options.seed,
        n_jobs=options.n_jobs,
        kinds=kinds or None,
        journal=options.journal,
        verbose=0 if options.quiet else 1,
    ).fit(X, y)
    place = model.save(options.out)
    lines = [*summary_of_model(model), f"The model was saved to {place}."]
    if options.report is not None:
        page = model.report().write_html(options.report)
        lines.append(f"The report was written to {page}.")
    return [*lines, f"Next: evolearn predict {place} NEW.csv"], 0


def kinds_of(pairs: Sequence[str]) -> dict[str, str]:
    """Return the kinds of columns that were given as COLUMN=KIND."""
    kinds = {}
    for pair in pairs:
        name, equals, kind = pair.rpartition("=")
        if not (name and equals and kind):
            raise ValueError(
                f"--kinds takes COLUMN=KIND, such as postcode=categorical; got {pair!r}."
            )
        kinds[name] = kind
    return kinds


def split_target(table: Any, target: str, drop: Sequence[str], name: str) -> tuple[Any, Any]:
    """Return the columns and the target of a frame.

    Raises
    ------
    ValueError
        If a column is missing, nothing is left to learn from, or the target has missing values.
    """
    labels = [str(label) for label in table.columns]
    for label in (target, *drop):
        if label not in labels:
            shown = ", ".join(labels[:20]) + (", ..." if len(labels) > 20 else "")
            raise ValueError(f"{name} has no column {label!r}; it has {shown}.")
    X = table.drop(columns=[target, *[label for label in drop if label != target]])
    if not X.shape[1]:
        raise ValueError(
            f"{name} has no column beside the target {target!r}; pass --separator if it has "
            "several."
        )
    y = table[target]
    n_missing = int(y.isna().sum())
    if n_missing:
        raise ValueError(
            f"The target {target!r} is missing in {n_missing} of {len(y)} rows; remove these "
            "rows."
        )
    return X, as_numbers(y)


def as_numbers(y: Any) -> Any:
    """Return a target with numbers in place of numbers as text; others as they are."""
    values = y.tolist()
    if not all(isinstance(value, str) for value in values) or any(map(is_missing_word, values)):
        return y
    found = infer_number_format(values)
    return y if found is None or np.isnan(found[1]).any() else found[1]
