"""Rows that follow each other in time."""

from collections.abc import Iterator

import numpy as np

from evolearn.diagnosis.rows import Floats, TableRows
from evolearn.results.findings import Finding

FEWEST_ROWS = 50
# Share of the steps from row to row at which a date that orders the rows does not fall.
ORDERED = 0.999
# Neighbouring rows are alike if their targets agree by so many standard errors more than
# those of rows in any order, and by at least this correlation.
STANDARD_ERRORS, LEAST_CORRELATION = 6.0, 0.15
ADVICE = (
    "If rows are in the order of time and new rows come later, pass cv=TimeSeriesSplit(): "
    "shuffled folds would train on the future, and the error would seem too low."
)


def find_time_order(rows: TableRows) -> Iterator[Finding]:
    """Yield a finding if a date orders the rows, or if neighbouring rows are alike."""
    if rows.n_rows < FEWEST_ROWS:
        return
    dates = [one for one in rows.readable if one.is_date and _rises(rows.values(one))]
    if dates:
        names = tuple(one.name for one in dates)
        yield Finding("time order", names, "The rows are in the order of this date.", ADVICE)
        return
    target = rows.target[rows.sample] if rows.has_classes else rows.target
    if _rises(target) or _rises(-target):
        return  # sorted by the target: no order in time
    likeness = neighbour_likeness(target, classes=rows.has_classes)
    error = 1 / np.sqrt(len(target))
    if likeness > max(LEAST_CORRELATION, STANDARD_ERRORS * error):
        yield Finding(
            "time order",
            (),
            f"Neighbouring rows have similar targets (correlation {likeness:.2f}).",
            f"{ADVICE} If neighbours belong together, pass groups. If the table was only "
            "sorted by its target, there is nothing to do.",
        )


def _rises(values: Floats) -> bool:
    """Whether values hardly ever fall from row to row, and change often."""
    known = values[~np.isnan(values)]
    steps = np.diff(known)
    if len(known) < FEWEST_ROWS or len(np.unique(known)) < min(10, len(known) // 5):
        return False
    return bool(np.mean(steps >= 0) >= ORDERED)


def neighbour_likeness(target: np.ndarray, *, classes: bool) -> float:
    """Return the correlation of neighbouring targets; of classes, of their agreement."""
    if not classes:
        ranks = np.argsort(np.argsort(target, kind="stable"), kind="stable").astype(np.float64)
        return float(np.corrcoef(ranks[:-1], ranks[1:])[0, 1])
    shares = np.bincount(target.astype(np.intp)) / len(target)
    by_chance = float((shares**2).sum())
    agree = float(np.mean(target[:-1] == target[1:]))
    return (agree - by_chance) / max(1 - by_chance, 1e-12)
