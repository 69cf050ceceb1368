"""What identifies a fit: its data, its settings and the versions that compute its results."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from types import CodeType, FunctionType, MethodType
from typing import Any

import joblib
from sklearn.base import BaseEstimator

from evolearn._compat import scorer_function
from evolearn.fit.data import FitData
from evolearn.fit.settings import Settings
from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice
from evolearn.pipeline.genome import text_of
from evolearn.pipeline.optional_library import Imported
from evolearn.pipeline.search_space import SearchSpace

# Other versions of these may evaluate the same genome differently.
PACKAGES = ("evolearn-automl", "scikit-learn", "numpy", "scipy")
# Modules whose classes are what their versions say.
VERSIONED = {"evolearn", "sklearn", "builtins"}


def fingerprint(settings: Settings, data: FitData) -> str:
    """Return a digest of everything that decides what the candidates are and how they do.

    Budgets, limits, `n_jobs` and `verbose` are no part of it, so that a run can be gone on
    with under others.
    """
    schema = data.prepared.schema
    digest = joblib.hash(
        (
            data.prepared.matrix,
            # Categories and numbers may have the same matrix.
            (schema.n_numeric, schema.cardinalities, schema.texts, schema.dates),
            data.target,
            data.classes,
            data.weights,
            data.groups,
            data.raw if data.needs_raw(data.space) else None,
            data.seed,
        )
    )
    lines = [
        digest,
        data.problem.task,
        str(settings.population_size),
    ]
    # Splits by their rows: texts of splitters are abridged, and say nothing of their seeds.
    lines.append(joblib.hash(data.cv) if isinstance(data.cv, list) else text_of(data.cv))
    lines += _meaning(settings.scoring)
    lines += _space_lines(data.space)
    lines += [f"{name} {version(name)}" for name in PACKAGES]
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=12).hexdigest()


def _meaning(value: Any, inside: tuple[Any, ...] = ()) -> Iterator[str]:
    """Yield what something written by the user is made of, as texts that no process changes.

    Its name may stay the same when it is changed. What its functions call by a global name is
    not looked into.
    """
    if any(value is outer for outer in inside):  # a function that calls itself
        yield "itself"
        return
    parts: list[Any] = []
    if scorer_function(value) is not None:
        yield text_of(value)  # what the function is called with
        parts = [scorer_function(value)]
    elif isinstance(value, MethodType):
        parts = [value.__func__, value.__self__]
    elif isinstance(value, partial):
        parts = [value.func, *value.args, *sorted(value.keywords.items())]
    elif isinstance(value, FunctionType):
        yield from _code_lines(value.__code__)
        parts = [value.__defaults__, value.__kwdefaults__, *_closure(value)]
    elif callable(value) and isinstance(type(value).__call__, FunctionType):
        yield type(value).__qualname__
        parts = [type(value).__call__, *_state(value)]
    elif isinstance(value, list | tuple):
        yield type(value).__qualname__
        parts = list(value)
    elif isinstance(value, dict):
        parts = [part for item in value.items() for part in item]
    elif isinstance(value, set | frozenset):  # in an order that differs between processes
        yield str(sorted(map(text_of, value)))
    else:
        yield text_of(value)
    for part in parts:
        yield from _meaning(part, (*inside, value))


def _closure(function: FunctionType) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # a name that has no value yet
            yield cell.cell_contents


def _state(value: Any) -> Iterator[Any]:
    """Yield the values of an object, with their names, wherever it keeps them."""
    slots = {name for cls in type(value).__mro__ for name in getattr(cls, "__slots__", ())}
    for name in sorted(slots | set(getattr(value, "__dict__", {}))):
        if hasattr(value, name) and not name.startswith("__"):
            yield name
            yield getattr(value, name)
    if isinstance(value, tuple):
        yield from value


def _code_lines(code: CodeType) -> Iterator[str]:
    yield f"{code.co_code!r} {code.co_names} {code.co_freevars}"
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _code_lines(constant)
        else:
            yield from _meaning(constant)


def _space_lines(space: SearchSpace) -> Iterator[str]:
    for component in space.estimators:
        yield from _component_lines("estimator", component)
    for slot, components in space.preparation.items():
        for component in components:
            yield from _component_lines(slot, component)


def _component_lines(slot: str, component: Component) -> Iterator[str]:
    yield f"{slot} {component.name} {component.whole} {component.complexity}"
    for kind in ("parameters", "conditions", "slots"):
        yield f"{kind} {text_of(dict(getattr(component, kind) or {}))}"
    for domain in component.parameters.values():
        for option in domain.options if isinstance(domain, Choice) else ():
            yield from _meaning(option)
    if isinstance(component.estimator, Imported):
        yield f"{component.estimator!r} {component.estimator.version}"
    elif component.estimator is not None:
        # Not the estimator's repr, which leaves out what is long.
        parameters: dict[str, Any] = component.prototype().get_params(deep=True)
        yield from _class_lines(type(component.prototype()))
        for name, value in sorted(parameters.items()):
            yield name
            yield from _meaning(value)
            if isinstance(value, BaseEstimator):
                yield from _class_lines(type(value))


def _class_lines(kind: type) -> Iterator[str]:
    """Yield the name of a class and, of one that the user has written, what its methods do."""
    yield kind.__qualname__
    for cls in kind.__mro__:
        if cls.__module__.partition(".")[0] not in VERSIONED:
            for name, value in sorted(vars(cls).items()):
                if not name.startswith("__") or isinstance(value, FunctionType):
                    yield f"{name} {type(value).__qualname__}"
                    yield from _meaning(_unwrapped(value))


def _unwrapped(value: Any) -> Any:
    """Return the function within what a class makes of it."""
    if isinstance(value, staticmethod | classmethod):
        return value.__func__
    return value.fget if isinstance(value, property) else value
