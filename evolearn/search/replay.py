"""Repeats a search from stored evaluations: the same decisions, whatever the clock says.

A search reaches an earlier state if it receives the same results in the same order, and
proposes as many candidates in between as it did then. `Step` holds what that takes.
"""

from collections.abc import Callable, Sequence

from evolearn.checkpoint.tables import Step
from evolearn.cost.runtime_model import RuntimeModel
from evolearn.ensemble.library import Entry, Library
from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.tasks import Evaluation
from evolearn.pipeline.genome import Genome
from evolearn.search.ask_tell import Search
from evolearn.search.record import SearchRecord
from evolearn.search.schedule import Schedule

Find = Callable[[Genome], Evaluation | None]


def replay_steps(
    steps: Sequence[Step],
    search: Search,
    find: Find,
    library: Library,
    runtime_model: RuntimeModel,
) -> tuple[SearchRecord, list[Candidate]]:
    """Give a search the results of earlier runs, up to the first step that cannot be repeated.

    Search, library and runtime model are new ones, as at the beginning of the first run. `find`
    returns the stored evaluation of a genome. Returned are the record, and the candidates that
    were asked but not told.
    """
    asked: list[Candidate] = []
    record, finished = SearchRecord(search.population_size), set()
    for step in steps:
        schedule = Schedule.from_notes(runtime_model, step.schedule)
        while len(asked) < step.asked_before:
            candidate = search.ask(schedule.replayed_estimates(len(asked)))
            if candidate is None:  # the space is exhausted: that search was another one
                break
            asked.append(candidate)
        if step.number >= len(asked) or step.number in finished:
            break
        candidate = asked[step.number]
        evaluation = _evaluation(candidate, step, find)
        if evaluation is None:
            break
        search.tell(candidate, evaluation.error)
        runtime_model.observe(
            candidate.genome, evaluation.fold_seconds, retrained=evaluation.retrained
        )
        if evaluation.error is not None:
            library.add(Entry(candidate, evaluation))
        record.add(candidate, evaluation, step)
        finished.add(step.number)
    return record, [one for one in asked if one.number not in finished]


def _evaluation(candidate: Candidate, step: Step, find: Find) -> Evaluation | None:
    """Find the evaluation of a candidate, None if the step is about another genome."""
    stored = find(candidate.genome) if candidate.genome.key == step.genome else None
    if stored is not None and stored.status != step.status:
        # A later run tried it once more, which this search did not know then.
        return Evaluation((), step.status, failure="it was evaluated again later")
    return stored
