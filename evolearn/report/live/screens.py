"""The places where progress is shown: a terminal, with rich or without, and a notebook."""

import shutil
import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, TextIO

from evolearn.report.live.html import card, summary_card
from evolearn.report.live.view import LEVELS, SEPARATOR, View, one_line, sparkline

# Largest width of the panel, and columns that are left free on its right: the terminal writes
# "^C" there, on a line that must not get longer.
MOST_COLUMNS, FREE_COLUMNS = 100, 3
# Columns of a panel's borders and padding, also between labels and texts.
OUTSIDE = 6
# Space before the curve, and the fewest values of it that are worth a place.
GAP, FEWEST_VALUES = "   ", 8
# Width of a terminal that does not say it.
USUAL_SIZE = (80, 24)


class Screen(ABC):
    """A place that shows the state of one fit; all calls come from one thread."""

    @abstractmethod
    def show(self, view: View) -> None:
        """Show a state in place of the one before."""

    @abstractmethod
    def close(self, summary: Sequence[str]) -> None:
        """Replace the last state by a summary; without one, remove it."""


class PanelScreen(Screen):
    """A panel in a terminal, drawn by rich.

    The cursor stays visible: a process that is killed could not show it again.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._live: Any = None

    def show(self, view: View) -> None:
        """Draw the panel."""
        if self._live is None:
            self._start()
        drawn = panel(view, self._live.console.width, plain=not _has_blocks(self._file))
        self._live.update(drawn, refresh=True)

    def close(self, summary: Sequence[str]) -> None:
        """Remove the panel and print the summary."""
        if self._live is not None:
            self._live.stop()
        _write_summary(self._file, summary)

    def _start(self) -> None:
        # Here, and so not in the thread that fits: the import takes a tenth of a second.
        from rich.console import Console
        from rich.live import Live

        console = Console(file=self._file, highlight=False)
        self._live = Live(
            console=console, auto_refresh=False, transient=True, vertical_overflow="crop"
        )
        self._live.start()
        console.show_cursor(True)


def panel(view: View, columns: int, *, plain: bool = False) -> Any:
    """Return a rich panel of a view; `plain` leaves out what only Unicode has."""
    from rich import box
    from rich.console import Group
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    head = Table.grid(expand=True, padding=(0, 1))
    head.add_column(no_wrap=True)
    head.add_column(ratio=1)
    head.add_column(justify="right", no_wrap=True)
    bar = "" if view.fraction is None else _bar(view.fraction)
    head.add_row(Text(view.phase, style="bold"), bar, view.clock)
    body = Table.grid(expand=True, padding=(0, 2))
    labels = max(len(label) for label, _ in view.rows)
    body.add_column(style="dim", no_wrap=True, width=labels)
    body.add_column(no_wrap=True, ratio=1)
    width = min(columns - FREE_COLUMNS, MOST_COLUMNS)
    room = width - labels - OUTSIDE
    for i, (label, text) in enumerate(view.rows):
        style = "bold green" if i == 0 and view.is_scored else ""
        line = Text(whole_parts(text, room), style, overflow="ellipsis", no_wrap=True)
        if i == 0 and not plain:
            values = thinned(view.curve, room - len(text) - len(GAP))
            line.append(f"{GAP}{sparkline(values)}" if values else "", style="cyan")
        body.add_row(Text(label), line)
    return Panel(
        Group(head, body),
        title=Text(view.title, style="bold"),
        title_align="left",
        box=box.ASCII if plain else box.ROUNDED,
        border_style="dim",
        width=width,
    )


def whole_parts(text: str, room: int) -> str:
    """Return the first parts of a text that fit; a single part is left to be cut.

    Examples
    --------
    >>> from evolearn.report.live.screens import whole_parts
    >>> whole_parts("ridge 2.1 · lasso 2.2 · svm 2.3", 25)
    'ridge 2.1 · lasso 2.2'
    """
    parts = text.split(SEPARATOR)
    while len(parts) > 1 and len(SEPARATOR.join(parts)) > room:
        parts.pop()
    return SEPARATOR.join(parts)


def thinned(curve: Sequence[float], room: int) -> Sequence[float]:
    """Return at most `room` values of a curve, its ends among them; none if few have room.

    Examples
    --------
    >>> from evolearn.report.live.screens import thinned
    >>> thinned(range(30), 10)
    [0, 3, 6, 10, 13, 16, 19, 23, 26, 29]
    """
    if len(curve) <= room:
        return curve
    if room < FEWEST_VALUES:
        return ()
    return [curve[round(i * (len(curve) - 1) / (room - 1))] for i in range(room)]


def _bar(fraction: float) -> Any:
    from rich.progress_bar import ProgressBar

    colours = {"complete_style": "cyan", "finished_style": "cyan"}
    return ProgressBar(total=1.0, completed=fraction, **colours)


class LineScreen(Screen):
    """One line of a terminal that is written again and again, without escape codes."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._width = 0

    def show(self, view: View) -> None:
        """Write the line."""
        columns = shutil.get_terminal_size(USUAL_SIZE).columns
        self._write(one_line(view)[: columns - 1])

    def close(self, summary: Sequence[str]) -> None:
        """Remove the line and print the summary."""
        self._write("")
        self._file.write("\r")
        _write_summary(self._file, summary)

    def _write(self, line: str) -> None:
        self._file.write("\r" + line.ljust(self._width))
        self._file.flush()
        self._width = len(line)


def _write_summary(file: TextIO, summary: Sequence[str]) -> None:
    file.write("".join(f"{line}\n" for line in summary))
    file.flush()


class NotebookScreen(Screen):
    """One display of a notebook that is updated."""

    def __init__(self) -> None:
        self._id = uuid.uuid4().hex
        self._is_shown = False

    def show(self, view: View) -> None:
        """Draw the card."""
        self._display(card(view), one_line(view))

    def close(self, summary: Sequence[str]) -> None:
        """Draw the summary."""
        if summary or self._is_shown:
            self._display(summary_card(summary), "\n".join(summary))

    def _display(self, html: str, text: str) -> None:
        from IPython.display import display

        display(
            {"text/html": html, "text/plain": text},
            raw=True,
            display_id=self._id,
            update=self._is_shown,
        )
        self._is_shown = True


def _has_blocks(file: Any) -> bool:
    """Whether a file can be written characters of the curve."""
    try:
        LEVELS.encode(getattr(file, "encoding", None) or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
