"""Export of a fitted model to a file in ONNX format, with a comparison of its predictions."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import sklearn

from evolearn._version import __version__
from evolearn.exceptions import OnnxExportError
from evolearn.export.onnx import converters  # noqa: F401, registers them
from evolearn.export.onnx.graph import ML, ML_OPSET, OPSET, Graph, Node
from evolearn.export.onnx.inputs import Input, inputs_of, tensors_of
from evolearn.export.onnx.registry import convert
from evolearn.optional import import_optional
from evolearn.written_files import write_whole

# Largest relative difference between the predictions of the two forms.
TOLERANCE = 1e-4
# Differences are relative to the prediction, or to this share of the largest one, whichever is
# larger: near zero, rounding errors of the last digit are large ones.
FLOOR = 1e-3
# Probabilities that differ by less may have either as the larger one.
TIE = 1e-6
# Version of the file format that goes with the operator sets.
IR_VERSION = 9
# Largest file that the format holds.
MOST_BYTES = 2**31 - 1


def export(
    model: Any,
    estimator: Any,
    path: str | os.PathLike[str],
    table: Any,
    facts: Mapping[str, Any],
) -> Path:
    """Write an estimator to a file in ONNX format, once its predictions are found equal.

    Parameters
    ----------
    model : estimator
        Predicts as the file is to do.
    estimator : estimator
        What is converted, such as an ensemble.
    path : str or path
    table : table
        The rows on which predictions are compared.
    facts : mapping of str to object
        Written into the file's metadata.

    Raises
    ------
    OnnxExportError
        If the model has no ONNX form, or its ONNX form predicts something else.
    ValueError
        If the rows or the path cannot be used.
    """
    onnx = import_optional("onnx", "to_onnx")
    runtime = import_optional("onnxruntime", "to_onnx")
    preparer = find_preparer(estimator)
    inputs = inputs_of(preparer, int(estimator.n_features_in_))
    graph, output = build(estimator, inputs)
    tensors = tensors_of(table, preparer, inputs)
    n_rows = len(next(iter(tensors.values())))
    proto = _proto(onnx, graph, output, estimator, inputs)
    difference = _difference(_run(runtime, proto, tensors), model, table)
    if not difference <= TOLERANCE:
        msg = (
            f"The ONNX form predicts something else: the largest relative difference on the "
            f"{n_rows} rows of X_check is {difference:.2g}, and {TOLERANCE:g} is allowed. "
            "Nothing was written."
        )
        raise OnnxExportError(msg)
    described = [one.described() for one in inputs.values()]
    found = {"largest_relative_difference": difference, "compared_rows": n_rows}
    properties = {**_versions(onnx), **facts, **found, "inputs": described}
    onnx.helper.set_model_props(proto, {k: _as_text(v) for k, v in properties.items()})
    return write_whole(path, proto.SerializeToString(), "The ONNX file")


def build(estimator: Any, inputs: dict[int, Input]) -> tuple[Graph, str]:
    """Return the graph of an estimator, and the name of its predictions."""
    graph = Graph()
    if -1 not in inputs:
        graph.table = {j: one.name for j, one in inputs.items()}
    return graph, convert(graph, estimator, "X")


def find_preparer(estimator: Any) -> Any:
    """Return the step of an estimator that makes tables numeric, None without any."""
    parts: Iterator[Any] = iter(getattr(estimator, "steps", ()))
    first = next(parts, (None, None))[1]
    step = estimator._now("step") if hasattr(estimator, "_now") else first
    if step is not None and hasattr(step, "_now"):  # of a stacking layer
        return find_preparer(step)
    return step if hasattr(step, "columns_") else None


# -- the file -------------------------------------------------------------------------------


def _versions(onnx: Any) -> dict[str, str]:
    return {
        "evolearn_version": __version__,
        "sklearn_version": sklearn.__version__,
        "numpy_version": np.__version__,
        "onnx_version": onnx.__version__,
    }


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _proto(
    onnx: Any, graph: Graph, output: str, estimator: Any, inputs: dict[int, Input]
) -> Any:
    """Return the ONNX model of a graph."""
    helper, kinds = onnx.helper, onnx.TensorProto
    types = {"double": kinds.DOUBLE, "string": kinds.STRING}
    outputs = _outputs(onnx, graph, output, estimator)
    values = [
        helper.make_tensor_value_info(one.name, types[one.dtype], [None, one.width])
        for one in inputs.values()
    ]
    nodes = [_node(onnx, node) if isinstance(node, Node) else node for node in graph.nodes]
    tensors = [_tensor(onnx, value, name) for name, value in graph.constants.items()]
    made = helper.make_graph(
        nodes, "evolearn", values, outputs, initializer=[*tensors, *graph.initializers]
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML, ML_OPSET)]
    proto = helper.make_model(
        made, opset_imports=opsets, ir_version=IR_VERSION, producer_name="evolearn"
    )
    if proto.ByteSize() > MOST_BYTES:
        size = proto.ByteSize() / 2**30
        raise OnnxExportError(f"The ONNX form takes {size:.1f} GiB; a file holds 2 GiB.")
    return proto


def _outputs(onnx: Any, graph: Graph, output: str, estimator: Any) -> list[Any]:
    """Add the nodes of the outputs; return their descriptions."""
    helper, kinds = onnx.helper, onnx.TensorProto
    if not hasattr(estimator, "predict_proba"):
        graph.nodes.append(Node("Identity", [output], ["prediction"], "", {}))
        return [helper.make_tensor_value_info("prediction", kinds.DOUBLE, [None, 1])]
    classes = np.asarray(estimator.classes_)
    kind, dtype = {
        "i": (kinds.INT64, np.int64),
        "u": (kinds.INT64, np.int64),
        "b": (kinds.BOOL, bool),
        "f": (kinds.DOUBLE, np.float64),
    }.get(classes.dtype.kind, (kinds.STRING, object))
    labels = classes.astype(str).astype(object) if dtype is object else classes
    best = graph.op("ArgMax", output, axis=1, keepdims=0)
    graph.nodes.append(
        Node("Gather", [graph.constant(labels, dtype), best], ["label"], "", {"axis": 0})
    )
    graph.nodes.append(Node("Identity", [output], ["probabilities"], "", {}))
    return [
        helper.make_tensor_value_info("label", kind, [None]),
        helper.make_tensor_value_info("probabilities", kinds.DOUBLE, [None, len(classes)]),
    ]


def _node(onnx: Any, node: Node) -> Any:
    attributes = {
        name: _tensor(onnx, value, name) if isinstance(value, np.ndarray) else value
        for name, value in node.attributes.items()
    }
    return onnx.helper.make_node(
        node.kind,
        node.inputs,
        node.outputs,
        name=f"{node.kind}_{node.outputs[0]}",  # onnxruntime tells nodes apart by name
        domain=node.domain,
        **attributes,
    )


def _tensor(onnx: Any, value: np.ndarray, name: str) -> Any:
    if value.dtype == object:
        texts = [str(one).encode() for one in value.ravel()]
        return onnx.helper.make_tensor(name, onnx.TensorProto.STRING, value.shape, texts)
    return onnx.numpy_helper.from_array(np.ascontiguousarray(value), name)


# -- the comparison -------------------------------------------------------------------------


def _run(runtime: Any, proto: Any, tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # warnings are of no use to people
    try:
        session = runtime.InferenceSession(
            proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        used = {one.name for one in session.get_inputs()}
        given = {name: tensor for name, tensor in tensors.items() if name in used}
        names = [one.name for one in session.get_outputs()]
        return dict(zip(names, session.run(names, given), strict=True))
    except Exception as error:  # types of a library in another language
        text = (str(error).splitlines() or [type(error).__name__])[0]
        raise OnnxExportError(f"onnxruntime cannot run the ONNX form: {text}") from error


def _difference(found: dict[str, np.ndarray], model: Any, table: Any) -> float:
    """Return the largest relative difference of predictions.

    Raises
    ------
    OnnxExportError
        If a predicted class is another one, though its probability is clearly the largest.
    """
    if "label" not in found:
        expected = np.asarray(model.predict(table), dtype=np.float64).reshape(-1, 1)
        return relative_difference(found["prediction"], expected)
    expected = np.asarray(model.predict_proba(table), dtype=np.float64)
    ordered = np.sort(expected, axis=1)
    clear = ordered[:, -1] - ordered[:, -2] > TIE
    other = found["label"].astype(str) != np.ravel(model.predict(table)).astype(str)
    n_other = int(np.count_nonzero(other & clear))
    if n_other:
        raise OnnxExportError(
            f"The ONNX form predicts another class for {n_other} of {len(other)} rows of "
            "X_check. Nothing was written."
        )
    return relative_difference(found["probabilities"], expected)


def relative_difference(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference, relative to the expected values.

    Values near zero are compared with a thousandth of the largest one.
    """
    if found.shape != expected.shape or not np.isfinite(found).all():
        return float("inf")
    largest = np.abs(expected).max()
    scale = np.maximum(np.abs(expected), FLOOR * largest)
    return float((np.abs(found - expected) / np.where(scale > 0, scale, 1.0)).max())
