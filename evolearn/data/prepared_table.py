"""A table made numeric once for a whole search, with the schema of its matrix."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evolearn.data.containers import as_table
from evolearn.data.matrix import holds_huge, is_sparse
from evolearn.data.preparer import ColumnPreparer
from evolearn.data.schema import ColumnInfo, TableSchema, date_columns
from evolearn.data.uninformative import PRESENCE


@dataclass(frozen=True)
class PreparedTable:
    """A numeric matrix, and the transformer that makes new tables numeric in the same way.

    Attributes
    ----------
    step : ColumnPreparer or None
        The first step of a pipeline for tables like this one: the preparer, or None if
        scikit-learn takes the table as it is.
    preparer : ColumnPreparer
        Fitted. A clone of it that is fitted on a part of the rows gives the same columns.
    matrix : ndarray in C order or CSR matrix, float64
        Its layout is `schema`.
    dropped : tuple of (str, str)
        The input columns whose values are left out, each with the reason.
    """

    step: ColumnPreparer | None
    preparer: ColumnPreparer
    matrix: Any
    schema: TableSchema
    dropped: tuple[tuple[str, str], ...]

    @property
    def kinds(self) -> dict[str, str]:
        """Kind of each input column, with the format of its strings, in words."""
        return {info.name: info.reading for info in self.preparer.columns_}

    @property
    def n_bytes(self) -> int:
        """Size of the matrix in bytes."""
        matrix = self.matrix
        if self.schema.sparse:
            return matrix.data.nbytes + matrix.indices.nbytes + matrix.indptr.nbytes
        return matrix.nbytes


def prepare_table(X: Any, kinds: Mapping[Any, str] | None = None) -> PreparedTable:
    """Learn how to make a table of any supported type numeric, and make its matrix."""
    table = as_table(X)
    preparer: Any = ColumnPreparer(kinds=kinds).set_output(transform="default")
    matrix = preparer.fit_transform(table)
    columns = preparer.columns_
    plain = _is_plain(table, columns) and not holds_huge(matrix)
    if not is_sparse(matrix):
        preparer.set_params(columns=tuple(replace(info, categories=()) for info in columns))
    return PreparedTable(
        step=None if plain else preparer,
        preparer=preparer,
        matrix=matrix,
        schema=_schema(matrix, preparer),
        dropped=tuple(_dropped(columns)),
    )


def _dropped(columns: Sequence[ColumnInfo]) -> Iterator[tuple[str, str]]:
    for info in columns:
        if not info.is_kept or info.kind == "presence":
            yield info.name, info.reason or PRESENCE


def _is_plain(table: Any, columns: Sequence[ColumnInfo]) -> bool:
    """Whether scikit-learn's estimators take such a table as it is.

    Frames are never plain, for the preparer finds their columns by name, nor are booleans,
    which `SimpleImputer` refuses.
    """
    if not isinstance(table, np.ndarray):
        return is_sparse(table)
    is_numeric = all(
        info.is_kept and info.kind == "numeric" and not info.offset for info in columns
    )
    return is_numeric and table.dtype.kind in "fiu"


def _schema(matrix: Any, preparer: Any) -> TableSchema:
    n_numeric = preparer.n_numeric_
    numbers = matrix.data if is_sparse(matrix) else matrix[:, :n_numeric]
    return TableSchema(
        n_rows=matrix.shape[0],
        n_numeric=n_numeric,
        cardinalities=preparer.cardinalities_,
        names=tuple(preparer.get_feature_names_out()),
        # The maximum is NaN if any number is; unlike np.isnan it needs no array.
        has_missing=bool(numbers.size) and bool(np.isnan(np.max(numbers))),
        sparse=is_sparse(matrix),
        texts=preparer.texts_,
        dates=date_columns(preparer.columns_),
    )
