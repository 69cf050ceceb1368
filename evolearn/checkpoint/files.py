"""The files of a checkpoint: who writes them, whether they are there, and on what disk."""

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterable
from pathlib import Path

try:
    import fcntl
except ModuleNotFoundError:  # Windows: checkpoints are not locked there
    fcntl = None  # type: ignore[assignment]

# What a file system answers that has no locks.
NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)
# File systems of one machine, on which all processes see the same shared memory. A write-ahead
# log needs it; on network disks and unknown ones SQLite gets a rollback journal.
LOCAL = frozenset(
    ("bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "jfs", "ntfs3", "overlay")
    + ("ramfs", "reiserfs", "tmpfs", "vfat", "xfs", "zfs")
)
MOUNTS = Path("/proc/self/mountinfo")
# A file that is opened is no link, and no pipe whose other end would be waited for.
PLAIN = os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class WriterLock:
    """A lock file, held by at most one process at a time until it is released.

    The system drops the lock when the process ends, however that happens; a lock file that
    remains is taken over. On file systems without locks nothing is locked, and `is_held` is
    False. Raises BlockingIOError if somebody else holds the lock.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_held = True
        self._file: int | None = None
        self._process = os.getpid()
        if fcntl is None:
            return
        while not self._take():
            self._drop()

    def release(self) -> None:
        """Let others take the lock; in a forked process only forget it."""
        if self._file is None:
            return
        if self._process == os.getpid() and self._is_there():
            with contextlib.suppress(OSError):
                self.path.unlink()
        self._drop()

    def _take(self) -> bool:
        """Open and lock the file; return False if its owner has removed it meanwhile."""
        self._file = os.open(self.path, os.O_RDWR | PLAIN, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                self._drop()
                raise
            self.is_held = False
        return self._is_there()

    def _is_there(self) -> bool:
        # Not compared by inodes, which differ from look to look on some network disks.
        return self._file is not None and os.fstat(self._file).st_nlink > 0

    def _drop(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


class WatchedFiles:
    """Notices when an open file is removed, replaced or cut off.

    SQLite does not: it would write into a file without a name, or behind a gap, and would be
    killed by SIGBUS where its shared memory is cut off. Not all of the files need to exist.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self.have_inodes = True  # the same at each look; not so on some network disks
        self._paths = list(paths)
        self._states: dict[Path, os.stat_result] = {}

    def note(self) -> None:
        """Remember the files as they are now."""
        for path in self._paths:
            with contextlib.suppress(FileNotFoundError):
                self._states[path] = path.stat()

    def check(self) -> None:
        """Raise an OSError if a file has become another one since it was noted."""
        for path, state in self._states.items():
            try:
                found = path.stat()
            except OSError:
                msg = f"{path.name} has been removed"
                raise OSError(msg) from None
            is_same = os.path.samestat(found, state) or not self.have_inodes
            if not is_same or found.st_size < state.st_size:
                msg = f"{path.name} has been replaced or cut off"
                raise OSError(msg)


def make_folder(folder: Path) -> None:
    """Make a private folder, and its parents, that a power failure does not undo."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for one in missing:
        sync_folder(one.parent)


def sync_folder(folder: Path) -> None:
    """Write the names of the files in a folder through to the disk, where that is possible."""
    with contextlib.suppress(OSError):  # such as on Windows, where folders cannot be opened
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def is_plain(path: Path) -> bool:
    """Whether a file is absent, or a regular file that is no link."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:
        return True


def make_private(path: Path) -> None:
    """Let nobody but its owner read a file, if that is this user and the file is there."""
    with contextlib.suppress(FileNotFoundError):
        found = path.stat()
        if hasattr(os, "geteuid") and found.st_uid == os.geteuid() and found.st_mode & 0o077:
            path.chmod(0o600)


def allows_shared_memory(path: Path) -> bool:
    """Whether a file is on a disk of this machine; False where that cannot be found out."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return False
    folders = {str(folder) for folder in path.absolute().resolve().parents}
    deepest, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        mount = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), before.split()[4])
        if mount in folders and len(mount) >= len(deepest):  # later mounts hide earlier ones
            deepest, kind = mount, after.split()[0]
    return kind in LOCAL
