"""The command line of evolearn: ``python -m evolearn COMMAND``."""

import argparse
import sys
from collections.abc import Sequence

from evolearn.report.command_line import add_report_command

# Exit codes: of bad input, and of Ctrl-C as shells have it.
FAILED, INTERRUPTED = 1, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code; errors are one sentence."""
    parser = argparse.ArgumentParser(prog="python -m evolearn", description=__doc__)
    add_report_command(parser.add_subparsers(title="commands", required=True))
    options = parser.parse_args(arguments)
    try:
        lines = options.run(options)
    except (ValueError, OSError, ImportError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
