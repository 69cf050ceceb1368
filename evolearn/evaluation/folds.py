"""Folds: cross-validation whose number of folds suits the table and the time budget."""

import numbers
import warnings
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import check_cv

from evolearn.data import is_missing
from evolearn.data.column_values import factorize
from evolearn.messages import shown
from evolearn.tasks.base import Task
from evolearn.tasks.predictions import Floats, Indices
from evolearn.tasks.splitting import HOLDOUT_SHARE

# Below this number of rows there are eight folds: models need every row (AutoGluon uses 8).
SMALL_TABLE = 2_000
MANY_FOLDS, SOME_FOLDS, FEW_FOLDS = 8, 5, 3
# Below this number of rows a single held-out fifth is never used, however much time it would
# save: among a hundred candidates one suits 2,000 rows by chance. (On soybean, with 19 classes
# and 546 rows, the log loss was 2e-9 on the held-out rows and 2.3 on new ones.)
HOLDOUT_ROWS = 10_000
# The number of candidates, each as costly as the reference model, that must fit in the budget
# with so many folds; the second number is for tables from `HOLDOUT_ROWS` on. There each fold is
# a better estimate, and more candidates gain more: of four tables of 14,000 to 36,000 rows two
# gained 1 and 5 %, two lost 1 and 0.5 %.
CANDIDATES_WANTED, CANDIDATES_OF_MANY_ROWS = 40, 100
# Rows that are looked at at a time for categories that a fold lacks.
BLOCK_ROWS = 2**16


@dataclass(frozen=True)
class Folds:
    """Positions of the rows that train and of those that are scored, one array per fold."""

    train: tuple[Indices, ...]
    test: tuple[Indices, ...]

    def __len__(self) -> int:
        return len(self.test)

    @property
    def n_training(self) -> float:
        """Mean number of training rows of a fold."""
        return float(np.mean([len(train) for train in self.train]))

    @property
    def scored(self) -> Indices:
        """Positions of all scored rows, in the order of out-of-fold predictions."""
        return np.concatenate(self.test)

    @property
    def bounds(self) -> list[slice]:
        """The positions of each fold in out-of-fold predictions."""
        ends = np.cumsum([len(test) for test in self.test])
        return [slice(int(e) - len(t), int(e)) for e, t in zip(ends, self.test, strict=True)]

    def of(self, numbers: Sequence[int]) -> "Folds":
        """Return some of the folds."""
        return Folds(
            tuple(self.train[i] for i in numbers), tuple(self.test[i] for i in numbers)
        )


def n_folds(n_rows: int, reference_seconds: float, time_budget: float | None) -> int:
    """Return the number of folds that a table can afford: 8, 5, 3, or 1 for a holdout.

    Below 2,000 rows eight folds, else five; fewer if the budget would then hold less than 40
    candidates (100 from 10,000 rows on) of the reference model (histogram gradient boosting),
    whose expected time for one fit is `reference_seconds`, but not less than five below 2,000
    rows and three below 10,000.
    """
    if n_rows < SMALL_TABLE:
        affordable: tuple[int, ...] = (MANY_FOLDS, SOME_FOLDS)
    elif n_rows < HOLDOUT_ROWS:
        affordable = (SOME_FOLDS, FEW_FOLDS)
    else:
        affordable = (SOME_FOLDS, FEW_FOLDS, 1)
    if time_budget is None:
        return affordable[0]
    wanted = CANDIDATES_WANTED if n_rows < HOLDOUT_ROWS else CANDIDATES_OF_MANY_ROWS
    most = time_budget / (reference_seconds * wanted)
    return next((folds for folds in affordable if folds <= most), affordable[-1])


def make_folds(
    cv: Any,
    X: Any,
    y: NDArray[Any],
    groups: Any,
    *,
    task: Task,
    default_folds: int,
    seed: int,
    weights: Floats | None = None,
) -> Folds:
    """Return the folds of a user's `cv`, or of our own choice for None or a number.

    Our own folds are shuffled, stratified by class, and keep groups together if there are
    any. Rows of a class with fewer rows than folds train in every fold and are never scored:
    no fold would have the class on both sides. Rows are not scored either if their weight is
    zero, or, with groups, if their class is in no group of the training rows.
    """
    counted = _weighted(weights, len(y))
    if not (cv is None or isinstance(cv, numbers.Integral)):
        folds = _of_splits(list_splits(cv, X, y, groups, task=task), len(y))
        kept = [i for i, test in enumerate(folds.test) if counted[test].any()]
        if not kept:
            msg = "sample_weight is zero for all test rows of cv; pass other weights or splits."
            raise ValueError(msg)
        return folds.of(kept)
    # Each fold scores at least two rows: R2 and others are not defined for one.
    number = min(default_folds, max(int(counted.sum()) // 2, 2)) if cv is None else int(cv)
    if groups is not None:
        return _grouped(y, groups, max(number, 2), task, seed, counted)
    tests = task.split(y, counted, number, seed)
    return Folds(tuple(np.delete(np.arange(len(y)), test) for test in tests), tuple(tests))


def incomplete_categories(
    codes: Floats, cardinalities: Sequence[int], folds: Folds
) -> tuple[int, ...]:
    """Return the columns of codes of which some fold's training rows lack a category.

    The codes of a column are the numbers below its cardinality, or missing.
    """
    return tuple(
        j
        for j, n_categories in enumerate(cardinalities)
        if any(_lacks_some(codes[:, j], n_categories, train) for train in folds.train)
    )


def _lacks_some(codes: Floats, n_categories: int, rows: Indices) -> bool:
    seen = np.zeros(n_categories + 1, dtype=bool)  # the last is that of missing codes
    # In most columns some thousand rows have every category.
    for start in range(0, len(rows), BLOCK_ROWS):
        block = codes[rows[start : start + BLOCK_ROWS]]
        seen[np.where(np.isnan(block), n_categories, block).astype(np.intp)] = True
        if seen[:-1].all():
            return False
    return True


def list_splits(cv: Any, X: Any, y: NDArray[Any], groups: Any, *, task: Task) -> Any:
    """Return None or a number as it is, and any other `cv` as a list of its splits.

    A generator can be read only once, and a splitter without a seed gives others each time.
    """
    if cv is None or isinstance(cv, numbers.Integral):
        return cv
    if isinstance(cv, Iterable) and not hasattr(cv, "split"):
        return list(cv)
    splitter = check_cv(cv, y, classifier=task.stratified)
    request = getattr(splitter, "get_metadata_routing", None)
    if groups is None and request and request().split.requests.get("groups") is True:
        msg = (
            f"cv={type(splitter).__name__} keeps groups together, but groups is None; "
            "pass groups to fit."
        )
        raise ValueError(msg)
    return list(splitter.split(X, y, groups))


def draw_rows(
    rows: Indices, n_wanted: int, y: NDArray[Any], *, task: Task, seed: int
) -> Indices:
    """Return a sorted sample of rows: of every stratum its share, and at least one row."""
    if len(rows) <= n_wanted:
        return rows
    order = np.random.default_rng(seed).permutation(len(rows))
    strata = task.strata(y[rows])[order]
    # The place of each row among those of its stratum, as a share of them: the first row of
    # every stratum has 0, and the rows below a share are that share of every stratum.
    by_stratum = np.argsort(strata, kind="stable")
    place = np.empty(len(rows))
    place[by_stratum] = np.concatenate([np.arange(n) / n for n in np.bincount(strata)])
    order = order[np.argsort(place, kind="stable")]
    return np.sort(rows[order[:n_wanted]])


def sampled_folds(
    folds: Folds, n_training_rows: int, y: NDArray[Any], *, task: Task, seed: int
) -> Folds:
    """Return folds of at most this many training rows, and a quarter as many scored ones.

    At least `HOLDOUT_ROWS` are scored, if there are so many: candidates are chosen by them.
    """
    share = HOLDOUT_SHARE / (1 - HOLDOUT_SHARE)
    most_scored = max(int(share * n_training_rows), HOLDOUT_ROWS)

    def part(rows: Indices, most: int) -> Indices:
        return draw_rows(rows, most, y, task=task, seed=seed)

    return Folds(
        tuple(part(train, n_training_rows) for train in folds.train),
        tuple(part(test, most_scored) for test in folds.test),
    )


def counted_rows(weights: Floats | None, y: NDArray[Any], *, task: Task) -> Indices:
    """Return the rows that models learn from.

    These are the rows with a weight, and all rows of a class that has none: no class is lost.
    """
    return np.flatnonzero(task.training_mask(_weighted(weights, len(y)), y))


def training_on(folds: Folds, counted: Indices) -> Folds:
    """Return the folds, training on these rows alone; a fold that has none of them is left out.

    Most steps before the estimator take no weights, and would learn from rows of zero weight.
    """
    train = tuple(rows[np.isin(rows, counted)] for rows in folds.train)
    kept = [fold for fold, rows in enumerate(train) if len(rows)]
    if not kept:
        msg = "sample_weight is zero for all training rows of cv; pass other weights or splits."
        raise ValueError(msg)
    return Folds(train, folds.test).of(kept)


def _weighted(weights: Floats | None, n_rows: int) -> NDArray[np.bool_]:
    """Return the mask of the rows that have a weight."""
    return np.ones(n_rows, dtype=bool) if weights is None else weights > 0


def _grouped(
    y: NDArray[Any], groups: Any, number: int, task: Task, seed: int, counted: NDArray[np.bool_]
) -> Folds:
    groups = _labels_of(groups)
    missing = sum(map(is_missing, groups)) if groups.dtype == object else 0
    if missing:
        msg = (
            f"groups has {missing} missing values; give every row a group, one of its own "
            "where none is known."
        )
        raise ValueError(msg)
    n_groups = len(np.unique(groups))
    if n_groups < 2:
        msg = (
            f"groups has {n_groups} different value, at least two are needed to split by group."
        )
        raise ValueError(msg)
    with warnings.catch_warnings():
        # Classes in fewer groups than folds cannot be balanced; that is no fault of the user.
        warnings.simplefilter("ignore", UserWarning)
        splits = task.split_groups(y, groups, min(number, n_groups), seed)
    scored = []
    for train, test in splits:
        learned, test = train[counted[train]], test[counted[test]]
        scored.append((train, task.scorable(learned, test, y)))
    return _of_splits([(train, test) for train, test in scored if len(test)], len(y))


def _labels_of(groups: Any) -> NDArray[Any]:
    """Return the group of each row as an array."""
    try:
        array = np.asarray(groups)
        if array.ndim == 2 and array.shape[1] == 1:
            array = array.ravel()
    except ValueError:  # lists of different lengths
        array = np.empty((0, 0))
    if array.ndim == 1 and array.dtype == object:
        with suppress(TypeError):  # no labels: lists and dictionaries
            codes, distinct = factorize(array.tolist())
            # Labels of several types have no order; missing ones are counted later.
            return array if (codes < 0).any() or len(distinct) < 2 else codes
        array = np.empty((0, 0))
    if array.ndim != 1:
        msg = f"groups must have one label per row, got {shown(groups)}; pass a list of labels."
        raise ValueError(msg)
    return array


def _of_splits(splits: Sequence[Any], n_rows: int) -> Folds:
    if not splits:
        msg = "cv gives no split; pass at least one pair of training and test rows."
        raise ValueError(msg)
    train: list[Indices] = []
    test: list[Indices] = []
    for number, split in enumerate(splits):
        if not isinstance(split, tuple | list | np.ndarray) or len(split) != 2:
            msg = (
                f"Split {number} of cv is {shown(split)}; it must be a pair of training and "
                "test rows."
            )
            raise ValueError(msg)
        for rows, side, sides in zip(split, ("training", "test"), (train, test), strict=True):
            sides.append(_positions(rows, n_rows, f"The {side} rows of split {number} of cv"))
            if not len(sides[-1]):
                msg = (
                    f"Split {number} of cv has no {side} rows; every split needs some of both."
                )
                raise ValueError(msg)
    return Folds(tuple(train), tuple(test))


def _positions(rows: Any, n_rows: int, name: str) -> Indices:
    """Return the positions of rows, given as such or by a mask."""
    array = np.asarray(rows)
    if array.dtype == bool and array.shape == (n_rows,):
        return np.flatnonzero(array)
    if array.ndim != 1 or (len(array) and array.dtype.kind not in "iu"):
        msg = (
            f"{name} are {shown(rows)}; pass their positions, whole numbers from 0 to "
            f"{n_rows - 1}, or a mask of {n_rows} booleans."
        )
        raise ValueError(msg)
    outside = array[(array < 0) | (array >= n_rows)]
    if len(outside):
        msg = (
            f"{name} name row {outside[0]}, but X has the rows 0 to {n_rows - 1}; pass "
            "positions, not labels of an index."
        )
        raise ValueError(msg)
    return array.astype(np.intp, copy=False)
