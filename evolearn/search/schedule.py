"""What a search is steered by: results, and what candidates cost, counted or measured."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from evolearn.cost.runtime_model import Pace
from evolearn.pipeline.genome import Genome
from evolearn.search.ask_tell import Prices

# Candidate i is proposed from the results of candidates up to i - LAG, however many workers
# there are: that keeps up to LAG of them busy without a barrier, and the results the same.
LAG = 16
# Under a time budget that is expected to hold fewer candidates than this, the distance is no
# more than this or two for each worker: else most of them would be asked before any result, and
# with less one slow candidate would leave other workers without.
MANY, SHORT_LAG = 60, 4
# From this share of a time budget on, measured seconds may steer: candidates are told as they
# end, and asked only as the workers need them, from all results there are. A run that is over
# before repeats itself exactly, and so does one that has told this many candidates by then: it
# will tell so many more that the lag is no loss.
ORDERED_SHARE = 0.25
FAST = 24
# The share of a time budget that one candidate should take at most. On a table of 16,000 rows a
# forest had begun that was expected to take 25 s of 60, and was ended after 15; with a tenth,
# networks of five folds have too few epochs to be of help on 5,000 rows.
MOST_SHARE = 0.15


@dataclass
class Steering:
    """Tells how far ahead is asked, from when on the clock steers, and what things cost.

    Attributes
    ----------
    pace : Pace
    seconds : float or None
        The time budget.
    whole_start : bool
        Whether generation 0 is to be of the portfolio alone: who counts generations counts on
        it.
    measured_from : int or None
        The number of the candidate from which on costs were measured, not counted.
    """

    pace: Pace
    seconds: float | None = None
    whole_start: bool = False
    measured_from: int | None = None
    _free: bool | None = field(default=None, init=False)

    def lag(self, start: Sequence[Genome], n_workers: int) -> int:
        """Return how many candidates are asked ahead, from what the first ones should cost."""
        if self.seconds is None or not start:
            return LAG
        most = MOST_SHARE * self.seconds
        expected = sum(min(self.pace.counted(genome), most) for genome in start) / len(start)
        return LAG if self.seconds > MANY * expected else max(SHORT_LAG, 2 * n_workers)

    def is_free(self, elapsed: float, n_told: int) -> bool:
        """Tell whether measured seconds may steer."""
        if self._free is None and self.seconds is not None:
            if elapsed <= ORDERED_SHARE * self.seconds:
                return False
            self._free = n_told < FAST
        return bool(self._free)

    def free(self) -> None:
        """Let measured seconds steer from now on."""
        self._free = True

    def ordered_seconds(self, elapsed: float) -> float:
        """Return the seconds from now before which measured seconds must not steer."""
        return max(0.0, ORDERED_SHARE * (self.seconds or 0.0) - elapsed)

    def prices(self, n_asked: int, *, measured: bool) -> Prices:
        """Return what the next candidate may cost, after so many were asked."""
        if measured and self.measured_from is None:
            self.measured_from = n_asked
        return self.prices_again(n_asked)

    def prices_again(self, n_asked: int) -> Prices:
        """Return the same prices once more, `measured_from` being known."""
        measured = self.measured_from is not None and n_asked >= self.measured_from
        seconds = partial(self.pace.predicted, retrained=False)
        most = float("inf") if self.seconds is None else MOST_SHARE * self.seconds
        return Prices(seconds if measured else self.pace.counted, most, self.whole_start)

    def notes(self) -> dict[str, Any]:
        """Return what a replay has to know to steer alike."""
        return {
            "seconds": self.seconds,
            "whole_start": self.whole_start,
            "measured_from": self.measured_from,
        }
