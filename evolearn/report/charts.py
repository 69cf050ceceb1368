"""Charts of a report as inline SVG, with a text for each point when the pointer is on it.

Colours are classes of the page's style sheet, which has those of light and of dark screens.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape

import numpy as np

from evolearn.plots.style import error_limits
from evolearn.report.content import Bars, Intervals, Plane, Series
from evolearn.results.numbers import error_text

# Width in pixels: on a phone nearly that of the screen, so that texts keep their size.
WIDTH, PLANE_HEIGHT, ROW_HEIGHT, LONG_ROW_HEIGHT = 440, 270, 24, 42
# Space of labels of rows, of numbers beside them, and of an axis.
LABEL_WIDTH, VALUE_WIDTH, AXIS_HEIGHT, LEFT, TOP = 150, 58, 40, 54, 12
# Characters of a label beside its row, and above it; about 6.3 pixels each.
LABEL_CHARACTERS, LONG_LABEL_CHARACTERS = 23, 66
# Numbers on an axis, at most.
MOST_TICKS = 5
# Space beyond the extremes of an axis, as a share of its length.
MARGIN = 0.05
# Points beyond which the others are not named one by one: each text takes some 60 bytes.
MOST_NAMED = 600


class Axis:
    """A linear scale from values to pixels, with round numbers on it."""

    def __init__(self, values: Iterable[float], start: float, end: float) -> None:
        known = [value for value in values if math.isfinite(value)] or [0.0]
        low, high = min(known), max(known)
        margin = MARGIN * (high - low) or abs(low) * MARGIN or 1.0
        self.low, self.high = low - margin, high + margin
        self.start, self.end = start, end

    def __call__(self, value: float) -> float:
        """Return the pixel of a value; one beyond the axis is at its end."""
        inside = min(max(value, self.low), self.high)
        share = (inside - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 1)

    @property
    def ticks(self) -> list[float]:
        """Round numbers within the axis."""
        rough = (self.high - self.low) / MOST_TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough)
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [float(f"{n * step:.10g}") for n in range(first, last + 1)]


def svg(height: float, label: str, body: Iterable[str]) -> str:
    """Return a picture with a text for those who cannot see it."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(label)}">'
        f"{''.join(body)}</svg>"
    )


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    name = f' class="{kind}"' if kind else ""
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{x:g}" y="{y:g}"{name}{side}>{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'


def _x_axis(axis: Axis, top: float, bottom: float, label: str) -> list[str]:
    parts = [_line(axis(tick), top, axis(tick), bottom, "grid") for tick in axis.ticks]
    parts += [
        _text(axis(tick), bottom + 15, error_text(tick), "tick", "middle")
        for tick in axis.ticks
    ]
    return [*parts, _text((axis.start + axis.end) / 2, bottom + 32, label, "tick", "middle")]


def _row_label(row: str, y: float) -> str:
    return _text(LABEL_WIDTH - 8, y + 4, row, anchor="end")


def _long_label(row: str, y: float) -> str:
    is_cut = len(row) > LONG_LABEL_CHARACTERS
    short = f"{row[: LONG_LABEL_CHARACTERS - 1]}…" if is_cut else row
    return f'<text x="0" y="{y + 6:g}">{escape(short)}<title>{escape(row)}</title></text>'


def intervals_svg(chart: Intervals) -> str:
    """Return a dot with its interval per row, and hollow dots for other values."""
    is_long = any(len(row) > LABEL_CHARACTERS for row in chart.rows)
    others = [value for values in chart.others.values() for value in values]
    axis = Axis(
        (*chart.values, *chart.lower, *chart.upper, *others),
        LEFT if is_long else LABEL_WIDTH,
        WIDTH - VALUE_WIDTH,
    )
    height = LONG_ROW_HEIGHT if is_long else ROW_HEIGHT
    bottom = TOP + height * len(chart.rows)
    parts = _x_axis(axis, TOP, bottom, chart.label)
    for i, row in enumerate(chart.rows):
        y = TOP + height * (i + 1) - ROW_HEIGHT / 2
        parts.append(_long_label(row, y - ROW_HEIGHT) if is_long else _row_label(row, y))
        parts.append(_interval(chart, i, axis, y))
    return svg(bottom + AXIS_HEIGHT, _alternative(chart), parts)


def _interval(chart: Intervals, i: int, axis: Axis, y: float) -> str:
    value, low, high = chart.values[i], chart.lower[i], chart.upper[i]
    marks = {name: values[i] for name, values in chart.others.items()}
    texts = [f"{chart.rows[i]}:"]
    shapes = []
    if math.isfinite(low) and math.isfinite(high):
        shapes.append(_line(axis(low), y, axis(high), y, "range"))
    for n, (name, mark) in enumerate(marks.items()):
        if math.isfinite(mark):
            texts.append(f"{name} {error_text(mark)}")
            kind = ("hollow", "other")[min(n, 1)]
            shapes.append(f'<circle class="{kind}" cx="{axis(mark)}" cy="{y:g}" r="4.5"/>')
    if math.isfinite(value):
        shapes.append(f'<circle class="dot" cx="{axis(value)}" cy="{y:g}" r="4"/>')
        bounds = f" ({error_text(low)} to {error_text(high)})" if math.isfinite(low) else ""
        texts.insert(1, f"{chart.value_name} {error_text(value)}{bounds}")
    known = [one for one in (value, *marks.values()) if math.isfinite(one)]
    number = _text(WIDTH - VALUE_WIDTH + 8, y + 4, error_text(known[0])) if known else ""
    return f"<g><title>{escape(', '.join(texts))}</title>{''.join(shapes)}{number}</g>"


def _alternative(chart: Intervals) -> str:
    shown = [
        f"{row} {error_text(value)}"
        for row, value in zip(chart.rows, chart.values, strict=True)
        if math.isfinite(value)
    ]
    return f"{chart.title}: {', '.join(shown)}"


def bars_svg(chart: Bars) -> str:
    """Return upright bars, of which the first, the middle and the last have numbers."""
    top, bottom = TOP, PLANE_HEIGHT * 0.6
    y = Axis((0.0, *chart.values), bottom, top)
    y.low = 0.0
    step = (WIDTH - LEFT - 10) / max(len(chart.values), 1)
    parts = [_line(LEFT, y(tick), WIDTH - 10, y(tick), "grid") for tick in y.ticks]
    parts += [_text(LEFT - 6, y(t) + 4, error_text(t), "tick", "end") for t in y.ticks]
    for i, (row, value) in enumerate(zip(chart.rows, chart.values, strict=True)):
        x = LEFT + i * step
        parts.append(
            f'<rect class="bar" x="{x + 1:.1f}" y="{y(value)}" width="{max(step - 2, 1):.1f}" '
            f'height="{bottom - y(value):.1f}"><title>{escape(row)}: '
            f"{escape(error_text(value))}</title></rect>"
        )
    for i in sorted({0, len(chart.rows) // 2, len(chart.rows) - 1} - {-1}):
        parts.append(
            _text(LEFT + (i + 0.5) * step, bottom + 15, chart.rows[i], "tick", "middle")
        )
    label = f"{chart.title}: {len(chart.rows)} bars, at most {error_text(max(chart.values))}"
    return svg(bottom + 24, label, parts)


def plane_svg(chart: Plane) -> str:
    """Return series over two axes."""
    xs = [value for series in chart.series for value in series.x]
    ys = [value for series in chart.series for value in series.y]
    limits = error_limits(ys, *chart.levels.values()) if chart.is_of_errors else None
    bottom = PLANE_HEIGHT - AXIS_HEIGHT
    x = Axis(xs, LEFT, WIDTH - 12)
    y = Axis(limits or (*ys, *chart.levels.values()), bottom, TOP)
    parts = _x_axis(x, TOP, bottom, chart.x_label)
    for tick in y.ticks:
        parts.append(_line(LEFT, y(tick), WIDTH - 12, y(tick), "grid"))
        parts.append(_text(LEFT - 6, y(tick) + 4, error_text(tick), "tick", "end"))
    if chart.has_diagonal:
        low, high = max(x.low, y.low), min(x.high, y.high)
        parts.append(_line(x(low), y(low), x(high), y(high), "reference"))
    for name, value in chart.levels.items():
        beyond = " ↑" if value > y.high else ""
        parts.append(_line(LEFT, y(value), WIDTH - 12, y(value), "reference"))
        words = f"{name} {error_text(value)}{beyond}" if value else name
        above = 13 if value > y.high else -4
        parts.append(_text(WIDTH - 14, y(value) + above, words, "tick", "end"))
    for series in chart.series:
        parts += _drawn(series, x, y)
    return svg(PLANE_HEIGHT, _summary(chart), parts)


def _summary(chart: Plane) -> str:
    parts = []
    for series in chart.series:
        known = [value for value in series.y if math.isfinite(value)]
        if known:
            extent = f"from {error_text(min(known))} to {error_text(max(known))}"
            parts.append(f"{series.name}, {len(known)} points {extent}")
    return f"{chart.title}: {'; '.join(parts) or 'no points'}"


def _drawn(series: Series, x: Callable[[float], float], y: Axis) -> list[str]:
    points = [
        (i, x(a), y(b), b)
        for i, (a, b) in enumerate(zip(series.x, series.y, strict=True))
        if math.isfinite(a) and math.isfinite(b)
    ]
    parts = []
    if series.style in ("line", "strong", "steps"):
        parts.append(_path(series, [(px, py) for _, px, py, _ in points]))
    if series.style not in ("points", "strong"):
        return parts
    kind, radius = ("dot", 4) if series.style == "strong" else ("point", 2.6)
    for i, px, py, value in points:
        inside = ""
        if len(points) <= MOST_NAMED:
            about = f"{series.texts[i]}: " if series.texts else ""
            inside = f"<title>{escape(about)}{escape(error_text(value))}</title>"
        parts.append(
            f'<circle class="{kind}" cx="{px}" cy="{py}" r="{radius}">{inside}</circle>'
        )
    return parts


def _path(series: Series, points: Sequence[tuple[float, float]]) -> str:
    """Return a line, or steps that change where a new value is known."""
    if not points:
        return ""
    (x0, y0), *others = points
    commands = [f"M{x0:g} {y0:g}"]
    before = y0
    for px, py in others:
        if series.style != "steps":
            commands.append(f"L{px:g} {py:g}")
        elif py != before or (px, py) == others[-1]:
            commands.append(f"H{px:g}V{py:g}")
        before = py
    kind = "band" if series.style == "line" else "path"
    return (
        f'<path class="{kind}" d="{"".join(commands)}">'
        f"<title>{escape(series.name)}</title></path>"
    )


def shades(columns: Sequence[Sequence[object]]) -> list[list[int]]:
    """Return the darkness of each number of each column, from 0 to 60; 0 for texts."""
    found = [[_number(value) for value in column] for column in columns]
    highest = np.nanmax([0.0, *(value for column in found for value in column)]) or 1.0
    return [[round(60 * max(value, 0.0) / highest) for value in column] for column in found]


def _number(value: object) -> float:
    is_number = isinstance(value, int | float) and math.isfinite(value)
    return float(value) if is_number else 0.0  # type: ignore[arg-type]
