"""Runs the command line by ``python -m evolearn``."""

import sys

from evolearn.command_line.main import main

if __name__ == "__main__":
    sys.exit(main())
