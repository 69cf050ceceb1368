"""What the data is: columns, their kinds, and the step that makes any table numeric."""

from evolearn.table.containers import (
    align_labels,
    align_table,
    as_table,
    check_table,
    column_labels,
    feature_names,
    has_mixed_labels,
    n_rows,
    position_labels,
    take_rows,
)
from evolearn.table.prepare import PreparedTable, prepare_table
from evolearn.table.preparer import ColumnPreparer
from evolearn.table.schema import ColumnInfo, DateColumns, TableSchema, TextBlock

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
    "has_mixed_labels",
    "n_rows",
    "position_labels",
    "prepare_table",
    "take_rows",
]
