"""The content of a report: sections of texts, tables and charts, without any drawing.

`evolearn.report.page` draws it, and `json` writes the same content down.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

import numpy as np

Numbers = tuple[float, ...]


@dataclass(frozen=True)
class Block:
    """A part of a section; `kind` names it in JSON and chooses how it is drawn."""

    kind: ClassVar[str]


@dataclass(frozen=True)
class Text(Block):
    """A sentence; the most important one of a section is a lead."""

    kind: ClassVar[str] = "text"
    text: str
    is_lead: bool = False


@dataclass(frozen=True)
class Notes(Block):
    """Sentences below a heading, such as warnings."""

    kind: ClassVar[str] = "notes"
    title: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Tiles(Block):
    """Few numbers that are seen first: label, value and a remark of each."""

    kind: ClassVar[str] = "tiles"
    tiles: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class Code(Block):
    """Lines to copy, folded below their title."""

    kind: ClassVar[str] = "code"
    title: str
    code: str
    is_open: bool = False


@dataclass(frozen=True)
class Table(Block):
    """Columns of equal length.

    The cells of the column `opens` open to the `details` of their rows. The columns `shares`
    are shown as per cent. Of a shaded table, larger numbers are darker.
    """

    kind: ClassVar[str] = "table"
    title: str
    columns: Mapping[str, Sequence[Any]]
    details: tuple[str, ...] = ()
    opens: str = ""
    shares: tuple[str, ...] = ()
    is_searchable: bool = False
    is_shaded: bool = False


@dataclass(frozen=True)
class Intervals(Block):
    """A value per row with its interval, and other values of the same row by their names."""

    kind: ClassVar[str] = "intervals"
    title: str
    label: str
    rows: tuple[str, ...]
    values: Numbers
    lower: Numbers
    upper: Numbers
    value_name: str = "value"
    others: Mapping[str, Numbers] = field(default_factory=dict)


@dataclass(frozen=True)
class Series:
    """Points, or a line through them, with a text for each."""

    name: str
    x: Numbers
    y: Numbers
    style: str = "points"  # points, strong, line or steps
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plane(Block):
    """Series over two axes, and horizontal lines by their names."""

    kind: ClassVar[str] = "plane"
    title: str
    x_label: str
    y_label: str
    series: tuple[Series, ...]
    levels: Mapping[str, float] = field(default_factory=dict)
    has_diagonal: bool = False
    is_of_errors: bool = False


@dataclass(frozen=True)
class Bars(Block):
    """A bar per row."""

    kind: ClassVar[str] = "bars"
    title: str
    label: str
    rows: tuple[str, ...]
    values: Numbers


@dataclass(frozen=True)
class Section:
    """A section of a report: its heading, the question that it answers, and its blocks."""

    key: str
    title: str
    question: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class ReportContent:
    """All that a report shows.

    Attributes
    ----------
    title, subtitle : str
    created : str
        Time in UTC.
    sections : tuple of Section
    refresh_seconds : int
        Seconds after which a browser loads the page again; 0 for never.
    """

    title: str
    subtitle: str
    created: str
    sections: tuple[Section, ...]
    refresh_seconds: int = 0

    def json(self) -> dict[str, Any]:
        """Return the content as dictionaries, lists, numbers and texts, as JSON has them."""
        return {
            "title": self.title,
            "subtitle": self.subtitle,
            "created": self.created,
            "sections": [
                {
                    "key": section.key,
                    "title": section.title,
                    "question": section.question,
                    "blocks": [
                        {"kind": block.kind, **_plain(asdict(block))}
                        for block in section.blocks
                    ],
                }
                for section in self.sections
            ],
        }


def numbers(values: Any) -> Numbers:
    """Return values as floats."""
    return tuple(np.asarray(values, dtype=float).tolist())


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: null for a number that is not finite."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, str | int | float | None) else str(value)
