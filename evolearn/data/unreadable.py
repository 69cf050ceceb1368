"""Warnings of columns of new rows of which no value can be read or was seen in fit."""

import numpy as np

from evolearn.data.column_values import ColumnValues, Objects, label_of
from evolearn.data.schema import ColumnInfo
from evolearn.data.text_columns import is_missing_word
from evolearn.user_warnings import warn

# A single row with a category that was not seen is ordinary where there are more categories.
FEW_CATEGORIES = 50


def warn_of_unreadable(
    column: ColumnValues, floats: np.ndarray, info: ColumnInfo, where: str
) -> None:
    """Warn if no value of a column of numbers or times in strings can be read."""
    shown = _example(column, floats)
    if shown is not None:
        warn(
            f"No value in {where} of X can be read: in fit it held {info.reading}, now it "
            f"holds {shown!r}; all its values are missing to the model. Convert the column to "
            "what it was in fit.",
            about=where,
        )


def warn_of_unseen(
    column: ColumnValues, codes: np.ndarray, info: ColumnInfo, where: str
) -> None:
    """Warn if no value of a column of categories was seen in fit."""
    shown = _example(column, codes)
    is_ordinary = len(info.categories) > FEW_CATEGORIES and len(codes) == 1
    if shown is not None and info.categories and not is_ordinary:
        warn(
            f"No value in {where} of X was seen in fit, such as {shown!r}, where it held "
            f"categories such as {info.categories[0]!r}; all its values are missing to the "
            "model. Convert the column to what it was in fit.",
            about=where,
        )


def _example(column: ColumnValues, floats: np.ndarray) -> str | None:
    """Return a value that was not read, if no other was; None if one was read, or all miss."""
    if not np.isnan(floats).all():
        return None
    if isinstance(column, Objects):
        known = [value for value in column.distinct if not is_missing_word(value)]
    else:
        known = column.values[~np.isnan(column.values)][:1].tolist()
    return label_of(known[0]) if known else None
