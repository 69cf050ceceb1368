"""Schedule of a search: how far ahead candidates are asked, in which order they are told."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Self

from evolearn.cost.runtime_model import RuntimeModel
from evolearn.execution.budget import Budget
from evolearn.pipeline.genome import Genome
from evolearn.policy import DEFAULT_POLICY, Policy
from evolearn.search.ask_tell import CostEstimates

# Under a time budget that is expected to hold fewer candidates than `MANY`, fewer are asked
# ahead, two for each worker and at least `SHORT_DISTANCE`: else most of them would be asked
# before any result. With fewer, one slow candidate would leave other workers idle.
MANY, SHORT_DISTANCE = 60, 4
# After the ordered share of a time budget a search that has told fewer candidates than this is
# slow: candidates are then told as they end, and asked only as the workers need them, from all
# results there are. A faster search loses nothing by keeping the order.
FAST = 24
# Share of a time budget that one candidate should take at most. On a table of 16,000 rows a
# forest was begun that was expected to take 25 s of 60, and was ended after 15; with a tenth,
# networks of five folds have too few epochs to be of use on 5,000 rows.
LARGEST_SHARE = 0.15


class Schedule:
    """Decides how far ahead candidates are asked, and when measured times may matter.

    At first, candidates are told in the order asked and their costs come from formulas, so that
    a run repeats itself exactly. In slow searches measured times matter later, see
    `uses_measured_times`.

    With `portfolio_first`, generation 0 has to consist of the portfolio alone, as users expect
    who count generations. `measured_from` is the number of the first candidate whose cost
    estimates were measured.
    """

    def __init__(
        self,
        runtime_model: RuntimeModel,
        budget: Budget,
        *,
        portfolio_first: bool = False,
        measured_from: int | None = None,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        self.runtime_model, self.budget = runtime_model, budget
        self.portfolio_first = portfolio_first
        self.measured_from = measured_from
        self._policy = policy
        self._measured: bool | None = None

    def notes(self) -> dict[str, Any]:
        """Return the state that a replay needs for the same cost estimates."""
        return {
            "seconds": self.budget.seconds,
            "portfolio_first": self.portfolio_first,
            "measured_from": self.measured_from,
        }

    @classmethod
    def from_notes(cls, runtime_model: RuntimeModel, notes: Mapping[str, Any]) -> Self:
        """Return the schedule that wrote these notes."""
        return cls(
            runtime_model,
            Budget(notes["seconds"]),
            portfolio_first=notes["portfolio_first"],
            measured_from=notes["measured_from"],
        )

    def ask_ahead(self, initial: Sequence[Genome], n_workers: int) -> int:
        """Return the number of candidates to ask ahead, by the cost of the initial ones."""
        distance, seconds = self._policy.ask_ahead, self.budget.seconds
        if seconds is None or not initial:
            return distance
        most = LARGEST_SHARE * seconds
        costs = [min(self.runtime_model.nominal(genome), most) for genome in initial]
        many = seconds > MANY * (sum(costs) / len(initial))
        return distance if many else max(SHORT_DISTANCE, 2 * n_workers)

    def uses_measured_times(self, n_evaluated: int) -> bool:
        """Whether order and costs may depend on measured times, after so many candidates."""
        if self._measured is None and self.budget.seconds is not None:
            if self.budget.elapsed() <= self._policy.ordered_share * self.budget.seconds:
                return False
            self._measured = n_evaluated < FAST
        return bool(self._measured)

    def use_measured_times(self) -> None:
        """Let order and costs depend on measured times from now on."""
        self._measured = True

    def ordered_seconds(self) -> float:
        """Return the seconds from now during which measured times must not matter."""
        ordered = self._policy.ordered_share * (self.budget.seconds or 0.0)
        return max(0.0, ordered - self.budget.elapsed())

    def cost_estimates(self, n_asked: int, *, measured: bool) -> CostEstimates:
        """Return the cost estimates for the next candidate, after so many were asked."""
        if measured and self.measured_from is None:
            self.measured_from = n_asked
        return self.replayed_estimates(n_asked)

    def replayed_estimates(self, n_asked: int) -> CostEstimates:
        """Return the same cost estimates again, with `measured_from` as it was."""
        measured = self.measured_from is not None and n_asked >= self.measured_from
        predicted = partial(self.runtime_model.predicted, retrained=False)
        seconds = self.budget.seconds
        return CostEstimates(
            predicted if measured else self.runtime_model.nominal,
            float("inf") if seconds is None else LARGEST_SHARE * seconds,
            self.portfolio_first,
        )
