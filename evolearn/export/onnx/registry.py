"""Converters of models and steps, by class."""

from collections.abc import Callable
from typing import Any, TypeAlias

from evolearn.export.onnx.graph import Graph

#: Takes a graph, a fitted model and the name of its input; adds nodes and returns the name of
#: the output: the columns of a transformer, the column of a regressor's predictions, or the
#: probabilities of a classifier's classes.
Converter: TypeAlias = Callable[[Graph, Any, str], str]

_CONVERTERS: dict[str, Converter] = {}
_INVERSES: dict[str, Converter] = {}
_REFUSED: dict[str, str] = {}


def key_of(kind: type) -> str:
    """Return the name under which a class is registered; optional ones need no import."""
    module = kind.__module__.split(".")[0]
    return f"{module}.{kind.__name__}"


def register_converter(kind: type | str, converter: Converter, inverse: bool = False) -> None:
    """Make a class of models or steps known to the export.

    Parameters
    ----------
    kind : type or str
        The class, or its top-level module and name, such as ``"lightgbm.LGBMRegressor"``.
    converter : callable
        Takes a `Graph`, a fitted instance and the name of its input, and returns the name of
        its output. Numbers are doubles of shape (n_samples, n_columns).
    inverse : bool, default=False
        Whether it converts ``inverse_transform``, for transformers of the target.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> from evolearn.export.onnx import register_converter
    >>> def linear(graph, model, x):
    ...     slopes = model.coef_.reshape(-1, 1)
    ...     return graph.affine(x, slopes, [model.intercept_])
    >>> register_converter(LinearRegression, linear)
    """
    registry = _INVERSES if inverse else _CONVERTERS
    registry[kind if isinstance(kind, str) else key_of(kind)] = converter


def register_refusal(kind: type, reason: str) -> None:
    """Name the reason why a class has no ONNX form."""
    _REFUSED[key_of(kind)] = reason


def is_registered(key: str) -> bool:
    """Whether the class of this key has a converter."""
    return key in _CONVERTERS


def has_inverse(model: Any) -> bool:
    """Whether a transformer of the target has a converter."""
    return key_of(type(model)) in _INVERSES


def convert(graph: Graph, model: Any, x: str) -> str:
    """Add a fitted model or step to a graph; return the name of its output.

    Classes of scikit-learn without a converter here are left to skl2onnx.

    Raises
    ------
    OnnxExportError
        If it has no ONNX form.
    """
    key = key_of(type(model))
    if key in _REFUSED:
        raise graph.refuse(model, _REFUSED[key])
    if key in _CONVERTERS:
        return _CONVERTERS[key](graph, model, x)
    if type(model).__module__.startswith("sklearn."):
        from evolearn.export.onnx.skl2onnx_models import convert_by_skl2onnx

        return convert_by_skl2onnx(graph, model, x)
    raise graph.refuse(model, "no converter is registered for this class")


def convert_inverse(graph: Graph, transformer: Any, y: str) -> str:
    """Add the inverse of a transformer of the target; return the name of its output."""
    key = key_of(type(transformer))
    if key not in _INVERSES:
        raise graph.refuse(transformer, "no converter of its inverse is registered")
    return _INVERSES[key](graph, transformer, y)
