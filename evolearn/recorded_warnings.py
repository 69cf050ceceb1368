"""Warnings of tasks, recorded by thread.

`warnings.catch_warnings` changes the whole process: threads that leave it in another order than
they entered it would leave wrong filters behind, and a thread that outlives a fit would take
the user's warnings. So one replacement of the filters serves all threads, and each warning goes
to the records of the thread that gave it.
"""

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

Records = dict[Any, warnings.WarningMessage]


class _Recorder:
    """Replaces the process's filters of warnings while some thread records or is quiet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_active = 0
        self._replaced = ExitStack()
        self._users_showwarning: Callable[..., Any] = warnings.showwarning
        self._local = threading.local()

    def __enter__(self) -> None:
        with self._lock:
            if self._n_active == 0:
                self._replace()
            self._n_active += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._n_active -= 1
            if self._n_active > 0:
                return
            if warnings.showwarning == self._show:
                self._replaced.close()
            else:  # the user replaced our filters, and will restore them: see `_show`
                self._replaced.pop_all()

    @contextmanager
    def records(self) -> Iterator[Records]:
        """Record the different warnings of this thread, as a context that gives the records."""
        stack = self._local.__dict__.setdefault("stack", [])
        with self:
            stack.append({})
            try:
                yield stack[-1]
            finally:
                stack.pop()

    @contextmanager
    def users_filters(self) -> Iterator[None]:
        """Put the user's filters back for a moment, unless the user replaced ours."""
        with self._lock:
            is_ours = self._n_active > 0 and warnings.showwarning == self._show
            if is_ours:
                self._replaced.close()
            try:
                yield
            finally:
                if is_ours:
                    self._replace()

    def _replace(self) -> None:
        self._users_showwarning = warnings.showwarning
        self._replaced.enter_context(warnings.catch_warnings())
        # Not "default", by which the first thread would be the only one to get a warning; nor a
        # user's "error", which would fail candidates.
        warnings.simplefilter("always")
        warnings.showwarning = self._show  # type: ignore[assignment]

    def _show(
        self, message: Any, category: Any, filename: str, lineno: int, *rest: Any
    ) -> None:
        stack = self._local.__dict__.get("stack")
        if stack:
            record = warnings.WarningMessage(message, category, filename, lineno)
            stack[-1].setdefault((category, str(message), filename, lineno), record)
        elif self._n_active == 0:
            self._users_showwarning(message, category, filename, lineno, *rest)


#: Discards the warnings of all threads that do not record theirs.
QUIET = _Recorder()
recorded_warnings = QUIET.records
users_filters = QUIET.users_filters
