"""A run repeated from its journal: the same decisions, whatever the clock says.

A search is brought to where it was by telling it again what it was told, in that order, and
asking it as often in between. Each step notes a candidate that was told: its ``number``, how
many had been ``asked_before``, the ``key`` of its genome and the ``status`` of its evaluation,
and the state of the schedule, see `Schedule.notes`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evolearn.cost.runtime_model import RuntimeModel
from evolearn.ensemble.library import Entry, Library
from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.tasks import Evaluation
from evolearn.pipeline.genome import Genome
from evolearn.search.ask_tell import Search
from evolearn.search.record import Past, Record
from evolearn.search.schedule import Schedule

Step = Mapping[str, Any]


@dataclass(frozen=True)
class Replay:
    """Tells a search what it was told in earlier runs.

    Parameters
    ----------
    search : Search
        As it was at the beginning of the first of them.
    found : callable
        Returns the evaluation of a genome, None if there is none.
    library : Library
        Is filled with the best candidates.
    runtime_model : RuntimeModel
        As it was at the beginning, too.
    """

    search: Search
    found: Callable[[Genome], Evaluation | None]
    library: Library
    runtime_model: RuntimeModel

    def run(self, steps: Sequence[Step]) -> Past:
        """Return what was told, as far as it can be told again, and what was asked besides."""
        asked: list[Candidate | None] = []
        records: list[Record] = []
        for step in steps:
            schedule = Schedule.from_notes(self.runtime_model, step["schedule"])
            for _ in range(step["asked_before"] - len(asked)):
                asked.append(self.search.ask(schedule.replayed_estimates(len(asked))))
            candidate = asked[step["number"]] if step["number"] < len(asked) else None
            evaluation = None if candidate is None else self._evaluation(candidate, step)
            if candidate is None or evaluation is None:
                break
            self._tell(candidate, evaluation)
            records.append(Record(candidate, replace(evaluation, predictions=None)))
        told = {record.candidate.number for record in records}
        pending = [one for one in asked if one is not None and one.number not in told]
        return Past(records, [dict(step) for step in steps[: len(records)]], pending)

    def _evaluation(self, candidate: Candidate, step: Step) -> Evaluation | None:
        """Return what was told of a candidate, None if it is another one."""
        known = self.found(candidate.genome)
        if candidate.genome.key != step["key"] or known is None:
            return None
        if known.status != step["status"]:  # it was tried once more, out of turn
            return Evaluation((), step["status"], failure="it was evaluated again later")
        return known

    def _tell(self, candidate: Candidate, evaluation: Evaluation) -> None:
        self.search.tell(candidate, evaluation.error)
        self.runtime_model.observe(
            candidate.genome, evaluation.fold_seconds, retrained=evaluation.retrained
        )
        if evaluation.error is not None:
            self.library.add(Entry(candidate, evaluation))
