"""Failures that may pass: those of the machine or its network, not of the candidate."""

import re
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor

from evolearn.execution.serialization import describe

# Disk, network and servers; memory; libraries that cannot be loaded; processes that have ended.
TRANSIENT = (OSError, MemoryError, ImportError, EOFError, BrokenExecutor)
# Libraries written in C++ report the same by errors of their own.
REPORTS = re.compile(
    r"bad[ _]alloc|out of memory|(cannot|unable to|failed to) allocate|no space left on device"
    r"|can't start new thread|resource temporarily unavailable",
    re.IGNORECASE,
)


def is_transient(error: BaseException) -> bool:
    """Whether an error, or one that led to it, may be due to the machine at that time."""
    return any(
        isinstance(one, TRANSIENT) or REPORTS.search(describe(one))
        for one in _causes(error, [])
    )


def _causes(error: BaseException, known: list[BaseException]) -> Iterator[BaseException]:
    """Yield an error, those that it was raised from or meanwhile, and those of a group."""
    if any(error is one for one in known):
        return
    known.append(error)
    yield error
    group = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for cause in (error.__cause__, error.__context__, *group):
        if cause is not None:
            yield from _causes(cause, known)
