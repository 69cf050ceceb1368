"""An append-only file of checksummed records that outlives the process that writes it.

    file    = MAGIC, record, record, ...      the first record is the header
    record  = lengths of fields and blob (2 x 4 bytes), fields (JSON), blob, digest (16 bytes)

Every record is flushed to the disk as it is appended. A process that is killed while it
writes leaves a torn last record, which is cut off when the file is opened again; anything else
that does not read as it was written means that the file is damaged or somebody else's, and
such a file is left untouched.
"""

import errno
import hashlib
import io
import json
import os
import struct
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import numpy as np

try:
    import fcntl
except ModuleNotFoundError:  # Windows: a journal is not locked there
    fcntl = None  # type: ignore[assignment]

# What a file system says that knows no locks.
NO_LOCKS = (errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK)

MAGIC = b"evolearn journal 1\n"
LENGTHS = struct.Struct("<II")
DIGEST_SIZE = 16


_OPEN: "weakref.WeakSet[RecordFile]" = weakref.WeakSet()


def _close_in_fork() -> None:
    # A lock is shared with forks: one that outlives this process would hold it for ever.
    for file in list(_OPEN):
        file.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_fork)


class DamagedRecords(ValueError):
    """A file of records that cannot be used; the message says which and why."""


class StoredRecord(NamedTuple):
    """What a record holds: a few named values, and bytes."""

    fields: dict[str, Any]
    blob: bytes


class RecordFile:
    """A file of records, open for one writer.

    Parameters
    ----------
    path : Path
        Created, with its folders, if it does not exist.
    header : mapping
        What the file is for. A file with another header is refused.

    Attributes
    ----------
    stored : list of StoredRecord
        The records that were there when the file was opened.
    torn : bool
        Whether a last record had been written in part and was cut off.

    Raises
    ------
    DamagedRecords
        If the file is no file of records, has another header, is damaged, or is open for
        another writer.
    """

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            msg = f"journal must be a folder, but {path.parent} is a file; pass another path."
            raise DamagedRecords(msg) from None
        # Not truncated: a file that turns out to be somebody else's stays as it is. Without a
        # buffer, which after a failed write would be tried again at the next one.
        self._file = io.FileIO(os.open(path, os.O_RDWR | os.O_CREAT, 0o644), "r+b")
        _OPEN.add(self)
        try:
            self._lock()
            self.stored, end = self._read(dict(header))
            self.torn = end < path.stat().st_size
            self._file.seek(end)
            if self.torn:
                self._file.truncate()
            if end == 0:
                self._write(MAGIC)
                self.append(header)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def append(
        self, fields: Mapping[str, Any], blob: bytes = b"", *, sync: bool = True
    ) -> None:
        """Write a record and, if it is to outlive the system too, flush it to the disk.

        Raises
        ------
        OSError
            If it cannot be written; the file is as it was before.
        """
        text = json.dumps(dict(fields), default=_of_numpy).encode()
        body = LENGTHS.pack(len(text), len(blob)) + text + blob
        end = self._file.tell()
        try:
            self._write(body + _digest(body))
            if sync:
                os.fsync(self._file.fileno())
        except OSError:
            # Half a record in front of others would be damage.
            self._file.seek(end)
            self._file.truncate()
            raise

    def close(self) -> None:
        """Close the file and let others write to it."""
        self._file.close()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _lock(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in NO_LOCKS:  # some network file systems: as on Windows
                return
            if not isinstance(error, BlockingIOError):
                raise
            msg = (
                f"The journal {self.path} is being written by another fit on the same data "
                "and settings; wait for it, or give this one another folder."
            )
            raise DamagedRecords(msg) from None

    def _read(self, header: dict[str, Any]) -> tuple[list[StoredRecord], int]:
        """Return the records after the header, and where the last whole one ends."""
        data = self._file.read()
        if data[: len(MAGIC)] != MAGIC:
            if MAGIC.startswith(data):  # nothing yet, or a first write that was cut short
                return [], 0
            msg = (
                f"{self.path} is no journal of evolearn; it was left as it is. Pass another "
                "folder as journal."
            )
            raise DamagedRecords(msg)
        found, end = [], len(MAGIC)
        for record, stop in self._records(data):
            found.append(record)
            end = stop
        if not found:
            return [], 0
        if found[0].fields != json.loads(json.dumps(header)):
            different = [k for k in header if found[0].fields.get(k) != header[k]]
            msg = (
                f"The journal {self.path} is of another fit ({', '.join(different)} differ); "
                "it was left as it is. Pass another folder as journal."
            )
            raise DamagedRecords(msg)
        return found[1:], end

    def _records(self, data: bytes) -> Iterator[tuple[StoredRecord, int]]:
        start = len(MAGIC)
        while start < len(data):
            body_start = start + LENGTHS.size
            if body_start > len(data):
                return  # torn
            n_text, n_blob = LENGTHS.unpack_from(data, start)
            stop = body_start + n_text + n_blob
            if stop + DIGEST_SIZE > len(data):
                # Torn, or a length that is damaged: then whole records may be hidden behind.
                if _some_record_after(data, start + 1):
                    self._refuse(start)
                return
            body = data[start:stop]
            if data[stop : stop + DIGEST_SIZE] != _digest(body):
                self._refuse(start)
            text, blob = (
                body[LENGTHS.size : LENGTHS.size + n_text],
                body[LENGTHS.size + n_text :],
            )
            start = stop + DIGEST_SIZE
            yield StoredRecord(json.loads(text), blob), start

    def _refuse(self, position: int) -> None:
        msg = (
            f"The journal {self.path} is damaged at byte {position}; it was left as it is. "
            "Restore it from a copy, or pass another folder as journal."
        )
        raise DamagedRecords(msg)


def _of_numpy(value: Any) -> Any:
    """Return a scalar of NumPy, such as a user's settings may be, as Python's own."""
    if isinstance(value, np.generic):
        return value.item()
    msg = f"{value!r} cannot be kept in a journal."
    raise TypeError(msg)


def _digest(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=DIGEST_SIZE).digest()


def _some_record_after(data: bytes, start: int) -> bool:
    """Tell whether a whole record begins anywhere from `start` on: JSON objects begin so."""
    at = data.find(b'{"', start)
    while at != -1:
        begin = at - LENGTHS.size
        if begin >= start:
            n_text, n_blob = LENGTHS.unpack_from(data, begin)
            stop = at + n_text + n_blob
            whole = stop + DIGEST_SIZE <= len(data)
            if whole and data[stop : stop + DIGEST_SIZE] == _digest(data[begin:stop]):
                return True
        at = data.find(b'{"', at + 1)
    return False
