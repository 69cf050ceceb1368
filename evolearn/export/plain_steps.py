"""Steps of pipelines as fitted estimators of scikit-learn that compute the same."""

import copy
import pickle
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.feature_selection import SelectKBest, SelectPercentile
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

from evolearn.data import ColumnPreparer
from evolearn.messages import shown
from evolearn.optional import import_optional
from evolearn.transformers import (
    BestColumns,
    BoundedTarget,
    CodeImputer,
    ColumnMask,
    KnownCategories,
    KnownColumns,
    NewMissingImputer,
)

Block = tuple[Any, list[int]]


class NoPlainForm(Exception):
    """A part of a model that scikit-learn alone cannot compute; the message names it."""


class NoPlainTable(NoPlainForm):
    """A column that scikit-learn alone cannot read, whatever the candidate."""

    def __init__(self, column: Any, reading: str) -> None:
        super().__init__(f"column {shown(column)}, which is read as {reading}")
        self.column = column


def plain_form(value: Any) -> Any:
    """Return an estimator, or a container of some, without types of evolearn.

    Parameters
    ----------
    value : object
        Estimators are fitted. Those that hold no type of evolearn are returned as they are.

    Raises
    ------
    NoPlainForm
        If a part has no plain form.
    """
    if type(value) in CONVERTERS:
        return CONVERTERS[type(value)](value)
    if type(value).__module__.startswith("evolearn."):
        raise NoPlainForm(f"{type(value).__name__} of evolearn")
    if not types_of_evolearn(value):
        return value
    if type(value) in (list, tuple):
        return type(value)(plain_form(one) for one in value)
    if isinstance(value, dict):
        return type(value)({name: plain_form(one) for name, one in value.items()})
    return _with_plain_parts(value)


def _with_plain_parts(estimator: BaseEstimator) -> BaseEstimator:
    """Return an estimator of scikit-learn with plain parts in place of those of evolearn."""
    own = {name for name, value in vars(estimator).items() if types_of_evolearn(value)}
    # An unfitted part has no plain form: the fitted one takes its place among the parameters.
    unfitted = {name for name in own if f"{name}_" in vars(estimator)}
    plain = copy.copy(estimator)
    for name in own - unfitted:
        setattr(plain, name, plain_form(getattr(estimator, name)))
    for name in unfitted:
        setattr(plain, name, _as_parameter(estimator, name, getattr(plain, f"{name}_")))
    return plain


def _as_parameter(estimator: BaseEstimator, name: str, fitted: Any) -> Any:
    """Return fitted parts in the form of the parameter that they were made of."""
    value = getattr(estimator, name)
    if not isinstance(value, list):
        return fitted
    names = [part[0] for part in value]
    if isinstance(estimator, ColumnTransformer):
        return [part for part in fitted if part[0] in names]
    return list(zip(names, fitted, strict=True))


def types_of_evolearn(value: Any) -> set[str]:
    """Return the names of the types of evolearn that a pickle of an object would need."""
    finder = _Finder()
    finder.dump(value)
    return finder.names


class _Finder(pickle.Pickler):
    """Finds the types of evolearn in an object."""

    def __init__(self) -> None:
        super().__init__(_Nowhere())
        self.names: set[str] = set()

    def persistent_id(self, value: Any) -> None:
        kind = value if isinstance(value, type) else type(value)
        if kind.__module__.partition(".")[0] == "evolearn":
            self.names.add(f"{kind.__name__} of evolearn")


class _Nowhere:
    """A file that keeps nothing."""

    def write(self, data: Any) -> int:
        return len(data)


def plain_table(preparer: ColumnPreparer) -> BaseEstimator | None:
    """Return the reading of a table of numbers and categories, None if it is a plain matrix.

    Raises
    ------
    NoPlainTable
        If a column is read in another way, such as text or dates.
    """
    names = getattr(preparer, "feature_names_in_", None)
    kept = [(j, info) for j, info in enumerate(preparer.columns_) if info.is_kept]
    numbers = [j for j, info in kept if info.kind == "numeric"]
    codes = [(j, info) for j, info in kept if info.kind == "categorical"]
    for _, info in kept:
        is_plain = info.kind in ("numeric", "categorical") and not info.marks
        if not is_plain or info.text_format or info.offset or info.codes_missing:
            missing = ", missing values as a category" if info.codes_missing else ""
            raise NoPlainTable(info.name, f"{info.reading}{missing}")
    if names is None and len(numbers) == len(preparer.columns_):
        return None
    row = np.empty((1, len(preparer.columns_)), dtype=object)
    row[0] = [info.categories[0] if info.categories else 0.0 for info in preparer.columns_]
    encoder = OrdinalEncoder(
        categories=[np.array(info.categories, dtype=object) for _, info in codes],
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
    )
    as_floats = FunctionTransformer(np.asarray, kw_args={"dtype": "float64"})
    blocks: list[Block] = [(as_floats, numbers), (encoder, [j for j, _ in codes])]
    if names is None:
        return _side_by_side(blocks, row)
    frame = import_optional("pandas", "to_sklearn").DataFrame(row, columns=list(names))
    return _side_by_side(blocks, frame, list(names))


def _side_by_side(
    blocks: Sequence[Block], rows: Any, names: Sequence[str] | None = None
) -> ColumnTransformer:
    """Return a fitted transformer of blocks of columns, whose results stand side by side."""
    named = [
        (f"block{k}", step, columns if names is None else [names[j] for j in columns])
        for k, (step, columns) in enumerate(blocks)
        if columns
    ]
    return ColumnTransformer(named, sparse_threshold=0.0).fit(rows)


def _blocks(marks: Sequence[Any], step_of: Callable[[Any], Any]) -> list[Block]:
    """Return a block with a step for each run of columns that have the same mark."""
    runs = groupby(range(len(marks)), key=lambda j: marks[j])
    return [(step_of(mark), list(columns)) for mark, columns in runs]


def _filled(fill_values: NDArray[np.float64]) -> BaseEstimator:
    """Return a transformer that puts these values in the place of missing ones."""
    stays = np.isnan(fill_values).tolist()
    blocks = _blocks(stays, lambda stay: "passthrough" if stay else SimpleImputer())
    return _side_by_side(blocks, np.nan_to_num(fill_values)[None])


def _plain_imputer(step: NewMissingImputer | CodeImputer) -> BaseEstimator:
    return _filled(step.fill_values_)


def _plain_zeros(step: KnownColumns) -> BaseEstimator:
    blocks = _blocks(
        step.unknown_.tolist(),
        lambda unknown: FunctionTransformer(np.zeros_like) if unknown else "passthrough",
    )
    return _side_by_side(blocks, np.zeros((1, step.n_features_in_)))


def _plain_mask(step: ColumnMask) -> BaseEstimator:
    kept = np.flatnonzero(step.get_support()).tolist()
    return _side_by_side([("passthrough", kept)], np.zeros((1, step.n_features_in_)))


def _plain_selection(step: BestColumns) -> BaseEstimator:
    plain = SelectPercentile(step.score_func, percentile=step.percentile)
    vars(plain).update(vars(step))
    if not plain.get_support().any():
        plain = SelectKBest(step.score_func, k=1)
        vars(plain).update({n: v for n, v in vars(step).items() if n != "percentile"})
    return plain


def _plain_categories(step: KnownCategories) -> BaseEstimator:
    known = dict(zip(step.columns, step._categories, strict=True))
    for categories in known.values():
        if not np.array_equal(categories.codes, np.arange(len(categories.codes))):
            raise NoPlainForm("KnownCategories of evolearn, for its rows lack a category")

    def encoder(j: Any) -> Any:
        if j is None:
            return "passthrough"
        return OrdinalEncoder(
            categories=[known[j].codes],
            handle_unknown="use_encoded_value",
            unknown_value=np.nan,
        )

    marks = [j if j in known else None for j in range(step.n_features_in_)]
    return _side_by_side(_blocks(marks, encoder), np.zeros((1, step.n_features_in_)))


def _plain_target(step: BoundedTarget) -> BaseEstimator:
    """Return a pipeline whose inverse clips before and after that of the transformer."""

    def clipped(bounds: NDArray[np.float64]) -> FunctionTransformer:
        limits = {"a_min": bounds[0], "a_max": bounds[1]}
        return FunctionTransformer(
            inverse_func=np.clip, inv_kw_args=limits, check_inverse=False
        )

    inner = plain_form(step.transformer_)
    bounds = (step.bounds_, step._transformed_bounds)
    low, high = (clipped(one) for one in bounds)
    return Pipeline([("bounds", low), ("transform", inner), ("transformed_bounds", high)])


CONVERTERS: dict[type, Callable[[Any], Any]] = {
    BestColumns: _plain_selection,
    BoundedTarget: _plain_target,
    CodeImputer: _plain_imputer,
    ColumnMask: _plain_mask,
    KnownCategories: _plain_categories,
    KnownColumns: _plain_zeros,
    NewMissingImputer: _plain_imputer,
}
