"""The estimated error of a fitted model on new rows, with an interval."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Self

from scipy.stats import norm

from evolearn.results.numbers import error_text, percent

# The share of new test sets whose error the interval is to cover.
COVERAGE = 0.9
# Fields of an estimate that are floats.
NUMBERS = ("naive", "corrected", "standard_error", "extrapolation_error", "coverage")
# Of n rows without an error, the rate of errors is below 3 / n with a probability of 0.95.
RULE_OF_THREE = 3.0


@dataclass(frozen=True)
class SimplerModel:
    """A candidate that is much simpler than the model that predicts, and about as good.

    Attributes
    ----------
    candidate : int
        Its number, as in ``leaderboard_``.
    estimator : str
        Its estimator type.
    error : float
        Its cross-validated error.
    complexity : float
        The sum of the complexities of its components.
    share : float
        Its complexity as a share of that of all members of the model that predicts.
    """

    candidate: int
    estimator: str
    error: float
    complexity: float
    share: float


@dataclass(frozen=True)
class Estimate:
    """The error that a fitted model is expected to have on new rows.

    Lower is better. All errors are of the metric that was optimised: the distance of a score
    from the best possible one, or minus the score if there is no best one.

    Attributes
    ----------
    metric : str
        Name of the scorer, as ``metric_name_``.
    error_name : str
        Name of the error that belongs to it, such as ``"1 - roc_auc"``.
    naive : float
        Cross-validated error of the model that predicts, on the rows by which its candidates
        and weights were chosen. That choice makes it too low; that the models of the folds have
        fewer training rows makes it too high. NaN if the model could not be scored.
    corrected : float
        The error corrected for that choice, and for the number of training rows. NaN if it
        could not be computed; see ``reason``.
    standard_error : float
        Standard deviation of `corrected` because the scored rows are a sample.
    extrapolation_error : float
        Standard deviation of `corrected` because the final models have more training rows than
        those that were scored.
    lower, upper : float
        The interval: with the probability ``coverage`` it holds the error on a test set of
        `n_new_rows` new rows.
    coverage : float
        Nominal probability of the interval.
    n_rows : int
        Number of rows that were scored.
    n_new_rows : int
        Number of rows of the test set that the interval is about: a quarter of the rows of the
        table, as if a fifth of a larger table had been held out.
    n_candidates : int
        Number of candidates among which was chosen, failed ones included.
    simpler : SimplerModel or None
        The simplest candidate whose error is within the interval, if it is much simpler than
        the most complex member of the model that predicts.
    reason : str
        Reason why there is no corrected error, "" if there is one.
    bounded : bool
        Whether errors have a lower limit of zero.

    Examples
    --------
    >>> from evolearn.results.estimate import Estimate
    >>> estimate = Estimate("roc_auc", "1 - roc_auc", 0.101, 0.112, 0.011, 800, 200, 46)
    >>> print(estimate)
    Expected error on new rows: 0.112 (90 % interval 0.07154 to 0.1607)
      error: 1 - roc_auc, lower is better
      naive cross-validated error: 0.101, chosen among 46 candidates by the same rows
      the interval is for the error on a test set of 200 rows
    >>> low, high = estimate.interval(0.5)
    >>> round(low, 3), round(high, 3)
    (0.095, 0.13)
    """

    metric: str
    error_name: str
    naive: float
    corrected: float
    standard_error: float
    n_rows: int
    n_new_rows: int
    n_candidates: int
    simpler: SimplerModel | None = None
    reason: str = ""
    bounded: bool = True
    extrapolation_error: float = 0.0
    coverage: float = COVERAGE

    @property
    def lower(self) -> float:
        """Lower end of the interval."""
        return self.interval()[0]

    @property
    def upper(self) -> float:
        """Upper end of the interval."""
        return self.interval()[1]

    def interval(
        self, coverage: float | None = None, n_new_rows: float | None = None
    ) -> tuple[float, float]:
        """Return an interval of another coverage, or for a test set of another size.

        Parameters
        ----------
        coverage : float, default=None
            Probability of the interval, between 0 and 1; by default that of the estimate.
        n_new_rows : float, default=None
            Rows of the test set; by default `n_new_rows`. With ``float("inf")`` the interval is
            about the expected error, which leaves out the chance of the test set.

        Returns
        -------
        (float, float)
            NaN if there is no corrected error.

        Raises
        ------
        ValueError
            If an argument is outside of its range.
        """
        coverage = self.coverage if coverage is None else coverage
        n_new_rows = self.n_new_rows if n_new_rows is None else n_new_rows
        if not 0 < coverage < 1:
            raise ValueError(f"coverage={coverage!r} is not between 0 and 1; pass 0.9.")
        if not n_new_rows >= 1:
            raise ValueError(f"n_new_rows={n_new_rows!r} is below 1; pass a number of rows.")
        error, of_rows = self.corrected, self.standard_error**2 * (1 + self.n_rows / n_new_rows)
        deviation = math.sqrt(of_rows + self.extrapolation_error**2)
        half = float(norm.ppf((1 + coverage) / 2)) * deviation
        if not self.bounded:
            return error - half, error + half
        if error <= 0:
            return 0.0, RULE_OF_THREE / self.n_rows
        # Errors are skewed: the upper end is that on the scale of logarithms.
        return max(error - half, 0.0), error * math.exp(half / error)

    def as_dict(self) -> dict[str, Any]:
        """Return all values by name; those of a simpler model are a dictionary, or None."""
        return {
            **asdict(self),
            "lower": self.lower,
            "upper": self.upper,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the estimate of which `as_dict` made these values."""
        known = {name: values[name] for name in cls.__dataclass_fields__}
        known |= {name: float(values[name]) for name in NUMBERS}
        if known["simpler"] is not None:
            known["simpler"] = SimplerModel(**known["simpler"])
        return cls(**known)

    def sentence(self) -> str:
        """Return the expected error and its interval, or why there is none, in one line."""
        if self.reason:
            return f"No estimate of the error on new rows: {self.reason}."
        low, high = map(error_text, self.interval())
        return (
            f"Expected error on new rows: {error_text(self.corrected)} "
            f"({percent(self.coverage)} interval {low} to {high})"
        )

    def simpler_sentence(self) -> str:
        """Return the sentence about a much simpler model, "" if there is none."""
        if self.simpler is None:
            return ""
        one = self.simpler
        return (
            f"A much simpler model is within the interval: candidate {one.candidate} "
            f"({one.estimator}) has the error {error_text(one.error)} with "
            f"{percent(one.share)} of the complexity."
        )

    def _details(self) -> list[str]:
        lines = [f"error: {self.error_name}, lower is better"]
        if not math.isnan(self.naive):
            lines.append(
                f"naive cross-validated error: {error_text(self.naive)}, "
                f"chosen among {self.n_candidates} candidates by the same rows"
            )
        if not self.reason:
            rows = f"{self.n_new_rows:,} rows"
            lines.append(f"the interval is for the error on a test set of {rows}")
        return [*lines, *filter(None, [self.simpler_sentence()])]

    def __str__(self) -> str:
        return "\n  ".join([self.sentence(), *self._details()])

    def _repr_html_(self) -> str:
        lines = "".join(f"<li>{escape(line)}</li>" for line in self._details())
        return f"<p><strong>{escape(self.sentence())}</strong></p><ul>{lines}</ul>"
