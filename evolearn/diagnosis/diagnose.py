"""The function that looks for doubts about a table."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evolearn.data import (
    PreparedTable,
    as_table,
    check_table,
    column_labels,
    n_rows,
    prepare_table,
)
from evolearn.diagnosis.duplicates import find_duplicates
from evolearn.diagnosis.groups import find_groups
from evolearn.diagnosis.identifiers import find_identifiers
from evolearn.diagnosis.leaks import MOST_COLUMNS, find_leaks
from evolearn.diagnosis.rows import TableRows
from evolearn.diagnosis.time_order import find_time_order
from evolearn.results.findings import Diagnosis, Finding
from evolearn.tasks import Task, get_task, task_of
from evolearn.user_warnings import collected_warnings

# Seconds of the checks for each number of the table, and for the trees of each column: 0.5 s
# for 200,000 rows of 12 columns, and for 360 rows of 280 columns.
SECONDS_PER_NUMBER, SECONDS_PER_COLUMN = 2e-7, 2e-3
# A class with fewer rows cannot be in every fold of the usual cross-validation.
FEWEST_OF_CLASS = 5


def diagnose(
    X: Any,
    y: Any,
    groups: Any = None,
    *,
    kinds: Mapping[Any, str] | None = None,
    task: str | None = None,
) -> Diagnosis:
    """Look for what would make the error of a fit seem lower than it is.

    Nothing is changed. Findings are doubts, not verdicts: each one says what to check.

    Parameters
    ----------
    X : table of shape (n_samples, n_features)
        As for ``fit``, with its rows in their original order.
    y : array-like of shape (n_samples,)
        The target.
    groups : array-like of shape (n_samples,), default=None
        Groups that are known already; then no others are looked for.
    kinds : dict, default=None
        Kinds of columns, as in the estimators.
    task : {"classification", "regression"}, default=None
        What is to be learned. None: classes if `y` has strings, booleans, or few different
        whole numbers.

    Returns
    -------
    Diagnosis
        A sequence of findings: time order, groups, duplicated rows, leaks of the target,
        identifiers, rare classes. ``print`` shows them, ``frame()`` returns a pandas frame.

    Raises
    ------
    ValueError
        If the table or the target cannot be used, or their lengths differ.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn import diagnose
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 3))
    >>> y = X[:, 0] + rng.normal(size=200)
    >>> print(diagnose(X, y))
    Nothing suspicious was found in 200 rows and 3 columns (regression).
    >>> X[:, 2] = 2 * y
    >>> [finding.kind for finding in diagnose(X, y)]
    ['leak']
    """
    X = as_table(X)
    check_table(X)
    name = task_of(y) if task is None else task
    values, learned = get_task(name).from_target(y)
    if len(values) != n_rows(X):
        msg = f"X has {n_rows(X)} rows and y has {len(values)} entries; pass one entry per row."
        raise ValueError(msg)
    with collected_warnings():
        prepared = prepare_table(X, kinds)
    return Diagnosis(
        findings_about(prepared, values, learned, has_groups=groups is not None),
        len(values),
        len(column_labels(X)),
        name,
    )


def expected_seconds(n_rows: int, n_columns: int) -> float:
    """Return the seconds that the checks of a table take."""
    trees = SECONDS_PER_COLUMN * min(n_columns, MOST_COLUMNS)
    return SECONDS_PER_NUMBER * n_rows * n_columns + trees


def findings_about(
    prepared: PreparedTable, values: Any, task: Task, *, has_groups: bool
) -> list[Finding]:
    """Return the findings about a prepared table and its target, the most serious first."""
    rows = TableRows(prepared, task.encoded(values), task)
    found: list[Finding] = [*find_leaks(rows), *find_time_order(rows)]
    if not has_groups:
        found += find_groups(rows)
    return [
        *found,
        *find_duplicates(rows),
        *find_identifiers(rows),
        *_rare_classes(values, rows),
    ]


def _rare_classes(labels: Any, rows: TableRows) -> list[Finding]:
    if not rows.has_classes:
        return []
    classes, counts = np.unique(labels, return_counts=True)
    rare = [
        f"{one} ({n})" for one, n in zip(classes, counts, strict=True) if n < FEWEST_OF_CLASS
    ]
    if not rare:
        return []
    shown = ", ".join(rare[:5]) + (", ..." if len(rare) > 5 else "")
    return [
        Finding(
            "rare class",
            (),
            f"{len(rare)} of {len(classes)} classes have fewer than {FEWEST_OF_CLASS} rows: "
            f"{shown}.",
            "They are learned, but hardly scored. Collect more rows, or join classes.",
        )
    ]
