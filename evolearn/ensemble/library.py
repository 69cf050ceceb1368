"""The library: the best candidates so far, with what is needed to make a model of them."""

from bisect import insort
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evolearn.evaluation.evaluator import Evaluation
from evolearn.evolution.search import Candidate

# Members that an ensemble is expected to have when time for their refits is set aside: on the
# tables of the suite it had five to nine.
EXPECTED_MEMBERS = 8


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
    """Keeps the best candidates, their out-of-fold predictions, and one's fold models.

    Parameters
    ----------
    size : int
        How many entries are kept.
    refit_factor : float
        How much longer a fit on all rows takes than one on a fold's training rows.
    """

    def __init__(self, size: int, refit_factor: float) -> None:
        self.size = size
        self.refit_factor = refit_factor
        self.entries: list[Entry] = []
        self._saved: Entry | None = None

    @property
    def best(self) -> Entry | None:
        """The candidate with the lowest error, the first of equals."""
        return self.entries[0] if self.entries else None

    @property
    def saved(self) -> Entry | None:
        """The best candidate whose fold models were saved."""
        return self._saved

    @property
    def keep_below(self) -> float:
        """The error a candidate must not exceed to be kept."""
        return self.entries[-1].error if len(self.entries) >= self.size else float("inf")

    @property
    def save_below(self) -> float:
        """The error below which a candidate's fold models are worth saving."""
        return self.best.error if self.best is not None else float("inf")

    def add(self, entry: Entry) -> None:
        """Take a scored candidate in, if it is good enough."""
        if entry.models_path is not None:
            if self._saved is None or entry.error < self._saved.error:
                self._forget_saved()
                self._saved = entry
            else:
                entry.models_path.unlink(missing_ok=True)
        insort(self.entries, entry, key=lambda e: (e.error, e.candidate.number))
        del self.entries[self.size :]

    def refit_seconds(self, entry: Entry) -> float:
        """Return the expected seconds of a fit of this candidate on all rows."""
        return float(np.mean(entry.evaluation.fit_seconds)) * self.refit_factor

    def final_seconds(self, n_workers: int) -> float:
        """Return the expected seconds of the refits of an ensemble of the best candidates."""
        seconds = [self.refit_seconds(entry) for entry in self.entries[:EXPECTED_MEMBERS]]
        return max(sum(seconds) / n_workers, max(seconds)) if seconds else 0.0

    def _forget_saved(self) -> None:
        if self._saved is not None and self._saved.models_path is not None:
            self._saved.models_path.unlink(missing_ok=True)
