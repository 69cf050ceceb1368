"""Planner of the final models: their candidates, and the time to reserve for them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from evolearn.cost.reserve import FinalCost, reserved_seconds
from evolearn.cost.runtime_model import RuntimeModel
from evolearn.ensemble.library import Entry, Library
from evolearn.ensemble.selection_options import EnsembleChoice, EnsembleOptions, choose
from evolearn.execution.budget import Budget

# Number of members that is expected before an ensemble is chosen: on the tables of the suite
# ensembles had five to nine.
EXPECTED_MEMBERS = 8


@dataclass(eq=False)
class FinalModelsPlanner:
    """Chooses the candidates of the final models and reserves time to fit them.

    Attributes
    ----------
    further : callable
        Returns the seconds to reserve for the stacking layer.
    expected : list of Entry or None
        Members of the ensemble chosen last; None if it has to be chosen again.
    fitted : dict of int to estimator
        Final models that are fitted already, by the number of their candidate.
    """

    library: Library
    options: EnsembleOptions
    runtime_model: RuntimeModel
    budget: Budget  # of the whole fit
    n_workers: int
    further: Callable[[], float] = lambda: 0.0
    expected: list[Entry] | None = None
    fitted: dict[int, Any] = field(default_factory=dict)
    _choice: EnsembleChoice | None = None
    _choice_key: tuple[int, ...] = ()
    _selection_seconds: float = 0.0

    def choose(self) -> EnsembleChoice:
        """Choose the ensemble from the library as it is now, which has at least one entry."""
        key = tuple(entry.number for entry in self.library.entries)
        if self._choice is None or key != self._choice_key:
            self._choice_key = key
            self._choice = choose(self.library.entries, self.options, self.budget.remaining())
            self.expected = [entry for _, entry in self._choice.members]
        return self._choice

    def search_seconds_left(self, needed: float = 0.0) -> float:
        """Return the seconds that the search may still take.

        If none are left, or fewer than `needed`, the ensemble is chosen as if the search were
        over. Usually it has fewer and faster members than had to be expected, and there is time
        for more candidates.
        """
        left = self.budget.remaining() - self.reserved_seconds()
        if left <= needed and self.library.best is not None and self.expected is None:
            start = time.monotonic()
            self.choose()
            self._selection_seconds = time.monotonic() - start
            left = self.budget.remaining() - self.reserved_seconds()
        return left

    def reserved_seconds(self) -> float:
        """Return the seconds to reserve for the final models and the stacking layer."""
        if self.budget.seconds is None:
            return 0.0
        best = self.library.best
        refits = reserved_seconds(
            self._costs(),
            self.budget.seconds,
            self.n_workers,
            self._selection_seconds,
            0.0 if best is None else self.runtime_model.refit_ratio(best.genome),
        )
        return refits + self.further()

    def cost(self, entry: Entry) -> FinalCost:
        """Return the expected cost of a candidate's final model."""
        evaluation, genome = entry.evaluation, entry.genome
        models_bytes = 0 if entry.models_path is None else evaluation.models_bytes
        if entry.number in self.fitted:
            return FinalCost(0.0, models_bytes, is_fitted=True)
        seconds = sum(evaluation.fit_seconds) + evaluation.reused_fit_seconds
        if not evaluation.retrained:  # on all rows no trained ancestors are at hand
            seconds *= self.runtime_model.lineage_ratio(genome)
        ratio = self.runtime_model.refit_ratio(genome)
        return FinalCost(seconds / len(evaluation.fit_seconds) * ratio, models_bytes)

    def _costs(self) -> list[FinalCost]:
        """Return the costs of the final models that are expected, the best candidate first."""
        entries = self.library.entries
        members = entries[:EXPECTED_MEMBERS] if self.expected is None else self.expected
        unique = {entry.number: entry for entry in [*entries[:1], *members]}
        return [self.cost(entry) for entry in unique.values()]
