"""Greedy ensemble selection over out-of-fold predictions."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.evaluation.folds import Folds
from evolearn.tasks.base import Task
from evolearn.tasks.pooling import SHARPNESS_BOUNDS
from evolearn.tasks.predictions import Floats, Indices
from evolearn.tasks.scoring import Objective

# TabRepo (arXiv 2311.02971) measured no gain beyond 25 steps.
DEFAULT_STEPS = 25
# The most out-of-fold rows that a step scores; with more, differences between members are
# certain anyway and every step costs time. AutoGluon and GAMA cap them as well.
MOST_ROWS = 10_000
# The most numbers in these rows: a row has one per class.
MOST_NUMBERS = 100_000
# Errors that differ by less than this share are equal: float noise must not pick a member.
SAME = 1e-9


def library_size(n_rows: int) -> int:
    """Return the number of candidates from which an ensemble is selected.

    The more candidates there are, the more the selection fits the noise of few rows. The
    steps for small tables are those of AutoGluon 1.6.
    """
    for rows, size in ((100, 4), (500, 8), (2_500, 15)):
        if n_rows <= rows:
            return size
    return 30


@dataclass(frozen=True)
class Selection:
    """The selected members with their weights, and the ensemble's out-of-fold error.

    The members are positions in the library, in the order in which they were first selected;
    ``sharpness`` is the factor of their blend, see `Task.pool`.
    """

    members: tuple[int, ...]
    weights: tuple[float, ...]
    error: float
    sharpness: float = 1.0


# Positions in out-of-fold predictions, encoded targets and weights of the rows of one fold.
_Part = tuple[Indices, NDArray[Any], Floats | None]


class OutOfFold:
    """Scores out-of-fold predictions in the same way as candidates: the mean over folds.

    If there are too many rows, those that are scored are drawn with the seed.
    """

    def __init__(
        self,
        objective: Objective,
        folds: Folds,
        target: NDArray[Any],
        task: Task,
        weights: Floats | None,
        seed: int,
    ) -> None:
        self.objective = objective
        self.task = task
        rng = np.random.default_rng(seed)
        scored = folds.scored
        share = min(1.0, min(MOST_ROWS, MOST_NUMBERS // task.width) / len(scored))
        #: Whether all out-of-fold rows are scored.
        self.complete = share == 1.0
        parts: list[_Part] = []
        for bounds in folds.bounds:
            positions = np.arange(bounds.start, bounds.stop)
            if not self.complete:
                positions = positions[
                    _drawn(task.strata(target[scored[positions]]), share, rng)
                ]
            rows = scored[positions]
            of_rows = None if weights is None else weights[rows]
            parts.append((positions, task.encoded(target[rows]), of_rows))
        self._take(parts)

    def _take(self, parts: list[_Part]) -> None:
        self._parts = parts
        #: Positions, in out-of-fold predictions, of the rows that are scored.
        self.positions = np.concatenate([part[0] for part in parts])
        self._encoded = np.concatenate([part[1] for part in parts])
        of_rows = [part[2] for part in parts if part[2] is not None]
        self._weights = np.concatenate(of_rows) if of_rows else None

    def without(self, fold: int) -> "OutOfFold":
        """Return a scorer of the same kind without the rows of one fold."""
        other = copy(self)
        other._take([part for i, part in enumerate(self._parts) if i != fold])
        return other

    def among(self, kept: NDArray[np.bool_]) -> "OutOfFold":
        """Return a scorer of the same kind of some of the rows, a mask of `positions`."""
        other = copy(self)
        parts: list[_Part] = []
        start = 0
        for positions, encoded, weights in self._parts:
            of_part = kept[start : start + len(positions)]
            start += len(positions)
            if of_part.any():
                of_rows = None if weights is None else weights[of_part]
                parts.append((positions[of_part], encoded[of_part], of_rows))
        other._take(parts)
        return other

    @property
    def fold(self) -> Indices:
        """The fold of each of the `positions`."""
        return np.repeat(np.arange(len(self._parts)), [len(part[0]) for part in self._parts])

    @property
    def strata(self) -> Indices:
        """The stratum of each of the `positions`."""
        return self.task.strata(self._encoded)

    def offer(self, predictions: Floats) -> tuple[Floats, float]:
        """Return the array that predictions for all rows add to a blend, and its factor."""
        chosen = np.asarray(predictions[self.positions], dtype=np.float64)
        return self.task.offer(chosen, self._encoded, self._weights)

    def sharpness(self, blend: Floats) -> float:
        """Return the factor by which a blend of offers fits the target best."""
        return self.task.sharpness(blend, self._encoded, self._weights)

    def blend_error(self, blend: Floats) -> float:
        """Return the error of a mean of offers."""
        return self.error(self.task.blended(blend))

    def error(self, predictions: Floats) -> float:
        """Return the error of predictions for the rows at `positions`."""
        errors, start = [], 0
        for positions, encoded, weights in self._parts:
            part = predictions[start : start + len(positions)]
            start += len(positions)
            score = self.task.score_predictions(part, encoded, self.objective, weights)
            errors.append(self.objective.error(score))
        return float(np.mean(errors))


def _drawn(strata: Indices, share: float, rng: np.random.Generator) -> Indices:
    """Return a share of every stratum: without rows of a class a score may not exist."""
    drawn = []
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        drawn.append(rng.choice(rows, max(1, round(share * len(rows))), replace=False))
    return np.sort(np.concatenate(drawn))


def select(
    library: Sequence[Floats],
    out_of_fold: OutOfFold,
    steps: int = DEFAULT_STEPS,
    late: Callable[[], bool] = lambda: False,
    costs: Sequence[float] | None = None,
    most: float = float("inf"),
    slack: float = 0.0,
) -> Selection:
    """Select members with replacement, each time the one that lowers the error most.

    Parameters
    ----------
    library : sequence of ndarray
        Out-of-fold predictions of the candidates, best first, all rows.
    out_of_fold : OutOfFold
    steps : int
        Draws with replacement; the best prefix of them is taken.
    late : callable
        Called after each step; if it returns True, the selection ends with this step.
    costs : sequence of float, default=None
        The cost of each candidate as a member, however often it is drawn.
    most : float
        The most that all members may cost together; no candidate costs more.
    slack : float
        Share of the error by which it may rise if members are left out, the lightest first.

    References
    ----------
    Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble selection from libraries of models",
    ICML 2004.
    """
    offers, factors = zip(*(out_of_fold.offer(p) for p in library), strict=True)
    total = np.zeros_like(offers[0])
    chosen: list[int] = []
    path: list[float] = []
    for step in range(1, steps + 1):
        left = most - sum(costs[i] for i in set(chosen)) if costs is not None else most
        errors = [
            out_of_fold.blend_error((total + offer) / step)
            if costs is None or i in chosen or costs[i] <= left
            else float("inf")
            for i, offer in enumerate(offers)
        ]
        lowest = min(errors)
        # Among equals prefer one that is a member already, then the better candidate.
        equal = [i for i, e in enumerate(errors) if e <= lowest + SAME * abs(lowest)]
        best = next((i for i in equal if i in chosen), equal[0])
        chosen.append(best)
        path.append(errors[best])
        total += offers[best]
        if late():
            break
    lowest = min(path)
    length = next(
        i for i, error in enumerate(path, start=1) if error <= lowest + SAME * abs(lowest)
    )
    prefix = chosen[:length]
    error = path[length - 1]
    if slack > 0:
        prefix, error = _without_light_members(prefix, offers, out_of_fold, error, slack)
    members = tuple(dict.fromkeys(prefix))
    powers = [prefix.count(member) * factors[member] / len(prefix) for member in members]
    blend = sum(offers[member] for member in prefix) / len(prefix)
    return Selection(
        members,
        tuple(power / sum(powers) for power in powers),
        error,
        # Without bounds, two steps could make probabilities certain on few rows.
        float(np.clip(sum(powers) * out_of_fold.sharpness(blend), *SHARPNESS_BOUNDS)),
    )


def _without_light_members(
    drawn: list[int],
    offers: Sequence[Floats],
    out_of_fold: OutOfFold,
    error: float,
    slack: float,
) -> tuple[list[int], float]:
    """Return the draws without the members that the ensemble can do without, and its error.

    Members are left out as long as the error of the rows rises by at most the slack in all, the
    one with the fewest draws first, of equals the one that was drawn last.
    """
    limit = error + slack * abs(error)
    for member in sorted(dict.fromkeys(reversed(drawn)), key=drawn.count):
        rest = [one for one in drawn if one != member]
        if not rest:
            break
        blend = np.sum([offers[one] for one in rest], axis=0) / len(rest)
        without = out_of_fold.blend_error(blend)
        if without <= limit:
            drawn, error = rest, without
    return drawn, error
