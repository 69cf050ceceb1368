"""Errors of several systems on the same rows: ratios, and how sure one can be of them.

Reads lines as `compare.py` writes them: ``system``, ``name`` (of the table), ``split``,
``budget``, ``n_jobs``, ``ok``, and of what has not failed ``task``, ``err``.

A failure counts as the worst error of all systems on the same rows. Ratios are geometric
means: over the splits of a table, then over tables, each of which counts the same. Intervals
are bootstrapped: tables are drawn with replacement, and of each table drawn its splits. Both
systems of a ratio always have the same rows, which is what makes it paired.
"""

import math

import numpy as np
from races import key
from scipy.stats import rankdata
from suite import FLOOR, read_rows

LEVEL = 0.9  # of intervals, and of the bounds of single tables
DRAWS = 4000
MARGIN = 1.08  # a table on which a ratio is above this, and its bound above 1, is told
TINY = 1e-12  # no error is 0, of which there is no ratio


def read_results(paths):
    """Return the rows of some files; of the same run the last one."""
    rows = {}
    for path in paths:
        rows |= {key(row): row for row in read_rows(path)}
    return list(rows.values())


def selected(rows, budgets=(), n_jobs=None):
    """Return the rows to be compared; with several budgets, systems are named by theirs."""
    rows = [row for row in rows if not budgets or row["budget"] in budgets]
    rows = [row for row in rows if n_jobs is None or row["n_jobs"] == n_jobs]
    if len(there := {row["n_jobs"] for row in rows}) > 1:
        raise SystemExit(f"There are results with n_jobs of {sorted(there)}; pass one of them.")
    if len({row["budget"] for row in rows}) > 1:
        rows = [{**row, "system": f"{row['system']}@{row['budget']:g}"} for row in rows]
    return rows


def errors(rows):
    """Return {(table, split): {system: error}}: floored, failures as the worst of all."""
    cells = {}
    for row in rows:
        error = None
        if row["ok"] and math.isfinite(row["err"]):
            error = max(row["err"], FLOOR[row["task"]], TINY)
        cells.setdefault((row["name"], row["split"]), {})[row["system"]] = error
    known = {}
    for rows_of, cell in cells.items():
        if scored := [error for error in cell.values() if error is not None]:
            worst = max(scored)
            known[rows_of] = {s: worst if e is None else e for s, e in cell.items()}
    return known


def log_ratios(cells, system, other):
    """Return {table: logarithms of error over the other's error on each split}."""
    logs = {}
    for (name, _), cell in sorted(cells.items()):
        if system in cell and other in cell:
            logs.setdefault(name, []).append(math.log(cell[system] / cell[other]))
    return logs


def bootstrapped(logs):
    """Return the mean logarithms of as many drawn sets of tables and splits."""
    rng = np.random.default_rng(0)  # the same table from the same results
    counts = np.array([len(splits) for splits in logs.values()])
    padded = np.zeros((len(counts), counts.max()))
    for row, splits in zip(padded, logs.values(), strict=True):
        row[: len(splits)] = splits
    tables = rng.integers(len(counts), size=(DRAWS, len(counts)))
    drawn = rng.random((*tables.shape, counts.max())) * counts[tables][..., None]
    values = padded[tables[..., None], drawn.astype(int)]
    used = np.arange(counts.max()) < counts[tables][..., None]
    return ((values * used).sum(axis=-1) / counts[tables]).mean(axis=-1)


def geometric_mean(logs):
    return math.exp(np.mean([np.mean(splits) for splits in logs.values()]))


def interval(logs):
    """Return the bounds between which a geometric mean lies with a probability of `LEVEL`."""
    if sum(map(len, logs.values())) < 2:
        return math.nan, math.nan
    tail = (1 - LEVEL) / 2
    return tuple(np.exp(np.quantile(bootstrapped(logs), [tail, 1 - tail])))


def lower_bound(splits):
    """Return what the ratio of one table exceeds with `LEVEL`; None of a single split."""
    if len(splits) < 2:
        return None
    return float(np.exp(np.quantile(bootstrapped({"": splits}), 1 - LEVEL)))


def worse(splits):
    """Tell whether the ratio of a table is above `MARGIN`, and not by chance."""
    bound = lower_bound(splits)
    return bound is not None and bound > 1 and math.exp(np.mean(splits)) > MARGIN


def mean_ranks(cells, systems):
    """Return the mean rank of each system where all were run; equal errors share theirs."""
    full = [[cell[s] for s in systems] for cell in cells.values() if set(systems) <= set(cell)]
    if not full:
        return dict.fromkeys(systems, float("nan"))
    ranks = rankdata(full, axis=1).mean(axis=0)
    return dict(zip(systems, ranks, strict=True))
