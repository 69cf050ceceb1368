"""HTML of the live display in a notebook.

Colours come from the notebook's theme, so that it is readable in light and dark ones.
"""

from collections.abc import Sequence
from html import escape

from evolearn.report.live.view import View

# Width and height of the curve in pixels.
WIDTH, HEIGHT = 120, 18
ACCENT = "#2a8f5b"
STYLE = (
    "font-size:13px;line-height:1.5;max-width:760px;padding:8px 12px;border-radius:6px;"
    "border:1px solid rgba(128,128,128,.4);overflow-wrap:anywhere"
)
TABLE = "border:0;margin:6px 0 0;border-collapse:collapse;font-size:13px"
LABEL = (
    "line-height:1.5;opacity:.65;padding:0 14px 0 0;text-align:left;vertical-align:top;"
    "white-space:nowrap"
)
VALUE = "line-height:1.5;text-align:left;padding:0;font-variant-numeric:tabular-nums"


def card(view: View) -> str:
    """Return the card of a view."""
    rows = []
    for i, (label, text) in enumerate(view.rows):
        value = escape(text)
        if i == 0 and view.is_scored:
            value = f"<b>{value}</b> {curve_svg(view.curve) if view.curve else ''}"
        rows.append(
            f'<tr style="background:none"><td style="{LABEL}">{escape(label)}</td>'
            f'<td style="{VALUE}">{value}</td></tr>'
        )
    return (
        f'<div style="{STYLE}"><div style="display:flex;flex-wrap:wrap;'
        f'justify-content:space-between"><b>{escape(view.title)}</b>'
        f"<span>{escape(view.phase)} · {escape(view.clock)}</span></div>{_bar(view.fraction)}"
        f'<table style="{TABLE}">{"".join(rows)}</table></div>'
    )


def summary_card(summary: Sequence[str]) -> str:
    """Return the card of a summary, or an empty text if there is none."""
    if not summary:
        return ""
    first, *others = [escape(line) for line in summary]
    return f'<div style="{STYLE}"><b>{first}</b>{"".join("<br>" + o for o in others)}</div>'


def _bar(fraction: float | None) -> str:
    if fraction is None:
        return ""
    return (
        f'<div role="progressbar" aria-label="share of the budget that is spent" '
        f'aria-valuenow="{100 * fraction:.0f}" aria-valuemin="0" aria-valuemax="100" '
        'style="height:6px;border-radius:3px;margin-top:6px;background:rgba(128,128,128,.25)">'
        f'<div style="height:6px;border-radius:3px;width:{100 * fraction:.1f}%;'
        f'background:{ACCENT}"></div></div>'
    )


def curve_svg(values: Sequence[float]) -> str:
    """Return the best error over time as a small picture."""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = WIDTH / max(len(values) - 1, 1)
    points = " ".join(
        f"{i * step:.1f},{HEIGHT - 2 - (value - low) / span * (HEIGHT - 4):.1f}"
        for i, value in enumerate(values)
    )
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'style="vertical-align:middle;margin-left:10px;overflow:visible">'
        "<title>best error over time</title>"
        f'<polyline points="{points}" fill="none" stroke="{ACCENT}" stroke-width="2"/></svg>'
    )
