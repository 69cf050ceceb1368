"""Python expressions of estimators and of the values of their parameters."""

import inspect
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, is_dataclass
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from evolearn.exceptions import CodeExportError
from evolearn.export.code.definitions import PACKAGE, Definitions, Import

WIDTH = 96
INDENT = "    "
# Modules that hold definitions of the user's session; another process cannot import them.
NO_MODULES = {"__main__", "__mp_main__", "builtins"}


@dataclass(frozen=True)
class Block:
    """An expression in brackets: items, each with its prefix, between a head and a tail."""

    head: str
    items: tuple[tuple[str, "Node"], ...]
    tail: str


Node = str | Block


@dataclass(frozen=True)
class Verbatim:
    """An expression that is written already, in place of a value."""

    text: str


def flat(node: Node) -> str:
    """Return an expression on one line."""
    if isinstance(node, str):
        return node
    items = ", ".join(prefix + flat(item) for prefix, item in node.items)
    comma = "," if node.head == "(" and len(node.items) == 1 else ""
    return f"{node.head}{items}{comma}{node.tail}"


def laid_out(node: Node, indent: int = 0, taken: int = 0) -> str:
    """Return an expression on as few lines as fit, of which `taken` columns are used."""
    line = flat(node)
    if isinstance(node, str) or indent + taken + len(line) <= WIDTH:
        return line
    if len(node.items) == 1 and node.head != "(":
        [(prefix, only)] = node.items
        if isinstance(only, Block):  # both brackets on one line
            head = node.head + prefix
            return f"{head}{laid_out(only, indent, taken + len(head))}{node.tail}"
    inner = indent + len(INDENT)
    if all(isinstance(item, str) and not prefix for prefix, item in node.items):
        lines = _filled([str(item) for _, item in node.items], WIDTH - inner)
    else:
        lines = [
            f"{prefix}{laid_out(item, inner, len(prefix) + 1)}," for prefix, item in node.items
        ]
    body = "".join(f"{' ' * inner}{line}\n" for line in lines)
    return f"{node.head}\n{body}{' ' * indent}{node.tail}"


def _filled(items: Iterable[str], width: int) -> list[str]:
    lines = [""]
    for item in items:
        if lines[-1] and len(lines[-1]) + len(item) + 2 > width:
            lines.append("")
        lines[-1] += f"{' ' if lines[-1] else ''}{item},"
    return lines


@dataclass
class Expressions:
    """Writer of expressions; gathers the imports and definitions that they need."""

    definitions: Definitions = field(default_factory=Definitions)
    _owners: dict[str, Any] = field(default_factory=dict)

    def of(self, value: Any, path: str = "the model") -> Node:
        """Return the expression of a value; `path` names its place in errors.

        Raises
        ------
        CodeExportError
            If there is no expression for it that another process could evaluate.
        """
        if isinstance(value, Verbatim):
            return value.text
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, str):
            return _quoted(value)
        if value is None or isinstance(value, bool | int | bytes):
            return repr(value)
        if isinstance(value, float):
            return repr(value) if math.isfinite(value) else self._special(value)
        if isinstance(value, list | tuple | set | frozenset | dict):
            return self._container(value, path)
        if isinstance(value, slice):
            return f"slice({value.start}, {value.stop})"
        if isinstance(value, range):
            return repr(value)
        if isinstance(value, np.ndarray):
            return Block(f"{self._numpy()}.array(", (("", self.of(value.tolist(), path)),), ")")
        if isinstance(value, np.ufunc):
            return f"{self._numpy()}.{value.__name__}"
        if isinstance(value, type | FunctionType | BuiltinFunctionType) or callable(
            getattr(value, "__array_function__", None)
        ):
            return self._imported(value, path)
        if hasattr(value, "get_params") or is_dataclass(value) or _is_splitter(value):
            return self._call(value, path)
        kind = type(value).__name__
        raise CodeExportError(f"No code can be written of {path}: it is a {kind}.")

    def _special(self, value: float) -> str:
        sign = "-" if value < 0 else ""
        return f"{self._numpy()}.nan" if math.isnan(value) else f"{sign}{self._numpy()}.inf"

    def _numpy(self) -> str:
        self.definitions.imports.add(Import("numpy", "", "np"))
        return "np"

    def _container(self, value: Any, path: str) -> Node:
        if isinstance(value, dict):
            pairs = (
                (f"{flat(self.of(k, path))}: ", self.of(v, path)) for k, v in value.items()
            )
            return Block("{", tuple(pairs), "}")
        if isinstance(value, set | frozenset):
            name = type(value).__name__
            return f"{name}({flat(self.of(sorted(value), path))})"
        head, tail = ("[", "]") if isinstance(value, list) else ("(", ")")
        items = []
        for one in value:
            named = isinstance(one, tuple) and one and isinstance(one[0], str)
            items.append(("", self.of(one, f"{path}, step {one[0]!r}" if named else path)))
        return Block(head, tuple(items), tail)

    def _call(self, value: Any, path: str) -> Node:
        name = self._imported(type(value), path)
        items = []
        for i, (parameter, given) in enumerate(_parameters(value)):
            given = _positions(given) if parameter == "categorical_features" else given
            is_first = i == 0 and _is_positional(type(value), parameter)
            prefix = "" if is_first else f"{parameter}="
            place = path if is_first else f"{path}, {parameter} of {type(value).__name__}"
            items.append((prefix, self.of(given, place)))
        return Block(f"{name}(", tuple(items), ")")

    def _imported(self, value: Any, path: str) -> str:
        """Return the name of a class or function, and note how it comes to be known."""
        name, module = value.__name__, str(value.__module__)
        if module.split(".")[0] == "numpy" and getattr(np, name, None) is value:
            return f"{self._numpy()}.{name}"
        if module == "builtins":
            return name
        if self._owners.setdefault(name, value) is not value:
            raise CodeExportError(
                f"No code can be written of {path}: two classes have the name {name}."
            )
        if module.split(".")[0] == PACKAGE:
            self.definitions.add(value)
            return name
        public = _public_module(module, value)
        if not public:
            raise CodeExportError(
                f"No code can be written of {path}: {name} is defined in {module}, which "
                "another process cannot import; put it into a module of its own."
            )
        self.definitions.imports.add(Import(public, name, name))
        return name


def _quoted(text: str) -> str:
    """Return a string literal, in double quotes if these need no backslash."""
    literal = repr(text)
    swap = literal[0] == "'" and '"' not in literal and "\\'" not in literal
    return f'"{literal[1:-1]}"' if swap else literal


def _is_splitter(value: Any) -> bool:
    return type(value).__module__.startswith("sklearn.model_selection")


def _positions(given: Any) -> Any:
    """Return a mask of columns as the list of their positions."""
    if isinstance(given, np.ndarray) and given.dtype == bool:
        return np.flatnonzero(given).tolist()
    return given.tolist() if isinstance(given, np.ndarray) else given


def _parameters(value: Any) -> list[tuple[str, Any]]:
    """Return the parameters that differ from their defaults."""
    if is_dataclass(value) and not isinstance(value, type):
        given = {one.name: getattr(value, one.name) for one in fields(value) if one.init}
        defaults = {one.name: one.default for one in fields(value)}
        return [(k, v) for k, v in given.items() if not _same(v, defaults[k])]
    parameters = inspect.signature(type(value).__init__).parameters
    defaults = {name: one.default for name, one in parameters.items()}
    if isinstance(value, BaseEstimator) or hasattr(value, "get_params"):
        given = value.get_params(deep=False)
    else:
        given = {name: getattr(value, name) for name in parameters if name != "self"}
    ordered = [name for name in parameters if name in given]
    ordered += [name for name in given if name not in parameters and given[name] is not None]
    unset = inspect.Parameter.empty
    return [(k, given[k]) for k in ordered if not _same(given[k], defaults.get(k, unset))]


def _same(value: Any, default: Any) -> bool:
    if isinstance(value, bool) != isinstance(default, bool):
        return False
    return value is default or (type(value) is type(default) and repr(value) == repr(default))


def _is_positional(owner: type, parameter: str) -> bool:
    """Whether a parameter is the first one, and has no default."""
    known = list(inspect.signature(owner).parameters.values())
    first = known[0] if known else None
    return (
        first is not None
        and first.name == parameter
        and first.default is inspect.Parameter.empty
        and first.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
    )


def _public_module(module: str, value: Any) -> str:
    """Return the shortest public module that has a class or function; "" if none has it."""
    if module in NO_MODULES or "." in value.__qualname__:
        return ""
    parts = module.split(".")
    candidates = [".".join(parts[:end]) for end in range(1, len(parts) + 1)]
    for name in candidates:
        is_public = not any(part.startswith("_") for part in name.split("."))
        if is_public and getattr(sys.modules.get(name), value.__name__, None) is value:
            return name
    return module if getattr(sys.modules.get(module), value.__name__, None) is value else ""
