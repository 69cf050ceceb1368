"""Small tables of results that are shown as text, as HTML in notebooks, and as frames."""

import math
from collections.abc import Sequence
from html import escape
from typing import Any

from evolearn.optional import import_optional

# Longest text of a cell; longer ones are cut in text and shown in full by `frame`.
MOST_CHARACTERS = 76


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
        return text_of_table(self.title, self.columns())

    def _repr_html_(self) -> str:
        return html_of_table(self.title, self.columns())


def cell(value: Any) -> str:
    """Return the text of a cell: four digits of a number, nothing for an unknown one."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)


def text_of_table(title: str, columns: dict[str, list[Any]]) -> str:
    """Return a table with columns of equal width, numbers on the right.

    A table without rows is its title alone.
    """
    if title and not any(columns.values()):
        return title
    blocks = [_column(name, values) for name, values in columns.items()]
    lines = [title] if title else []
    lines += ["  ".join(row).rstrip() for row in zip(*blocks, strict=True)]
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
    return all(value is None or isinstance(value, int | float) for value in values)


def html_of_table(title: str, columns: dict[str, list[Any]]) -> str:
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
    return (
        f"<div>{caption}<table><thead><tr>{row('th', list(columns))}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )
