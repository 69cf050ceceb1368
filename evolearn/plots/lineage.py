"""The display of a lineage: the ancestors of the best candidate and their changes."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from evolearn.plots.display import Display, height_of_rows
from evolearn.plots.fitted import metric_of, results_of
from evolearn.plots.style import (
    BLUE,
    GREY,
    add_legend,
    clean,
    draw_baseline,
    draw_errors,
    error_label,
    error_limits,
    label_errors,
    label_rows,
)

# Number of a parent that there is not.
UNKNOWN = -1
# Rows from which on the vertical axis has the length of its label.
FEWEST_OF_LABEL = 3
# Height of a wrapped label, by that of a label in one row.
LABEL_HEIGHT = 1.5


class LineageDisplay(Display):
    """Errors of a candidate and its ancestors, oldest on top, labelled with each change.

    The line follows the better parent of each candidate; the other one is a hollow point in the
    row of its child.

    Parameters
    ----------
    candidate : array-like of shape (n_ancestors,)
        Numbers of the candidates, oldest first; the last one is the candidate itself.
    generation : array-like of shape (n_ancestors,)
    error : array-like of shape (n_ancestors,)
        Cross-validated errors, NaN where there is none.
    change : sequence of str
        The change from the row above in words; of the first, its origin.
    second_parent : array-like of shape (n_ancestors,)
        The number of the other parent, -1 where there is none.
    second_error : array-like of shape (n_ancestors,)
        The error of the other parent, NaN where there is none.
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
    def from_estimator(cls, estimator: Any) -> Self:
        """Take the data out of a fitted model.

        Parameters
        ----------
        estimator : EvolutionaryClassifier or EvolutionaryRegressor

        Returns
        -------
        display : LineageDisplay
        """
        results = results_of(estimator, cls.__name__)
        lineage = estimator.insights_.lineage
        if lineage is None:
            reason = estimator.insights_.absent.get("all", "it has no lineage")
            raise ValueError(f"{cls.__name__} needs a best candidate: {reason}.")
        path = [step.candidate for step in lineage.steps]
        errors = dict(zip(results["candidate"].tolist(), results["fitness"], strict=True))
        parents = dict(zip(results["candidate"].tolist(), results["parents"], strict=True))
        # The parents of a crossover are two, and one of them is the step before.
        others = [next((n for n in parents[one] if n not in path), None) for one in path]
        return cls(
            candidate=path,
            generation=[step.generation for step in lineage.steps],
            error=[errors[number] for number in path],
            change=[step.change for step in lineage.steps],
            second_parent=[UNKNOWN if other is None else other for other in others],
            second_error=[errors.get(other, np.nan) for other in others],
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
                "label": "other parent",
            }
            draw_errors(ax, *second, limits, "x", **style)
        draw_baseline(ax, self.baseline_error, limits, "x")
        pairs = zip(self.generation, self.change, strict=True)
        label_rows(ax, [f"{generation}: {change}" for generation, change in pairs], wrap=True)
        if len(rows) >= FEWEST_OF_LABEL:
            ax.set_ylabel("generation and change")
        label_errors(ax, error_label(self.metric))
        add_legend(ax)
