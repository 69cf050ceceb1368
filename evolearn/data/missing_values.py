"""Meaning of missing values, where they have one.

1. Presence: of a column whose values hardly repeat, no value has rows to learn from. Whether a
   row has one may tell much: a coupon, the number of a cabin. If some rows have a value and
   some do not, the column becomes a number that is 1 where there is one.
2. Marks: strings among numbers or times, such as `never` and `n/a`, are missing numbers for
   different reasons. If there are two of them, or one beside values that are truly missing,
   they have a column of codes beside the numbers.
3. Missing categories: where many categories have a single row, new rows have some that were not
   seen in fit, which are missing to models. If some rows truly miss a category, these have a
   code of their own: a coupon that is not known is not the same as none.
"""

from typing import Any

import numpy as np

from evolearn.data.column_values import ColumnValues, Objects
from evolearn.data.conversion import as_codes
from evolearn.data.text_columns import split_marks

# Minimum share of distinct values among those of a column that hardly repeat.
IDENTIFIER_SHARE = 0.9
# Minimum number of rows with a value and without one, and of rows with a mark: a model learns
# nothing from fewer.
FEWEST_ROWS = 10
# Minimum share of values whose category has a single row. About as many values of new rows have
# a category that was not seen (Good, Biometrika 1953).
SINGLE_SHARE = 0.1


def is_present(column: ColumnValues) -> np.ndarray:
    """Return a mask of the rows that have a value."""
    if isinstance(column, Objects):
        return np.asarray(column.codes >= 0)
    return ~np.isnan(column.values)


def only_presence_tells(column: ColumnValues, categories: tuple[Any, ...]) -> bool:
    """Whether values that hardly repeat are missing in some rows of a column of categories."""
    present = is_present(column)
    n_values = int(np.count_nonzero(present))
    both = min(n_values, len(present) - n_values) >= FEWEST_ROWS
    return both and len(categories) > IDENTIFIER_SHARE * n_values


def missing_is_a_category(column: ColumnValues) -> bool:
    """Whether missing categories have a code, unlike those that were not seen."""
    if not isinstance(column, Objects):
        return False
    counts = np.bincount(column.codes[column.codes >= 0])
    n_values, n_single = int(counts.sum()), np.count_nonzero(counts == 1)
    both = min(n_values, len(column.codes) - n_values) >= FEWEST_ROWS
    return bool(both and n_single >= SINGLE_SHARE * n_values)


def category_codes(
    column: ColumnValues, categories: tuple[Any, ...], codes_missing: bool
) -> np.ndarray:
    """Return the code of each row's category; the last one is that of missing ones, if any."""
    codes = as_codes(column, categories)
    return np.where(is_present(column), codes, len(categories)) if codes_missing else codes


def learn_marks(column: Objects, values: np.ndarray) -> tuple[str, ...]:
    """Return the marks that have codes of their own, sorted; () if all mean the same.

    `values` are those of the column's distinct values, NaN for marks.
    """
    marks = split_marks(column, values)
    counts = np.bincount(marks.codes[marks.codes >= 0], minlength=len(marks.distinct))
    frequent = [
        mark for mark, n in zip(marks.distinct, counts, strict=True) if n >= FEWEST_ROWS
    ]
    n_others = np.count_nonzero(column.codes < 0) + counts[counts < FEWEST_ROWS].sum()
    n_meanings = len(frequent) + bool(n_others >= FEWEST_ROWS)
    return tuple(sorted(set(frequent))) if n_meanings > 1 else ()


def mark_codes(column: ColumnValues, floats: np.ndarray, marks: tuple[str, ...]) -> np.ndarray:
    """Return 0 for rows with a number, 1 and so on for those with a mark, NaN for others."""
    if isinstance(column, Objects):
        found = as_codes(column, marks) + 1
    else:
        found = np.full(len(floats), np.nan)
    return np.where(np.isnan(floats), found, 0.0)
