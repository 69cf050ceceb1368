"""The command ``report``."""

import argparse
import time
from pathlib import Path

from evolearn.report.of_checkpoint import find_checkpoint, report_of_checkpoint

# Seconds between two readings of a search that runs; a page then loads itself again.
WATCH_SECONDS = 5


def add_report_command(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to those of the command line."""
    parser = commands.add_parser(
        "report",
        help="write a report of a search, which may still run",
        description=(
            "Write a report of the newest search in a folder that was passed to fit as journal."
        ),
    )
    parser.add_argument("folder", type=Path, help="the journal of a fit")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("report.html"),
        help="the file to write; JSON if it ends with .json (default: %(default)s)",
    )
    parser.add_argument(
        "--watch",
        action="store_true",
        help=f"write it again every {WATCH_SECONDS} s while the search runs",
    )
    parser.set_defaults(run=run_report)


def run_report(options: argparse.Namespace) -> tuple[list[str], int]:
    """Write the report, again and again with ``--watch``; return lines and exit code.

    Raises
    ------
    ValueError, OSError, ImportError
        If there is no search, or the report cannot be written.
    """
    path = find_checkpoint(options.folder)
    while True:
        refresh = WATCH_SECONDS if options.watch else 0
        report = report_of_checkpoint(path, refresh)
        is_json = options.out.suffix.lower() == ".json"
        place = (report.write_json if is_json else report.write_html)(options.out)
        if not report.content.refresh_seconds:
            return [f"{place}: {report.content.subtitle}"], 0
        time.sleep(WATCH_SECONDS)
