"""The base class of displays: axes, frames, and the texts of missing libraries."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Self

from evolearn.optional import import_optional

# Height in inches of axes with one row per item: of a row, around all rows, and at least.
ROW_HEIGHT, FRAME_HEIGHT, LEAST_HEIGHT = 0.32, 1.1, 2.2


class Display(ABC):
    """Data of a picture, and their drawing.

    Subclasses take the data in their constructor and get them from a fitted model by their
    class method ``from_estimator``.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the last picture.
    figure_ : matplotlib Figure
        Its figure.
    """

    ax_: Any
    figure_: Any

    def plot(self, ax: Any = None) -> Self:
        """Draw the data.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            The axes to draw on. By default a figure is made.

        Returns
        -------
        display : self
            With the attributes ``ax_`` and ``figure_``.
        """
        if ax is None:
            ax = _new_axes(type(self).__name__, self._height())
        self._draw(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def __repr__(self) -> str:
        n_rows = len(next(iter(self._columns().values())))
        return f"<{type(self).__name__}, {n_rows} rows: plot() draws them, frame() has them>"

    def frame(self) -> Any:
        """Return the data as a pandas frame."""
        pandas = import_optional("pandas", f"{type(self).__name__}.frame")
        return pandas.DataFrame(self._columns())

    @abstractmethod
    def _columns(self) -> Mapping[str, Any]:
        """Return the columns of the frame."""

    @abstractmethod
    def _draw(self, ax: Any) -> None:
        """Draw on axes."""

    def _height(self) -> float | None:
        """Return the height of a new figure in inches; None for matplotlib's own."""
        return None


def height_of_rows(n_rows: float) -> float:
    """Return the height in inches of a figure with one row per item."""
    return max(LEAST_HEIGHT, FRAME_HEIGHT + ROW_HEIGHT * n_rows)


def _new_axes(name: str, height: float | None) -> Any:
    """Return the axes of a new figure of matplotlib's own width."""
    plt = import_optional("matplotlib.pyplot", f"{name}.plot")
    width, usual = plt.rcParams["figure.figsize"]
    _, ax = plt.subplots(figsize=(width, height or usual), layout="constrained")
    return ax
