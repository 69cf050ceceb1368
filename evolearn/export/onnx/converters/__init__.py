"""Converters of models and steps; importing them registers all."""

from evolearn.export.onnx import skl2onnx_models
from evolearn.export.onnx.converters import (
    boosting_libraries,
    columns,
    curves,
    ensembles,
    models,
    networks,
    steps,
    tables,
    trees,
)

__all__ = [
    "boosting_libraries",
    "columns",
    "curves",
    "ensembles",
    "models",
    "networks",
    "skl2onnx_models",
    "steps",
    "tables",
    "trees",
]
