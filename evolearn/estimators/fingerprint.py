"""What identifies a fit: its data, its settings and the versions that compute its results."""

import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import joblib

from evolearn._compat import scorer_function
from evolearn.estimators.data import FitData
from evolearn.space.components import Component
from evolearn.space.genome import text_of
from evolearn.space.imported import Imported
from evolearn.space.search_space import SearchSpace

# Other versions of these may evaluate the same genome differently.
PACKAGES = ("evolearn-automl", "scikit-learn", "numpy", "scipy")


def fingerprint(estimator: Any, data: FitData) -> str:
    """Return a digest of everything that decides what the candidates are and how they do.

    Budgets, limits, `n_jobs` and `verbose` are no part of it, so that a run can be gone on
    with under others.
    """
    takes_raw = any(component.whole for component in data.space.estimators)
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
            data.raw if takes_raw else None,
            data.seed,
        )
    )
    lines = [
        digest,
        data.problem.task,
        text_of(data.objective.name),
        str(estimator.population_size),
    ]
    # Explicit splits by their rows: NumPy abridges the text of long arrays.
    explicit = isinstance(estimator.cv, (list, tuple))
    lines.append(joblib.hash(estimator.cv) if explicit else text_of(estimator.cv))
    lines.append(_code_of(estimator.scoring))
    lines += _space_lines(data.space)
    lines += [f"{name} {version(name)}" for name in PACKAGES]
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=12).hexdigest()


def _code_of(scoring: Any) -> str:
    """Return what a scorer written by the user does, as text: its name may stay the same."""
    function = scorer_function(scoring) or scoring
    code = getattr(function, "__code__", None)
    return text_of(scoring) if code is None else f"{code.co_code!r} {text_of(code.co_consts)}"


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
    if isinstance(component.estimator, Imported):
        yield f"{component.estimator!r} {component.estimator.version}"
    elif component.estimator is not None:
        # Not the estimator's repr, which leaves out what is long.
        parameters: dict[str, Any] = component.prototype().get_params(deep=True)
        yield type(component.prototype()).__qualname__
        yield from (f"{name}={text_of(value)}" for name, value in sorted(parameters.items()))
