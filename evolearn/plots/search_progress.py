"""The display of the course of a search: errors over time."""

from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from evolearn.plots.display import Display
from evolearn.plots.fitted import (
    ensemble_error_of,
    metric_of,
    outcomes_of,
    results_of,
)
from evolearn.plots.style import (
    BLUE,
    GREEN,
    GREY,
    RED,
    add_legend,
    clean,
    draw_baseline,
    draw_errors,
    draw_reference,
    error_label,
    error_limits,
)
from evolearn.results.numbers import error_text

LABELS = {"seconds": "seconds since the start of fit", "candidates": "evaluated candidates"}


class SearchProgressDisplay(Display):
    """Error of each candidate over time, with the best so far, the ensemble and the baseline.

    The lower axis is cut where a few candidates are much worse than all others: these are drawn
    at its upper edge, and so are candidates that failed or were given up.

    Parameters
    ----------
    position : array-like of shape (n_candidates,)
        Seconds since the start of ``fit`` at which the evaluations ended, or the count of
        evaluated candidates.
    error : array-like of shape (n_candidates,)
        Their cross-validated errors, NaN where there is none.
    outcome : sequence of {"scored", "raced", "failed"}
    ensemble_error, baseline_error : float, default=nan
        Errors of the ensemble and of the baseline; NaN draws none.
    x : {"seconds", "candidates"}, default="candidates"
        The unit of `position`.
    metric : str, default=""
        The name of the error.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from evolearn.plots import SearchProgressDisplay
    >>> display = SearchProgressDisplay(
    ...     position=[1, 2, 3, 4], error=[0.4, 0.5, float("nan"), 0.3],
    ...     outcome=["scored", "scored", "failed", "scored"], baseline_error=0.4)
    >>> display.best_so_far
    array([0.4, 0.4, 0.4, 0.3])
    >>> display.plot().ax_.get_xlabel()
    'evaluated candidates'
    """

    def __init__(
        self,
        *,
        position: ArrayLike,
        error: ArrayLike,
        outcome: ArrayLike,
        ensemble_error: float = np.nan,
        baseline_error: float = np.nan,
        x: Literal["seconds", "candidates"] = "candidates",
        metric: str = "",
    ) -> None:
        self.position = np.asarray(position, dtype=float)
        self.error = np.asarray(error, dtype=float)
        self.outcome = np.asarray(outcome, dtype=object)
        self.ensemble_error = ensemble_error
        self.baseline_error = baseline_error
        self.x = x
        self.metric = metric

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, x: Literal["seconds", "candidates"] = "seconds"
    ) -> Self:
        """Take the data out of a fitted model.

        Parameters
        ----------
        estimator : EvolutionaryClassifier or EvolutionaryRegressor
        x : {"seconds", "candidates"}, default="seconds"
            The horizontal axis: seconds since the start of ``fit``, or evaluated candidates.

        Returns
        -------
        display : SearchProgressDisplay
        """
        results = results_of(estimator, cls.__name__)
        if x not in LABELS:
            raise ValueError(f"x must be 'seconds' or 'candidates', got {x!r}.")
        counted = np.arange(1.0, len(results["candidate"]) + 1)
        position = results["end_seconds"] if x == "seconds" else counted
        order = np.argsort(position, kind="stable")
        return cls(
            position=position[order],
            error=results["fitness"][order],
            outcome=outcomes_of(results)[order],
            ensemble_error=ensemble_error_of(estimator),
            baseline_error=estimator.baseline_fitness_,
            x=x,
            metric=metric_of(estimator),
        )

    @property
    def best_so_far(self) -> Any:
        """The lowest error up to each candidate."""
        return np.fmin.accumulate(self.error)

    def _columns(self) -> Mapping[str, Any]:
        return {
            self.x: self.position,
            "error": self.error,
            "outcome": self.outcome,
            "best_so_far": self.best_so_far,
        }

    def _draw(self, ax: Any) -> None:
        limits = error_limits(self.error, self.baseline_error, self.ensemble_error)
        best = self.best_so_far
        clean(ax)
        draw_errors(
            ax,
            self.position,
            self.error,
            limits,
            color=GREY,
            markersize=3.5,
            markeredgewidth=0,
            label="candidate",
        )
        self._draw_unscored(ax)
        if np.isfinite(best).any():
            ax.step(
                self.position,
                best,
                where="post",
                color=BLUE,
                linewidth=2,
                label=f"best so far {error_text(best[-1])}",
            )
        draw_reference(ax, self.ensemble_error, "ensemble", limits, color=GREEN)
        draw_baseline(ax, self.baseline_error, limits)
        ax.set_xlim(left=0)
        ax.xaxis.get_major_locator().set_params(integer=self.x == "candidates")
        ax.set_xlabel(LABELS[self.x])
        ax.set_ylabel(error_label(self.metric))
        add_legend(ax)

    def _draw_unscored(self, ax: Any) -> None:
        """Draw candidates without an error at the upper edge."""
        for outcome, marker, color, label in (
            ("raced", "|", GREY, "given up"),
            ("failed", "x", RED, "failed"),
        ):
            found = self.position[self.outcome == outcome]
            if found.size:
                ax.plot(
                    found,
                    np.ones(len(found)),
                    marker,
                    color=color,
                    markersize=5,
                    transform=ax.get_xaxis_transform(),
                    clip_on=False,
                    label=f"{label} ({len(found)})",
                )
