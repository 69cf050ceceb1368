"""Converters of the neural networks."""

from typing import Any

import numpy as np

from evolearn.export.onnx.graph import Graph
from evolearn.export.onnx.registry import register_converter
from evolearn.networks import NetworkClassifier, NetworkRegressor
from evolearn.networks.embedding import CLIP, FARTHEST


def _float(graph: Graph, value: Any) -> str:
    return graph.constant(value, np.float32)


def _inputs(graph: Graph, embedding: Any, x: str) -> str:
    """Scale, bend and expand the columns, in single precision as the networks do."""
    numbers = x if embedding.vectors is None else graph.columns(x, embedding._numbers)
    return graph.as_double(_number_inputs(graph, embedding, numbers))


def _number_inputs(graph: Graph, embedding: Any, x: str) -> str:
    scaled = graph.op("Div", graph.op("Sub", x, embedding.centre), embedding.width)
    scaled = graph.as_float(graph.clip(scaled, -FARTHEST, FARTHEST))
    ratio = graph.op("Div", scaled, _float(graph, CLIP))
    square = graph.op("Add", graph.op("Mul", ratio, ratio), _float(graph, 1.0))
    bent = graph.op("Div", scaled, graph.op("Sqrt", square))
    n_expanded = len(embedding.expanded)
    if not n_expanded:
        return bent
    columns = graph.columns(scaled, embedding.expanded)
    columns = graph.op("Unsqueeze", columns, graph.ints([2]))
    slopes, width = _float(graph, embedding.slopes), embedding.n_bins * n_expanded
    if embedding.kind == "periodic":
        angles = graph.reshape(graph.op("Mul", columns, slopes), [-1, width])
        return graph.join([bent, graph.op("Sin", angles), graph.op("Cos", angles)])
    parts = graph.op("Mul", graph.op("Sub", columns, _float(graph, embedding.starts)), slopes)
    parts = graph.op("Clip", parts, _float(graph, 0.0), _float(graph, 1.0))
    parts = graph.op("Mul", parts, _float(graph, 2.0))
    parts = graph.op("Sub", parts, _float(graph, 1.0))
    return graph.join([bent, graph.reshape(parts, [-1, width])])


def _category_inputs(graph: Graph, model: Any, x: str) -> list[str]:
    """Return the vectors of the categories of each row, column by column."""
    vectors, weights = model.embedding_.vectors, model.networks_.category_weights
    parts = []
    for categories, column, start, length in zip(
        vectors._categories, vectors.columns, vectors._starts, vectors._lengths, strict=True
    ):
        n = len(categories)
        table = weights[start : start + (n + 1) * length].reshape(n + 1, length)
        number = graph.lookup(
            graph.column(x, int(column)), categories, np.arange(1, n + 1), 0.0, 0.0
        )
        parts.append(graph.rows_of(table, number))
    return parts


def _outputs(graph: Graph, model: Any, x: str) -> str:
    """Return the outputs of all members, of shape (n_members, n_samples, n_outputs)."""
    embedding, networks = model.embedding_, model.networks_
    h = _inputs(graph, embedding, x) if len(embedding.centre) else ""
    if embedding.vectors is not None:
        h = graph.join([*([h] if h else []), *_category_inputs(graph, model, x)])
    h = graph.op("Unsqueeze", h, graph.ints([0]))
    layers = list(zip(networks.weights, networks.biases, strict=True))
    for number, (weights, biases) in enumerate(layers):
        h = graph.op("Add", graph.op("MatMul", h, weights), biases)
        if number < len(layers) - 1:
            h = _activated(graph, networks.activation, h)
    return h


def _activated(graph: Graph, activation: str, z: str) -> str:
    if activation == "silu":
        # Not as z * sigmoid(z): onnxruntime 1.20 makes an operator of it that lacks doubles.
        return graph.op("Div", z, graph.op("Add", graph.op("Exp", graph.op("Neg", z)), 1.0))
    return graph.op({"relu": "Relu", "tanh": "Tanh"}[activation], z)


def _mean(graph: Graph, members: str) -> str:
    return graph.op("ReduceMean", members, graph.ints([0]), keepdims=0)


def regressor(graph: Graph, model: Any, x: str) -> str:
    """Convert the mean of networks."""
    mean = _mean(graph, _outputs(graph, model, x))
    return graph.op("Add", graph.op("Mul", mean, model._scale), model._centre)


def classifier(graph: Graph, model: Any, x: str) -> str:
    """Convert the mean of networks' probabilities."""
    mean = _mean(graph, graph.softmax(_outputs(graph, model, x)))
    return graph.normalised(mean)


register_converter(NetworkRegressor, regressor)
register_converter(NetworkClassifier, classifier)
