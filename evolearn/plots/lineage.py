"""The display of a lineage: the ancestors of the best candidate and their changes."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from evolearn.plots.comparisons import changes
from evolearn.plots.display import Display, height_of_rows
from evolearn.plots.fitted import metric_of, readable, results_of
from evolearn.plots.style import (
    BLUE,
    GREY,
    add_legend,
    clean,
    draw_errors,
    draw_reference,
    error_label,
    error_limits,
    foreground,
    label_rows,
)

# Number of a parent that there is not.
UNKNOWN = -1
# Height of a wrapped label, by that of a label in one row.
LABEL_HEIGHT = 1.5


class LineageDisplay(Display):
    """Errors of a candidate and its ancestors, oldest on top, labelled with each change.

    The line follows the first parent of each candidate; the second parent of a crossover is a
    hollow point in the row of its child.

    Parameters
    ----------
    candidate : array-like of shape (n_ancestors,)
        Numbers of the candidates, oldest first; the last one is the candidate itself.
    generation : array-like of shape (n_ancestors,)
    error : array-like of shape (n_ancestors,)
        Cross-validated errors, NaN where there is none.
    change : sequence of str
        The change from the row above in words; of the first, its type of estimator.
    second_parent : array-like of shape (n_ancestors,)
        The number of the second parent, -1 where there is none.
    second_error : array-like of shape (n_ancestors,)
        The error of the second parent, NaN where there is none.
    baseline_error : float, default=nan
        Error of the baseline; NaN draws none.
    metric : str, default=""
        The name of the error.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from evolearn.plots import LineageDisplay
    >>> display = LineageDisplay(
    ...     candidate=[3, 20], generation=[0, 1], error=[0.4, 0.3],
    ...     change=["ridge", "alpha 1 → 0.3"], second_parent=[-1, -1],
    ...     second_error=[float("nan")] * 2)
    >>> [label.get_text() for label in display.plot().ax_.get_yticklabels()]
    ['0: ridge', '1: alpha 1 → 0.3']
    """

    def __init__(
        self,
        *,
        candidate: ArrayLike,
        generation: ArrayLike,
        error: ArrayLike,
        change: ArrayLike,
        second_parent: ArrayLike,
        second_error: ArrayLike,
        baseline_error: float = np.nan,
        metric: str = "",
    ) -> None:
        self.candidate = np.asarray(candidate, dtype=int)
        self.generation = np.asarray(generation, dtype=int)
        self.error = np.asarray(error, dtype=float)
        self.change = np.asarray(change, dtype=object)
        self.second_parent = np.asarray(second_parent, dtype=int)
        self.second_error = np.asarray(second_error, dtype=float)
        self.baseline_error = baseline_error
        self.metric = metric

    @classmethod
    def from_estimator(cls, estimator: Any, *, candidate: int | None = None) -> Self:
        """Take the data out of a fitted model.

        Parameters
        ----------
        estimator : EvolutionaryClassifier or EvolutionaryRegressor
        candidate : int, default=None
            The number of a candidate in ``leaderboard_``; by default the best one.

        Returns
        -------
        display : LineageDisplay
        """
        results = results_of(estimator, cls.__name__)
        numbers = results["candidate"].tolist()
        if candidate is None:
            candidate = numbers[int(np.argmin(results["rank_test_score"]))]
        if candidate not in numbers:
            raise ValueError(
                f"There is no candidate {candidate}; numbers are in leaderboard_['candidate']."
            )
        path, seconds = _path(results, numbers, candidate)
        errors = np.asarray(results["fitness"], dtype=float)
        return cls(
            candidate=[numbers[i] for i in path],
            generation=results["generation"][path],
            error=errors[path],
            change=_changes_along(results, path),
            second_parent=[UNKNOWN if i is None else numbers[i] for i in seconds],
            second_error=[np.nan if i is None else errors[i] for i in seconds],
            baseline_error=estimator.baseline_fitness_,
            metric=metric_of(estimator),
        )

    def _columns(self) -> Mapping[str, Any]:
        return {
            "candidate": self.candidate,
            "generation": self.generation,
            "error": self.error,
            "change": self.change,
            "second_parent": self.second_parent,
            "second_error": self.second_error,
        }

    def _height(self) -> float:
        return height_of_rows(LABEL_HEIGHT * len(self.candidate))

    def _draw(self, ax: Any) -> None:
        rows = np.arange(len(self.candidate))
        limits = error_limits(self.error, self.baseline_error)
        clean(ax, "x")
        ax.plot(self.error, rows, "-", color=BLUE, linewidth=1.4)
        draw_errors(ax, self.error, rows, limits, "x", color=BLUE, label="candidate")
        crossed = np.isfinite(self.second_error)
        if crossed.any():
            second = (self.second_error[crossed], rows[crossed])
            style: dict[str, Any] = {
                "markerfacecolor": "none",
                "color": GREY,
                "label": "second parent",
            }
            draw_errors(ax, *second, limits, "x", **style)
        draw_reference(
            ax,
            self.baseline_error,
            "baseline",
            limits,
            "x",
            color=foreground(ax),
            linestyle=":",
        )
        pairs = zip(self.generation, self.change, strict=True)
        label_rows(ax, [f"{generation}: {change}" for generation, change in pairs], wrap=True)
        ax.set_ylabel("generation and change")
        ax.set_xlabel(error_label(self.metric))
        add_legend(ax)


def _path(
    results: Mapping[str, Any], numbers: list[int], candidate: int
) -> tuple[list[int], list[int | None]]:
    """Return positions of a candidate's first parents, oldest first, and of second parents."""
    place = {number: i for i, number in enumerate(numbers)}
    path: list[int] = []
    seconds: list[int | None] = []
    position: int | None = place[candidate]
    while position is not None:
        parents = results["parents"][position]
        path.append(position)
        seconds.append(place.get(parents[1]) if len(parents) > 1 else None)
        position = place.get(parents[0]) if parents else None
    return path[::-1], seconds[::-1]


def _changes_along(results: Mapping[str, Any], path: list[int]) -> list[str]:
    params = results["params"]
    texts = [readable(params[path[0]]["estimator"])]
    for before, after in pairwise(path):
        found = [change.text for change in changes(params[before], params[after])]
        if results["inherits"][after] is not None:
            found.append("warm start")
        texts.append("; ".join(found) or "the same pipeline")
    return texts
