"""Converters of ensembles and stacking layers."""

from typing import Any

import numpy as np

from evolearn.ensemble.stacking import FirstLayer
from evolearn.export.onnx.graph import Graph
from evolearn.export.onnx.registry import convert, register_converter
from evolearn.tasks.classifiers import ColumnEnsembleClassifier, EnsembleClassifier
from evolearn.tasks.pooling import LEAST_PROBABILITY
from evolearn.tasks.regressors import ColumnEnsembleRegressor, EnsembleRegressor


def member_outputs(graph: Graph, model: Any, x: str, matrix: str) -> list[str]:
    """Convert the members of an ensemble or a first layer."""
    outputs = []
    for number, (member, whole) in enumerate(model._now("members")):
        with graph.inside(f"member {number}"):
            if whole and graph.table:
                raise graph.refuse(member, "it reads a table of several types as it came")
            output = convert(graph, member, x if whole else matrix)
            outputs.append(_aligned(graph, output, member, model._now("task")))
    return outputs


def _aligned(graph: Graph, columns: str, member: Any, task: Any) -> str:
    """Give probabilities a column for each class of the task."""
    if not hasattr(task, "classes"):
        return columns
    wanted = np.asarray(task.classes)
    known = np.asarray(getattr(member, "classes_", wanted))
    if np.array_equal(known, wanted):
        return columns
    zero = graph.op("Mul", graph.column(columns, 0), 0.0)
    places = {label: i for i, label in enumerate(known.tolist())}
    positions = [places.get(label, len(places)) for label in wanted.tolist()]
    return graph.columns(graph.join([columns, zero]), positions)


def _matrix(graph: Graph, model: Any, x: str) -> str:
    step = model._now("step")
    return x if step is None else convert(graph, step, x)


def _weighted(graph: Graph, parts: list[str], weights: Any) -> str:
    scaled = [graph.op("Mul", one, float(w)) for one, w in zip(parts, weights, strict=True)]
    return scaled[0] if len(scaled) == 1 else graph.op("Sum", *scaled)


def _logarithms(graph: Graph, probabilities: str) -> str:
    return graph.op("Log", graph.clip(probabilities, LEAST_PROBABILITY, np.inf))


def ensemble_regressor(graph: Graph, model: Any, x: str) -> str:
    """Convert a weighted mean of predictions."""
    outputs = member_outputs(graph, model, x, _matrix(graph, model, x))
    if len(outputs) == 1:
        return outputs[0]
    return _weighted(graph, outputs, model._now("weights"))


def ensemble_classifier(graph: Graph, model: Any, x: str) -> str:
    """Convert a weighted mean of logarithms of probabilities."""
    outputs = member_outputs(graph, model, x, _matrix(graph, model, x))
    if len(outputs) == 1:
        return outputs[0]
    logs = [_logarithms(graph, one) for one in outputs]
    mean = _weighted(graph, logs, model._now("weights"))
    return graph.softmax(graph.op("Mul", mean, float(model._now("sharpness"))))


def first_layer(graph: Graph, model: Any, x: str) -> str:
    """Insert columns of the members' predictions into the matrix."""
    matrix, task = _matrix(graph, model, x), model._now("task")
    outputs = member_outputs(graph, model, x, matrix)
    if hasattr(task, "classes"):
        outputs = [_log_columns(graph, one, task.n_outputs) for one in outputs]
    end = graph.ints([np.iinfo(np.int64).max])
    position, axis = graph.ints([model.position]), graph.ints([1])
    before = graph.op("Slice", matrix, graph.ints([0]), position, axis)
    after = graph.op("Slice", matrix, position, end, axis)
    return graph.join([before, *outputs, after])


def _log_columns(graph: Graph, probabilities: str, n_outputs: int) -> str:
    logs = _logarithms(graph, probabilities)
    if n_outputs == 1:
        return graph.op("Sub", graph.column(logs, 1), graph.column(logs, 0))
    return graph.op("Sub", logs, graph.op("ReduceMean", logs, graph.ints([1]), keepdims=1))


def _mean_column(graph: Graph, model: Any, x: str) -> str:
    weights, width = model._now("weights"), model._now("task").n_outputs
    places = [model.position + width * i + np.arange(width) for i in range(len(weights))]
    return _weighted(graph, [graph.columns(x, one) for one in places], weights)


def column_regressor(graph: Graph, model: Any, x: str) -> str:
    """Convert a weighted mean of columns."""
    return _mean_column(graph, model, x)


def column_classifier(graph: Graph, model: Any, x: str) -> str:
    """Convert probabilities of a weighted mean of columns of logarithms."""
    mean = graph.op("Mul", _mean_column(graph, model, x), float(model._now("sharpness")))
    if model._now("task").n_outputs == 1:
        return graph.two_classes(graph.op("Sigmoid", mean))
    return graph.softmax(mean)


register_converter(EnsembleRegressor, ensemble_regressor)
register_converter(EnsembleClassifier, ensemble_classifier)
register_converter(FirstLayer, first_layer)
register_converter(ColumnEnsembleRegressor, column_regressor)
register_converter(ColumnEnsembleClassifier, column_classifier)
