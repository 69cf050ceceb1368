"""Prepare a table once for a whole search: its matrix, its schema and the pipeline's step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

from evolearn.data.assembly import date_columns
from evolearn.data.containers import (
    as_table,
    feature_names,
    frame_library,
    has_mixed_labels,
    take_rows,
)
from evolearn.data.frames import is_plain
from evolearn.data.preparer import ColumnPreparer
from evolearn.data.profile import is_sparse
from evolearn.data.schema import ColumnInfo, TableSchema


@dataclass(frozen=True)
class PreparedTable:
    """A table made numeric, and what makes new tables numeric in the same way.

    Attributes
    ----------
    step : ColumnPreparer, ColumnTransformer or None
        The fitted first step of a pipeline for tables like this one; None for arrays that
        scikit-learn takes as they are. Plain tables get scikit-learn's own classes.
    preparer : ColumnPreparer
        Gives the same matrix as `step` for every supported type of table, and checks it:
        what the package itself calls on new tables.
    matrix : ndarray in C order or CSR matrix, float64
        Numbers first, then the words of texts, then the codes of categories.
    schema : TableSchema
        The layout of `matrix`.
    dropped : tuple of (str, str)
        The input columns left out, each with the reason.
    """

    step: Any
    preparer: ColumnPreparer
    matrix: Any
    schema: TableSchema
    dropped: tuple[tuple[str, str], ...]

    @property
    def n_bytes(self) -> int:
        """The bytes of the matrix."""
        made = self.matrix
        parts = (made.data, made.indices, made.indptr) if self.schema.sparse else (made,)
        return sum(part.nbytes for part in parts)


def prepare_table(X: Any, kinds: Mapping[Any, str] | None = None) -> PreparedTable:
    """Learn how to make X numeric, and do it.

    Parameters
    ----------
    X : table
        pandas or polars frame, Arrow table, NumPy array or SciPy sparse matrix.
    kinds : dict, default=None
        As in `ColumnPreparer`.

    Returns
    -------
    PreparedTable
        The matrix, its schema and the steps that give it.
    """
    table = as_table(X)
    preparer: Any = ColumnPreparer(kinds=kinds).set_output(transform="default")
    matrix = preparer.fit_transform(table)
    columns = preparer.columns_
    return PreparedTable(
        step=_step(table, preparer, matrix),
        preparer=preparer,
        matrix=matrix,
        schema=_schema(matrix, preparer),
        dropped=tuple((info.name, info.reason) for info in columns if not info.is_kept),
    )


def _schema(matrix: Any, preparer: Any) -> TableSchema:
    is_csr = is_sparse(matrix)
    n_numeric, n_codes = preparer.n_numeric_, len(preparer.cardinalities_)
    numbers = matrix.data if is_csr else matrix[:, :n_numeric]
    return TableSchema(
        n_rows=matrix.shape[0],
        n_numeric=n_numeric,
        cardinalities=preparer.cardinalities_,
        names=tuple(preparer.get_feature_names_out()),
        has_missing=_has_nan(numbers),
        has_missing_categories=bool(n_codes) and _has_nan(matrix[:, -n_codes:]),
        sparse=is_csr,
        texts=preparer.texts_,
        dates=date_columns(preparer.columns_),
    )


def _has_nan(numbers: np.ndarray) -> bool:
    # Only the largest of all numbers is looked at: NaN wins, and no array is made.
    return bool(numbers.size) and bool(np.isnan(np.max(numbers)))


def _step(table: Any, preparer: ColumnPreparer, matrix: Any) -> Any:
    """Return scikit-learn's own step where it gives the same matrix, else the preparer."""
    columns = preparer.columns_
    if is_sparse(table):
        return None
    dtypes = _plain_dtypes(table, columns)
    if dtypes is None:
        return preparer
    # Frames get a step even if they are all numbers: it finds their columns by name.
    # Booleans get one as well: `SimpleImputer` refuses them.
    is_array = isinstance(table, np.ndarray) and table.dtype.kind != "b"
    if is_array and all(info.is_kept and info.kind == "numeric" for info in columns):
        return None
    rows = _rows_with_every_category(matrix[:, preparer.n_numeric_ :], preparer.cardinalities_)
    return _plain_step(take_rows(table, rows), columns, dtypes)


def _plain_dtypes(table: Any, columns: Sequence[ColumnInfo]) -> list[Any] | None:
    """Return the dtypes of the columns if scikit-learn reads all of them as we do."""
    if any(info.is_kept and info.kind == "text" for info in columns):
        return None
    if isinstance(table, np.ndarray):
        return [table.dtype] * len(columns) if table.dtype.kind in "fiub" else None
    if frame_library(table) != "pandas" or has_mixed_labels(table):
        return None
    kept = [j for j, info in enumerate(columns) if info.is_kept]
    is_known = all(is_plain(columns[j], table.iloc[:, j]) for j in kept)
    return list(table.dtypes) if is_known else None


def _rows_with_every_category(codes: np.ndarray, cardinalities: Sequence[int]) -> np.ndarray:
    """Return rows that hold each category, and a missing one where there are, at least once.

    Fitted on these, `OrdinalEncoder` learns what it learns from all rows, at a fraction of
    the time.
    """
    rows = {0}
    backwards = np.arange(len(codes))[::-1]
    for column, n_categories in zip(codes.T[:, ::-1], cardinalities, strict=True):
        first = np.full(n_categories + 1, 0)
        first[np.where(np.isnan(column), n_categories, column).astype(np.intp)] = backwards
        rows.update(first.tolist())
    return np.array(sorted(rows))


def _plain_step(
    table: Any, columns: Sequence[ColumnInfo], dtypes: Sequence[Any]
) -> ColumnTransformer:
    names = feature_names(table)
    keys = range(len(columns)) if names is None else names.tolist()
    numeric, categorical, number_types = [], [], set()
    for key, info, dtype in zip(keys, columns, dtypes, strict=True):
        if info.is_kept and info.kind == "numeric":
            numeric.append(key)
            number_types.add(dtype)
        elif info.is_kept:
            categorical.append(key)
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan
    )
    parts = [("numeric", _numbers_step(number_types), numeric)] if numeric else []
    if any(isinstance(category, str) for info in columns for category in info.categories):
        # Where all texts of a table are missing, pandas has numbers in their place.
        encoder = make_pipeline(_converted(object), encoder)
    parts += [("categorical", encoder, categorical)] if categorical else []
    step = ColumnTransformer(parts, sparse_threshold=0, verbose_feature_names_out=False)
    return step.set_output(transform="default").fit(table)


def _numbers_step(dtypes: set[Any]) -> Any:
    """Return what makes numbers float64: nothing if they are that."""
    if dtypes == {np.dtype(np.float64)}:
        return "passthrough"
    # Booleans beside numbers would become an array of objects, and float32 would stay.
    return _converted(np.float64)


def _converted(dtype: Any) -> FunctionTransformer:
    """Return what makes an array of this type of columns."""
    return FunctionTransformer(
        np.asarray, kw_args={"dtype": dtype}, feature_names_out="one-to-one"
    )
