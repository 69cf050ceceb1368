"""Private temporary folders: removed with their process, or else by the next one.

The cleanup process removes a folder when its process ends. If both are killed at once, as when
a container is stopped, the next process that makes a folder in the same place removes it. It
recognises it by a lock, which the system drops when a process ends: numbers of processes say
nothing in a place that several containers share.
"""

import contextlib
import os
import pathlib
import re
import secrets
import shutil
import sys
import tempfile
import time

from evolearn.execution.local.cleanup_process import CLEANUP_PROCESS

if sys.platform != "win32":
    import fcntl

NAME = re.compile(r"evolearn-[0-9]+-[0-9a-f]{16}")
# A process locks its folder at once after it has made it, and before it writes into it.
LOCKED_SECONDS = 60.0

_locks: dict[pathlib.Path, int] = {}  # file descriptors


def make_folder() -> pathlib.Path:
    """Make a private temporary folder, removed with this process, however it ends.

    Raises
    ------
    OSError
        If there is no place for it, or the system allows no cleanup process.
    """
    try:
        base = pathlib.Path(tempfile.gettempdir()).absolute()
    except OSError as error:
        raise _unusable("There is no temporary folder", error) from error
    _remove_abandoned(base)
    folder = base / f"evolearn-{os.getpid()}-{secrets.token_hex(8)}"
    # Registered before it exists, so that there is no moment in which it could stay behind.
    CLEANUP_PROCESS.register("folder", str(folder))
    try:
        folder.mkdir(mode=0o700)
        _locks[folder] = _lock(folder)
    except OSError as error:
        remove_folder(folder)
        raise _unusable(f"The temporary folder {base} cannot be used", error) from error
    return folder


def remove_folder(folder: pathlib.Path) -> None:
    """Remove such a folder with all that is in it."""
    if sys.platform == "win32":
        _unlock(folder)  # no file can be removed while it is open
    shutil.rmtree(folder, ignore_errors=True)
    _unlock(folder)
    # If something resists, the cleanup process tries again when this process ends.
    if not folder.exists():
        CLEANUP_PROCESS.unregister("folder", str(folder))


def _unusable(sentence: str, error: OSError) -> OSError:
    return OSError(
        error.errno,
        f"{sentence} ({error.strerror or error}); set the environment variable TMPDIR to a "
        "folder that can be written",
    )


def _lock(folder: pathlib.Path) -> int:
    """Lock a folder until this process ends; return the file descriptor."""
    if sys.platform == "win32":
        return os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
    descriptor = os.open(folder, os.O_RDONLY)
    with contextlib.suppress(OSError):  # no locks in this file system: then it is never swept
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return descriptor


def _unlock(folder: pathlib.Path) -> None:
    descriptor = _locks.pop(folder, None)
    if descriptor is not None:
        os.close(descriptor)


def _remove_abandoned(base: pathlib.Path) -> None:
    """Remove folders of this user whose processes have ended."""
    with contextlib.suppress(OSError), os.scandir(base) as entries:
        for entry in entries:
            if NAME.fullmatch(entry.name):
                with contextlib.suppress(OSError):
                    _remove_if_abandoned(entry)


def _remove_if_abandoned(entry: os.DirEntry[str]) -> None:
    status = entry.stat(follow_symlinks=False)
    if not entry.is_dir(follow_symlinks=False):
        return
    if sys.platform == "win32":
        # Refused while a file in the folder is open.
        abandoned = f"{entry.path}.abandoned"
        os.rename(entry.path, abandoned)  # noqa: PTH104
        shutil.rmtree(abandoned, ignore_errors=True)
        return
    if status.st_uid != os.geteuid():
        return
    descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        is_new = time.time() < status.st_mtime + LOCKED_SECONDS
        if os.listdir(descriptor) or not is_new:  # noqa: PTH208
            shutil.rmtree(entry.path, ignore_errors=True)
    finally:
        os.close(descriptor)
