"""The library: the best candidates so far, with their predictions and fold models."""

from bisect import insort
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.racing import Rival
from evolearn.evaluation.tasks import Evaluation
from evolearn.pipeline.genome import Genome
from evolearn.tasks.predictions import Floats

# Rank of the entry that candidates are raced against.
RIVAL_RANK = 4
# Disk space for the fold models of one candidate, and of all together. A forest of 200 full
# trees on 20,000 rows has 70 MB per fold.
MOST_BYTES_EACH = 384 * 2**20
MOST_BYTES = 4 * 2**30
# Largest part of the library that has the same estimator, as long as there are others: children
# of the best pipeline are much like it, and where a long search has found fifteen of them an
# ensemble has nothing else to choose from.
LARGEST_SHARE = 1 / 3


@dataclass(frozen=True)
class Entry:
    """A good candidate, its evaluation and the file with its fold models."""

    candidate: Candidate
    evaluation: Evaluation
    models_path: Path | None = None

    @property
    def number(self) -> int:
        """The candidate's number."""
        return self.candidate.number

    @property
    def genome(self) -> Genome:
        """The candidate's genome."""
        return self.candidate.genome

    @property
    def predictions(self) -> Floats:
        """The candidate's out-of-fold predictions, which must be there."""
        assert self.evaluation.predictions is not None
        return self.evaluation.predictions

    @property
    def error(self) -> float:
        """The candidate's error."""
        assert self.evaluation.error is not None  # only scored candidates become entries
        return self.evaluation.error


class Library:
    """The best candidates with their out-of-fold predictions and fold models.

    While candidates of one estimator are more than a third, they give way to those of others,
    however good they are.

    Parameters
    ----------
    size : int
        Number of entries that are kept, in the attribute `entries`, best first.
    most_bytes : int, default=4 GiB
        Disk space for the fold models of all entries; those of the worst are deleted first.
    """

    def __init__(self, size: int, *, most_bytes: int = MOST_BYTES) -> None:
        self.size = size
        self.entries: list[Entry] = []
        self._most_of_one = max(1, int(LARGEST_SHARE * size))
        self._most_bytes = most_bytes

    @property
    def best(self) -> Entry | None:
        """The entry with the lowest error, the first of equals."""
        return self.entries[0] if self.entries else None

    @property
    def best_saved(self) -> Entry | None:
        """The best entry whose fold models were saved."""
        return next((entry for entry in self.entries if entry.models_path is not None), None)

    def keep_below(self, genome: Genome) -> float:
        """Return the error that a genome must not exceed to enter the library.

        It never rises later on, so that the number of candidates that are told while the genome
        is evaluated does not matter.
        """
        if len(self.entries) < self.size:
            return float("inf")
        crowded = self._crowded(genome.estimator)
        if not crowded or genome.estimator in map(_estimator, crowded):
            return (crowded or self.entries)[-1].error
        return float("inf")

    @property
    def save_below(self) -> float:
        """Error below which the fold models of a candidate are saved, however fast they are."""
        return self.best.error if self.best is not None else float("inf")

    def add(self, entry: Entry) -> None:
        """Add a scored candidate, if it is good enough."""
        insort(self.entries, entry, key=lambda e: (e.error, e.number))
        if len(self.entries) > self.size:
            dropped = (self._crowded() or self.entries)[-1]
            self.entries.remove(dropped)
            _delete_models(dropped)
        self._make_room()

    def models_of(self, genome: Genome | None) -> Path | None:
        """Return the file with the fold models of a genome, None if there is none."""
        if genome is None:
            return None
        entries = (entry for entry in self.entries if entry.genome == genome)
        return next((entry.models_path for entry in entries), None)

    def rival(self) -> Rival | None:
        """Return the entry that candidates are raced against; None while there are too few."""
        if len(self.entries) < RIVAL_RANK or len(self.entries[0].evaluation.scores) < 2:
            return None
        scores = np.array([entry.evaluation.scores for entry in self.entries[:RIVAL_RANK]])
        spread = np.median((scores - scores[-1])[:-1].std(axis=1, ddof=1))
        if spread == 0:  # equal to the last digit on every fold: no measure of differences
            return None
        return Rival(self.entries[RIVAL_RANK - 1].evaluation.scores, float(spread))

    def _crowded(self, *more: str) -> list[Entry]:
        """Return the entries whose estimators are too many, counting some more candidates."""
        counts = Counter([*map(_estimator, self.entries), *more])
        return [e for e in self.entries if counts[_estimator(e)] > self._most_of_one]

    def _make_room(self) -> None:
        room = self._most_bytes
        for number, entry in enumerate(self.entries):
            if entry.models_path is None:
                continue
            if entry.evaluation.models_bytes <= room:
                room -= entry.evaluation.models_bytes
            else:
                _delete_models(entry)
                self.entries[number] = replace(entry, models_path=None)


def _estimator(entry: Entry) -> str:
    return entry.genome.estimator


def _delete_models(entry: Entry) -> None:
    if entry.models_path is not None:
        entry.models_path.unlink(missing_ok=True)
