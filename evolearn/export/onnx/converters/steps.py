"""Converters of steps that fill in, scale, select and combine columns of numbers."""

from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import VotingClassifier
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.feature_selection import SelectFromModel
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    PolynomialFeatures,
    RobustScaler,
    SplineTransformer,
    StandardScaler,
)
from sklearn.random_projection import GaussianRandomProjection

from evolearn.export.onnx.graph import Graph
from evolearn.export.onnx.registry import (
    convert,
    convert_inverse,
    register_converter,
    register_refusal,
)
from evolearn.transformers import (
    BestColumns,
    BoundedTarget,
    CodeImputer,
    ColumnMask,
    KnownColumns,
    NewMissingImputer,
)


def pipeline(graph: Graph, model: Any, x: str) -> str:
    """Convert the steps one after another."""
    for name, step in model.steps:
        if step is not None and step != "passthrough":
            with graph.inside(f"step {name!r}"):
                x = convert(graph, step, x)
    return x


def inverse_pipeline(graph: Graph, model: Any, y: str) -> str:
    """Undo the steps, the last one first."""
    for _, step in reversed(model.steps):
        y = convert_inverse(graph, step, y)
    return y


def column_transformer(graph: Graph, model: Any, x: str) -> str:
    """Convert each part on its columns and join the results."""
    parts = []
    for name, step, columns in model.transformers_:
        positions = np.arange(model.n_features_in_)[columns]
        if (isinstance(step, str) and step == "drop") or not len(positions):
            continue
        part = graph.columns(x, positions)
        if not isinstance(step, str):
            with graph.inside(f"the {name}"):
                part = convert(graph, step, part)
        parts.append(part)
    return graph.join(parts)


def function(graph: Graph, model: Any, x: str) -> str:
    """Convert a function that changes nothing."""
    if model.func is not None:
        raise graph.refuse(model, "it calls a Python function")
    return x


def inverse_function(graph: Graph, model: Any, y: str) -> str:
    """Undo a logarithm."""
    if model.inverse_func is None:
        return y
    if model.inverse_func is not np.expm1:
        raise graph.refuse(model, "it calls a Python function")
    return graph.op("Sub", graph.op("Exp", y), 1.0)


def transformed_target(graph: Graph, model: Any, x: str) -> str:
    """Convert the regressor, and the inverse of the transformation of its target."""
    y = convert(graph, model.regressor_, x)
    with graph.inside("the transformation of the target"):
        return convert_inverse(graph, model.transformer_, y)


def inverse_bounded(graph: Graph, model: Any, y: str) -> str:
    """Undo the transformation within its bounds."""
    low, high = model._transformed_bounds
    y = convert_inverse(graph, model.transformer_, graph.clip(y, low, high))
    return graph.clip(y, *model.bounds_)


def imputer(graph: Graph, model: Any, x: str) -> str:
    """Fill in constants; append indicators."""
    statistics = np.asarray(model.statistics_, dtype=np.float64)
    kept = np.arange(len(statistics))
    if not model.keep_empty_features:
        kept = np.flatnonzero(~np.isnan(statistics))
    filled = graph.filled(graph.columns(x, kept.tolist()), statistics[kept])
    if model.indicator_ is None or not len(model.indicator_.features_):
        return filled
    missing = graph.op("IsNaN", graph.columns(x, model.indicator_.features_))
    return graph.join([filled, graph.as_double(missing)])


def filling(graph: Graph, model: Any, x: str) -> str:
    """Fill in constants, but not where they are missing themselves."""
    return graph.filled(x, model.fill_values_)


def known_columns(graph: Graph, model: Any, x: str) -> str:
    """Set columns with hardly any value to zero."""
    return graph.where(graph.constant(model.unknown_, bool), 0.0, x)


def _shifted(graph: Graph, x: str, centre: Any, scale: Any) -> str:
    x = x if centre is None else graph.op("Sub", x, centre)
    return x if scale is None else graph.op("Div", x, scale)


def standard(graph: Graph, model: Any, x: str) -> str:
    """Centre and scale."""
    centre = model.mean_ if model.with_mean else None
    return _shifted(graph, x, centre, model.scale_)


def inverse_standard(graph: Graph, model: Any, y: str) -> str:
    """Undo a standardisation."""
    y = y if model.scale_ is None else graph.op("Mul", y, model.scale_)
    return graph.op("Add", y, model.mean_) if model.with_mean else y


def robust(graph: Graph, model: Any, x: str) -> str:
    """Centre and scale by quantiles."""
    return _shifted(graph, x, model.center_, model.scale_)


def max_abs(graph: Graph, model: Any, x: str) -> str:
    """Scale by the largest values."""
    return _shifted(graph, x, None, model.scale_)


def selected(graph: Graph, model: Any, x: str) -> str:
    """Select columns."""
    return graph.columns(x, model.get_support(indices=True))


def pca(graph: Graph, model: Any, x: str) -> str:
    """Project on principal components."""
    x = graph.op("MatMul", graph.op("Sub", x, model.mean_), model.components_.T)
    if not model.whiten:
        return x
    scale = np.maximum(np.sqrt(model.explained_variance_), np.finfo(np.float64).eps)
    return graph.op("Div", x, scale)


def projection(graph: Graph, model: Any, x: str) -> str:
    """Project on components."""
    return graph.op("MatMul", x, np.asarray(model.components_).T)


def polynomial(graph: Graph, model: Any, x: str) -> str:
    """Multiply columns."""
    powers = model.powers_
    if powers.sum(axis=1).max() > 2:
        raise graph.refuse(model, "only products of two columns are converted")
    n_columns = powers.shape[1]
    pairs = [[*np.repeat(np.arange(n_columns), row), n_columns, n_columns] for row in powers]
    one = graph.op("Add", graph.op("Mul", graph.column(x, 0), 0.0), 1.0)
    x = graph.join([x, one])
    first = graph.columns(x, [pair[0] for pair in pairs])
    return graph.op("Mul", first, graph.columns(x, [pair[1] for pair in pairs]))


def spline(graph: Graph, model: Any, x: str) -> str:
    """Evaluate B-splines by the recursion of Cox and de Boor."""
    if model.extrapolation != "constant":
        raise graph.refuse(model, f"extrapolation={model.extrapolation!r} is not converted")
    knots = np.stack([one.t for one in model.bsplines_])
    degree = model.degree
    low, high = knots[:, degree], knots[:, -degree - 1]
    at = graph.reshape(graph.clip(x, low, high), [-1, len(knots), 1])
    starts, ends = knots[:, :-1].copy(), knots[:, 1:].copy()
    last = knots.shape[1] - degree - 2  # this interval is closed
    ends[:, last] = np.nextafter(ends[:, last], np.inf)
    starts[:, last + 1 :] = np.inf
    after, before = graph.op("GreaterOrEqual", at, starts), graph.op("Less", at, ends)
    basis = graph.as_double(graph.op("And", after, before))
    for order in range(1, degree + 1):
        n = knots.shape[1] - 1 - order
        first, second = knots[:, :n], knots[:, 1 : n + 1]
        rise = graph.op(
            "Mul", graph.op("Sub", at, first), _inverse(knots[:, order:][:, :n] - first)
        )
        end = knots[:, order + 1 :][:, :n]
        fall = graph.op("Mul", graph.op("Sub", end, at), _inverse(end - second))
        left, right = _part(graph, basis, 0, n), _part(graph, basis, 1, n + 1)
        basis = graph.op("Add", graph.op("Mul", rise, left), graph.op("Mul", fall, right))
    n_splines = knots.shape[1] - 1 - degree
    kept = n_splines if model.include_bias else n_splines - 1
    return graph.reshape(_part(graph, basis, 0, kept), [-1, kept * len(knots)])


def _part(graph: Graph, x: str, start: int, end: int) -> str:
    return graph.op("Slice", x, graph.ints([start]), graph.ints([end]), graph.ints([2]))


def _inverse(widths: np.ndarray) -> np.ndarray:
    """Return inverse widths, 0 where two knots are one."""
    return np.where(widths > 0, 1 / np.where(widths > 0, widths, 1.0), 0.0)


def bins(graph: Graph, model: Any, x: str) -> str:
    """Assign values to bins, one column each."""
    if model.encode == "ordinal":
        raise graph.refuse(model, "encode='ordinal' is not converted")
    parts = []
    for j, edges in enumerate(model.bin_edges_):
        column, inner = graph.column(x, j), edges[1:-1]
        above = graph.as_double(graph.op("GreaterOrEqual", column, inner[None]))
        one = graph.op("Add", graph.op("Mul", column, 0.0), 1.0)
        # In a bin are the values above its lower edge, but not above its upper one.
        lower = graph.join([one, above])
        zero = graph.op("Sub", one, 1.0)
        parts.append(graph.op("Sub", lower, graph.join([above, zero])))
    return graph.join(parts)


def vote(graph: Graph, model: Any, x: str) -> str:
    """Average the probabilities of classifiers."""
    if model.voting != "soft":
        raise graph.refuse(model, "voting='hard' is not converted")
    weights = model._weights_not_none or [1.0] * len(model.estimators_)
    shares = np.asarray(weights) / np.sum(weights)
    parts = [
        graph.op("Mul", convert(graph, one, x), share)
        for one, share in zip(model.estimators_, shares, strict=True)
    ]
    return parts[0] if len(parts) == 1 else graph.op("Sum", *parts)


for _kind, _converter in {
    Pipeline: pipeline,
    ColumnTransformer: column_transformer,
    FunctionTransformer: function,
    TransformedTargetRegressor: transformed_target,
    SimpleImputer: imputer,
    CodeImputer: filling,
    NewMissingImputer: filling,
    KnownColumns: known_columns,
    StandardScaler: standard,
    RobustScaler: robust,
    MaxAbsScaler: max_abs,
    SelectFromModel: selected,
    BestColumns: selected,
    ColumnMask: selected,
    PCA: pca,
    TruncatedSVD: projection,
    GaussianRandomProjection: projection,
    PolynomialFeatures: polynomial,
    SplineTransformer: spline,
    KBinsDiscretizer: bins,
    VotingClassifier: vote,
}.items():
    register_converter(_kind, _converter)
register_converter(Pipeline, inverse_pipeline, inverse=True)
register_converter(FunctionTransformer, inverse_function, inverse=True)
register_converter(StandardScaler, inverse_standard, inverse=True)
register_converter(BoundedTarget, inverse_bounded, inverse=True)
register_refusal(TfidfTransformer, "it weights the words of free text, which ONNX cannot count")
for _kind in (DummyClassifier, DummyRegressor):
    register_refusal(_kind, "it predicts from the target alone, for no candidate was fitted")
