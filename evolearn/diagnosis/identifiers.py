"""Columns that number the rows."""

from collections.abc import Iterator

import numpy as np

from evolearn.data.uninformative import IDENTIFIER
from evolearn.diagnosis.rows import TableRows
from evolearn.results.findings import Finding

# With fewer rows, distinct whole numbers in a row are no surprise.
FEWEST_ROWS = 20
# Distinct numbers of an identifier are at most so many times as wide as there are rows.
WIDEST = 3.0


def find_identifiers(rows: TableRows) -> Iterator[Finding]:
    """Yield a finding for columns whose values are all distinct, like a number of the row."""
    text = [
        info.name
        for info in rows.prepared.preparer.columns_
        if info.reason.startswith(IDENTIFIER)
    ]
    if text:
        yield Finding(
            "identifier",
            tuple(text),
            "Nearly every value is distinct.",
            "Nothing: these columns are left out. Use kinds to keep one as text or categories.",
        )
    if rows.n_rows < FEWEST_ROWS:
        return
    numbers = [
        column.name
        for column in rows.readable
        if not column.categories and not column.is_date and _numbers_rows(rows.values(column))
    ]
    if numbers:
        yield Finding(
            "identifier",
            tuple(numbers),
            "The whole numbers are all distinct and close together, like a number of the row.",
            'Leave the column out with kinds={"name": "drop"}, unless new rows have a '
            "meaningful number there.",
        )


def _numbers_rows(values: np.ndarray) -> bool:
    known = values[~np.isnan(values)]
    if len(known) < 0.95 * len(values) or not np.array_equal(known, np.round(known)):
        return False
    return len(np.unique(known)) == len(known) and np.ptp(known) < WIDEST * len(known)
