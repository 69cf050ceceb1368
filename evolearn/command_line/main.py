"""The commands, their errors and their exit codes."""

import argparse
import logging
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from evolearn._version import __version__
from evolearn.command_line.check import add_check_command
from evolearn.command_line.fit import add_fit_command
from evolearn.command_line.inspect import add_inspect_command
from evolearn.command_line.predict import add_predict_command
from evolearn.command_line.report import add_report_command
from evolearn.exceptions import SearchError
from evolearn.messages import one_line
from evolearn.results.progress import LOGGER

# Exit codes: of bad use or input, as argparse has it, and of Ctrl-C as shells have it.
FAILED, INTERRUPTED = 2, 130
COMMANDS = (
    add_fit_command,
    add_predict_command,
    add_inspect_command,
    add_check_command,
    add_report_command,
)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="evolearn",
        description=(
            "Evolve a model for a table, and use it. Results are on standard output, progress "
            "and errors on standard error. Exit codes: 0 fine, 1 findings of check, 2 bad use "
            "or input."
        ),
    )
    parser.add_argument("--version", action="version", version=f"evolearn {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in COMMANDS:
        add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; errors are one sentence on standard error."""
    options = make_parser().parse_args(arguments)
    try:
        with messages_on_standard_error():
            lines, code = options.run(options)
    except (ValueError, TypeError, OSError, ImportError, SearchError, MemoryError) as error:
        sys.stderr.write(f"evolearn: {one_line(error) or type(error).__name__}\n")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    try:
        sys.stdout.writelines(f"{line}\n" for line in lines)
        sys.stdout.flush()
    except BrokenPipeError:  # such as that of `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return int(code)


@contextmanager
def messages_on_standard_error() -> Iterator[None]:
    """Show progress and warnings on standard error, a line for each."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(name)s: %(message)s"))
    level = LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)

    def show(message: Any, *_: Any, **__: Any) -> None:
        sys.stderr.write(f"evolearn: warning: {' '.join(str(message).split())}\n")

    try:
        with warnings.catch_warnings():
            warnings.showwarning = show
            yield
    finally:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(level)
