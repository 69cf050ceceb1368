"""Temporary folders that are removed with this process, however it ends."""

import os
import pathlib
import secrets
import shutil
import tempfile

from evolearn.execution.local.cleanup_process import CLEANUP_PROCESS


def make_folder() -> pathlib.Path:
    """Make a private temporary folder."""
    name = f"evolearn-{os.getpid()}-{secrets.token_hex(8)}"
    folder = pathlib.Path(tempfile.gettempdir(), name).absolute()
    # Registered before it exists, so that there is no moment in which it could stay behind.
    CLEANUP_PROCESS.register("folder", str(folder))
    folder.mkdir(mode=0o700)
    return folder


def remove_folder(folder: pathlib.Path) -> None:
    """Remove such a folder with all that is in it."""
    shutil.rmtree(folder, ignore_errors=True)
    # If something resists, the cleanup process tries again when this process ends.
    if not folder.exists():
        CLEANUP_PROCESS.unregister("folder", str(folder))
