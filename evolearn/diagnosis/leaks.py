"""Single columns that give the target away."""

from collections.abc import Iterator

import numpy as np
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from evolearn.diagnosis.rows import Floats, TableRows
from evolearn.results.findings import Finding

# With fewer rows, a column explains a target by chance.
FEWEST_ROWS = 50
MOST_ROWS, MOST_COLUMNS = 2_000, 200
# Share of the squared error, or of the wrong classes, of the baseline that a column alone
# leaves. Honest columns leave more: on 35 real tables the best single column left 14 %.
MOST_LEFT = 0.03


def find_leaks(rows: TableRows) -> Iterator[Finding]:
    """Yield a finding for each column that predicts the target nearly by itself."""
    if rows.n_rows < FEWEST_ROWS:
        return
    sample = rows.sample
    sample = sample[np.unique(np.linspace(0, len(sample) - 1, MOST_ROWS).astype(int))]
    target = rows.target[sample]
    for column in rows.readable[:MOST_COLUMNS]:
        left = share_left(rows.values(column, sample), target, classes=rows.has_classes)
        if left <= MOST_LEFT:
            yield Finding(
                "leak",
                (column.name,),
                f"The column alone predicts the target: {left:.1%} of the error is left.",
                "Check whether its value is known before the target is; else leave it out with "
                'kinds={"name": "drop"}.',
            )


def share_left(values: Floats, target: np.ndarray, *, classes: bool) -> float:
    """Return the error that a tree on one column leaves, relative to a constant prediction.

    The error is the mean squared error, or the share of wrong classes; it is measured on the
    other half of the rows.
    """
    if classes:
        counts = np.bincount(target.astype(np.intp))
        constant = 1 - counts.max() / len(target)
    else:
        constant = float(np.var(target))
    if constant == 0:
        return 1.0
    make = DecisionTreeClassifier if classes else DecisionTreeRegressor
    errors = np.empty(len(target))
    table = values.reshape(-1, 1)
    for train, test in KFold(2, shuffle=True, random_state=0).split(table):
        tree = make(min_samples_leaf=2, random_state=0).fit(table[train], target[train])
        predicted = tree.predict(table[test])
        errors[test] = predicted != target[test] if classes else (predicted - target[test]) ** 2
    return float(errors.mean() / constant)
