"""The error of an unusable checkpoint, which names the file and a remedy."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from evolearn.execution.serialization import printable


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message names the file, the reason and a remedy."""

    @classmethod
    def foreign(cls, path: Path) -> Self:
        """Return the error for a file that evolearn did not write."""
        return cls(
            f"{path} is no checkpoint of evolearn; it was left as it is. Pass another folder "
            "as journal."
        )

    @classmethod
    def damaged(cls, path: Path, damage: str) -> Self:
        """Return the error for a file that does not read as it was written."""
        return cls(
            f"The checkpoint {path} is damaged ({printable(damage)}); it was left as it is. "
            "Restore it from a copy, or pass another folder as journal."
        )

    @classmethod
    def of_another_fit(cls, path: Path, different: str) -> Self:
        """Return the error for a checkpoint of other data or settings, or another version."""
        return cls(
            f"The checkpoint {path} is of another fit ({different} differ); it was left as it "
            "is. Pass another folder as journal."
        )

    @classmethod
    def vanished(cls, path: Path) -> Self:
        """Return the error for a file that was removed or cut off while it was read."""
        return cls(
            f"The checkpoint {path} was removed or cut off while it was read. Restore it from "
            "a copy, or pass another folder as journal."
        )

    @classmethod
    def unusable(cls, path: Path, error: Exception) -> Self:
        """Return the error for a file that the system does not let us read or write."""
        return cls(
            f"The checkpoint {path} cannot be opened ({printable(str(error))}); make its "
            "folder readable and writable, with room on its disk, or pass another folder as "
            "journal."
        )


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn every error of opening or reading a database into a `CheckpointError`."""
    try:
        yield
    except CheckpointError:
        raise
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code == sqlite3.SQLITE_NOTADB:
            raise CheckpointError.foreign(path) from None
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR):
            raise CheckpointError.damaged(path, str(error)) from None
        raise CheckpointError.unusable(path, error) from None
    except OSError as error:
        raise CheckpointError.unusable(path, error) from None
    # Of a row that nobody here wrote.
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise CheckpointError.damaged(path, str(error)) from None
