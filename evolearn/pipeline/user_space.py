"""The forms of the estimators' parameter `search_space`."""

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from evolearn.messages import shown
from evolearn.pipeline.component import Component
from evolearn.pipeline.registry import registered_families
from evolearn.pipeline.search_space import SearchSpace

_FORMS = (
    "search_space must be None, 'onnx', a SearchSpace, or a list of names of the default "
    "catalogue, estimators, (estimator, {parameter: domain}) pairs and Component objects"
)
# Spaces that have a name; each is made for a task.
_NAMED: dict[str, Callable[[str], SearchSpace]] = {}


def register_space(name: str, make: Callable[[str], SearchSpace]) -> None:
    """Give a search space a name, by which estimators take it."""
    _NAMED[name] = make


def make_space(search_space: Any, task: str) -> SearchSpace:
    """Return the space of a user's ``search_space``."""
    if search_space is None:
        return SearchSpace.default(task)
    if isinstance(search_space, SearchSpace):
        return search_space
    if isinstance(search_space, str) and search_space in _NAMED:
        return _NAMED[search_space](task)
    if isinstance(search_space, str) or not isinstance(search_space, Sequence):
        msg = f"{_FORMS}; got {shown(search_space)}."
        raise TypeError(msg)
    if not search_space:
        msg = f"{_FORMS}; got an empty list."
        raise ValueError(msg)
    components: list[Component] = []
    for entry in search_space:
        components.append(_component(entry, task, {c.name for c in components}))
    return SearchSpace(components)


def _component(entry: Any, task: str, taken: set[str]) -> Component:
    if isinstance(entry, Component):
        return entry
    if isinstance(entry, str):
        catalogue = SearchSpace.default(task)
        missing = [f.name for f in registered_families() if not f.is_usable]
        if entry in missing and entry not in catalogue.names:
            msg = (
                f"search_space names {entry!r}, which is not installed; install it, or the "
                'extra "boosting".'
            )
            raise ValueError(msg)
        if entry not in catalogue.names:
            msg = (
                f"search_space names {entry!r}, which the default catalogue does not have for "
                f"{task}; it has {', '.join(catalogue.names)}."
            )
            raise ValueError(msg)
        return catalogue[entry]
    if _is_estimator(entry):
        return _of_user(entry, {}, taken)
    if isinstance(entry, tuple) and len(entry) == 2 and _is_estimator(entry[0]):
        estimator, domains = entry
        if isinstance(domains, Mapping):
            return _of_user(estimator, domains, taken)
    msg = f"{_FORMS}; got an entry {shown(entry)}."
    raise TypeError(msg)


def _is_estimator(entry: Any) -> bool:
    return (
        hasattr(entry, "fit") and hasattr(entry, "get_params") and not isinstance(entry, type)
    )


def _of_user(
    estimator: BaseEstimator, domains: Mapping[str, Any], taken: set[str]
) -> Component:
    base = type(estimator).__name__
    names = (base if i == 1 else f"{base}_{i}" for i in count(1))
    name = next(name for name in names if name not in taken)
    handles = _handles(estimator)
    estimator, whole = clone(estimator), isinstance(estimator, Pipeline)
    if whole:
        _keep_output(estimator)
    return Component(
        name,
        estimator,
        dict(domains),
        slots={} if whole else None,
        handles=handles,
        whole=whole,
    )


def _handles(estimator: Any) -> frozenset[str]:
    """Return the inputs that an estimator accepts unchanged."""
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    if not hasattr(last, "__sklearn_tags__"):
        msg = (
            f"search_space has an estimator of the class {type(last).__name__}, which "
            "pipelines of scikit-learn do not take; let the class inherit from "
            "sklearn.base.BaseEstimator."
        )
        raise TypeError(msg)
    tags = get_tags(estimator).input_tags
    accepts = {"missing": tags.allow_nan, "sparse": tags.sparse}
    return frozenset(name for name, accepted in accepts.items() if accepted)


def _keep_output(pipeline: Pipeline) -> None:
    """Fix the output type of the steps: workers do not know the user's configuration."""
    wanted = get_config()["transform_output"]
    if wanted != "default":
        for _, step in pipeline.steps[:-1]:
            own = "transform" in getattr(step, "_sklearn_output_config", {})
            if hasattr(step, "set_output") and not own:
                step.set_output(transform=wanted)
