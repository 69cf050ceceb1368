"""Segments of the table in which the out-of-fold error is highest, confirmed on other rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from evolearn.insights.columns import ReadableColumn
from evolearn.insights.errors import AbsentError
from evolearn.insights.importances import NORMAL_QUANTILE
from evolearn.results.insights import Condition, Segment, WorstSegments

# Depth of the tree: conditions that a reader takes in at a glance.
DEPTH = 3
SMALLEST_SHARE, FEWEST_ROWS = 0.05, 20
# With fewer rows, half of them are too few to confirm a segment of a twentieth.
FEWEST_SCORED = 100
MOST_SEGMENTS = 3
# A segment is confirmed if the other half has there an error above that of other rows by this
# many standard errors, and above the overall error by this factor. Of 900 tables of pure chance
# (120 to 1,500 rows), 1.4 % had a confirmed segment.
CONFIRMED, WORSE = 2.6, 1.1
# Numbers that the tree sorts, so that it takes a tenth of a second, and categories of one
# column: of more, each has too few rows.
MOST_NUMBERS, MOST_CATEGORIES = 1_000_000, 200

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Feature:
    """A feature of the tree: a column, with its categories in the order of their error."""

    column: ReadableColumn
    order: tuple[int, ...] = ()  # codes by rising mean error


@dataclass
class _Bounds:
    """Bounds of a feature on the way to a leaf."""

    low: float = -np.inf
    high: float = np.inf
    missing: bool = True


def worst_segments(
    matrix: Floats,
    scored: NDArray[np.intp],
    errors: Floats,
    columns: Sequence[ReadableColumn],
    error_name: str,
    seed: int,
    groups: NDArray[Any] | None = None,
) -> WorstSegments:
    """Return the confirmed segments with the highest error.

    A shallow tree of the errors of one half of the rows proposes segments; those are kept whose
    error on the other half is above that of the other rows beyond noise.

    Parameters
    ----------
    matrix : ndarray of shape (n_samples, n_matrix_columns)
        The numeric matrix of all rows.
    scored : ndarray of shape (n_scored,)
        Positions of the rows that were scored.
    errors : ndarray of shape (n_scored,)
        Their errors.
    columns : sequence of ReadableColumn
        The columns that conditions may name.
    error_name : str
    seed : int
    groups : ndarray of shape (n_samples,), default=None
        Rows of one group are alike, and stay in one half.

    Raises
    ------
    AbsentError
        If there are too few rows or no columns.
    """
    columns = [one for one in columns if len(one.categories) <= MOST_CATEGORIES]
    if len(errors) < FEWEST_SCORED:
        raise AbsentError(f"fewer than {FEWEST_SCORED} rows were scored")
    if not columns:
        raise AbsentError("no column can be described by ranges or categories")
    rng = np.random.default_rng(seed)
    columns = columns[: MOST_NUMBERS // FEWEST_SCORED]
    drawn = rng.permutation(len(errors))[: MOST_NUMBERS // len(columns)]
    rows, errors = scored[drawn], errors[drawn]
    first = _half(len(errors), None if groups is None else groups[rows], rng)
    places = np.array([one.place for one in columns])
    numbers = matrix[np.ix_(rows, places)]
    features, table = _features(numbers, errors, columns, first)
    fewest = max(FEWEST_ROWS // 2, int(np.ceil(SMALLEST_SHARE * first.sum())))
    tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=fewest, random_state=0)
    tree.fit(table[first], errors[first])
    unknown = {j for j in range(table.shape[1]) if np.isnan(table[:, j]).any()}
    inside: NDArray[np.int8] = tree.decision_path(table).toarray()

    def made(node: int, path: Mapping[int, _Bounds]) -> Segment | None:
        """Return the segment of a node of the tree, None if it is not confirmed."""
        measured = _confirmed(inside[:, node] > 0, first, errors)
        if measured is None:
            return None
        conditions = [_condition(features[j], path[j], j in unknown) for j in path]
        return Segment(tuple(conditions), *measured)

    found = _segments_below(tree.tree_, 0, {}, made)
    found.sort(key=lambda one: -one.error)
    return WorstSegments(error_name, float(errors.mean()), tuple(found[:MOST_SEGMENTS]))


def _half(
    n_rows: int, groups: NDArray[Any] | None, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return the mask of about a half of the rows, with whole groups."""
    codes = np.arange(n_rows)
    if groups is not None:
        codes = np.unique(groups, return_inverse=True)[1].ravel()
    n_groups = int(codes.max()) + 1
    chosen = np.zeros(n_groups, dtype=bool)
    chosen[rng.permutation(n_groups)[: n_groups // 2]] = True
    mask: NDArray[np.bool_] = chosen[codes]
    if not 0 < mask.sum() < n_rows:
        raise AbsentError("there are too few groups to confirm a segment")
    return mask


def _features(
    matrix: Floats, errors: Floats, columns: Sequence[ReadableColumn], first: NDArray[np.bool_]
) -> tuple[list[_Feature], Floats]:
    """Return the features of the tree: codes become places in the order of their errors."""
    features, table = [], matrix.astype(np.float64)
    for j, column in enumerate(columns):
        if not column.categories:
            features.append(_Feature(column))
            continue
        codes = matrix[:, j]
        means = np.full(len(column.categories), np.nan)
        for code in np.unique(codes[first & ~np.isnan(codes)]).astype(int):
            means[code] = errors[first & (codes == code)].mean()
        order = np.argsort(means, kind="stable")[: int((~np.isnan(means)).sum())]
        places = np.full(len(means), np.nan)  # categories of the other half alone are unknown
        places[order] = np.arange(len(order))
        known = ~np.isnan(codes)
        table[known, j] = places[codes[known].astype(int)]
        features.append(_Feature(column, tuple(order.tolist())))
    return features, table


def _confirmed(
    inside: NDArray[np.bool_], first: NDArray[np.bool_], errors: Floats
) -> tuple[int, float, float, float, float] | None:
    """Return rows, share, error and bounds of a segment that the second half confirms."""
    mine, others = errors[inside & ~first], errors[~inside & ~first]
    fewest = max(FEWEST_ROWS, SMALLEST_SHARE * len(errors))
    if inside.sum() < fewest or len(mine) < FEWEST_ROWS // 2 or not len(others):
        return None
    error, spread = float(mine.mean()), float(mine.std(ddof=1) / len(mine) ** 0.5)
    noise = (spread**2 + float(others.var()) / len(others)) ** 0.5
    is_worse = error > WORSE * float(errors[~first].mean())
    if not is_worse or error - float(others.mean()) <= CONFIRMED * noise:
        return None
    width = NORMAL_QUANTILE * spread
    share = float(inside.mean())
    return int(inside.sum()), share, error, max(error - width, 0.0), error + width


def _segments_below(
    tree: Any,
    node: int,
    path: Mapping[int, _Bounds],
    made: Callable[[int, Mapping[int, _Bounds]], Segment | None],
) -> list[Segment]:
    """Return the confirmed segments of a node and those below it, none within another.

    A larger segment is preferred unless one within it is clearly worse.
    """
    own = made(node, path) if path else None
    below: list[Segment] = []
    for child, bounds in _children(tree, node, path):
        below += _segments_below(tree, child, bounds, made)
    if own is None or any(one.lower > own.error for one in below):
        return below
    return [own]


def _children(
    tree: Any, node: int, path: Mapping[int, _Bounds]
) -> list[tuple[int, dict[int, _Bounds]]]:
    """Return the children of a node with the bounds of the features on the way to them."""
    left, right = int(tree.children_left[node]), int(tree.children_right[node])
    if left < 0:
        return []
    feature, threshold = int(tree.feature[node]), float(tree.threshold[node])
    to_left = bool(tree.missing_go_to_left[node])
    old = path.get(feature, _Bounds())
    below = _Bounds(old.low, min(old.high, threshold), old.missing and to_left)
    above = _Bounds(max(old.low, threshold), old.high, old.missing and not to_left)
    return [(left, {**path, feature: below}), (right, {**path, feature: above})]


def _condition(feature: _Feature, bounds: _Bounds, has_missing: bool) -> Condition:
    """Return the bounds of a feature as a condition on its column."""
    column = feature.column
    missing = bounds.missing and has_missing
    if bounds.low == np.inf:
        return Condition(column.name, only_missing=True)
    if column.categories:
        places = range(len(feature.order))
        codes = [feature.order[i] for i in places if bounds.low < i <= bounds.high]
        names = tuple(column.categories[code] for code in sorted(codes))
        return Condition(column.name, categories=names, missing=missing)
    low = None if bounds.low == -np.inf else column.value(bounds.low)
    high = None if bounds.high == np.inf else column.value(bounds.high)
    return Condition(column.name, low, high, missing=missing)
