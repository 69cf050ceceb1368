"""The library: the best candidates so far, with what is needed to make a model of them."""

from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from evolearn.evaluation.racing import Rival
from evolearn.evaluation.tasks import Evaluation
from evolearn.pipeline.genome import Genome
from evolearn.search.ask_tell import Candidate

# Members that an ensemble is expected to have when time for them is set aside: on the tables
# of the suite it had five to nine.
EXPECTED_MEMBERS = 8
# The part of a time budget that may at most be set aside for the final models: members whose
# refits find no room in it are served by their fold models. It is more where folds train on
# far fewer rows than there are, so that refits gain most.
LARGEST_RESERVE, LARGEST_RESERVE_OF_FEW_ROWS = 0.25, 0.4
MUCH_LONGER = 1.6
# Refits may take this much longer than the folds' mean lets expect, ensemble selection than
# the last time.
RESERVE_FACTOR = 1.25
# Seconds set aside for handing over the models.
RESERVE_SECONDS = 0.3
# Candidates are raced against the one of this rank.
RIVAL_RANK = 4
# The fold models of one candidate, and those of all together, may take this much of the disk.
# A forest of 200 full trees on 20,000 rows has 70 MB per fold.
MOST_BYTES_EACH = 384 * 2**20
MOST_BYTES = 4 * 2**30
# The part of the library that is of one estimator as long as there are others: children of the
# best pipeline are much like it, and where a long search has found fifteen of them an ensemble
# has nothing else to choose from.
SHARE_OF_ONE = 1 / 3
# What a process reads and unpickles in a second: half of what was measured for forests.
LOADED_BYTES = 250e6


@dataclass(frozen=True)
class Entry:
    """A candidate that did well, with its evaluation and the file of its fold models."""

    candidate: Candidate
    evaluation: Evaluation
    models_path: Path | None = None

    @property
    def error(self) -> float:
        """The candidate's error."""
        assert self.evaluation.error is not None  # only scored candidates become entries
        return self.evaluation.error


class Library:
    """Keeps the best candidates, their out-of-fold predictions and their fold models.

    Candidates of one estimator give way to those of others, however good these are, while they
    are more than a third.

    Parameters
    ----------
    size : int
        How many entries are kept.
    refit_factor : callable
        Tells of a genome how much longer the final fit takes than one in a fold.
    line_factor : callable, default=None
        Tells of a genome how many times as long it takes to train its whole line as to go on
        from its parent. None: as long.
    most_bytes : int, default=4 GiB
        How much disk the fold models of all entries may take; those of the worst give way.

    Attributes
    ----------
    entries : list of Entry
        Best first.
    choice, chosen_from : object
        The ensemble as it was last chosen, and from what and how; None before.
    expected : list of Entry or None
        Its members; None before.
    refitted : dict of int to estimator
        Final models that are fitted already, by the number of their candidate.
    """

    def __init__(
        self,
        size: int,
        refit_factor: Callable[[Genome], float],
        line_factor: Callable[[Genome], float] | None = None,
        *,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self.size = size
        self._most_of_one = max(1, int(SHARE_OF_ONE * size))
        self.entries: list[Entry] = []
        self.choice: Any = None
        self.chosen_from: object = None
        self.expected: list[Entry] | None = None
        self.refitted: dict[int, Any] = {}
        self._refit_factor = refit_factor
        self._line_factor = line_factor
        self._most_bytes = most_bytes

    @property
    def best(self) -> Entry | None:
        """The candidate with the lowest error, the first of equals."""
        return self.entries[0] if self.entries else None

    @property
    def saved(self) -> Entry | None:
        """The best candidate whose fold models were saved."""
        return next((entry for entry in self.entries if entry.models_path is not None), None)

    def keep_below(self, genome: Genome) -> float:
        """Return the error that a genome must not exceed to be kept.

        Never more later on, so that it does not matter how many are told while it is evaluated.
        """
        if len(self.entries) < self.size:
            return float("inf")
        crowded = self._crowded(genome.estimator)
        if not crowded or genome.estimator in map(_estimator, crowded):
            return (crowded or self.entries)[-1].error
        return float("inf")

    @property
    def save_below(self) -> float:
        """The error below which a candidate's fold models are saved whatever they cost."""
        return self.best.error if self.best is not None else float("inf")

    def add(self, entry: Entry) -> None:
        """Take a scored candidate in, if it is good enough."""
        insort(self.entries, entry, key=lambda e: (e.error, e.candidate.number))
        if len(self.entries) > self.size:
            dropped = self._dispensable()
            self.entries.remove(dropped)
            _forget_models(dropped)
        self._make_room()

    def models_of(self, genome: Genome | None) -> Path | None:
        """Return the file with the fold models of a genome, None if there is none."""
        if genome is None:
            return None
        entries = (entry for entry in self.entries if entry.candidate.genome == genome)
        return next((entry.models_path for entry in entries), None)

    def note_choice(self, asked: object, choice: Any, members: list[Entry]) -> None:
        """Take note of an ensemble that was chosen, and from what and how."""
        self.chosen_from, self.choice, self.expected = asked, choice, members

    def rival(self) -> Rival | None:
        """Return what a candidate has to come near to be of use; None as long as all may be."""
        if len(self.entries) < RIVAL_RANK or len(self.entries[0].evaluation.scores) < 2:
            return None
        scores = np.array([entry.evaluation.scores for entry in self.entries[:RIVAL_RANK]])
        spread = np.median((scores - scores[-1])[:-1].std(axis=1, ddof=1))
        if spread == 0:  # equal to the last digit on every fold: no measure of what differs
            return None
        return Rival(self.entries[RIVAL_RANK - 1].evaluation.scores, float(spread))

    def refit_seconds(self, entry: Entry) -> float:
        """Return the expected seconds of a fit of this candidate on all rows.

        Zero if there is one already.
        """
        if entry.candidate.number in self.refitted:
            return 0.0
        evaluation = entry.evaluation
        seconds = sum(evaluation.fit_seconds) + evaluation.reused_fit_seconds
        folds = len(evaluation.fit_seconds)
        genome = entry.candidate.genome
        if self._line_factor is not None and not evaluation.retrained:
            seconds *= self._line_factor(genome)  # on all rows there are no weights of parents
        return seconds / folds * self._refit_factor(genome)

    def reserve(self, budget: float, n_workers: int, choice_seconds: float) -> float:
        """Return the seconds of a time budget to be set aside for the final models."""
        share, best = LARGEST_RESERVE, self.best
        if best is not None and self._refit_factor(best.candidate.genome) > MUCH_LONGER:
            share = LARGEST_RESERVE_OF_FEW_ROWS
        most = share * budget
        # While members are refitted there must be time left to read the fold models of others.
        waiting = [e for e in self._final() if e.candidate.number not in self.refitted]
        aside = RESERVE_SECONDS + RESERVE_FACTOR * choice_seconds + load_seconds(waiting)
        final = self.final_seconds(n_workers, (most - aside) / RESERVE_FACTOR)
        return min(aside + RESERVE_FACTOR * final, most)

    def final_seconds(self, n_workers: int, most: float = float("inf")) -> float:
        """Return the expected seconds of the refits of an ensemble of the best candidates.

        Zero if that of the best would take more than `most` seconds alone, and fold models can
        serve instead.
        """
        best = self.best
        if best is not None and best.models_path and self.refit_seconds(best) > most:
            return 0.0
        seconds = [self.refit_seconds(entry) for entry in self._final()]
        return max(sum(seconds) / n_workers, max(seconds)) if seconds else 0.0

    def _dispensable(self) -> Entry:
        """Return the worst entry, of estimators that there are too many of if there are any."""
        return (self._crowded() or self.entries)[-1]

    def _crowded(self, *more: str) -> list[Entry]:
        """Return the entries of estimators of which, with some more, there are too many."""
        counts = Counter([*map(_estimator, self.entries), *more])
        return [e for e in self.entries if counts[_estimator(e)] > self._most_of_one]

    def _final(self) -> list[Entry]:
        """Return the entries that the final models are expected to be of."""
        members = self.entries[:EXPECTED_MEMBERS] if self.expected is None else self.expected
        either = [*self.entries[:1], *members]
        return list({entry.candidate.number: entry for entry in either}.values())

    def _make_room(self) -> None:
        room = self._most_bytes
        for number, entry in enumerate(self.entries):
            if entry.models_path is None:
                continue
            if entry.evaluation.models_bytes <= room:
                room -= entry.evaluation.models_bytes
            else:
                _forget_models(entry)
                self.entries[number] = replace(entry, models_path=None)


def load_seconds(entries: Iterable[Entry]) -> float:
    """Return the seconds that it takes to read the fold models of these entries."""
    there = (entry for entry in entries if entry.models_path is not None)
    return sum(entry.evaluation.models_bytes for entry in there) / LOADED_BYTES


def _estimator(entry: Entry) -> str:
    return entry.candidate.genome.estimator


def _forget_models(entry: Entry) -> None:
    if entry.models_path is not None:
        entry.models_path.unlink(missing_ok=True)
