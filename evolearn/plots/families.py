"""The display of model families: the errors that each of them reached."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from evolearn.plots.display import Display, height_of_rows
from evolearn.plots.fitted import estimators_of, metric_of, outcomes_of, results_of
from evolearn.plots.style import (
    BLUE,
    GREY,
    add_legend,
    clean,
    draw_baseline,
    draw_errors,
    error_label,
    error_limits,
    is_narrow,
    label_errors,
    label_rows,
    write_beside,
    write_inside,
)


class FamiliesDisplay(Display):
    """Errors of the candidates of each type of estimator, the best type on top.

    Parameters
    ----------
    family : sequence of str
        The type of estimator of each candidate.
    error : array-like of shape (n_candidates,)
        Cross-validated errors, NaN where there is none.
    outcome : sequence of {"scored", "raced", "failed"}
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
    >>> from evolearn.plots import FamiliesDisplay
    >>> display = FamiliesDisplay(
    ...     family=["ridge", "svm", "svm"], error=[0.4, 0.3, float("nan")],
    ...     outcome=["scored", "scored", "failed"])
    >>> display.families
    ['svm', 'ridge']
    >>> display.plot().ax_.get_xlabel()
    'cross-validated error'
    """

    def __init__(
        self,
        *,
        family: ArrayLike,
        error: ArrayLike,
        outcome: ArrayLike,
        baseline_error: float = np.nan,
        metric: str = "",
    ) -> None:
        self.family = np.asarray(family, dtype=object)
        self.error = np.asarray(error, dtype=float)
        self.outcome = np.asarray(outcome, dtype=object)
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
        display : FamiliesDisplay
        """
        results = results_of(estimator, cls.__name__)
        return cls(
            family=estimators_of(results),
            error=results["fitness"],
            outcome=outcomes_of(results),
            baseline_error=estimator.baseline_fitness_,
            metric=metric_of(estimator),
        )

    @property
    def families(self) -> list[str]:
        """The types of estimators, that with the lowest error first."""
        names = list(dict.fromkeys(self.family))
        return sorted(names, key=lambda name: _best(self.error[self.family == name]))

    def _columns(self) -> Mapping[str, Any]:
        groups = [self.family == name for name in self.families]
        scored = [self.error[group][np.isfinite(self.error[group])] for group in groups]
        return {
            "family": self.families,
            "tried": [int(group.sum()) for group in groups],
            "given_up": [int((self.outcome[group] == "raced").sum()) for group in groups],
            "failed": [int((self.outcome[group] == "failed").sum()) for group in groups],
            "best_error": [errors.min() if errors.size else np.nan for errors in scored],
            "median_error": [np.median(errors) if errors.size else np.nan for errors in scored],
        }

    def _height(self) -> float:
        return height_of_rows(len(self.families))

    def _draw(self, ax: Any) -> None:
        columns, families = self._columns(), self.families
        best = np.asarray(columns["best_error"])
        limits = error_limits(best, self.baseline_error)
        clean(ax, "x")
        rows = np.array([families.index(name) for name in self.family])
        style: dict[str, Any] = {"color": GREY, "marker": "|", "markersize": 9}
        draw_errors(ax, self.error, rows, limits, "x", label="candidate", **style)
        draw_errors(ax, best, np.arange(len(best)), limits, "x", color=BLUE, label="best")
        draw_baseline(ax, self.baseline_error, limits, "x")
        for row in np.flatnonzero(np.isnan(best)):
            all_failed = columns["failed"][row] == columns["tried"][row]
            write_inside(ax, int(row), "failed" if all_failed else "given up")
        label_rows(ax, families)
        tried = "" if is_narrow(ax) else " tried"
        counts = zip(columns["tried"], columns["failed"], strict=True)
        texts = [
            f"{n}{tried}" + (f", {failed} failed" if failed else "") for n, failed in counts
        ]
        write_beside(ax, texts)
        label_errors(ax, error_label(self.metric))
        add_legend(ax)


def _best(errors: Any) -> float:
    """Return the lowest error, infinite if there is none."""
    found = errors[np.isfinite(errors)]
    return float(found.min()) if found.size else np.inf
