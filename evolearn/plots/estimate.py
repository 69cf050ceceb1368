"""The display of the expected error: naive, corrected for selection, and held out."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evolearn.plots.comparisons import FoldScores
from evolearn.plots.display import Display, height_of_rows
from evolearn.plots.fitted import metric_of, readable, results_of
from evolearn.plots.style import (
    BLUE,
    GREY,
    RED,
    add_legend,
    clean,
    draw_errors,
    error_limits,
    label_errors,
    label_rows,
    write_beside,
)
from evolearn.results.numbers import error_text

# The estimator types that are linear in their columns.
LINEAR = frozenset({"ridge", "elastic_net", "logistic_regression", "sgd"})
# Errors that `estimate_` has.
ESTIMATED = ("naive", "corrected", "lower", "upper")
# Distance of the points of one model, in rows.
SHIFT = 0.18


class EstimateDisplay(Display):
    """Errors of the baseline, simple models, the best single one, and the ensemble.

    The naive error is that of cross-validation, by which models were selected. The corrected
    one and its interval are those of ``estimate_``. The held-out error needs rows that ``fit``
    did not get.

    Parameters
    ----------
    model : sequence of str
        Names of the models, simplest first.
    naive : array-like of shape (n_models,)
        Cross-validated errors.
    corrected, lower, upper : array-like of shape (n_models,)
        Errors corrected for selection, and their intervals; NaN where they are not known.
    held_out : array-like of shape (n_models,)
        Errors on held-out rows; NaN where they are not known.
    coverage : float, default=0.9
        Of the intervals.
    metric : str, default=""
        The name of the error.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from evolearn.plots import EstimateDisplay
    >>> nan = float("nan")
    >>> display = EstimateDisplay(
    ...     model=["baseline", "ensemble"], naive=[0.5, 0.2], corrected=[nan, 0.22],
    ...     lower=[nan, 0.18], upper=[nan, 0.26], held_out=[nan, nan])
    >>> display.plot().ax_.get_xlabel()
    'error on new rows'
    """

    def __init__(
        self,
        *,
        model: Sequence[str],
        naive: ArrayLike,
        corrected: ArrayLike,
        lower: ArrayLike,
        upper: ArrayLike,
        held_out: ArrayLike,
        coverage: float = 0.9,
        metric: str = "",
    ) -> None:
        self.model = list(model)
        self.naive = np.asarray(naive, dtype=float)
        self.corrected = np.asarray(corrected, dtype=float)
        self.lower = np.asarray(lower, dtype=float)
        self.upper = np.asarray(upper, dtype=float)
        self.held_out = np.asarray(held_out, dtype=float)
        self.coverage = coverage
        self.metric = metric

    @classmethod
    def from_estimator(cls, estimator: Any, X_test: Any = None, y_test: Any = None) -> Self:
        """Take the data out of a fitted model.

        Parameters
        ----------
        estimator : EvolutionaryClassifier or EvolutionaryRegressor
        X_test : table of shape (n_samples, n_features), default=None
            Rows that ``fit`` did not get.
        y_test : array-like of shape (n_samples,), default=None
            Their target.

        Returns
        -------
        display : EstimateDisplay
        """
        results = results_of(estimator, cls.__name__)
        if (X_test is None) != (y_test is None):
            raise ValueError("Pass both X_test and y_test, or neither of them.")
        rows: list[dict[str, Any]] = [
            {"model": model, "naive": error}
            for model, error in _single_models(estimator, results).items()
        ]
        models = [estimator.best_estimator_]
        if estimator.final_model == "ensemble":
            rows.append({"model": "ensemble"})
            models.append(estimator)
        estimate = estimator.estimate_
        rows[-1] |= {name: getattr(estimate, name) for name in ESTIMATED}
        if X_test is not None:
            optimum = FoldScores(results).optimum
            for row, model in zip(rows[-len(models) :], models, strict=True):
                score = estimator._scorer()(model, X_test, y_test)
                row["held_out"] = optimum - float(score)
        columns: dict[str, Any] = {
            name: [row.get(name, np.nan) for row in rows]
            for name in ("model", *ESTIMATED, "held_out")
        }
        return cls(
            **columns,
            coverage=estimate.coverage,
            metric=metric_of(estimator),
        )

    def _columns(self) -> Mapping[str, Any]:
        return {
            "model": self.model,
            "naive": self.naive,
            "corrected": self.corrected,
            "lower": self.lower,
            "upper": self.upper,
            "held_out": self.held_out,
        }

    def _height(self) -> float:
        return height_of_rows(len(self.model))

    def _draw(self, ax: Any) -> None:
        rows = np.arange(len(self.model))
        limits = error_limits(
            np.concatenate([self.lower, self.upper, self.naive[-2:], self.held_out]),
            *self.naive,
        )
        clean(ax, "x")
        known = np.isfinite(self.lower)
        if known.any():
            ax.hlines(
                rows[known],
                self.lower[known],
                self.upper[known],
                color=BLUE,
                linewidth=2.2,
                label=f"{100 * self.coverage:.0f} % interval",
            )
        for values, shift, label, style in (
            (self.naive, -1, "naive", {"color": GREY, "markerfacecolor": "none"}),
            (self.corrected, 0, "corrected", {"color": BLUE}),
            (self.held_out, 1, "held out", {"color": RED, "marker": "D"}),
        ):
            if np.isfinite(values).any():
                place = rows + SHIFT * shift
                draw_errors(ax, values, place, limits, "x", label=label, **style)
        label_rows(ax, self.model)
        write_beside(ax, [error_text(one) for one in self._best_known()])
        label_errors(ax, "error on new rows" + (f" ({self.metric})" if self.metric else ""))
        add_legend(ax)

    def _best_known(self) -> NDArray[np.float64]:
        """Return the corrected errors, the naive ones where there is no correction."""
        return np.where(np.isfinite(self.corrected), self.corrected, self.naive)


def _single_models(estimator: Any, results: Mapping[str, Any]) -> dict[str, float]:
    """Return the cross-validated errors of single models by name, the best one last."""
    errors = {"baseline": estimator.baseline_fitness_, **_best_linear(results)}
    simpler = estimator.estimate_.simpler
    shown = {*errors.values(), estimator.best_fitness_}
    if simpler is not None and simpler.error not in shown:
        errors[f"much simpler ({readable(simpler.estimator)})"] = simpler.error
    best = readable(estimator.best_params_.get("estimator", "none"))
    return {**errors, f"best single ({best})": estimator.best_fitness_}


def _best_linear(results: Mapping[str, Any]) -> dict[str, float]:
    """Return the name and the error of the best linear candidate, nothing if there is none."""
    errors = {
        error: params["estimator"]
        for error, params in zip(results["fitness"].tolist(), results["params"], strict=True)
        if params["estimator"] in LINEAR and np.isfinite(error)
    }
    if not errors:
        return {}
    best = min(errors)
    return {f"best linear ({readable(errors[best])})": best}
