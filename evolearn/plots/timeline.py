"""The display of workers: the candidate that each of them evaluated at each time."""

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from evolearn.plots.display import Display, height_of_rows
from evolearn.plots.fitted import estimators_of, outcomes_of, results_of
from evolearn.plots.style import (
    BLUE,
    CHARACTER,
    GREY,
    RED,
    add_legend,
    clean,
    label_rows,
    width_of,
    write_beside,
)

# Colours and hatches of outcomes, in the order of the legend.
LOOKS = {
    "scored": (BLUE, "", "scored"),
    "raced": (GREY, "", "given up"),
    "failed": (RED, "////", "failed"),
}
# Height of a bar, as a share of its row.
BAR = 0.7
# Width in points of the edge of a bar if a worker has few of them.
EDGE, FEW_BARS = 0.6, 40
# Share of the picture's width that the bars have.
BARS_SHARE = 0.7


class TimelineDisplay(Display):
    """Candidates on each worker over time; bars of those that failed are hatched.

    Parameters
    ----------
    worker : sequence
        The worker of each candidate.
    start, end : array-like of shape (n_candidates,)
        Seconds since the start of ``fit``.
    estimator_type : sequence of str
    outcome : sequence of {"scored", "raced", "failed"}
    candidate : array-like of shape (n_candidates,)
        Numbers of the candidates.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure

    Examples
    --------
    >>> from evolearn.plots import TimelineDisplay
    >>> display = TimelineDisplay(
    ...     worker=[0, 1], start=[0.0, 0.0], end=[3.0, 1.5], estimator_type=["svm", "ridge"],
    ...     outcome=["scored", "failed"], candidate=[0, 1])
    >>> display.busy_share
    0.75
    >>> display.plot().ax_.get_xlabel()
    'seconds since the start of fit'
    """

    def __init__(
        self,
        *,
        worker: ArrayLike,
        start: ArrayLike,
        end: ArrayLike,
        estimator_type: ArrayLike,
        outcome: ArrayLike,
        candidate: ArrayLike,
    ) -> None:
        self.worker = np.asarray(worker)
        self.start = np.asarray(start, dtype=float)
        self.end = np.asarray(end, dtype=float)
        self.estimator_type = np.asarray(estimator_type, dtype=object)
        self.outcome = np.asarray(outcome, dtype=object)
        self.candidate = np.asarray(candidate, dtype=int)

    @classmethod
    def from_estimator(cls, estimator: Any) -> Self:
        """Take the data out of a fitted model.

        Parameters
        ----------
        estimator : EvolutionaryClassifier or EvolutionaryRegressor

        Returns
        -------
        display : TimelineDisplay
        """
        results = results_of(estimator, cls.__name__)
        return cls(
            worker=results["worker"],
            start=results["start_seconds"],
            end=results["end_seconds"],
            estimator_type=estimators_of(results),
            outcome=outcomes_of(results),
            candidate=results["candidate"],
        )

    @property
    def workers(self) -> list[Any]:
        """The workers in order."""
        return sorted(set(self.worker.tolist()))

    @property
    def busy_share(self) -> float:
        """Share of the time from the first start to the last end that workers were busy."""
        whole = (self.end.max() - self.start.min()) * len(self.workers)
        return float((self.end - self.start).sum() / whole) if whole > 0 else 1.0

    @property
    def _last_second(self) -> float:
        return max(float(self.end.max()), 1e-9)  # an axis has a length

    def _columns(self) -> Mapping[str, Any]:
        return {
            "candidate": self.candidate,
            "worker": self.worker,
            "start_seconds": self.start,
            "end_seconds": self.end,
            "estimator": self.estimator_type,
            "outcome": self.outcome,
        }

    def _height(self) -> float:
        return height_of_rows(2 * len(self.workers))

    def _draw(self, ax: Any) -> None:
        workers = self.workers
        rows = np.array([workers.index(worker) for worker in self.worker.tolist()])
        clean(ax, "x")
        for outcome, (color, hatch, label) in LOOKS.items():
            found = self.outcome == outcome
            if found.any():
                ax.barh(
                    rows[found],
                    (self.end - self.start)[found],
                    left=self.start[found],
                    height=BAR,
                    color=color,
                    # Edges separate the bars, and hatches have their colour.
                    edgecolor=ax.get_facecolor(),
                    linewidth=min(EDGE, EDGE * FEW_BARS * len(workers) / len(rows)),
                    hatch=hatch,
                    label=f"{label} ({found.sum()})",
                )
        ax.set_xlim(0.0, self._last_second)
        self._name_bars(ax, rows)
        label_rows(ax, [f"worker {worker}" for worker in workers])
        whole = self.end.max() - self.start.min()
        busy = np.bincount(rows, self.end - self.start) / max(whole, 1e-9)
        write_beside(ax, [f"{100 * share:.0f} % busy" for share in busy])
        ax.set_xlabel("seconds since the start of fit")
        add_legend(ax)

    def _name_bars(self, ax: Any, rows: NDArray[np.intp]) -> None:
        """Write the estimator types on the bars that are long enough."""
        lengths = (self.end - self.start) / self._last_second * BARS_SHARE * width_of(ax)
        for i, name in enumerate(self.estimator_type):
            if self.outcome[i] != "failed" and CHARACTER * len(name) < lengths[i]:
                ax.text(
                    (self.start[i] + self.end[i]) / 2,
                    rows[i],
                    name,
                    ha="center",
                    va="center",
                    fontsize="small",
                    color="white",
                    clip_on=True,
                )
