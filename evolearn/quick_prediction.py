"""Predictions of fitted pipelines with less work around each step, and the same results.

On one row, scikit-learn's checks and loops take most of the time: an encoder of 40 categories
takes 15 ms, a forest of 200 trees 10 ms. The functions here read public fitted attributes. What
they do not know is left to the estimator itself.
"""

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    TargetEncoder,
)
from sklearn.utils import get_tags

from evolearn._compat import with_preprocessor

Floats = NDArray[np.float64]

_METHODS = ("predict", "predict_proba", "decision_function")


class QuickPipeline:
    """A fitted pipeline whose predictions are made quickly; all else is the pipeline's own.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.ensemble import ExtraTreesRegressor
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from evolearn.quick_prediction import QuickPipeline
    >>> X = np.arange(20.0).reshape(10, 2)
    >>> model = make_pipeline(StandardScaler(), ExtraTreesRegressor(9)).fit(X, X[:, 0])
    >>> bool(np.array_equal(QuickPipeline(model).predict(X), model.predict(X)))
    True
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def __getattr__(self, name: str) -> Any:
        own = getattr(self._pipeline, name)
        if name not in _METHODS:
            return own
        model = self._pipeline.steps[-1][1]
        return lambda X: _predicted(model, name, _prepared(self._pipeline, X))


def quick(model: Any) -> Any:
    """Return a model that predicts the same quickly, if it is a pipeline."""
    return QuickPipeline(model) if type(model) is Pipeline else model


def _prepared(pipeline: Pipeline, X: Any) -> Any:
    for _, step in pipeline.steps[:-1]:
        X = _transformed(step, X)
    return X


def _transformed(step: Any, X: Any) -> Any:
    """Return ``step.transform(X)``."""
    if step is None or isinstance(step, str):  # "passthrough"
        return X
    way = _TRANSFORMATIONS.get(type(step))
    found = way(step, X) if way is not None and _is_matrix(X) else None
    return step.transform(X) if found is None else found


def _predicted(model: Any, method: str, X: Any) -> Any:
    """Return the predictions of the last step of a pipeline."""
    if type(model) in _FORESTS[method] and _is_matrix(X):
        mean = _mean_of_trees(model, X)
        if mean is not None:
            return mean if method == "predict_proba" else mean[:, 0]
    if type(model) in _BOOSTING:
        model = with_preprocessor(model, _QuickStep)
    elif type(model) is TransformedTargetRegressor:
        quick_one, model = _QuickModel(model.regressor_), copy(model)
        model.regressor_ = quick_one
    return getattr(model, method)(X)


class _QuickStep:
    """A fitted step within another estimator."""

    def __init__(self, step: Any) -> None:
        self._step = step

    def transform(self, X: Any) -> Any:
        return _transformed(self._step, X)


class _QuickModel:
    """A fitted regressor within another one."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def predict(self, X: Any) -> Any:
        return _predicted(self._model, "predict", X)


def _is_matrix(X: Any) -> bool:
    return isinstance(X, np.ndarray) and X.dtype == np.float64 and X.ndim == 2


# -- steps ----------------------------------------------------------------------------------


def _steps(pipeline: Pipeline, X: Floats) -> Any:
    for _, step in pipeline.steps:
        X = _transformed(step, X)
    return X


def _columns(step: ColumnTransformer, X: Floats) -> Floats | None:
    """Return the joined columns; None if columns are named, or the result is sparse."""
    if step.sparse_output_ or step.transformer_weights or X.shape[1] != step.n_features_in_:
        return None
    parts = []
    for _, part, selected in step.transformers_:
        positions = _positions(selected, X.shape[1])
        if positions is None:
            return None
        if not len(positions) or (isinstance(part, str) and part == "drop"):
            continue
        values = X[:, positions]
        passes = isinstance(part, str) or (
            type(part) is FunctionTransformer and part.func is None
        )
        parts.append(values if passes else _transformed(part, values))
    if not parts or any(issparse(part) or np.ndim(part) != 2 for part in parts):
        return None
    return np.hstack(parts)


def _positions(selected: Any, n_columns: int) -> NDArray[np.intp] | None:
    """Return the positions that a slice, a list or a mask selects; None for names."""
    if isinstance(selected, slice):
        if any(isinstance(end, str) for end in (selected.start, selected.stop)):
            return None
        return np.arange(n_columns)[selected]
    selected = np.asarray(selected)
    if selected.ndim != 1 or (selected.size and selected.dtype.kind not in "iub"):
        return None
    return np.arange(n_columns)[selected] if selected.size else np.arange(0)


def _looked_up(
    encoder: Any, X: Floats
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.bool_]]] | None:
    """Yield for each column the positions of its values in the categories, and which are known.

    None if there are other categories than floats.
    """
    categories = encoder.categories_
    if X.shape[1] != len(categories) or any(known.dtype.kind != "f" for known in categories):
        return None
    return (_found(known, X[:, j]) for j, known in enumerate(categories))


def _found(known: Floats, values: Floats) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    places = np.searchsorted(known, values)  # NaN is the last category, if it is one
    places[places == len(known)] = 0
    is_known = known[places] == values
    if known[-1] != known[-1]:
        is_known |= np.isnan(values)
    return places, is_known


def _one_hot(encoder: OneHotEncoder, X: Floats) -> Floats | None:
    """Return zeros and ones, those of rare categories last in the columns of a category."""
    ways = ("ignore", "infrequent_if_exist")
    if encoder.sparse_output or encoder.drop is not None or encoder.handle_unknown not in ways:
        return None
    looked_up = _looked_up(encoder, X)
    if looked_up is None or encoder.dtype is not np.float64:
        return None
    n_rows, blocks = np.arange(len(X)), []
    rare_categories = getattr(encoder, "infrequent_categories_", [None] * X.shape[1])
    for known, rare, (places, is_known) in zip(
        encoder.categories_, rare_categories, looked_up, strict=True
    ):
        n_columns, columns = len(known), np.arange(len(known))
        if rare is not None:
            is_rare = np.zeros(len(known), dtype=bool)
            is_rare[np.searchsorted(known, rare)] = True
            n_columns = len(known) - len(rare) + 1
            columns = np.where(is_rare, n_columns - 1, np.cumsum(~is_rare) - 1)
        column = columns[places]
        if rare is not None and encoder.handle_unknown == "infrequent_if_exist":
            column = np.where(is_known, column, n_columns - 1)
            is_known = np.ones(len(X), dtype=bool)
        block = np.zeros((len(X), n_columns))
        block[n_rows[is_known], column[is_known]] = 1
        blocks.append(block)
    return np.hstack(blocks)


def _target_means(encoder: TargetEncoder, X: Floats) -> Floats | None:
    """Return the encodings of the categories; of several classes, those of each column."""
    looked_up = _looked_up(encoder, X)
    if looked_up is None:
        return None
    means = np.atleast_1d(encoder.target_mean_)  # one for each class, if there are several
    result = np.empty((len(X), len(encoder.encodings_)))
    for j, (places, is_known) in enumerate(looked_up):
        for k, mean in enumerate(means):
            column = j * len(means) + k
            result[:, column] = np.where(is_known, encoder.encodings_[column][places], mean)
    return result


def _ordinal(encoder: OrdinalEncoder, X: Floats) -> Floats | None:
    """Return the positions of the categories, as floats."""
    values = (encoder.unknown_value, encoder.encoded_missing_value)
    if encoder.handle_unknown != "use_encoded_value" or encoder.dtype is not np.float64:
        return None
    looked_up = None if _has_rare(encoder) else _looked_up(encoder, X)
    if looked_up is None:
        return None
    result = np.empty(X.shape)
    for j, (places, is_known) in enumerate(looked_up):
        result[:, j] = np.where(is_known, places, values[0])
        result[is_known & np.isnan(X[:, j]), j] = values[1]
    return result


def _has_rare(encoder: OrdinalEncoder) -> bool:
    return encoder.max_categories is not None or encoder.min_frequency is not None


_TRANSFORMATIONS: dict[type, Callable[[Any, Floats], Any]] = {
    Pipeline: _steps,
    ColumnTransformer: _columns,
    OneHotEncoder: _one_hot,
    OrdinalEncoder: _ordinal,
    TargetEncoder: _target_means,
}


# -- models ---------------------------------------------------------------------------------

_BOOSTING = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)
_FORESTS: dict[str, tuple[type, ...]] = {
    "predict": (ExtraTreesRegressor, RandomForestRegressor),
    "predict_proba": (ExtraTreesClassifier, RandomForestClassifier),
    "decision_function": (),
}


def _mean_of_trees(forest: Any, X: Floats) -> Floats | None:
    """Return the mean of the leaves' values, of shape (n_samples, n_values).

    None with several jobs or outputs, and for rows that the forest may refuse.
    """
    if forest.n_jobs not in (None, 1) or forest.n_outputs_ != 1:
        return None
    with np.errstate(over="ignore"):
        rows = X.astype(np.float32)
    if X.shape[1] != forest.n_features_in_ or np.isinf(rows).any():
        return None
    if np.isnan(rows).any() and not _takes_missing(forest.estimators_[0]):
        return None
    total: Any = 0.0
    for tree in forest.estimators_:
        total += tree.tree_.predict(rows)
    return np.asarray(total / len(forest.estimators_))


def _takes_missing(tree: Any) -> bool:
    return tree.monotonic_cst is None and bool(get_tags(tree).input_tags.allow_nan)
