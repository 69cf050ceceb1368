"""Small tables of results that are shown as text, as HTML in notebooks, and as frames."""

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from evolearn.optional import import_optional
from evolearn.results.numbers import error_text

# Longest text of a cell, and the most rows; more are left out of text and HTML, not of frames.
MOST_CHARACTERS, MOST_ROWS = 76, 20


class Tabular:
    """A result with named columns; subclasses give `columns`, and a sentence as `title`."""

    @property
    def title(self) -> str:
        """Sentence above the table; empty for none."""
        return ""

    def columns(self) -> dict[str, list[Any]]:
        """Return the columns of the table by their names, all of one length."""
        raise NotImplementedError

    def frame(self) -> Any:
        """Return the table as a pandas frame.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        pandas = import_optional("pandas", f"{type(self).__name__}.frame")
        return pandas.DataFrame(self.columns())

    def __str__(self) -> str:
        return text_of_table(self.title, *self._first_rows())

    def _repr_html_(self) -> str:
        return html_of_table(self.title, *self._first_rows())

    def _first_rows(self) -> tuple[dict[str, list[Any]], int]:
        """Return the columns of the first rows, and the number of the other rows."""
        columns = self.columns()
        n_rows = max((len(values) for values in columns.values()), default=0)
        first = {name: values[:MOST_ROWS] for name, values in columns.items()}
        return first, max(n_rows - MOST_ROWS, 0)


def cell(value: Any) -> str:
    """Return the text of a cell: four digits of a number, nothing for an unknown one."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return error_text(value)
    return str(value)


def text_of_table(title: str, columns: dict[str, list[Any]], n_more: int = 0) -> str:
    """Return a table with columns of equal width, numbers on the right.

    A table without rows is its title alone; `n_more` rows are mentioned at the end.
    """
    if title and not any(columns.values()):
        return title
    blocks = [_column(name, values) for name, values in columns.items()]
    lines = [title] if title else []
    lines += ["  ".join(row).rstrip() for row in zip(*blocks, strict=True)]
    lines += [f"and {n_more} more rows"] if n_more else []
    return "\n".join(lines)


def _column(name: str, values: Sequence[Any]) -> list[str]:
    texts = [name, *map(_cut, map(cell, values))]
    width = max(map(len, texts))
    if _are_numbers(values):
        return [text.rjust(width) for text in texts]
    return [text.ljust(width) for text in texts]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 3]}..."


def _are_numbers(values: Sequence[Any]) -> bool:
    """Whether all values are numbers, shares as text, or unknown."""
    return all(
        value is None or isinstance(value, int | float) or _is_share(value) for value in values
    )


def _is_share(value: Any) -> bool:
    return isinstance(value, str) and (not value or value[-1] == "%")


def html_of_table(title: str, columns: dict[str, list[Any]], n_more: int = 0) -> str:
    """Return a table as HTML, all texts escaped; without rows its title alone."""
    if title and not any(columns.values()):
        return f"<p>{escape(title)}</p>"
    sides = {
        name: "right" if _are_numbers(values) else "left" for name, values in columns.items()
    }

    def row(tag: str, texts: Sequence[str]) -> str:
        cells = zip(texts, sides.values(), strict=True)
        return "".join(
            f'<{tag} style="text-align:{side}">{escape(text)}</{tag}>' for text, side in cells
        )

    body = "".join(
        f"<tr>{row('td', [cell(value) for value in values])}</tr>"
        for values in zip(*columns.values(), strict=True)
    )
    caption = f"<p>{escape(title)}</p>" if title else ""
    more = f"<p>and {n_more} more rows</p>" if n_more else ""
    return (
        f"<div>{caption}<table><thead><tr>{row('th', list(columns))}</tr></thead>"
        f"<tbody>{body}</tbody></table>{more}</div>"
    )
