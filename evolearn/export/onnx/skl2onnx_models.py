"""Classes of scikit-learn that skl2onnx converts, in double precision."""

from copy import copy
from typing import Any

import numpy as np
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.linear_model import SGDClassifier
from sklearn.naive_bayes import GaussianNB

from evolearn.export.onnx.graph import ML, OPSET, Graph
from evolearn.export.onnx.registry import register_converter, register_refusal
from evolearn.optional import import_optional

# The version of the operators for machine learning up to which skl2onnx makes nodes.
SKL2ONNX_ML_OPSET = 3


def convert_by_skl2onnx(graph: Graph, model: Any, x: str) -> str:
    """Insert the graph that skl2onnx makes of a model or step; return its output."""
    skl2onnx = import_optional("skl2onnx", "to_onnx")
    types = import_optional("skl2onnx.common.data_types", "to_onnx")
    kind = types.DoubleTensorType([None, model.n_features_in_])
    is_classifier = hasattr(model, "predict_proba")
    if is_classifier and "classes_" in vars(model):
        # Its labels are not used, and earlier versions of skl2onnx take whole numbers only.
        model = copy(model)
        model.classes_ = np.arange(len(model.classes_))
    options = {id(model): {"zipmap": False}} if is_classifier else None
    try:
        made = skl2onnx.convert_sklearn(
            model,
            initial_types=[("X", kind)],
            options=options,
            target_opset={"": OPSET, ML: SKL2ONNX_ML_OPSET},
        )
    except Exception as error:  # many types, of which none is documented
        raise graph.refuse(model, f"skl2onnx says {_first_line(error)!r}") from error
    if {one.domain for one in made.opset_import} - {"", ML}:
        raise graph.refuse(model, "skl2onnx needs operators beyond the ONNX standard")
    output = "probabilities" if is_classifier else made.graph.output[0].name
    return _inserted(graph, model, made.graph, x, output)


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")


def _inserted(graph: Graph, model: Any, made: Any, x: str, output: str) -> str:
    """Add the nodes of another graph under new names."""
    names = {"": "", made.input[0].name: x}

    def renamed(name: str) -> str:
        if name not in names:
            names[name] = graph.new_name("s")
        return names[name]

    for tensor in made.initializer:
        copy = type(tensor)()
        copy.CopyFrom(tensor)
        copy.name = renamed(tensor.name)
        graph.initializers.append(copy)
    for node in made.node:
        if any(attribute.HasField("g") for attribute in node.attribute):
            raise graph.refuse(model, "skl2onnx makes a loop of it, which is not inserted")
        copy = type(node)()
        copy.CopyFrom(node)
        copy.name = graph.new_name("n")
        copy.input[:] = [renamed(name) for name in node.input]
        copy.output[:] = [renamed(name) for name in node.output]
        graph.nodes.append(copy)
    return graph.as_double(renamed(output))


# Compared with scikit-learn in double precision; of other classes, those that predict something
# else are refused when the predictions are compared.
for _kind in (SGDClassifier, GaussianNB, QuadraticDiscriminantAnalysis):
    register_converter(_kind, convert_by_skl2onnx)
register_refusal(GaussianProcessClassifier, "its probabilities need error functions of doubles")
