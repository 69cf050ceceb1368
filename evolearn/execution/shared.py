"""Large values that workers load once, instead of receiving them with each task."""

import errno
import os
import pickle
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy import sparse

from evolearn.execution.serialization import describe, pickled
from evolearn.user_warnings import warn

# Kinds of arrays whose bytes are their values: all except references to objects.
PLAIN_KINDS = "biufcSUmMV"
SPARSE_PARTS = ("data", "indices", "indptr")

_loaded: dict[str, Any] = {}


@dataclass(frozen=True)
class FileValue:
    """A small handle to a value in a file.

    Parameters
    ----------
    path : str
        The file, or the common prefix of the names of several.
    kind : {"array", "sparse", "pickle"}
        The format of the value.
    container : type or None
        The class of a sparse matrix.
    shape : tuple of int
        The shape of a sparse matrix.
    """

    path: str
    kind: Literal["array", "sparse", "pickle"]
    container: type | None = None
    shape: tuple[int, ...] = ()

    def load(self) -> Any:
        """Return the value, read-only and memory-mapped; the same one each time."""
        if self.path not in _loaded:
            _loaded[self.path] = self.read()
        return _loaded[self.path]

    def read(self) -> Any:
        """Return the value, read-only and memory-mapped, without caching it."""
        if self.kind == "array":
            return _map(self.path)
        if self.kind == "pickle":
            return _unpickled(Path(self.path).read_bytes())
        assert self.container is not None
        parts = tuple(_map(self.path + part) for part in SPARSE_PARTS)
        matrix = self.container(parts, shape=self.shape, copy=False)
        # `share` has ensured it. Each process would check it anew, or try to sort the read-only
        # arrays in place.
        matrix.has_canonical_format = True
        return matrix


@dataclass(frozen=True)
class InlineValue:
    """A handle that contains its value, for workers that share no folder with the parent.

    Parameters
    ----------
    content : object
        An array or sparse matrix itself, anything else as pickled bytes.
    """

    content: Any

    def load(self) -> Any:
        """Return the value; the same one each time."""
        return self._value

    def read(self) -> Any:
        """Return the value."""
        return self._value

    @cached_property
    def _value(self) -> Any:
        content = self.content
        return _unpickled(content) if isinstance(content, bytes) else _protected(content)


def share(value: Any, folder: Path | None, name: str) -> FileValue | InlineValue:
    """Write a value to files that every process can map into its memory.

    Numerical, boolean, time and fixed-width text arrays and the three arrays of compressed
    sparse matrices are mapped, so that all processes use the same memory; anything else,
    arrays of objects above all, is pickled and unpickled once per process.

    Parameters
    ----------
    value : object
        What to share.
    folder : pathlib.Path or None
        The ``shared_folder`` of a pool. If that is None, the handle contains the value itself.
    name : str
        The name of the files, which must be new in the folder.

    Returns
    -------
    FileValue or InlineValue
        A handle that can be sent to workers; ``handle.load()`` returns the value, read-only.

    Warns
    -----
    EvolearnWarning
        If it cannot be written there: the handle then contains the value itself.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from evolearn.execution.shared import share
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     handle = share(np.arange(3), Path(folder), "numbers")
    ...     handle.load()
    array([0, 1, 2])
    """
    if folder is None:
        return _inline(value)
    path = Path(folder).absolute() / name
    try:
        return _write(value, path)
    except FileExistsError:
        raise
    except OSError as error:
        for ending in (".npy", ".pickle", *SPARSE_PARTS):
            Path(f"{path}{ending}").unlink(missing_ok=True)
        warn(
            f"The temporary folder {folder} cannot hold the {name} ({describe(error)}): every "
            "worker gets a copy of its own. Make room there, or name another folder in the "
            "environment variable TMPDIR."
        )
        return _inline(value)


def _write(value: Any, path: Path) -> FileValue:
    if type(value) in (np.ndarray, np.memmap) and _is_plain(value.dtype):
        _save(value, f"{path}.npy")
        return FileValue(f"{path}.npy", "array")
    if _is_compressed(value) and _is_plain(value.dtype):
        return _share_sparse(value, str(path))
    with Path(f"{path}.pickle").open("xb") as file:
        file.write(pickled(value))
    return FileValue(f"{path}.pickle", "pickle")


def clear_loaded() -> None:
    """Release all values that have been loaded in this process."""
    _loaded.clear()


def _inline(value: Any) -> InlineValue:
    if type(value) in (np.ndarray, np.memmap) and _is_plain(value.dtype):
        array = value.view(np.ndarray)
        # Only contiguous arrays are sent without a copy.
        return InlineValue(array if array.flags.forc else array.copy())
    if _is_compressed(value) and _is_plain(value.dtype):
        return InlineValue(_canonical(value))
    return InlineValue(pickled(value))


def _protected(value: Any) -> Any:
    """Return a read-only view of an array or compressed matrix."""
    if isinstance(value, np.ndarray):
        view = value.view()
        view.flags.writeable = False
        return view
    parts = tuple(_protected(getattr(value, part)) for part in SPARSE_PARTS)
    matrix = type(value)(parts, shape=value.shape, copy=False)
    matrix.has_canonical_format = True
    return matrix


def _unpickled(content: bytes) -> Any:
    value = pickle.loads(content)
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    return value


def _canonical(matrix: Any) -> Any:
    """Return a compressed matrix in canonical format, so that no process has to convert it."""
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    # The constructor chooses the type of the indices.
    matrix = type(matrix)((matrix.data, matrix.indices, matrix.indptr), shape=matrix.shape)
    matrix.has_canonical_format = True
    return matrix


def _share_sparse(matrix: Any, path: str) -> FileValue:
    matrix = _canonical(matrix)
    for part in SPARSE_PARTS:
        _save(getattr(matrix, part), path + part)
    return FileValue(path, "sparse", type(matrix), matrix.shape)


def _is_compressed(value: Any) -> bool:
    return sparse.issparse(value) and getattr(value, "format", "") in ("csr", "csc")


def _is_plain(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in PLAIN_KINDS and not dtype.hasobject


def _save(array: np.ndarray[Any, Any], path: str) -> None:
    with Path(path).open("xb") as file:
        np.save(file, array, allow_pickle=False)
    try:
        _map(path)
    except ValueError as error:
        # NumPy does not notice if the disk has no room for the last four kilobytes.
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


def _map(path: str) -> np.ndarray[Any, Any]:
    # A plain view: a numpy.memmap would turn results computed from it into numpy.memmap too.
    return np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)
