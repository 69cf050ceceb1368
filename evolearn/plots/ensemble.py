"""The display of the ensemble: weights of its members and correlation of their residuals."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from evolearn.plots.display import Display, height_of_rows
from evolearn.plots.fitted import readable, results_of
from evolearn.plots.style import BLUE, CHARACTER, is_narrow, label_rows, width_of

# Width of the gap before the bars, of the longest bar and of the room for its number, by the
# width of the matrix, and the share of the picture's width that the matrix has.
GAP, BARS, ROOM = 0.06, 0.45, 0.2
MATRIX_SHARE = 0.35
# A correlation above which colours differ little.
HIGH = 0.8
# Lightness, from 0 to 1, above which a cell has black numbers.
LIGHT = 0.5


class EnsembleDisplay(Display):
    """Weights of an ensemble's members beside the correlation of their residuals.

    Residuals are predicted minus true values, or class probabilities, out of fold. Members
    whose residuals are less correlated correct each other more.

    Parameters
    ----------
    candidate : array-like of shape (n_members,)
        Numbers of the members' candidates.
    estimator_type : sequence of str
        Their types of estimators.
    weight : array-like of shape (n_members,)
        Their weights, which sum to 1.
    correlation : array-like of shape (n_members, n_members)
        Correlations of their residuals, NaN where they are not known.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from evolearn.plots import EnsembleDisplay
    >>> display = EnsembleDisplay(
    ...     candidate=[3, 7], estimator_type=["ridge", "svm"], weight=[0.4, 0.6],
    ...     correlation=[[1.0, 0.7], [0.7, 1.0]])
    >>> display.candidate
    array([7, 3])
    >>> display.plot().ax_.get_xlabel()
    'correlation of residuals'
    """

    def __init__(
        self,
        *,
        candidate: ArrayLike,
        estimator_type: ArrayLike,
        weight: ArrayLike,
        correlation: ArrayLike,
    ) -> None:
        order = np.argsort(-np.asarray(weight, dtype=float), kind="stable")
        self.candidate = np.asarray(candidate, dtype=int)[order]
        self.estimator_type = np.asarray(estimator_type, dtype=object)[order]
        self.weight = np.asarray(weight, dtype=float)[order]
        self.correlation = np.asarray(correlation, dtype=float)[np.ix_(order, order)]

    @classmethod
    def from_estimator(cls, estimator: Any) -> Self:
        """Take the data out of a fitted model.

        Parameters
        ----------
        estimator : EvolutionaryClassifier or EvolutionaryRegressor
            Fitted with ``final_model="ensemble"``.

        Returns
        -------
        display : EnsembleDisplay
        """
        results_of(estimator, cls.__name__)
        members = estimator.insights_.residual_correlation
        if members is None:
            absent = estimator.insights_.absent
            reason = absent.get("residual_correlation") or absent.get("all", "it is not known")
            msg = f"{cls.__name__} needs an ensemble: {reason}."
            raise ValueError(msg)
        return cls(
            candidate=members.candidates,
            estimator_type=[readable(name) for name in members.estimators],
            weight=members.weights,
            correlation=members.correlation,
        )

    def _columns(self) -> Mapping[str, Any]:
        columns: dict[str, Any] = {
            "candidate": self.candidate,
            "estimator": self.estimator_type,
            "weight": self.weight,
        }
        for i, number in enumerate(self.candidate.tolist()):
            columns[f"correlation_with_{number}"] = self.correlation[:, i]
        return columns

    def _height(self) -> float:
        return height_of_rows(len(self.weight))

    def _draw(self, ax: Any) -> None:
        n = len(self.weight)
        known = self.correlation[np.isfinite(self.correlation)]
        low = min([HIGH, *known])
        image = ax.imshow(self.correlation, cmap="cividis", vmin=low, vmax=1, aspect="auto")
        self._write_correlations(ax, image)
        # Bars at the right of the matrix, in units of its cells.
        start, length = n - 0.5 + GAP * n, BARS * n / self.weight.max()
        ax.barh(np.arange(n), length * self.weight, left=start, height=0.6, color=BLUE)
        for row, weight in enumerate(self.weight):
            end = start + length * weight + GAP * n / 2
            ax.text(end, row, f"{weight:.2f}", va="center", fontsize="small")
        ax.text(start, -0.7, "weight", fontsize="small")
        ax.set_xlim(-0.5, start + BARS * n + ROOM * n)
        pairs = zip(self.candidate, self.estimator_type, strict=True)
        label_rows(ax, [f"#{number} {name}" for number, name in pairs])
        ax.set_ylim(n - 0.5, -0.5)
        ax.set_xticks(np.arange(n), [f"#{number}" for number in self.candidate])
        turned = n > (4 if is_narrow(ax) else 10)
        ax.tick_params(axis="x", labelsize="small", labelrotation=90 if turned else 0)
        ax.set_xlabel("correlation of residuals", loc="left")
        ax.spines[:].set_visible(False)

    def _write_correlations(self, ax: Any, image: Any) -> None:
        """Write the numbers on the cells, unless they are too small for them."""
        cell = MATRIX_SHARE * width_of(ax) / len(self.weight)
        if cell < 3 * CHARACTER:
            return
        for (row, column), value in np.ndenumerate(self.correlation):
            if np.isnan(value):
                continue
            red, green, blue, _ = image.cmap(image.norm(value))
            is_light = 0.3 * red + 0.6 * green + 0.1 * blue > LIGHT
            text = f"{value:.2f}".replace("0.", ".").replace("1.00", "1")
            color = "black" if is_light else "white"
            ax.text(
                column, row, text, ha="center", va="center", fontsize="x-small", color=color
            )
