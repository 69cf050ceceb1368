"""Summaries of out-of-fold errors without rows: residuals, or calibration and confusion."""

from dataclasses import dataclass
from typing import Any

from evolearn.results.numbers import error_text
from evolearn.results.tabular import Tabular

Numbers = tuple[float, ...]
Counts = tuple[int, ...]


@dataclass(frozen=True)
class ResidualSummary(Tabular):
    """Out-of-fold residuals of a regressor, in bins of equally many rows.

    A residual is the true value minus the predicted one. Every row counts once, whatever its
    weight. `columns` and `frame` have one row per bin.

    Attributes
    ----------
    n_rows : int
        Number of out-of-fold predictions.
    mean_absolute_error, root_mean_squared_error, r2, bias : float
        Of all these rows; the bias is the mean residual.
    predicted, actual : tuple of float
        Mean predicted and mean true value of each bin, by rising predictions.
    count : tuple of int
        Rows of each bin.
    quantiles : dict of float to tuple of float
        Quantiles of the residuals of each bin, by their level: 0.05, 0.25, 0.5, 0.75, 0.95.
    edges : tuple of float
        Edges of the histogram of all residuals; the first and the last bar also count the
        residuals beyond.
    bars : tuple of int
        Rows of each bar, one fewer than edges.
    """

    n_rows: int
    mean_absolute_error: float
    root_mean_squared_error: float
    r2: float
    bias: float
    predicted: Numbers
    actual: Numbers
    count: Counts
    quantiles: dict[float, Numbers]
    edges: Numbers
    bars: Counts

    @property
    def title(self) -> str:
        """Sentence with the errors of all rows."""
        return (
            f"Out-of-fold residuals of {self.n_rows} rows: mean absolute error "
            f"{error_text(self.mean_absolute_error)}, root mean squared error "
            f"{error_text(self.root_mean_squared_error)}, R2 {self.r2:.3f}."
        )

    def columns(self) -> dict[str, list[Any]]:
        """Return means and quantiles of the residuals of each bin."""
        quantiles = {
            f"residual {level:.0%}": list(values) for level, values in self.quantiles.items()
        }
        return {
            "predicted": list(self.predicted),
            "actual": list(self.actual),
            **quantiles,
            "count": list(self.count),
        }


@dataclass(frozen=True)
class ClassificationSummary(Tabular):
    """Out-of-fold confusion and calibration of a classifier.

    `columns` and `frame` have one row per true class, and the predicted classes as columns.

    Attributes
    ----------
    n_rows : int
        Number of out-of-fold predictions.
    accuracy : float
        Share of rows whose most probable class is the true one.
    classes : tuple of str
        Classes of the confusion matrix: the most frequent ones, and ``"others"`` if there are
        more.
    confusion : tuple of tuple of int
        Rows of each true class (first index) that were predicted as each class (second index).
    calibrated_class : str
        The class whose probability is compared with its frequency: of two classes the later
        one; empty for the predicted class of each row.
    probability, frequency : tuple of float
        Mean predicted probability, and share of rows that have the class, by bin.
    count : tuple of int
        Rows of each bin.
    calibration_error : float
        Mean absolute difference of both, weighted by the rows.
    """

    n_rows: int
    accuracy: float
    classes: tuple[str, ...]
    confusion: tuple[Counts, ...]
    calibrated_class: str
    probability: Numbers
    frequency: Numbers
    count: Counts
    calibration_error: float

    @property
    def title(self) -> str:
        """Sentence with accuracy and calibration error."""
        return (
            f"Out-of-fold predictions of {self.n_rows} rows: accuracy {self.accuracy:.3f}; "
            f"probabilities differ from frequencies by {self.calibration_error:.3f} on average."
        )

    def columns(self) -> dict[str, list[Any]]:
        """Return the confusion matrix."""
        predicted = zip(self.classes, zip(*self.confusion, strict=True), strict=True)
        return {
            "true class": list(self.classes),
            **{f"as {name}": list(counts) for name, counts in predicted},
        }
