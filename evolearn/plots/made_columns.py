"""The display of made columns: the gain of each formula and relation."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evolearn.plots.comparisons import Folds, alleles, mean_interval
from evolearn.plots.display import Display, height_of_rows
from evolearn.plots.fitted import results_of
from evolearn.plots.style import BLUE, GREY, add_legend, clean, foreground, label_rows

# Most rows of the picture; the frame has all.
MOST_ROWS = 15


class MadeColumnsDisplay(Display):
    """Gain of each made column, such as a formula: how much lower the error is with it.

    Candidates that are the same but for their made columns are compared in pairs, on the folds
    that both ran. A pair that differs in several columns counts for each of them in equal
    parts. The interval is that of the mean over the folds, at 90 %.

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
    in_model : array-like of bool of shape (n_columns,)
        Whether a model that predicts has the column.

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
    ...     in_model=[False, True])
    >>> [str(name) for name in display.column]
    ['a * b', 'a / b']
    >>> display.plot().ax_.get_xlabel()
    'decrease of the error with the column (%)'
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
        in_model: ArrayLike,
    ) -> None:
        gain = np.asarray(gain_percent, dtype=float)
        used = np.asarray(in_model, dtype=bool)
        # Best first; unknown gains last, those of the model before the others.
        order = np.lexsort([~used, -np.where(np.isnan(gain), -np.inf, gain)])
        self.column = np.asarray(column, dtype=object)[order]
        self.gain_percent = gain[order]
        self.lower_percent = np.asarray(lower_percent, dtype=float)[order]
        self.upper_percent = np.asarray(upper_percent, dtype=float)[order]
        self.n_pairs = np.asarray(n_pairs, dtype=int)[order]
        self.n_candidates = np.asarray(n_candidates, dtype=int)[order]
        self.in_model = used[order]

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
        results = results_of(estimator, cls.__name__)
        names = {
            k: v for of_gene in estimator.made_columns_.values() for k, v in of_gene.items()
        }
        if not names:
            msg = (
                "No candidate of this search made columns of others: "
                f"{cls.__name__} has nothing to show."
            )
            raise ValueError(msg)
        made = _made(results, estimator.made_columns_)
        gains = _gains(results, made, estimator.made_columns_)
        # The interval is over folds; a fold that no pair ran has no mean.
        means = [gains[text][:, np.isfinite(gains[text]).any(axis=0)] for text in names]
        intervals = [mean_interval(np.nanmean(gain, axis=0)) for gain in means]
        used = _used(estimator, results, made)
        return cls(
            column=list(names.values()),
            gain_percent=[
                100 * float(np.nanmean(gain)) if gain.size else np.nan for gain in means
            ],
            lower_percent=[100 * low for low, _ in intervals],
            upper_percent=[100 * high for _, high in intervals],
            n_pairs=[len(gain) for gain in means],
            n_candidates=[sum(text in columns for columns in made) for text in names],
            in_model=[text in used for text in names],
        )

    def _columns(self) -> Mapping[str, Any]:
        return {
            "column": self.column,
            "gain_percent": self.gain_percent,
            "lower_percent": self.lower_percent,
            "upper_percent": self.upper_percent,
            "n_pairs": self.n_pairs,
            "n_candidates": self.n_candidates,
            "in_model": self.in_model,
        }

    def _height(self) -> float:
        return height_of_rows(min(len(self.column), MOST_ROWS))

    def _draw(self, ax: Any) -> None:
        shown = slice(0, MOST_ROWS)
        gains, used = self.gain_percent[shown], self.in_model[shown]
        rows = np.arange(len(gains))
        clean(ax, "x")
        ax.axvline(0.0, color=foreground(ax), linewidth=1)
        ax.hlines(
            rows, self.lower_percent[shown], self.upper_percent[shown], color=GREY, linewidth=2
        )
        for part, fill, label in ((used, BLUE, "in the model"), (~used, "none", "only tried")):
            if (part & np.isfinite(gains)).any():
                style: dict[str, Any] = {"color": BLUE, "markerfacecolor": fill, "label": label}
                ax.plot(gains[part], rows[part], "o", **style)
        for row in np.flatnonzero(np.isnan(gains)):
            ax.text(
                0.5,
                row,
                "never compared",
                transform=ax.get_yaxis_transform(),
                ha="center",
                va="center",
                fontsize="small",
                color=GREY,
            )
        label_rows(ax, [str(name) for name in self.column[shown]])
        ax.set_xlabel("decrease of the error with the column (%)")
        add_legend(ax)


def _made(
    results: Mapping[str, Any], names: Mapping[str, Mapping[str, str]]
) -> list[frozenset[str]]:
    """Return the made columns of each candidate."""
    made = []
    for params in results["params"]:
        of_genes = alleles(params)
        values = (
            value
            for gene in names
            if gene in of_genes
            for value in of_genes[gene][1].values()
            if isinstance(value, tuple)
        )
        made.append(frozenset(text for texts in values for text in texts))
    return made


def _used(
    estimator: Any, results: Mapping[str, Any], made: Sequence[frozenset[str]]
) -> frozenset[str]:
    """Return the made columns of the members of the ensemble, or of the single model."""
    members = estimator.residual_correlation_["candidate"].tolist()
    if not members and estimator.best_index_ is not None:
        members = [results["candidate"][estimator.best_index_]]
    pairs = zip(results["candidate"], made, strict=True)
    return frozenset().union(*(columns for number, columns in pairs if number in members))


def _gains(
    results: Mapping[str, Any],
    made: Sequence[frozenset[str]],
    genes: Iterable[str],
) -> dict[str, NDArray[np.float64]]:
    """Return the gains of each made column, one row per pair and one column per fold."""
    folds = Folds(results)
    empty = np.empty((0, folds.scores.shape[1]))
    gains: dict[str, list[NDArray[np.float64]]] = {text: [] for one in made for text in one}
    for without, with_them in _pairs(results, made, genes):
        gained = made[with_them] - made[without]
        lost = made[without] - made[with_them]
        change = folds.relative_change(without, with_them) / len(gained | lost)
        if np.isfinite(change).any():
            for text in gained:
                gains[text].append(-change)
            for text in lost:
                gains[text].append(change)
    return {text: np.array(rows) if rows else empty for text, rows in gains.items()}


def _pairs(
    results: Mapping[str, Any], made: Sequence[frozenset[str]], genes: Iterable[str]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of candidates that are the same but for their made columns."""
    groups: dict[str, list[int]] = {}
    for i, (params, inherits) in enumerate(
        zip(results["params"], results["inherits"], strict=True)
    ):
        of_genes = alleles(params)
        rest = {gene: allele for gene, allele in of_genes.items() if gene not in genes}
        groups.setdefault(repr((rest, inherits)), []).append(i)
    for group in groups.values():
        for pair in combinations(group, 2):
            first, second = sorted(pair, key=lambda i: len(made[i]))
            if made[first] != made[second]:
                yield first, second
