"""A run repeated from its journal: the same decisions, whatever the clock says."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evolearn.ensemble.library import Entry, Library
from evolearn.evaluation.journal import EvaluationJournal
from evolearn.evolution.search import Candidate, Search
from evolearn.search import Record
from evolearn.steering import Steering


def replay(
    search: Search,
    journal: EvaluationJournal,
    library: Library,
    steering: Steering,
    end: Mapping[str, Any],
) -> list[Record]:
    """Tell a search what it was told in an earlier run.

    Parameters
    ----------
    search : Search
        As it was at the beginning of that run.
    journal : EvaluationJournal
        Has the evaluations of that run.
    library : Library
        Is filled with the best candidates.
    steering : Steering
        As that of the run was at its end, but that nothing was measured yet.
    end : mapping
        The record that the run left at its end: the numbers of the candidates in the order
        told, and how many had been asked when each of them was told.

    Returns
    -------
    list of Record
        The candidates of that run in the order told.
    """
    asked: list[Candidate | None] = []
    records = []
    for number, asked_before in zip(end["told"], end["asked_before"], strict=True):
        for _ in range(asked_before - len(asked)):
            asked.append(search.ask(steering.prices_again(len(asked))))
        candidate = asked[number]
        assert candidate is not None  # it was asked in the run that told it
        evaluation = journal.told(candidate.genome)
        assert evaluation is not None  # it was kept before it was told
        search.tell(candidate, evaluation.error)
        steering.pace.note(candidate.genome, evaluation)
        if evaluation.error is not None:
            library.add(Entry(candidate, evaluation))
        records.append(Record(candidate, replace(evaluation, predictions=None)))
    return records
