"""Greedy ensemble selection over out-of-fold predictions."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.ensemble.pooling import SHARPNESS_BOUNDS, logarithms, pooled, sharpness
from evolearn.evaluation.folds import Folds
from evolearn.evaluation.metrics import METRICS
from evolearn.evaluation.scoring import ClassifierAnswers, Objective, RegressorAnswers

# TabRepo (arXiv 2311.02971) measured no gain beyond 25 steps.
DEFAULT_STEPS = 25
# Out-of-fold rows that the steps look at; with more, differences of members are certain anyway
# and every step costs time. AutoGluon and GAMA cap them as well.
MOST_ROWS = 10_000
# The same for numbers: rows have one per class.
MOST_NUMBERS = 100_000
# Errors that differ by less than this share are equal: float noise must not pick a member.
SAME = 1e-9


def library_size(n_rows: int) -> int:
    """Return how many candidates a table of this size may offer to the ensemble.

    The more candidates are chosen from, the more the choice fits the noise of few rows. The
    steps for small tables are those of AutoGluon 1.6.
    """
    for rows, size in ((100, 4), (500, 8), (2_500, 15)):
        if n_rows <= rows:
            return size
    return 30


@dataclass(frozen=True)
class Selection:
    """The chosen members with their weights, and the ensemble's out-of-fold error.

    ``sharpness`` is the factor of the weighted mean of logarithms, see
    `evolearn.ensemble.pooling`; 1 in regression.
    """

    members: tuple[int, ...]
    weights: tuple[float, ...]
    error: float
    sharpness: float = 1.0


class OutOfFold:
    """Scores out-of-fold predictions as the candidates were scored: the mean over folds.

    Parameters
    ----------
    objective : Objective
    folds : Folds
    target : ndarray of shape (n_samples,)
    classes : ndarray or None
        The sorted classes; None in regression.
    weights : ndarray or None
        Sample weights.
    seed : int
        Draws the rows that are looked at if there are too many.
    """

    def __init__(
        self,
        objective: Objective,
        folds: Folds,
        target: NDArray[np.generic],
        classes: NDArray[np.generic] | None,
        weights: NDArray[np.float64] | None,
        seed: int,
    ) -> None:
        self._objective = objective
        self._classes = classes
        rng = np.random.default_rng(seed)
        scored = folds.scored
        most = MOST_ROWS if classes is None else min(MOST_ROWS, MOST_NUMBERS // len(classes))
        share = min(1.0, most / len(scored))
        #: The name of the scorer.
        self.scoring = objective.name
        #: Whether all out-of-fold rows are looked at.
        self.complete = share == 1.0
        parts: list[Any] = []
        for bounds in folds.bounds:
            positions = np.arange(bounds.start, bounds.stop)
            if not self.complete:
                labels = None if classes is None else target[scored[positions]]
                positions = positions[_drawn(len(positions), labels, share, rng)]
            rows = scored[positions]
            truth = target[rows]
            codes = truth if classes is None else np.searchsorted(classes, truth)
            parts.append((positions, truth, codes, None if weights is None else weights[rows]))
        self._take(parts)

    def _take(self, parts: list[Any]) -> None:
        self._parts = parts
        #: Positions, in out-of-fold predictions, of the rows that are looked at.
        self.positions = np.concatenate([part[0] for part in parts])
        codes = np.concatenate([part[2] for part in parts])
        self._codes = None if self._classes is None else codes.astype(np.intp)
        of_rows = [part[3] for part in parts if part[3] is not None]
        self._weights = np.concatenate(of_rows) if of_rows else None

    def without(self, fold: int) -> "OutOfFold":
        """Return what scores as this does, but for the rows of one fold."""
        other = copy(self)
        other._take([part for i, part in enumerate(self._parts) if i != fold])
        return other

    def offer(self, predictions: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        """Return what a candidate adds to a blend, and the factor that was needed for it.

        In classification logarithms of its probabilities, as sharp as they should be.

        Parameters
        ----------
        predictions : ndarray
            Of all rows.
        """
        chosen = np.asarray(predictions[self.positions], dtype=np.float64)
        if self._classes is None:
            return chosen, 1.0
        logs = logarithms(chosen)
        factor = self.sharpness(logs)
        return factor * logs, factor

    def sharpness(self, blend: NDArray[np.float64]) -> float:
        """Return how much sharper a blend of offers should be; 1 in regression."""
        if self._codes is None:
            return 1.0
        return sharpness(blend, self._codes, self._weights)

    def blend_error(self, blend: NDArray[np.float64]) -> float:
        """Return the error of a mean of offers."""
        return self.error(blend if self._classes is None else pooled(blend))

    def error(self, predictions: NDArray[np.float64]) -> float:
        """Return the error of predictions for the rows at `positions`."""
        errors, start = [], 0
        for positions, truth, codes, weights in self._parts:
            part = predictions[start : start + len(positions)]
            start += len(positions)
            errors.append(self._objective.error(self._score(part, truth, codes, weights)))
        return float(np.mean(errors))

    def _score(
        self,
        answers: NDArray[np.float64],
        truth: NDArray[np.generic],
        codes: NDArray[np.generic],
        weights: NDArray[np.float64] | None,
    ) -> float:
        if self._objective.fast is not None:
            return METRICS[self._objective.fast](codes, answers, weights)
        if self._classes is None:
            asked = RegressorAnswers(answers)
        elif self._objective.takes_all_classes:
            asked = ClassifierAnswers(self._classes, answers)
        else:
            # As candidates are scored: any class may be predicted, those present have columns.
            present = np.unique(codes).astype(np.intp)
            kept = answers[:, present]
            total = np.maximum(kept.sum(axis=1, keepdims=True), np.finfo(float).tiny)
            labels = self._classes[answers.argmax(axis=1)]
            asked = ClassifierAnswers(self._classes[present], kept / total, labels)
        return self._objective.score(asked, None, truth, weights)


def _drawn(
    n_rows: int, labels: NDArray[np.generic] | None, share: float, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return a share of the rows, and of every class: without one a score may not exist."""
    strata = [np.arange(n_rows)]
    if labels is not None:
        strata = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    drawn = [
        rng.choice(rows, max(1, round(share * len(rows))), replace=False) for rows in strata
    ]
    return np.sort(np.concatenate(drawn))


def select(
    library: Sequence[NDArray[np.float64]],
    out_of_fold: OutOfFold,
    steps: int = DEFAULT_STEPS,
    late: Callable[[], bool] = lambda: False,
    costs: Sequence[float] | None = None,
    most: float = float("inf"),
) -> Selection:
    """Choose members with replacement, each time the one that lowers the error most.

    Parameters
    ----------
    library : sequence of ndarray
        Out-of-fold predictions of the candidates, best first, all rows.
    out_of_fold : OutOfFold
    steps : int
        Draws with replacement; the best prefix of them is taken.
    late : callable
        Asked after each step; if it is true, the steps so far must do.
    costs : sequence of float, default=None
        What each candidate costs as a member, however often it is drawn.
    most : float
        What all members may cost together; no candidate costs more.

    Returns
    -------
    Selection
        Members as positions in `library`, in the order in which they were first chosen.

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
        # Of equals take one that is a member already, then the better candidate: fewer models.
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
    members = tuple(dict.fromkeys(prefix))
    powers = [prefix.count(member) * factors[member] / length for member in members]
    blend = sum(offers[member] for member in prefix) / length
    return Selection(
        members,
        tuple(power / sum(powers) for power in powers),
        path[length - 1],
        # Few rows could make it certain in two steps.
        float(np.clip(sum(powers) * out_of_fold.sharpness(blend), *SHARPNESS_BOUNDS)),
    )
