"""DEAP's operators, drawing from the search's own generator."""

from collections.abc import Callable
from random import Random
from types import FunctionType
from typing import Any


def with_random(function: Callable[..., Any], rng: Random) -> Callable[..., Any]:
    """Return a copy of one of DEAP's functions that draws from `rng`.

    DEAP's operators call the module-level functions of ``random``, whose state belongs to the
    user's process. The copy has the same code, but it and the functions of its module that it
    calls find `rng` under the name ``random``; the global generator is neither read nor
    written, which seeding and restoring it could not promise to the user's other threads.
    """
    if not isinstance(function, FunctionType) or "random" not in function.__globals__:
        msg = f"{function!r} is no Python function that draws from the random module."
        raise TypeError(msg)
    module = function.__globals__
    namespace: dict[str, Any] = {**module, "random": rng}
    for name, value in module.items():
        if isinstance(value, FunctionType) and value.__globals__ is module:
            namespace[name] = _copied(value, namespace)
    return _copied(function, namespace)


def _copied(function: FunctionType, namespace: dict[str, Any]) -> FunctionType:
    copy = FunctionType(
        function.__code__,
        namespace,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy
