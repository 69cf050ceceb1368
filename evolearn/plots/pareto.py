"""The display of trade-offs: error against complexity or time."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evolearn.plots.display import Display
from evolearn.plots.fitted import estimators_of, metric_of, results_of
from evolearn.plots.style import (
    BLUE,
    GREY,
    add_legend,
    clean,
    draw_errors,
    error_label,
    error_limits,
    shorten,
)
from evolearn.results.numbers import error_text

Cost = Literal["complexity", "fit_seconds", "predict_seconds"]
# Columns of ``cv_results_`` and labels of the costs; the complexity is a count.
COLUMNS = {
    "complexity": "complexity",
    "fit_seconds": "mean_fit_time",
    "predict_seconds": "mean_score_time",
}
LABELS = {
    "complexity": "complexity of the pipeline (count)",
    "fit_seconds": "seconds to fit one fold",
    "predict_seconds": "seconds to predict one held-out fold",
}
# Longest name of an estimator beside a point.
MOST_CHARACTERS = 24
# Height of such a name, as a share of the axis.
NAME_HEIGHT = 0.08


class ParetoDisplay(Display):
    """Error of each candidate against its cost, with those that no other one dominates.

    Parameters
    ----------
    candidate : array-like of shape (n_candidates,)
        Numbers of the scored candidates.
    cost : array-like of shape (n_candidates,)
    error : array-like of shape (n_candidates,)
        Cross-validated errors.
    estimator_type : sequence of str
        The type of estimator of each candidate.
    x : {"complexity", "fit_seconds", "predict_seconds"}, default="complexity"
        The kind of cost.
    metric : str, default=""
        The name of the error.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from evolearn.plots import ParetoDisplay
    >>> display = ParetoDisplay(
    ...     candidate=[0, 1, 2], cost=[1, 3, 4], error=[0.5, 0.3, 0.4],
    ...     estimator_type=["ridge", "svm", "svm"])
    >>> display.on_front
    array([ True,  True, False])
    >>> display.plot().ax_.get_ylabel()
    'cross-validated error'
    """

    def __init__(
        self,
        *,
        candidate: ArrayLike,
        cost: ArrayLike,
        error: ArrayLike,
        estimator_type: ArrayLike,
        x: Cost = "complexity",
        metric: str = "",
    ) -> None:
        self.candidate = np.asarray(candidate, dtype=int)
        self.cost = np.asarray(cost, dtype=float)
        self.error = np.asarray(error, dtype=float)
        self.estimator_type = np.asarray(estimator_type, dtype=object)
        self.x = x
        self.metric = metric

    @classmethod
    def from_estimator(cls, estimator: Any, *, x: Cost = "complexity") -> Self:
        """Take the data out of a fitted model.

        Parameters
        ----------
        estimator : EvolutionaryClassifier or EvolutionaryRegressor
        x : {"complexity", "fit_seconds", "predict_seconds"}, default="complexity"
            The horizontal axis. Seconds are the means over the folds.

        Returns
        -------
        display : ParetoDisplay
        """
        results = results_of(estimator, cls.__name__)
        if x not in COLUMNS:
            raise ValueError(f"x must be one of {', '.join(map(repr, COLUMNS))}, got {x!r}.")
        scored = np.isfinite(results["fitness"])
        if not scored.any():
            raise ValueError(f"{cls.__name__} is empty: no candidate has an error.")
        return cls(
            candidate=results["candidate"][scored],
            cost=np.asarray(results[COLUMNS[x]], dtype=float)[scored],
            error=results["fitness"][scored],
            estimator_type=estimators_of(results)[scored],
            x=x,
            metric=metric_of(estimator),
        )

    @property
    def on_front(self) -> NDArray[np.bool_]:
        """Whether no other candidate is at least as good in both, and better in one."""
        front = np.zeros(len(self.error), dtype=bool)
        lowest = np.inf
        for i in np.lexsort([self.candidate, self.error, self.cost]):
            front[i] = self.error[i] < lowest
            lowest = min(lowest, self.error[i])
        return front

    def _columns(self) -> Mapping[str, Any]:
        return {
            "candidate": self.candidate,
            "estimator": self.estimator_type,
            self.x: self.cost,
            "error": self.error,
            "on_front": self.on_front,
        }

    def _draw(self, ax: Any) -> None:
        front = np.flatnonzero(self.on_front)
        front = front[np.argsort(self.cost[front])]
        cost, error = self.cost[front], self.error[front]
        limits = error_limits(error)
        clean(ax)
        if self.x != "complexity" and (self.cost > 0).all():
            ax.set_xscale("log")
        style: dict[str, Any] = {"markersize": 4, "markeredgewidth": 0, "label": "candidate"}
        draw_errors(ax, self.cost, self.error, limits, color=GREY, **style)
        ax.step(cost, error, where="post", color=BLUE, linewidth=1.4)
        draw_errors(ax, cost, error, limits, color=BLUE, label="on the Pareto front")
        self._name_points(ax, front)
        ax.set_xlabel(LABELS[self.x])
        ax.set_ylabel(error_label(self.metric))
        add_legend(ax)

    def _name_points(self, ax: Any, front: NDArray[np.intp]) -> None:
        """Write the estimator type beside the points, where it is another and there is room."""
        low, high = ax.get_ylim()
        to_axes = ax.transData + ax.transAxes.inverted()
        last_name, last_error = "", np.inf
        for i in front:
            name, error = self.estimator_type[i], min(self.error[i], high)
            value = f" {error_text(self.error[i])}" if self.error[i] > high else ""
            if name == last_name or last_error - error < NAME_HEIGHT * (high - low):
                continue
            is_right = to_axes.transform((self.cost[i], error))[0] > 0.5
            is_low = error - low < NAME_HEIGHT * (high - low)
            ax.annotate(
                shorten(name, MOST_CHARACTERS) + value,
                (self.cost[i], error),
                xytext=(-6 if is_right else 6, 6 if is_low else -6),
                textcoords="offset points",
                ha="right" if is_right else "left",
                va="bottom" if is_low else "top",
                fontsize="small",
            )
            last_name, last_error = name, error
