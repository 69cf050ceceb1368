"""Colours, legends and axes that the displays share; matplotlib's settings stay as they are."""

import textwrap
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from evolearn.results.numbers import error_text

# Colours that people with any colour vision tell apart (Okabe and Ito, 2008), each seen well on
# white and on black.
BLUE, ORANGE, GREEN, RED, PURPLE = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7"
# A grey as far from white as from black.
GREY = "#808080"
# Inches per character of small text, and of what a legend has beside the text of an entry.
CHARACTER, ENTRY = 0.065, 0.4
# Share of the width that labels of rows may take.
LABEL_SHARE = 0.4
# Numbers of an axis per inch of width.
TICKS_PER_INCH = 0.5
# Width in inches below which axes are narrow, as on a phone.
NARROW = 5.0
# The share of a figure's width that matplotlib gives to its only axes.
USUAL_SHARE = 0.775
# An axis of errors ends above this quantile of them where the others lie far beyond: so many
# lengths of the axis up to there for errors, and for references, which are of more interest.
SHOWN_SHARE = 0.7
ERROR_EXTENSION, REFERENCE_EXTENSION = 1.0, 2.0
# Direction of the values beyond the end of an axis.
ARROWS = {"x": "→", "y": "↑"}
# Space beyond the extremes of an axis, as a share of its length.
MARGIN = 0.06


def width_of(ax: Any) -> float:
    """Return the width in inches of axes with what is around them."""
    return float(ax.figure.get_figwidth() * ax.get_position().width / USUAL_SHARE)


def foreground(ax: Any) -> Any:
    """Return the colour of the axes' labels: dark on light styles, light on dark ones."""
    return ax.xaxis.label.get_color()


def is_narrow(ax: Any) -> bool:
    """Whether axes are as narrow as a phone."""
    return width_of(ax) < NARROW


def shorten(text: str, most: int) -> str:
    """Return a text of at most so many characters, without its middle if it is longer.

    Examples
    --------
    >>> from evolearn.plots.style import shorten
    >>> shorten("log1p(area) / sqrt(rooms + floors)", 20)
    'log1p(area…+ floors)'
    """
    if len(text) <= most:
        return text
    end = (most - 1) // 2
    return f"{text[: most - 1 - end]}…{text[len(text) - end :]}"


def label_rows(ax: Any, labels: Sequence[str], *, wrap: bool = False) -> None:
    """Label the rows of axes from the top on, in as many characters as there is room for."""
    most = int(LABEL_SHARE * width_of(ax) / CHARACTER)
    texts = [wrapped(label, most) if wrap else shorten(label, most) for label in labels]
    ax.set_yticks(np.arange(len(labels)), texts)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0, labelsize="small")


def wrapped(text: str, most: int) -> str:
    """Return a text broken after at most so many characters, and cut after the second time."""
    return "\n".join(textwrap.wrap(text, most, max_lines=2, placeholder=" …"))


def label_errors(ax: Any, label: str) -> None:
    """Label a horizontal axis of errors beside labelled rows, where few numbers have room."""
    ax.set_xlabel(label)
    ax.xaxis.get_major_locator().set_params(nbins=2 + int(TICKS_PER_INCH * width_of(ax)))


def write_beside(ax: Any, texts: Sequence[str]) -> None:
    """Write a text at the right of each row."""
    for row, text in enumerate(texts):
        ax.text(
            1.03,
            row,
            text,
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize="small",
        )


def write_inside(ax: Any, row: int, text: str) -> None:
    """Write a faint text in a row without a point."""
    ax.text(
        0.02,
        row,
        text,
        transform=ax.get_yaxis_transform(),
        va="center",
        fontsize="small",
        color=GREY,
    )


def draw_baseline(
    ax: Any,
    error: float,
    limits: tuple[float, float] | None,
    axis: Literal["x", "y"] = "y",
) -> None:
    """Draw the error of the baseline as a dotted line."""
    draw_reference(ax, error, "baseline", limits, axis, color=foreground(ax), linestyle=":")


def error_label(metric: str) -> str:
    """Return the label of an axis of errors."""
    return f"cross-validated error ({metric})" if metric else "cross-validated error"


def error_limits(errors: ArrayLike, *references: float) -> tuple[float, float] | None:
    """Return the limits of an axis of errors; None if it may be free.

    Single candidates can be worse by orders of magnitude, and would press all others flat: most
    errors are within the limits, and the references that are not far from them.
    """
    known = np.asarray(errors, dtype=float)
    known = known[np.isfinite(known)]
    if not known.size:
        return None
    low = min([known.min(), *(one for one in references if np.isfinite(one))])
    high = float(np.quantile(known, SHOWN_SHARE))
    near_errors = known[known <= high + ERROR_EXTENSION * (high - low)]
    near = [one for one in references if one <= high + REFERENCE_EXTENSION * (high - low)]
    high = max([high, *near_errors, *near])
    margin = MARGIN * (high - low)
    return None if high <= low else (float(low - margin), float(high + margin))


def draw_errors(
    ax: Any,
    x: ArrayLike,
    y: ArrayLike,
    limits: tuple[float, float] | None,
    axis: Literal["x", "y"] = "y",
    **style: Any,
) -> None:
    """Draw points whose errors are on one axis, arrows at its end for those beyond it."""
    values = {"x": np.array(x, dtype=float), "y": np.array(y, dtype=float)}
    beyond = np.zeros(len(values["x"]), dtype=bool)
    if limits is not None:
        beyond = values[axis] > limits[1]
        end = limits[1] - 0.5 * MARGIN * (limits[1] - limits[0])
        values[axis][beyond] = end
        set_limits = {"x": ax.set_xlim, "y": ax.set_ylim}
        set_limits[axis](limits)
    style = {"marker": "o", "linestyle": "none", "clip_on": False, **style}
    ax.plot(values["x"][~beyond], values["y"][~beyond], **style)
    if beyond.any():
        style |= {"marker": "^" if axis == "y" else ">", "label": ""}
        ax.plot(values["x"][beyond], values["y"][beyond], **style)


def draw_reference(
    ax: Any,
    error: float,
    name: str,
    limits: tuple[float, float] | None,
    axis: Literal["x", "y"] = "y",
    **style: Any,
) -> None:
    """Draw a line at an error, whose value is in the legend even where the line is not."""
    if not np.isfinite(error):
        return
    line = ax.axhline if axis == "y" else ax.axvline
    label = f"{name} {error_text(error)}"
    if limits is None or error <= limits[1]:
        line(error, linewidth=1.5, label=label, **style)
    else:
        ax.plot([], [], linewidth=1.5, label=f"{label} {ARROWS[axis]}", **style)


def add_legend(ax: Any) -> None:
    """Add a legend above the axes, where it hides nothing, in as many columns as fit."""
    handles, labels = ax.get_legend_handles_labels()
    if not handles:
        return
    entry = ENTRY + CHARACTER * max(map(len, labels))
    n_columns = max(1, int(width_of(ax) / entry))
    ax.legend(
        handles,
        labels,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        ncols=min(n_columns, len(labels)),
        frameon=False,
        borderaxespad=0.3,
        handlelength=1.2,
        handletextpad=0.5,
        columnspacing=1.0,
        fontsize="small",
    )


def clean(ax: Any, grid: str = "y") -> None:
    """Remove the frame at the top and the right, and add a faint grid."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(True, axis=grid, color=GREY, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
