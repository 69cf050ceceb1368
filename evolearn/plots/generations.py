"""The display of generations: the spread of errors in each of them."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from evolearn.plots.display import Display
from evolearn.plots.fitted import metric_of, results_of
from evolearn.plots.style import (
    BLUE,
    GREY,
    PURPLE,
    add_legend,
    clean,
    draw_baseline,
    draw_errors,
    error_label,
    error_limits,
)
from evolearn.results.numbers import error_text


class GenerationsDisplay(Display):
    """Best, median and middle half of the errors in each generation.

    Parameters
    ----------
    generation : array-like of shape (n_candidates,)
        The generation of each candidate, from 0 on.
    error : array-like of shape (n_candidates,)
        Cross-validated errors, NaN where there is none.
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
    >>> from evolearn.plots import GenerationsDisplay
    >>> display = GenerationsDisplay(generation=[0, 0, 1, 1], error=[0.4, 0.6, 0.3, 0.5])
    >>> display.plot().ax_.get_xlabel()
    'generation'
    """

    def __init__(
        self,
        *,
        generation: ArrayLike,
        error: ArrayLike,
        baseline_error: float = np.nan,
        metric: str = "",
    ) -> None:
        self.generation = np.asarray(generation, dtype=int)
        self.error = np.asarray(error, dtype=float)
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
        display : GenerationsDisplay
        """
        results = results_of(estimator, cls.__name__)
        return cls(
            generation=results["generation"],
            error=results["fitness"],
            baseline_error=estimator.baseline_fitness_,
            metric=metric_of(estimator),
        )

    def _columns(self) -> Mapping[str, Any]:
        generations = np.unique(self.generation)
        groups = [self.error[self.generation == one] for one in generations]
        scored = [errors[np.isfinite(errors)] for errors in groups]
        quartiles = np.array(
            [
                np.quantile(errors, [0.0, 0.25, 0.5, 0.75]) if errors.size else [np.nan] * 4
                for errors in scored
            ]
        )
        return {
            "generation": generations,
            "n_candidates": [len(errors) for errors in groups],
            "n_scored": [len(errors) for errors in scored],
            "best": quartiles[:, 0],
            "lower_quartile": quartiles[:, 1],
            "median": quartiles[:, 2],
            "upper_quartile": quartiles[:, 3],
            "best_so_far": np.fmin.accumulate(quartiles[:, 0]),
        }

    def _draw(self, ax: Any) -> None:
        columns = self._columns()
        x = columns["generation"]
        limits = error_limits(
            np.concatenate([columns["best"], columns["median"]]), self.baseline_error
        )
        clean(ax)
        ax.vlines(
            x,
            columns["lower_quartile"],
            columns["upper_quartile"],
            color=GREY,
            alpha=0.6,
            linewidth=6,
            label="middle half",
        )
        style: dict[str, Any] = {"color": PURPLE, "marker": "_", "markeredgewidth": 2}
        draw_errors(ax, x, columns["median"], limits, label="median", markersize=9, **style)
        draw_errors(ax, x, columns["best"], limits, color=BLUE, markersize=4, label="best")
        best = columns["best_so_far"]
        if np.isfinite(best).any():
            label = f"best so far {error_text(best[-1])}"
            ax.step(x, best, where="post", color=BLUE, linewidth=1.6, label=label)
        draw_baseline(ax, self.baseline_error, limits)
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.set_xlim(x.min() - 0.5, x.max() + 0.5)
        ax.set_xlabel("generation")
        ax.set_ylabel(error_label(self.metric))
        add_legend(ax)
