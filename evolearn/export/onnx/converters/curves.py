"""Converters of power and quantile transforms, and their inverses."""

from typing import Any

import numpy as np
from scipy.special import ndtri
from sklearn.preprocessing import PowerTransformer, QuantileTransformer

from evolearn.export.onnx.graph import Graph
from evolearn.export.onnx.registry import register_converter

# Distance from 0 and 1 at which scikit-learn's normal quantiles end.
NEAREST = 1e-7
# Coefficients of the normal quantile function (Wichura, Algorithm AS 241, Applied Statistics
# 1988), for the middle, the flanks and the tails; relative errors of 1e-16.
_CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853,
     45921.953931549871457, 13731.693765509461125, 1971.5909503065514427,
     133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061,
     21213.794301586595867, 5394.1960214247511077, 687.1870074920579083,
     42.313330701600911252, 1.0),
)  # fmt: skip
_FLANK = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
     4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
     2.05319162663775882187, 1.0),
)  # fmt: skip
_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
     0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
     5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
     7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
     0.59983220655588793769, 1.0),
)  # fmt: skip


def power(graph: Graph, model: Any, x: str) -> str:
    """Apply Yeo-Johnson transforms, then standardise."""
    if model.method != "yeo-johnson":
        raise graph.refuse(model, f"method={model.method!r} is not converted")
    positive = graph.op("GreaterOrEqual", x, 0.0)
    above = _power_of(graph, graph.where(positive, x, 0.0), model.lambdas_)
    negative = graph.where(positive, 0.0, graph.op("Neg", x))
    below = graph.op("Neg", _power_of(graph, negative, 2 - model.lambdas_))
    return _scaled(graph, model, graph.where(positive, above, below))


def _scaled(graph: Graph, model: Any, x: str) -> str:
    if not model.standardize:
        return x
    return graph.op("Div", graph.op("Sub", x, model._scaler.mean_), model._scaler.scale_)


def _power_of(graph: Graph, x: str, exponents: np.ndarray) -> str:
    """Return ((x + 1) ** e - 1) / e, the logarithm where e is 0."""
    logs = graph.op("Log", graph.op("Add", x, 1.0))
    is_log = np.abs(exponents) < np.finfo(np.float64).eps
    safe = np.where(is_log, 1.0, exponents)
    powers = graph.op("Sub", graph.op("Exp", graph.op("Mul", logs, safe)), 1.0)
    return graph.where(graph.constant(is_log, bool), logs, graph.op("Div", powers, safe))


def inverse_power(graph: Graph, model: Any, y: str) -> str:
    """Undo the standardisation and the Yeo-Johnson transforms."""
    if model.standardize:
        scaler = model._scaler
        y = graph.op("Add", graph.op("Mul", y, scaler.scale_), scaler.mean_)
    positive = graph.op("GreaterOrEqual", y, 0.0)
    above = _root_of(graph, graph.where(positive, y, 0.0), model.lambdas_)
    negative = graph.where(positive, 0.0, graph.op("Neg", y))
    below = graph.op("Neg", _root_of(graph, negative, 2 - model.lambdas_))
    return graph.where(positive, above, below)


def _root_of(graph: Graph, y: str, exponents: np.ndarray) -> str:
    """Undo `_power_of`."""
    is_log = np.abs(exponents) < np.finfo(np.float64).eps
    safe = np.where(is_log, 1.0, exponents)
    base = graph.op("Add", graph.op("Mul", y, safe), 1.0)
    exponent = graph.op("Div", graph.op("Log", base), safe)
    exponent = graph.where(graph.constant(is_log, bool), y, exponent)
    return graph.op("Sub", graph.op("Exp", exponent), 1.0)


def quantile(graph: Graph, model: Any, x: str) -> str:
    """Map each column to its quantiles."""
    edges = model.quantiles_
    parts = []
    for j in range(edges.shape[1]):
        column = graph.column(x, j)
        up = _interpolated(graph, column, edges[:, j], model.references_)
        down = _interpolated(
            graph, graph.op("Neg", column), -edges[::-1, j], -model.references_[::-1]
        )
        parts.append(graph.op("Mul", graph.op("Sub", up, down), 0.5))
    share = graph.join(parts)
    near = NEAREST if model.output_distribution == "normal" else 0.0
    low, high = edges[0] + near, edges[-1] - near
    above = "Greater" if near else "GreaterOrEqual"
    below = "Less" if near else "LessOrEqual"
    share = graph.where(graph.op(above, x, high), 1.0, share)
    share = graph.where(graph.op(below, x, low), 0.0, share)
    return _normal_quantile(graph, share) if near else share


def _interpolated(graph: Graph, x: str, places: np.ndarray, values: np.ndarray) -> str:
    """Interpolate linearly, as np.interp does."""
    reached = graph.as_double(graph.op("GreaterOrEqual", x, places[None]))
    count = graph.total(reached)
    last = len(places) - 1
    first = graph.clip(graph.op("Sub", count, 1.0), 0.0, float(max(last - 1, 0)))
    widths = np.diff(places)
    slopes = np.diff(values) / np.where(widths > 0, widths, 1.0)
    table = np.column_stack([places[:-1], values[:-1], slopes])
    row = graph.rows_of(table, first)
    start, value, slope = (graph.column(row, k) for k in range(3))
    inner = graph.op("Add", value, graph.op("Mul", graph.op("Sub", x, start), slope))
    inner = graph.where(graph.op("GreaterOrEqual", x, places[-1]), values[-1], inner)
    return graph.where(graph.op("Less", x, places[0]), values[0], inner)


def _polynomial(graph: Graph, x: str, coefficients: tuple[float, ...]) -> str:
    total = graph.op("Mul", x, coefficients[0])
    for one in coefficients[1:-1]:
        total = graph.op("Mul", graph.op("Add", total, one), x)
    return graph.op("Add", total, coefficients[-1])


def _ratio(graph: Graph, x: str, both: tuple[tuple[float, ...], tuple[float, ...]]) -> str:
    return graph.op("Div", *(_polynomial(graph, x, one) for one in both))


def _normal_quantile(graph: Graph, share: str) -> str:
    """Return quantiles of the normal distribution, clipped as scikit-learn does."""
    lowest = NEAREST - np.spacing(1)
    share = graph.clip(share, lowest, 1 - lowest)
    q = graph.op("Sub", share, 0.5)
    r = graph.op("Sub", 0.180625, graph.op("Mul", q, q))
    centre = graph.op("Mul", q, _ratio(graph, graph.clip(r, 0.0, 1.0), _CENTRE))
    upper = graph.op("Greater", q, 0.0)
    tail = graph.where(upper, graph.op("Sub", 1.0, share), share)
    root = graph.op("Sqrt", graph.op("Neg", graph.op("Log", tail)))
    flank = _ratio(graph, graph.op("Sub", root, 1.6), _FLANK)
    outer = _ratio(graph, graph.op("Sub", root, 5.0), _TAIL)
    size = graph.where(graph.op("LessOrEqual", root, 5.0), flank, outer)
    signed = graph.where(upper, size, graph.op("Neg", size))
    near = graph.op("LessOrEqual", graph.op("Abs", q), 0.425)
    bound = float(ndtri(1 - lowest))
    return graph.clip(graph.where(near, centre, signed), float(ndtri(lowest)), bound)


def inverse_quantile(graph: Graph, model: Any, y: str) -> str:
    """Map normal quantiles back to the values of the target."""
    if model.output_distribution != "normal":
        raise graph.refuse(model, "only a normal distribution is undone")
    # The normal distribution function as a table: between its points the error is below 1e-9.
    places = np.linspace(-5.5, 5.5, 40_001)
    from scipy.special import ndtr

    share = _on_grid(graph, y, places, ndtr(places))
    edges, references = model.quantiles_[:, 0], model.references_
    value = _interpolated(graph, share, references, edges)
    value = graph.where(graph.op("Greater", share, 1 - NEAREST), edges[-1], value)
    return graph.where(graph.op("Less", share, NEAREST), edges[0], value)


def _on_grid(graph: Graph, x: str, places: np.ndarray, values: np.ndarray) -> str:
    """Interpolate linearly between equidistant places."""
    step = places[1] - places[0]
    x = graph.clip(x, places[0], places[-1])
    position = graph.op("Div", graph.op("Sub", x, places[0]), step)
    first = graph.clip(graph.op("Floor", position), 0.0, float(len(places) - 2))
    row = graph.rows_of(np.column_stack([values[:-1], np.diff(values)]), first)
    part = graph.op("Mul", graph.op("Sub", position, first), graph.column(row, 1))
    return graph.op("Add", graph.column(row, 0), part)


register_converter(PowerTransformer, power)
register_converter(PowerTransformer, inverse_power, inverse=True)
register_converter(QuantileTransformer, quantile)
register_converter(QuantileTransformer, inverse_quantile, inverse=True)
