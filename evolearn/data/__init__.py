"""Tables of all supported types: their columns, kinds, numeric matrix and schema."""

from evolearn.data.column_statistics import varies_little
from evolearn.data.column_values import is_missing
from evolearn.data.containers import (
    align_labels,
    align_table,
    as_table,
    check_table,
    column_labels,
    feature_names,
    frame_library,
    has_mixed_labels,
    is_reordered,
    n_rows,
    names_checked,
    position_labels,
    shuffled_column,
    take_rows,
    warn_of_names,
    with_names,
)
from evolearn.data.matrix import is_sparse
from evolearn.data.prepared_table import PreparedTable, prepare_table
from evolearn.data.preparer import ColumnPreparer
from evolearn.data.schema import ColumnInfo, DateColumns, TableSchema, TextBlock

__all__ = [
    "ColumnInfo",
    "ColumnPreparer",
    "DateColumns",
    "PreparedTable",
    "TableSchema",
    "TextBlock",
    "align_labels",
    "align_table",
    "as_table",
    "check_table",
    "column_labels",
    "feature_names",
    "frame_library",
    "has_mixed_labels",
    "is_missing",
    "is_reordered",
    "is_sparse",
    "n_rows",
    "names_checked",
    "position_labels",
    "prepare_table",
    "shuffled_column",
    "take_rows",
    "varies_little",
    "warn_of_names",
    "with_names",
]
