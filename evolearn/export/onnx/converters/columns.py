"""Converters of steps that compute columns of categories, formulas and dates."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.preprocessing import OneHotEncoder, TargetEncoder

from evolearn.export.onnx.graph import Graph
from evolearn.export.onnx.registry import register_converter
from evolearn.transformers import (
    LARGEST,
    CategoryRelations,
    ConstructedFeatures,
    DateFeatures,
    Expression,
    KnownCategories,
    parse,
)
from evolearn.transformers.formula_language import LARGEST_EXPONENT


def encoded(graph: Graph, model: Any, x: str, blocks: list[np.ndarray]) -> str:
    """Replace each column by rows of a table: the encoder's own output for each category.

    `blocks` are the output columns of each input column.
    """
    known = [np.asarray(one, dtype=np.float64) for one in model.categories_]
    usual = np.array([one[0] if len(one) else 0.0 for one in known])
    parts = []
    for j, (categories, block) in enumerate(zip(known, blocks, strict=True)):
        values = np.append(categories[~np.isnan(categories)], [_unseen(categories), np.nan])
        rows = np.repeat(usual[None], len(values), axis=0)
        rows[:, j] = values
        table = np.asarray(model.transform(rows), dtype=np.float64)[:, block]
        n_known = len(values) - 2
        position = graph.lookup(
            graph.column(x, j), values[:-2], np.arange(n_known), n_known, n_known + 1
        )
        parts.append(graph.rows_of(table, position))
    return graph.join(parts)


def _unseen(categories: np.ndarray) -> float:
    present = categories[~np.isnan(categories)]
    return float(present.max()) + 1.0 if len(present) else 0.0


def one_hot(graph: Graph, model: Any, x: str) -> str:
    """Convert one-hot encoding."""
    if model.handle_unknown == "error":
        raise graph.refuse(model, "it refuses unknown categories, which ONNX cannot")
    names = model.get_feature_names_out([f"x{j}" for j in range(model.n_features_in_)])
    owners = np.array([int(name[1:].partition("_")[0]) for name in names])
    blocks = [np.flatnonzero(owners == j) for j in range(model.n_features_in_)]
    return encoded(graph, model, x, blocks)


def target_means(graph: Graph, model: Any, x: str) -> str:
    """Convert means of the target."""
    width = len(model.encodings_) // model.n_features_in_
    blocks = [np.arange(width) + width * j for j in range(model.n_features_in_)]
    return encoded(graph, model, x, blocks)


def known_categories(graph: Graph, model: Any, x: str) -> str:
    """Make unseen codes missing."""
    parts, of_column = [], dict(zip(model.columns, model._categories, strict=True))
    for j in range(model.n_features_in_):
        column = graph.column(x, j)
        if j in of_column:
            codes = of_column[j].codes
            column = graph.lookup(column, codes, codes, np.nan, np.nan)
        parts.append(column)
    return graph.join(parts)


def _positions(graph: Graph, categories: Any, codes: str) -> str:
    n = len(categories.codes)
    return graph.lookup(codes, categories.codes, np.arange(n), categories.unseen, n)


def _relation(graph: Graph, relation: Any, statistic: Any, numbers: Any, codes: Any) -> str:
    columns = [codes(j) for j in relation.categories]
    if relation.is_category:
        first = _positions(graph, statistic.first, columns[0])
        second = _positions(graph, statistic.second, columns[1])
        pair = graph.op("Add", graph.op("Mul", first, float(len(statistic.second))), second)
        if not len(statistic.frequent):
            return graph.op("Mul", pair, 0.0)
        n = len(statistic.frequent)
        return graph.lookup(pair, statistic.frequent, np.arange(n), np.nan, np.nan)
    position = _positions(graph, statistic.categories, columns[0])
    values = graph.rows_of(statistic.values[:, None], position)
    if relation.kind == "deviation":
        number = graph.clip(numbers(relation.number), -LARGEST, LARGEST)
        return graph.op("Sub", number, values)
    return values


def relations(graph: Graph, model: Any, x: str) -> str:
    """Convert relations of categories to other columns."""
    n_numbers = model.n_features_in_ - model.n_categorical
    pairs = list(zip(model._parsed, model._statistics, strict=True))
    new: dict[bool, list[str]] = {True: [], False: []}
    for relation, statistic in pairs:
        column = _relation(
            graph,
            relation,
            statistic,
            lambda j: graph.column(x, j),
            lambda j: graph.column(x, n_numbers + j),
        )
        new[relation.is_category].append(column)
    numbers = [graph.columns(x, range(n_numbers))] if n_numbers else []
    codes = [graph.columns(x, range(n_numbers, model.n_features_in_))]
    return graph.join([*numbers, *new[False], *codes, *new[True]])


def _quotient(graph: Graph, a: str, b: str) -> str:
    zero = graph.op("Equal", b, 0.0)
    return graph.where(zero, 0.0, graph.op("Div", a, graph.where(zero, 1.0, b)))


def _logarithm(graph: Graph, a: str) -> str:
    size = graph.op("Abs", a)
    positive = graph.op("Greater", size, 0.0)
    return graph.where(positive, graph.op("Log", graph.where(positive, size, 1.0)), 0.0)


def _signed_logarithm(graph: Graph, a: str) -> str:
    logs = graph.op("Log", graph.op("Add", graph.op("Abs", a), 1.0))
    return graph.where(graph.op("Less", a, 0.0), graph.op("Neg", logs), logs)


def _exponential(graph: Graph, a: str) -> str:
    return graph.op("Exp", graph.op("Min", a, LARGEST_EXPONENT))


def _plain(kind: str) -> Callable[..., str]:
    return lambda graph, *parts: graph.op(kind, *parts)


_OPERATORS: dict[str, Callable[..., str]] = {
    "add": _plain("Add"),
    "sub": _plain("Sub"),
    "mul": _plain("Mul"),
    "div": _quotient,
    "minimum": _plain("Min"),
    "maximum": _plain("Max"),
    "square": lambda graph, a: graph.op("Mul", a, a),
    "sqrt": lambda graph, a: graph.op("Sqrt", graph.op("Abs", a)),
    "absolute": _plain("Abs"),
    "log": _logarithm,
    "log1p": _signed_logarithm,
    "exp": _exponential,
    "sin": _plain("Sin"),
    "cos": lambda graph, a: graph.cosine(a),
}


def _raw(graph: Graph, expression: Expression, x: str) -> str:
    if expression.operator is None:
        return graph.column(x, expression.column)
    parts = [_raw(graph, part, x) for part in expression.parts]
    return _OPERATORS[expression.operator](graph, *parts)


def formulas(graph: Graph, model: Any, x: str) -> str:
    """Convert formulas of columns."""
    parts = [x]
    for text, (low, high) in zip(model.expressions, model.bounds_, strict=True):
        expression = parse(text)
        values = graph.clip(graph.filled(_raw(graph, expression, x), 0.0), -LARGEST, LARGEST)
        # Missing where one of its columns is: the sum of them is.
        total = graph.total(graph.op("Mul", graph.columns(x, expression.columns), 0.0))
        values = graph.clip(values, low, high)
        parts.append(graph.where(graph.op("IsNaN", total), np.nan, values))
    return graph.join(parts)


def dates(graph: Graph, model: Any, x: str) -> str:
    """Convert waves of the calendar and differences."""
    parts = [x]
    for column, period in model._cycles():
        turns = graph.op("Div", graph.column(x, column), float(period))
        for harmonic in range(1, model.harmonics + 1):
            angle = graph.op("Mul", turns, 2 * np.pi * harmonic)
            parts += [graph.op("Sin", angle), graph.cosine(angle)]
    for first, second in model.differences:
        parts.append(graph.op("Sub", graph.column(x, first), graph.column(x, second)))
    return graph.join(parts)


register_converter(OneHotEncoder, one_hot)
register_converter(TargetEncoder, target_means)
register_converter(KnownCategories, known_categories)
register_converter(CategoryRelations, relations)
register_converter(ConstructedFeatures, formulas)
register_converter(DateFeatures, dates)
