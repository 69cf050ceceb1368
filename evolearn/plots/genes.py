"""The display of genes: the change of the error when one of them was changed."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from evolearn.plots.comparisons import FoldScores, median_interval, pairs
from evolearn.plots.display import Display, height_of_rows
from evolearn.plots.fitted import readable, results_of
from evolearn.plots.style import (
    BLUE,
    GREEN,
    GREY,
    add_legend,
    clean,
    foreground,
    is_narrow,
    label_rows,
    write_beside,
)

# Changes within this percentage are drawn to scale, larger ones by their order of magnitude.
LINEAR_PERCENT = 1.0
LABEL = "change of the parent's error (%)"


class GenesDisplay(Display):
    """Change of the error from parent to child, by the gene in which the child differs.

    Only pairs that differ in one gene count. Children that were given up are compared on the
    folds that they ran. The interval is that of the median, at 90 %.

    Parameters
    ----------
    gene : sequence of str
        The gene in which the child of each pair differs from its parent.
    change_percent : array-like of shape (n_pairs,)
        The child's error minus its parent's, in percent of the latter: negative is better.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from evolearn.plots import GenesDisplay
    >>> display = GenesDisplay(
    ...     gene=["scaler", "scaler", "estimator"], change_percent=[-1.0, 0.5, 20.0])
    >>> display.genes
    ['scaler', 'estimator']
    >>> display.plot().ax_.get_xlabel()
    "change of the parent's error (%)"
    """

    def __init__(self, *, gene: ArrayLike, change_percent: ArrayLike) -> None:
        self.gene = np.asarray(gene, dtype=object)
        self.change_percent = np.asarray(change_percent, dtype=float)

    @classmethod
    def from_estimator(cls, estimator: Any) -> Self:
        """Take the data out of a fitted model.

        Parameters
        ----------
        estimator : EvolutionaryClassifier or EvolutionaryRegressor

        Returns
        -------
        display : GenesDisplay
        """
        results = results_of(estimator, cls.__name__)
        folds = FoldScores(results)
        found = [
            (readable(gene), change)
            for parent, child, gene in pairs(results)
            if np.isfinite(change := folds.change_percent(parent, child))
        ]
        if not found:
            msg = (
                "No candidate of this search differs from its parent in one gene alone: "
                f"{cls.__name__} has nothing to show; search for longer."
            )
            raise ValueError(msg)
        genes, values = zip(*found, strict=True)
        return cls(gene=genes, change_percent=values)

    @property
    def genes(self) -> list[str]:
        """The genes, that with the best median change first."""
        names = list(dict.fromkeys(self.gene))
        return sorted(names, key=lambda name: float(np.median(self._changes(name))))

    def _changes(self, gene: str) -> Any:
        return self.change_percent[self.gene == gene]

    def _columns(self) -> Mapping[str, Any]:
        changes = [self._changes(gene) for gene in self.genes]
        intervals = [median_interval(values) for values in changes]
        return {
            "gene": self.genes,
            "n_pairs": [len(values) for values in changes],
            "n_improved": [int((values < 0).sum()) for values in changes],
            "median_percent": [float(np.median(values)) for values in changes],
            "lower_percent": [low for low, _ in intervals],
            "upper_percent": [high for _, high in intervals],
        }

    def _height(self) -> float:
        return height_of_rows(len(self.genes))

    def _draw(self, ax: Any) -> None:
        columns = self._columns()
        clean(ax, "x")
        ax.set_xscale("symlog", linthresh=LINEAR_PERCENT)
        ax.axvline(0.0, color=foreground(ax), linewidth=1)
        for row, gene in enumerate(self.genes):
            values = self._changes(gene)
            for part, color, label in (
                (values[values >= 0], GREY, "child not better"),
                (values[values < 0], GREEN, "child better"),
            ):
                label = label if row == 0 else ""
                ax.plot(part, np.full(len(part), row), "|", color=color, label=label, ms=9)
            low, high = columns["lower_percent"][row], columns["upper_percent"][row]
            ax.hlines(row, low, high, color=BLUE, linewidth=2.2)
        ax.plot(
            columns["median_percent"],
            np.arange(len(self.genes)),
            "o",
            color=BLUE,
            label="median, 90 % interval",
        )
        label_rows(ax, self.genes)
        word = "" if is_narrow(ax) else " better"
        counts = zip(columns["n_improved"], columns["n_pairs"], strict=True)
        write_beside(ax, [f"{improved} of {n}{word}" for improved, n in counts])
        self._scale(ax)
        ax.set_xlabel(LABEL)
        add_legend(ax)

    def _scale(self, ax: Any) -> None:
        """Set numbers at powers of ten, every other one where they would be too close."""
        low, high = float(self.change_percent.min()), float(self.change_percent.max())
        decades = np.ceil(np.log10(max(-low, high, LINEAR_PERCENT)))
        powers = 10.0 ** np.arange(0, decades + 1, 2 if is_narrow(ax) else 1)
        ax.set_xticks([*-powers, 0.0, *powers])
        ax.set_xlim(min(1.5 * low, -LINEAR_PERCENT), max(1.5 * high, LINEAR_PERCENT))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:+g}" if value else "0")
