"""The page of a report: its content drawn by templates, in one file without any request."""

import base64
import hashlib
import math
from html import escape
from importlib.resources import files
from typing import Any

from evolearn.optional import import_optional
from evolearn.report.charts import bars_svg, intervals_svg, plane_svg, shades
from evolearn.report.content import Bars, Block, Intervals, Plane, ReportContent, Table
from evolearn.results.numbers import percent
from evolearn.results.tabular import cell


def html_of(content: ReportContent) -> str:
    """Return a report as an HTML page.

    Raises
    ------
    ImportError
        If jinja2 is not installed.
    """
    jinja2 = import_optional("jinja2", "A report in HTML")
    folder = files("evolearn.report") / "templates"
    style, script, page = (
        (folder / name).read_text(encoding="utf-8")
        for name in ("report.css", "report.js", "report.html.jinja")
    )
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return str(
        environment.from_string(page).render(
            content=content, style=style, script=script, digest=digest, view=View(), safe=safe
        )
    )


def safe(html: str) -> Any:
    """Mark HTML whose texts are escaped, so that it is not escaped again."""
    return import_optional("jinja2", "A report in HTML").utils.markupsafe.Markup(html)


class View:
    """The functions that templates call."""

    def chart(self, block: Block) -> Any:
        """Return a chart as SVG."""
        if isinstance(block, Intervals):
            return safe(intervals_svg(block))
        if isinstance(block, Plane):
            return safe(plane_svg(block))
        assert isinstance(block, Bars)
        return safe(bars_svg(block))

    def rows(self, table: Table) -> list[list[dict[str, Any]]]:
        """Return the cells of each row: text, whether it is a number, order, shade, details."""
        names, columns = list(table.columns), list(table.columns.values())
        darkness = shades(columns) if table.is_shaded else None
        rows = []
        for i, values in enumerate(zip(*columns, strict=True)):
            cells = [
                _cell(name, value, table)
                | {"shade": darkness[j][i] if darkness else 0}
                | {"details": _details(table, name, i)}
                for j, (name, value) in enumerate(zip(names, values, strict=True))
            ]
            rows.append(cells)
        return rows

    def is_numeric(self, table: Table, name: str) -> bool:
        """Whether the heading of a column is on the right, above numbers."""
        return all(_is_number(value) or value is None for value in table.columns[name])


def _cell(name: str, value: Any, table: Table) -> dict[str, Any]:
    is_number = _is_number(value)
    known = is_number and math.isfinite(value)
    text = percent(value) if known and name in table.shares else cell(_plain(value))
    return {"text": text, "is_number": is_number, "order": value if known else ""}


def _details(table: Table, name: str, i: int) -> str:
    return table.details[i] if table.details and name == table.opens else ""


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _is_number(value: Any) -> bool:
    return isinstance(_plain(value), int | float)


def in_frame(page: str) -> str:
    """Return a page within a notebook, apart from the notebook's own style."""
    return (
        '<iframe title="evolearn report" style="width:100%;height:720px;border:1px solid '
        f'rgba(128,128,128,.4)" sandbox="allow-scripts" srcdoc="{escape(page)}"></iframe>'
    )
