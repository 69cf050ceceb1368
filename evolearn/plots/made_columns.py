"""The display of made columns: the gain of each formula and relation."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evolearn.plots.display import Display, height_of_rows
from evolearn.plots.fitted import results_of
from evolearn.plots.style import (
    BLUE,
    GREY,
    add_legend,
    clean,
    foreground,
    label_errors,
    label_rows,
    write_inside,
)

# Most rows of the picture; the frame has all.
MOST_ROWS = 15


class MadeColumnsDisplay(Display):
    """Gain of each made column, such as a formula: how much lower the error is with it.

    Candidates that are the same but for their made columns are compared in pairs, on the folds
    that both ran. A pair that differs in several columns counts for each of them in equal
    parts. The interval is that of the mean over the folds, at 90 %. The picture has at most 15
    columns, and only those with a gain or in the ensemble if there are some.

    Parameters
    ----------
    column : sequence of str
        The made columns, readable.
    gain_percent : array-like of shape (n_columns,)
        Mean decrease of the error in percent, NaN where no pair could be compared.
    lower_percent, upper_percent : array-like of shape (n_columns,)
        The interval of the gain, NaN where it is not known.
    n_pairs, n_candidates : array-like of shape (n_columns,)
        Numbers of compared pairs, and of candidates with the column.
    weight : array-like of shape (n_columns,)
        Weight, in the ensemble, of the members that have the column.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from evolearn.plots import MadeColumnsDisplay
    >>> display = MadeColumnsDisplay(
    ...     column=["a / b", "a * b"], gain_percent=[1.0, 4.0], lower_percent=[-1.0, 2.0],
    ...     upper_percent=[3.0, 6.0], n_pairs=[1, 2], n_candidates=[3, 2],
    ...     weight=[0.0, 0.7])
    >>> [str(name) for name in display.column]
    ['a * b', 'a / b']
    >>> display.plot().ax_.get_xlabel()
    'decrease of the error (%)'
    """

    def __init__(
        self,
        *,
        column: ArrayLike,
        gain_percent: ArrayLike,
        lower_percent: ArrayLike,
        upper_percent: ArrayLike,
        n_pairs: ArrayLike,
        n_candidates: ArrayLike,
        weight: ArrayLike,
    ) -> None:
        gain = np.asarray(gain_percent, dtype=float)
        used = np.asarray(weight, dtype=float) > 0
        # Those of the ensemble first, the best first among them, and unknown gains last.
        order = np.lexsort([-np.where(np.isnan(gain), -np.inf, gain), ~used])
        self.column = np.asarray(column, dtype=object)[order]
        self.gain_percent = gain[order]
        self.lower_percent = np.asarray(lower_percent, dtype=float)[order]
        self.upper_percent = np.asarray(upper_percent, dtype=float)[order]
        self.n_pairs = np.asarray(n_pairs, dtype=int)[order]
        self.n_candidates = np.asarray(n_candidates, dtype=int)[order]
        self.weight = np.asarray(weight, dtype=float)[order]

    @classmethod
    def from_estimator(cls, estimator: Any) -> Self:
        """Take the data out of a fitted model.

        Parameters
        ----------
        estimator : EvolutionaryClassifier or EvolutionaryRegressor

        Returns
        -------
        display : MadeColumnsDisplay
        """
        results_of(estimator, cls.__name__)
        made = estimator.insights_.made_columns
        if not made:
            msg = (
                "No candidate of this search made columns of others: "
                f"{cls.__name__} has nothing to show."
            )
            raise ValueError(msg)
        return cls(
            column=[one.formula for one in made],
            gain_percent=[_percent(one.gain) for one in made],
            lower_percent=[_percent(one.lower) for one in made],
            upper_percent=[_percent(one.upper) for one in made],
            n_pairs=[one.n_pairs for one in made],
            n_candidates=[one.n_candidates for one in made],
            weight=[one.weight for one in made],
        )

    @property
    def _shown(self) -> NDArray[np.intp]:
        """The rows of the picture: those with a gain or a weight, all if there are none."""
        useful = np.flatnonzero(np.isfinite(self.gain_percent) | (self.weight > 0))
        return (useful if useful.size else np.arange(len(self.column)))[:MOST_ROWS]

    def _columns(self) -> Mapping[str, Any]:
        return {
            "column": self.column,
            "gain_percent": self.gain_percent,
            "lower_percent": self.lower_percent,
            "upper_percent": self.upper_percent,
            "n_pairs": self.n_pairs,
            "n_candidates": self.n_candidates,
            "weight": self.weight,
        }

    def _height(self) -> float:
        return height_of_rows(len(self._shown))

    def _draw(self, ax: Any) -> None:
        shown = self._shown
        gains, used = self.gain_percent[shown], self.weight[shown] > 0
        rows = np.arange(len(gains))
        clean(ax, "x")
        ax.axvline(0.0, color=foreground(ax), linewidth=1)
        intervals = (self.lower_percent[shown], self.upper_percent[shown])
        if np.isfinite(intervals).any():
            ax.hlines(rows, *intervals, color=GREY, linewidth=2, label="90 % interval")
        for part, fill, label in (
            (used, BLUE, "in the ensemble"),
            (~used, "none", "only tried"),
        ):
            if (part & np.isfinite(gains)).any():
                style: dict[str, Any] = {"color": BLUE, "markerfacecolor": fill, "label": label}
                ax.plot(gains[part], rows[part], "o", **style)
        for row in np.flatnonzero(np.isnan(gains)):
            write_inside(ax, int(row), "never compared")
        label_rows(ax, [str(name) for name in self.column[shown]])
        label_errors(ax, "decrease of the error (%)")
        add_legend(ax)


def _percent(share: float | None) -> float:
    return np.nan if share is None else 100 * share
