"""The thread that shows a fit while it runs, and the choice of the place where it does."""

import contextvars
import importlib.util
import multiprocessing
import os
import sys
import threading
from typing import Any, Self

from evolearn.execution.serialization import describe
from evolearn.report.live.screens import LineScreen, NotebookScreen, PanelScreen, Screen
from evolearn.report.live.state import LiveState
from evolearn.report.live.view import summary_of, view_of
from evolearn.user_warnings import warn

# Two updates a second.
INTERVAL_SECONDS = 0.5
# Longest wait for the thread at the end: a terminal that is stopped takes no output.
JOIN_SECONDS = 0.5
# Held by the fit that is shown: a fit within another one shows nothing.
_shown = threading.Lock()


class LiveDisplay:
    """Context that shows the state of a fit on a screen.

    A thread of its own reads a snapshot of the state; all output comes from that thread. It
    ends with the context, also after an exception or Ctrl-C.

    Parameters
    ----------
    state : LiveState
    screen : Screen or None
        Place to show it; None shows nothing.
    """

    def __init__(self, state: LiveState, screen: Screen | None) -> None:
        self._state = state
        self._screen = screen
        self._ended = threading.Event()
        self._error: Exception | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if self._screen is not None and _shown.acquire(blocking=False):
            # The context says to which cell of a notebook the output belongs.
            run = contextvars.copy_context().run
            self._thread = threading.Thread(
                target=run, args=(self._run, self._screen), name="evolearn-live", daemon=True
            )
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._thread is None:
            return
        self._ended.set()
        self._thread.join(JOIN_SECONDS)
        if self._error is not None:
            warn(f"The progress could not be shown ({describe(self._error)}).")

    def _run(self, screen: Screen) -> None:
        try:
            # Bad input ends a fit before anything is shown.
            while not self._ended.wait(INTERVAL_SECONDS):
                screen.show(view_of(self._state.snapshot()))
            ending = self._state.ending
            screen.close([] if ending is None else summary_of(ending))
        except Exception as error:
            self._error = error
        finally:
            _shown.release()


def find_screen() -> Screen | None:
    """Return the place to show progress: a terminal or a notebook, None if there is neither.

    Worker processes and threads show nothing: their output would run into that of others.
    """
    if _is_worker() or threading.current_thread() is not threading.main_thread():
        return None
    if _is_notebook():
        return NotebookScreen()
    file = sys.stdout
    if file is None or not file.isatty() or os.environ.get("TERM") == "dumb":
        return None
    has_rich = importlib.util.find_spec("rich") is not None
    return PanelScreen(file) if has_rich else LineScreen(file)


def _is_worker() -> bool:
    """Whether this process was started by multiprocessing or joblib."""
    of_joblib = multiprocessing.current_process().name != "MainProcess"
    return of_joblib or multiprocessing.parent_process() is not None


def _is_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    ipython: Any = sys.modules.get("IPython")
    find_shell = getattr(ipython, "get_ipython", None)
    shell = None if find_shell is None else find_shell()
    return hasattr(shell, "kernel")
