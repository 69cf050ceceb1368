"""Temporary folders that are gone when this process is, however it ends."""

import os
import pathlib
import secrets
import shutil
import tempfile

from evolearn.execution.janitor import JANITOR


def make_scratch() -> pathlib.Path:
    """Make a private temporary folder."""
    name = f"evolearn-{os.getpid()}-{secrets.token_hex(8)}"
    folder = pathlib.Path(tempfile.gettempdir(), name).absolute()
    # Before it exists, so that there is no moment in which it could be left behind.
    JANITOR.watch("folder", str(folder))
    folder.mkdir(mode=0o700)
    return folder


def remove_scratch(folder: pathlib.Path) -> None:
    """Remove such a folder with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    # What resists is left to the janitor, which tries again when this process ends.
    if not folder.exists():
        JANITOR.forget("folder", str(folder))
