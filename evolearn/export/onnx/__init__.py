"""Export to ONNX: converters of models and steps, verified files, and what has no ONNX form."""

from evolearn.exceptions import OnnxExportError
from evolearn.export.onnx.graph import Graph
from evolearn.export.onnx.reasons import reasons
from evolearn.export.onnx.registry import register_converter

__all__ = ["Graph", "OnnxExportError", "reasons", "register_converter"]
