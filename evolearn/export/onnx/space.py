"""The search space of pipelines that have an ONNX form."""

from collections.abc import Iterable

from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from evolearn.export.onnx import converters  # noqa: F401, registers them
from evolearn.export.onnx.registry import has_inverse, is_registered, key_of
from evolearn.pipeline.component import Component
from evolearn.pipeline.optional_library import OptionalEstimator
from evolearn.pipeline.search_space import SearchSpace
from evolearn.transformers import BoundedTarget

NO_ONNX_FORM = "it has no ONNX form"


def exportable_space(task: str) -> SearchSpace:
    """Return the default search space of a task without what has no ONNX form.

    A package that registers a model family or a gene registers a converter of its class with
    `evolearn.export.onnx.register_converter`, so that it is part of this space.
    """
    space = SearchSpace.default(task)
    genes = {gene: _exportable(options) for gene, options in space.preparation.items()}
    kept = _exportable(space.estimators)
    every = [*space.estimators, *(c for options in space.preparation.values() for c in options)]
    names = {c.name for c in kept} | {c.name for options in genes.values() for c in options}
    left_out = {c.name: NO_ONNX_FORM for c in every if c.name not in names}
    return SearchSpace(kept, genes, {**space.left_out, **left_out}, space.genes)


def _exportable(components: Iterable[Component]) -> list[Component]:
    return [c for c in components if _converts(c)]


def _converts(component: Component) -> bool:
    made = component.estimator
    if isinstance(made, OptionalEstimator):  # whose library is not imported for this
        return is_registered(f"{made.module}.{made.name}")
    return made is None or _is_exportable(component.prototype())


def _is_exportable(step: object) -> bool:
    if isinstance(step, TransformedTargetRegressor):
        return _is_undone(step.transformer)
    if isinstance(step, Pipeline):
        return all(_is_exportable(one) for _, one in step.steps)
    if isinstance(step, CalibratedClassifierCV):
        return isinstance(step.estimator, SVC)
    return is_registered(key_of(type(step)))


def _is_undone(transformer: object) -> bool:
    """Whether the inverse of a transformation of the target has a converter."""
    if isinstance(transformer, BoundedTarget):
        return _is_undone(transformer.transformer)
    if isinstance(transformer, Pipeline):
        return all(_is_undone(one) for _, one in transformer.steps)
    return isinstance(transformer, FunctionTransformer) or has_inverse(transformer)
