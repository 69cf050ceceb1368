"""Large values that workers load once, instead of receiving them with each task."""

import errno
import os
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from evolearn.execution.serialization import describe, pickled
from evolearn.user_warnings import warn

# Kinds of arrays whose bytes are their values: all except references to objects.
PLAIN_KINDS = "biufcSUmMV"
SPARSE_PARTS = ("data", "indices", "indptr")


@dataclass(frozen=True)
class SharedValue:
    """A handle to a value in files, or in the handle itself if workers share no folder.

    Parameters
    ----------
    parts : tuple of str, array or bytes
        An array, the three arrays of a compressed sparse matrix, or a pickle; each is the path
        of a file or the content.
    container : type or None
        The class of a sparse matrix.
    shape : tuple of int
        The shape of a sparse matrix.
    """

    parts: tuple[Any, ...]
    container: type | None = None
    shape: tuple[int, ...] = ()

    def load(self) -> Any:
        """Return the value, read-only and mapped if in files; the same one each time."""
        return self._value

    def read(self) -> Any:
        """Return the value without caching it."""
        contents = [_read_only(part) for part in self.parts]
        if self.container is None:
            return contents[0]
        return _canonical_matrix(self.container, contents, self.shape)

    @cached_property
    def _value(self) -> Any:
        return self.read()

    def __reduce__(self) -> tuple[Any, ...]:
        # Without the value that was loaded in this process.
        return SharedValue, (self.parts, self.container, self.shape)


def share(value: Any, folder: Path | None, name: str) -> SharedValue:
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
    SharedValue
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
    parts, container, shape = _split(value)
    if folder is not None:
        paths = {part: str(Path(folder).absolute() / f"{name}{part}") for part in parts}
        try:
            for part, content in parts.items():
                _save(content, paths[part])
            return SharedValue(tuple(paths.values()), container, shape)
        except FileExistsError:
            raise
        except OSError as error:
            for path in paths.values():
                Path(path).unlink(missing_ok=True)
            warn(
                f"The temporary folder {folder} cannot hold the {name} ({describe(error)}): "
                "every worker gets a copy of its own. Make room there, or name another folder "
                "in the environment variable TMPDIR."
            )
    return SharedValue(tuple(map(_contiguous, parts.values())), container, shape)


def _split(value: Any) -> tuple[Mapping[str, Any], type | None, tuple[int, ...]]:
    """Return the arrays or the pickle of a value by the ends of their files' names."""
    is_array = type(value) in (np.ndarray, np.memmap)
    is_compressed = sparse.issparse(value) and value.format in ("csr", "csc")
    is_plain = (is_array or is_compressed) and value.dtype.kind in PLAIN_KINDS
    if not is_plain or value.dtype.hasobject:
        return {".pickle": pickled(value)}, None, ()
    if is_array:
        return {".npy": value.view(np.ndarray)}, None, ()
    matrix = _canonical(value)
    arrays = {part: getattr(matrix, part) for part in SPARSE_PARTS}
    return arrays, type(matrix), matrix.shape


def _canonical(matrix: Any) -> Any:
    """Return a compressed matrix in canonical format, so that no process has to convert it."""
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    # The constructor chooses the type of the indices.
    arrays = [getattr(matrix, part) for part in SPARSE_PARTS]
    return _canonical_matrix(type(matrix), arrays, matrix.shape)


def _canonical_matrix(container: type, arrays: Sequence[Any], shape: tuple[int, ...]) -> Any:
    matrix: Any = container(tuple(arrays), shape=shape, copy=False)
    # Each process would check it anew, or try to sort the read-only arrays in place.
    matrix.has_canonical_format = True
    return matrix


def _contiguous(content: Any) -> Any:
    """Copy an array that could not be sent without a copy."""
    return content if isinstance(content, bytes) or content.flags.forc else content.copy()


def _save(content: Any, path: str) -> None:
    with Path(path).open("xb") as file:
        if isinstance(content, bytes):
            file.write(content)
            return
        np.save(file, content, allow_pickle=False)
    try:
        _read_only(path)
    except ValueError as error:
        # NumPy does not notice if the disk has no room for the last four kilobytes.
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error


def _read_only(part: Any) -> Any:
    """Return a part of a value from its file, its pickle or its array."""
    if isinstance(part, str) and part.endswith(".pickle"):
        part = Path(part).read_bytes()
    elif isinstance(part, str):
        part = np.load(part, mmap_mode="r", allow_pickle=False)
    # A plain view: a numpy.memmap would turn results computed from it into numpy.memmap too.
    value = pickle.loads(part) if isinstance(part, bytes) else part.view(np.ndarray)
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    return value
