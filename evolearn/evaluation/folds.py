"""Which rows train and which are scored: cross-validation sized to the data."""

import numbers
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import (
    BaseCrossValidator,
    GroupKFold,
    KFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
    check_cv,
)

from evolearn.data import is_missing

Indices = NDArray[np.intp]

# Fewer rows than this get eight folds: their models need every row (AutoGluon bags with 8).
SMALL_TABLE = 2_000
MANY_FOLDS, SOME_FOLDS, FEW_FOLDS = 8, 5, 3
# Fewer rows than this are never scored on a single held-out fifth, whatever it would save: a
# search over a hundred candidates finds one that suits 2,000 rows by chance. (On soybean, 19
# classes and 546 rows, a log loss of 2e-9 on the held-out rows was one of 2.3 on new ones.)
HOLDOUT_ROWS = 10_000
# How many candidates of the reference model's cost a budget must hold for that many folds. On
# more rows than a holdout wants, each fold is a better judge, and more candidates gain more: of
# four tables of 14,000 to 36,000 rows two gained 1 and 5 %, two lost 1 and 0.5 %.
CANDIDATES_WANTED, CANDIDATES_OF_MANY_ROWS = 40, 100
# The held-out share where a single split is all that can be afforded.
HOLDOUT_SHARE = 0.2


@dataclass(frozen=True)
class Folds:
    """The rows that train and the rows that are scored, fold by fold.

    Attributes
    ----------
    train, test : tuple of ndarray of int
        Row positions, one array per fold.
    """

    train: tuple[Indices, ...]
    test: tuple[Indices, ...]

    def __len__(self) -> int:
        return len(self.test)

    @property
    def scored(self) -> Indices:
        """Positions of all scored rows, in the order of out-of-fold predictions."""
        return np.concatenate(self.test)

    @property
    def bounds(self) -> list[slice]:
        """Where each fold lies in out-of-fold predictions."""
        ends = np.cumsum([len(test) for test in self.test])
        return [slice(int(e) - len(t), int(e)) for e, t in zip(ends, self.test, strict=True)]

    @property
    def most_training_rows(self) -> int:
        """How many rows the largest fold trains on."""
        return max(len(train) for train in self.train)


def n_folds(n_rows: int, reference_seconds: float, time_budget: float | None) -> int:
    """Return how many folds a table of this size can afford: 8, 5, 3, or 1 for a holdout.

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
    classification: bool,
    default_folds: int,
    seed: int,
    weights: NDArray[np.float64] | None = None,
) -> Folds:
    """Return the folds of a user's `cv`, or of our own choice for None or a number.

    Our own folds are shuffled, stratified by class, and keep groups together where there are
    any. Rows of a class with fewer rows than folds train in every fold and are never scored:
    no fold would have the class on both sides. Nor are rows scored whose weight is zero, or,
    with groups, whose class is in no group of the training rows.

    Raises
    ------
    ValueError
        If the table is too small to be split, or the splitter needs groups and none are given.
    """
    if cv is None or isinstance(cv, numbers.Integral):
        number = _without_single_rows(default_folds, y, weights) if cv is None else int(cv)
        if groups is not None:
            return _grouped(y, groups, max(number, 2), classification, seed, weights)
        return _own(y, number, classification, seed, weights)
    splits = listed(cv, X, y, groups, classification=classification)
    return _weighted(_of_splits(splits), weights)


def _without_single_rows(
    number: int, y: NDArray[Any], weights: NDArray[np.float64] | None
) -> int:
    """Return as many folds or fewer: of a single row R2 and others are not defined."""
    n_scored = len(y) if weights is None else np.count_nonzero(weights)
    return min(number, max(int(n_scored) // 2, 2))


def listed(cv: Any, X: Any, y: NDArray[Any], groups: Any, *, classification: bool) -> Any:
    """Return None or a number as it is, and what else `cv` may be as a list of its splits.

    A generator can be asked once only, and a splitter without a seed gives others each time.

    Raises
    ------
    ValueError
        If the splitter needs groups and none are given.
    """
    if cv is None or isinstance(cv, numbers.Integral):
        return cv
    splitter = check_cv(cv, y, classifier=classification)
    if groups is None and _needs_groups(splitter):
        msg = (
            f"cv={type(splitter).__name__} keeps groups together, but groups is None; "
            "pass groups to fit."
        )
        raise ValueError(msg)
    return list(splitter.split(X, y, groups))


def draw_rows(
    rows: Indices, n_wanted: int, y: NDArray[Any], *, classification: bool, seed: int
) -> Indices:
    """Return so many of the rows, sorted: of every class its share, and at least one."""
    if len(rows) <= n_wanted:
        return rows
    order = np.random.default_rng(seed).permutation(len(rows))
    if classification:
        codes = np.unique(y[rows], return_inverse=True)[1][order]
        # The place of each row among those of its class, as a share of them: the first row of
        # every class has 0, and the rows below a share are that share of every class.
        by_class = np.argsort(codes, kind="stable")
        counts = np.bincount(codes)
        place = np.empty(len(rows))
        place[by_class] = np.concatenate([np.arange(n) / n for n in counts])
        order = order[np.argsort(place, kind="stable")]
    return np.sort(rows[order[:n_wanted]])


def thinned(
    folds: Folds, n_training_rows: int, y: NDArray[Any], *, classification: bool, seed: int
) -> Folds:
    """Return folds of at most so many training rows, and a quarter as many scored ones.

    Or as many as `HOLDOUT_ROWS`, for the sake of what is chosen by them.
    """
    share = HOLDOUT_SHARE / (1 - HOLDOUT_SHARE)
    most_scored = max(int(share * n_training_rows), HOLDOUT_ROWS)

    def part(rows: Indices, most: int) -> Indices:
        return draw_rows(rows, most, y, classification=classification, seed=seed)

    return Folds(
        tuple(part(train, n_training_rows) for train in folds.train),
        tuple(part(test, most_scored) for test in folds.test),
    )


def _weighted(folds: Folds, weights: NDArray[np.float64] | None) -> Folds:
    """Return the folds in which some scored row has a weight: the others have no score."""
    if weights is None:
        return folds
    kept = [i for i, test in enumerate(folds.test) if (weights[test] > 0).any()]
    if not kept:
        msg = "sample_weight is zero for all test rows of cv; pass other weights or splits."
        raise ValueError(msg)
    return Folds(tuple(folds.train[i] for i in kept), tuple(folds.test[i] for i in kept))


def _own(
    y: NDArray[Any],
    number: int,
    classification: bool,
    seed: int,
    weights: NDArray[np.float64] | None,
) -> Folds:
    n_rows = len(y)
    counted = np.ones(n_rows, dtype=bool) if weights is None else weights > 0
    if not classification:
        rows = np.flatnonzero(counted)
        return _complemented([rows[t] for t in _tests(rows, None, number, seed)], n_rows)
    codes = np.unique(y, return_inverse=True)[1]
    counts = np.bincount(codes[counted], minlength=codes.max() + 1)
    if number > 1:  # few enough that at least two classes are scored, where two can be
        largest = np.sort(counts)[::-1]
        second = int(largest[1]) if len(largest) > 1 else 0
        number = max(2, min(number, second if second >= 2 else int(largest[0])))
    scored = np.flatnonzero(counted & (counts[codes] >= max(number, 2)))
    if not len(scored):
        msg = (
            f"No class has two rows or more among the {n_rows} rows of y, so that nothing can "
            "be held out for scoring; pass more rows, or cv with your own splits."
        )
        raise ValueError(msg)
    return _complemented(
        [scored[t] for t in _tests(scored, codes[scored], number, seed)], n_rows
    )


def _tests(rows: Indices, codes: Indices | None, number: int, seed: int) -> list[Indices]:
    """Return the scored part of each fold, as positions in `rows`."""
    if len(rows) < 2:
        msg = (
            f"The table has {len(rows)} sample (row) to be scored, n_samples=1 is too few for "
            "cross-validation; pass at least two rows."
        )
        raise ValueError(msg)
    splitter: BaseCrossValidator
    if number > 1 and codes is None:
        splitter = KFold(min(number, len(rows)), shuffle=True, random_state=seed)
    elif number > 1:
        splitter = StratifiedKFold(number, shuffle=True, random_state=seed)
    elif codes is None:
        splitter = ShuffleSplit(1, test_size=HOLDOUT_SHARE, random_state=seed)
    else:
        n_classes = len(np.unique(codes))
        size = max(int(np.ceil(HOLDOUT_SHARE * len(rows))), n_classes)
        splitter = StratifiedShuffleSplit(1, test_size=size, random_state=seed)
    return [np.sort(test) for _, test in splitter.split(rows, codes)]


def _grouped(
    y: NDArray[Any],
    groups: Any,
    number: int,
    classification: bool,
    seed: int,
    weights: NDArray[np.float64] | None,
) -> Folds:
    groups = np.asarray(groups)
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
    number = min(number, n_groups)
    rows = np.arange(len(y))
    with warnings.catch_warnings():
        # Classes in fewer groups than folds cannot be balanced; that is no fault of the user.
        warnings.simplefilter("ignore", UserWarning)
        if classification:
            splitter = StratifiedGroupKFold(number, shuffle=True, random_state=seed)
            try:
                splits = list(splitter.split(rows, y, groups))
            except ValueError:  # every class is rarer than the number of folds
                splits = list(GroupKFold(number).split(rows, y, groups))
        else:
            splits = list(GroupKFold(number).split(rows, y, groups))
    splits = [
        (train, _scorable(train, test, y, classification, weights)) for train, test in splits
    ]
    return _of_splits([(train, test) for train, test in splits if len(test)])


def _scorable(
    train: Indices,
    test: Indices,
    y: NDArray[Any],
    classification: bool,
    weights: NDArray[np.float64] | None,
) -> Indices:
    """Return the held-out rows that count: with a weight, and of a class that was trained."""
    if weights is not None:
        train, test = (rows[weights[rows] > 0] for rows in (train, test))
    return test[np.isin(y[test], y[train])] if classification else test


def _needs_groups(splitter: Any) -> bool:
    request = getattr(splitter, "get_metadata_routing", None)
    if request is None:
        return False
    return bool(request().split.requests.get("groups") is True)


def _complemented(tests: Sequence[Indices], n_rows: int) -> Folds:
    train = []
    for test in tests:
        outside = np.ones(n_rows, dtype=bool)
        outside[test] = False
        train.append(np.flatnonzero(outside))
    return Folds(tuple(train), tuple(tests))


def _of_splits(splits: Sequence[tuple[Any, Any]]) -> Folds:
    if not splits:
        msg = "cv gives no split; pass at least one pair of training and test rows."
        raise ValueError(msg)
    pairs = [(_positions(train), _positions(test)) for train, test in splits]
    for number, (train, test) in enumerate(pairs):
        if not len(train) or not len(test):
            side = "test" if len(train) else "training"
            msg = f"Split {number} of cv has no {side} rows; every split needs some of both."
            raise ValueError(msg)
    return Folds(tuple(tr for tr, _ in pairs), tuple(te for _, te in pairs))


def _positions(rows: Any) -> Indices:
    array = np.asarray(rows)
    return np.flatnonzero(array) if array.dtype == bool else array.astype(np.intp, copy=False)
