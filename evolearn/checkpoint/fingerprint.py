"""Identifies a fit by its data, its settings and the versions that compute its results."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

import joblib
import numpy
import scipy
import sklearn

from evolearn._compat import scorer_function
from evolearn._version import __version__
from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice
from evolearn.pipeline.genome import text_of
from evolearn.pipeline.optional_library import OptionalEstimator
from evolearn.pipeline.search_space import SearchSpace

# Other versions of these may evaluate the same genome differently.
VERSIONS = {
    "evolearn": __version__,
    **{package.__name__: package.__version__ for package in (sklearn, numpy, scipy)},
}
# Packages whose classes are identified by their names: their versions say the rest.
VERSIONED = {"evolearn", "sklearn", "builtins"}


def fingerprint(arrays: Sequence[Any], settings: Sequence[Any]) -> str:
    """Return 24 hexadecimal digits for data and settings, the same in every process.

    Parameters
    ----------
    arrays : sequence
        Arrays, tables and plain values.
    settings : sequence
        Plain values, scorers, search spaces, and functions and classes of the user's. Of these
        the code counts, and the values it is called with, but not functions that it calls by a
        global name.
    """
    versions = [f"{name} {version}" for name, version in VERSIONS.items()]
    lines = [joblib.hash(tuple(arrays)), *_texts(list(settings)), *versions]
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=12).hexdigest()


def _texts(value: Any, outer: tuple[Any, ...] = ()) -> Iterator[str]:
    """Yield the texts of a value and of everything it is made of."""
    if any(value is one for one in outer):  # such as a function that calls itself
        yield "itself"
        return
    text, parts = _content(value)
    yield text
    for part in parts:
        yield from _texts(part, (*outer, value))


def _content(value: Any) -> tuple[str, Sequence[Any]]:
    """Return the text of a value itself, and its parts."""
    kind = type(value).__qualname__
    if scorer_function(value) is not None:
        return text_of(value), [scorer_function(value)]
    if isinstance(value, SearchSpace):
        return kind, [*value.estimators, *value.preparation.items()]
    if isinstance(value, Component):
        return _component_content(value)
    if isinstance(value, OptionalEstimator):
        return f"{value!r} {value.version}", []
    if isinstance(value, FunctionType):
        return kind, [
            value.__code__,
            value.__defaults__,
            value.__kwdefaults__,
            *_closure(value),
        ]
    if isinstance(value, CodeType):
        return f"{value.co_code!r} {value.co_names} {value.co_freevars}", value.co_consts
    if isinstance(value, MethodType):
        return kind, [value.__func__, value.__self__]
    if isinstance(value, partial):
        return kind, [value.func, *value.args, *sorted(value.keywords.items())]
    if isinstance(value, dict):
        return kind, list(value.items())
    if isinstance(value, set | frozenset):  # whose order differs between processes
        return str(sorted(map(text_of, value))), []
    if hasattr(value, "get_params") and not isinstance(value, type):
        parameters = sorted(value.get_params(deep=False).items())
        return kind, [*_class_parts(type(value)), *parameters]
    if callable(value) and isinstance(type(value).__call__, FunctionType):
        return kind, [type(value).__call__, *_state(value)]
    if isinstance(value, list | tuple):
        return kind, value
    return text_of(value), []


def _component_content(component: Component) -> tuple[str, Sequence[Any]]:
    mappings = component.parameters, component.conditions, component.slots
    texts = [text_of(dict(mapping or {})) for mapping in mappings]
    text = " ".join([component.name, str(component.whole), str(component.complexity), *texts])
    domains = component.parameters.values()
    options = [list(domain.options) for domain in domains if isinstance(domain, Choice)]
    estimator = component.estimator
    if estimator is not None and not isinstance(estimator, OptionalEstimator):
        estimator = component.prototype()
    return text, [*options, estimator]


def _class_parts(kind: type) -> Iterator[Any]:
    """Yield the names and values of what the classes of a user define."""
    for cls in kind.__mro__:
        if cls.__module__.partition(".")[0] not in VERSIONED:
            for name, value in sorted(vars(cls).items()):
                if not name.startswith("__") or isinstance(value, FunctionType):
                    yield name, type(value).__qualname__, _unwrapped(value)


def _unwrapped(value: Any) -> Any:
    """Return the function within a static method, a class method or a property."""
    if isinstance(value, staticmethod | classmethod):
        return value.__func__
    return value.fget if isinstance(value, property) else value


def _closure(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # a name that has no value yet
            yield cell.cell_contents


def _state(value: Any) -> Iterator[Any]:
    """Yield the names and values of an object's attributes, and the items of a tuple."""
    slots = {name for cls in type(value).__mro__ for name in getattr(cls, "__slots__", ())}
    for name in sorted(slots | set(getattr(value, "__dict__", {}))):
        if hasattr(value, name) and not name.startswith("__"):
            yield name, getattr(value, name)
    if isinstance(value, tuple):
        yield from value
