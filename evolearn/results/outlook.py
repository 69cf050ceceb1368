"""The answer to "would longer help?": the gain to expect of more time, from the curve."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from evolearn.results.numbers import percent, seconds_text

# Smallest gain that counts, as a share of the error.
WORTHWHILE = 0.01
# Ratio of the times at which gains were measured: 10 s and 60 s.
MEASURED_RATIO = 6.0
# Part of the search, from its end, of which the gain is looked at: after a third of the time.
RECENT = 1 / 3
# Largest recent gain, on the scale of logarithms: greater ones are of the first candidates.
MOST_RECENT = 0.5
# The gain of six times as much time is expected to be SLOPE * recent gain + FEW * few**2, on
# the scale of logarithms; `few` is FEW_CANDIDATES divided by the number of candidates. Its
# variance is few * (SPREAD**2 + (NOISE * relative standard error)**2): gains are measured on
# test rows, whose chance is a part of it. Fitted to 73 pairs of fits of 10 and of 60 s.
SLOPE, FEW, SPREAD, NOISE = 0.17, 0.07, 0.1, 0.7
FEW_CANDIDATES = 10
# Largest square of `few`, and largest `few` in the variance.
MOST_SQUARED, MOST_FEW = 2.0, 1.5
# Largest probability: no curve makes a gain certain.
MOST_CERTAIN = 0.99


@dataclass(frozen=True)
class Outlook:
    """The gain to expect if a search went on.

    Attributes
    ----------
    seconds : float
        Further seconds of the search.
    probability : float
        Probability that the error on new rows falls by more than 1 %.
    expected_gain : float
        Expected fall of that error, as a share of it.
    reason : str
        Sentence that says why more time cannot help, or why nothing is known; else "".

    Examples
    --------
    >>> from evolearn.results.outlook import outlook
    >>> found = outlook([1, 2, 10], [1.0, 0.9, 0.8], 50.0)
    >>> found.probability > outlook([1, 2, 10], [1.0, 0.8, 0.8], 50.0).probability
    True
    """

    seconds: float
    probability: float
    expected_gain: float
    reason: str = ""

    def __str__(self) -> str:
        if self.reason:
            return self.reason
        seconds = self.seconds if self.seconds < 90 else 60 * round(self.seconds / 60)
        time = seconds_text(seconds)
        return (
            f"{time} more would lower the error on new rows by more than "
            f"{percent(WORTHWHILE)} with a probability of {percent(self.probability)}; the "
            f"expected gain is {percent(self.expected_gain)}."
        )

    def _repr_html_(self) -> str:
        return f"<p>{self}</p>"


def outlook(
    ends: Sequence[float], errors: Sequence[float], seconds: float, noise: float = 0.0
) -> Outlook:
    """Return the gain to expect of more time.

    Parameters
    ----------
    ends : sequence of float
        Seconds, since the start, at which the candidates were done.
    errors : sequence of float
        Their errors; NaN for those without one.
    seconds : float
        Further seconds.
    noise : float, default=0
        Standard error of the error on new rows, as a share of it.
    """
    times, values = np.asarray(ends, dtype=float), np.asarray(errors, dtype=float)
    known = np.isfinite(times) & (times > 0)
    times, values = times[known], values[known]
    if not np.isfinite(values).any():
        reason = "It is not known whether longer would help: no candidate was scored."
        return Outlook(seconds, math.nan, math.nan, reason)
    order = np.argsort(times, kind="stable")
    times, best = times[order], np.fmin.accumulate(values[order])
    growth = math.log1p(seconds / times[-1]) / math.log(MEASURED_RATIO)
    few = FEW_CANDIDATES / len(times)
    mean = growth * (SLOPE * _recent_gain(times, best) + FEW * min(few**2, MOST_SQUARED))
    spread = math.sqrt(growth * min(few, MOST_FEW)) * math.hypot(SPREAD, NOISE * noise)
    probability = float(norm.sf((-math.log1p(-WORTHWHILE) - mean) / spread))
    return Outlook(seconds, min(probability, MOST_CERTAIN), -math.expm1(-mean))


def _recent_gain(times: np.ndarray, best: np.ndarray) -> float:
    """Return the gain of the best error since a third of the time, as a logarithm."""
    before = best[max(np.searchsorted(times, RECENT * times[-1], side="right") - 1, 0)]
    if math.isnan(before):  # no candidate was scored by then
        return MOST_RECENT
    if not best[-1] > 0:  # minus a score, or perfect: there are no ratios
        return 0.0 if best[-1] == before else MOST_RECENT
    return float(min(math.log(before / best[-1]), MOST_RECENT))
