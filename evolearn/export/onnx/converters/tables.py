"""Converter of the step that makes a table numeric, and the inputs that it reads."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from evolearn.data import ColumnInfo, ColumnPreparer
from evolearn.data.matrix import LARGEST
from evolearn.export.onnx.graph import ML, Graph
from evolearn.export.onnx.registry import register_converter

SECONDS_PER_DAY = 86400.0
# Of the calendar that begins in March: days before 1970, and of 400 years.
DAYS_TO_1970, DAYS_OF_400_YEARS = 719468.0, 146097.0


def missing_text(info: ColumnInfo) -> str:
    """Return the string that stands for a missing category: "" unless it is one."""
    text = ""
    while text in info.categories:
        text = f"<missing{text}>"
    return text


def reads_text(info: ColumnInfo) -> bool:
    """Whether a column is an input of strings."""
    if info.kind == "presence":
        return True
    return info.kind == "categorical" and isinstance(next(iter(info.categories), ""), str)


def why_not(info: ColumnInfo) -> str:
    """Return the reason why a column cannot be read, "" if it can."""
    if info.marks:
        return f"column {info.name!r} holds words among its numbers"
    if info.kind == "vector":
        return f"column {info.name!r} holds several numbers in a cell"
    if info.offset:
        return f"column {info.name!r} holds integers that doubles do not tell apart"
    if info.kind == "datetime" and info.zone:
        return f"the dates of column {info.name!r} are of the time zone {info.zone}"
    return ""


def preparer(graph: Graph, model: Any, x: str) -> str:
    """Convert the numeric matrix of a table: numbers, words of texts, codes."""
    numbers: list[str] = []
    words: list[str] = []
    codes: list[str] = []
    for j, info in enumerate(model.columns_):
        if not info.is_kept:
            continue
        if reason := why_not(info):
            raise graph.refuse(model, reason)
        if info.kind == "text":
            # No step that reads words has a converter: these are never looked at.
            words.append(_zeros(graph, x, info.width))
            continue
        column = graph.table[j] if graph.table else graph.column(x, j)
        if info.kind == "categorical":
            codes.append(_codes(graph, info, column))
        else:
            numbers.extend(_numbers(graph, info, column))
    return _compressed(graph, graph.join([*numbers, *words, *codes]))


def _zeros(graph: Graph, x: str, width: int) -> str:
    first = next(iter(graph.table.values()), x)
    shape = graph.op("Shape", first, start=0, end=1)
    shape = graph.op("Concat", shape, graph.ints([width]), axis=0)
    return graph.op("Expand", graph.constant([[0.0]]), shape)


def _codes(graph: Graph, info: ColumnInfo, column: str) -> str:
    n = len(info.categories)
    missing = float(n) if info.codes_missing else np.nan
    if not reads_text(info):
        return graph.lookup(column, info.categories, np.arange(n), np.nan, missing)
    return graph.op(
        "LabelEncoder",
        column,
        domain=ML,
        keys_tensor=np.array([*info.categories, missing_text(info)], dtype=object),
        values_tensor=np.array([*range(n), missing], dtype=np.float64),
        default_tensor=np.array([np.nan]),
    )


def _numbers(graph: Graph, info: ColumnInfo, column: str) -> Sequence[str]:
    if info.kind == "presence":
        text = graph.constant([missing_text(info)], object)
        return [graph.as_double(graph.op("Not", graph.op("Equal", column, text)))]
    if info.kind == "datetime":
        parts = _date_parts(graph, column)
        return [parts[part] for part in info.parts]
    return [column]


def _floor(graph: Graph, x: str, divisor: float) -> str:
    return graph.op("Floor", graph.op("Div", x, divisor))


def _rest(graph: Graph, x: str, divisor: float) -> str:
    whole = graph.op("Mul", _floor(graph, x, divisor), divisor)
    return graph.op("Sub", x, whole)


def _date_parts(graph: Graph, seconds: str) -> dict[str, str]:
    """Return the parts of the calendar of seconds since 1970.

    The days of the Gregorian calendar are counted from March on, so that leap days come last
    (Hinnant, "chrono-compatible low-level date algorithms").
    """
    whole = graph.op("Floor", seconds)
    days = _floor(graph, whole, SECONDS_PER_DAY)
    since = graph.op("Add", days, DAYS_TO_1970)
    era = _floor(graph, since, DAYS_OF_400_YEARS)
    in_era = _rest(graph, since, DAYS_OF_400_YEARS)
    leap = graph.op("Sub", _floor(graph, in_era, 36524.0), _floor(graph, in_era, 1460.0))
    leap = graph.op("Sub", leap, _floor(graph, in_era, 146096.0))
    year = _floor(graph, graph.op("Add", in_era, leap), 365.0)
    before = graph.op("Sub", _floor(graph, year, 4.0), _floor(graph, year, 100.0))
    before = graph.op("Add", graph.op("Mul", year, 365.0), before)
    day = graph.op("Sub", in_era, before)
    month = _floor(graph, graph.op("Add", graph.op("Mul", day, 5.0), 2.0), 153.0)
    first = _floor(graph, graph.op("Add", graph.op("Mul", month, 153.0), 2.0), 5.0)
    late = graph.op("GreaterOrEqual", month, 10.0)  # January and February
    year = graph.op("Add", graph.op("Mul", era, 400.0), year)
    year = graph.op("Add", year, graph.as_double(late))
    is_leap = graph.op("Sub", _multiple(graph, year, 4.0), _multiple(graph, year, 100.0))
    is_leap = graph.op("Add", is_leap, _multiple(graph, year, 400.0))
    later = graph.op("Add", graph.op("Add", day, 60.0), is_leap)
    return {
        "seconds": seconds,
        "year": year,
        "month": graph.op("Sub", graph.op("Add", month, 3.0), graph.where(late, 12.0, 0.0)),
        "day": graph.op("Add", graph.op("Sub", day, first), 1.0),
        "day_of_year": graph.where(late, graph.op("Sub", day, 305.0), later),
        "weekday": _rest(graph, graph.op("Add", days, 3.0), 7.0),
        "hour": _rest(graph, _floor(graph, whole, 3600.0), 24.0),
        "minute": _rest(graph, _floor(graph, whole, 60.0), 60.0),
    }


def _multiple(graph: Graph, x: str, divisor: float) -> str:
    return graph.as_double(graph.op("Equal", _rest(graph, x, divisor), 0.0))


def _compressed(graph: Graph, x: str) -> str:
    """Compress numbers beyond single precision, as `within_single_precision` does."""
    size = graph.op("Abs", x)
    logs = graph.op("Log", graph.op("Div", graph.op("Max", size, LARGEST), LARGEST))
    new = graph.op(
        "Mul", graph.op("Mul", graph.op("Add", logs, 1.0), LARGEST), graph.op("Sign", x)
    )
    return graph.where(graph.op("Greater", size, LARGEST), new, x)


register_converter(ColumnPreparer, preparer)
