"""Repeats a search from stored evaluations: the same decisions, whatever the clock says.

A search reaches an earlier state if it receives the same results in the same order, and
proposes as many candidates in between as it did then. `Step` holds what that takes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from evolearn.checkpoint.tables import Step
from evolearn.cost.runtime_model import RuntimeModel
from evolearn.ensemble.library import Entry, Library
from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.tasks import Evaluation
from evolearn.pipeline.genome import Genome
from evolearn.search.ask_tell import Search
from evolearn.search.record import Past, Record
from evolearn.search.schedule import Schedule


@dataclass(frozen=True)
class Replay:
    """Gives a search the results of earlier runs.

    Parameters
    ----------
    search : Search
        A new one, as it was at the beginning of the first run.
    find : callable
        Returns the stored evaluation of a genome, None if there is none.
    library : Library
        Empty; receives the best candidates.
    runtime_model : RuntimeModel
        A new one; learns how long candidates take.
    """

    search: Search
    find: Callable[[Genome], Evaluation | None]
    library: Library
    runtime_model: RuntimeModel

    def run(self, steps: Sequence[Step]) -> Past:
        """Repeat steps up to the first one that cannot be repeated; return what they gave."""
        asked: list[Candidate | None] = []
        records: list[Record] = []
        for step in steps:
            schedule = Schedule.from_notes(self.runtime_model, step.schedule)
            for _ in range(step.asked_before - len(asked)):
                asked.append(self.search.ask(schedule.replayed_estimates(len(asked))))
            candidate = asked[step.number] if step.number < len(asked) else None
            evaluation = None if candidate is None else self._evaluation(candidate, step)
            if candidate is None or evaluation is None:
                break
            self.search.tell(candidate, evaluation.error)
            self.runtime_model.observe(
                candidate.genome, evaluation.fold_seconds, retrained=evaluation.retrained
            )
            if evaluation.error is not None:
                self.library.add(Entry(candidate, evaluation))
            records.append(Record(candidate, replace(evaluation, predictions=None)))
        finished = {record.candidate.number for record in records}
        pending = [one for one in asked if one is not None and one.number not in finished]
        return Past(records, list(steps[: len(records)]), pending)

    def _evaluation(self, candidate: Candidate, step: Step) -> Evaluation | None:
        """Find the evaluation of a candidate, None if the step is about another genome."""
        stored = self.find(candidate.genome) if candidate.genome.key == step.genome else None
        if stored is not None and stored.status != step.status:
            # A later run tried it once more, which this search did not know then.
            return Evaluation((), step.status, failure="it was evaluated again later")
        return stored
