"""Evaluations kept in a file, by genome: what a resumed search need not run again."""

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np

from evolearn.checkpoint.records import RecordFile, StoredRecord
from evolearn.evaluation.tasks import Evaluation
from evolearn.pipeline.genome import Genome
from evolearn.user_warnings import warn

_FIELDS = (
    "scores",
    "status",
    "error",
    "fit_seconds",
    "score_seconds",
    "failure",
    "warnings",
    "rounds",
    "retrained",
    "reused_fit_seconds",
    "reused_score_seconds",
)
# What a candidate was stopped for says something of the machine at that time, and of the
# budget: it may do better in another run. Only what it did by itself is final.
_FINAL = ("scored", "raced", "failed")


class EvaluationJournal:
    """Keeps every evaluation as it is made, and the end of every run.

    Parameters
    ----------
    path : Path
    header : dict
        The fingerprint of data and settings, and the seed.

    Attributes
    ----------
    effort : dict or None
        What the time budget of the first run decided about folds and space.
    torn : bool
        Whether a last record had been written in part and was cut off.
    steps : list of dict
        What searches with a time budget have told, see `evolearn.checkpoint.replay`, each one
        going on where the one before had ended.
    ends : list of dict
        How earlier runs ended: decisions and members.
    """

    def __init__(self, path: Path, header: dict[str, Any]) -> None:
        self._file = RecordFile(path, header)
        self.path = path
        self.torn = self._file.torn
        self._full = False
        self.effort: dict[str, Any] | None = None
        self.steps: list[dict[str, Any]] = []
        self.ends: list[dict[str, Any]] = []
        self._known: dict[str, Evaluation] = {}
        self._at_last_end: dict[str, Evaluation] = {}
        for record in self._file.stored:
            if record.fields["kind"] == "evaluation":
                self._known[record.fields["genome"]] = _restored(record)
            elif record.fields["kind"] == "effort":
                self.effort = record.fields["effort"]
            elif record.fields["kind"] == "step":
                self.steps.append(record.fields["step"])
            elif record.fields["kind"] == "steps":
                del self.steps[record.fields["kept"] :]
            else:
                self.ends.append(record.fields)
                self._at_last_end = dict(self._known)
        self._file.stored.clear()  # else all predictions would be held twice

    def __len__(self) -> int:
        return len(self._known)

    def find(self, genome: Genome) -> Evaluation | None:
        """Return the evaluation of a genome, if it is known and final."""
        known = self._known.get(genome.key)
        return None if known is None or known.status not in _FINAL else known

    def last(self, genome: Genome) -> Evaluation | None:
        """Return the evaluation of a genome, of any status, as it was written last."""
        return self._known.get(genome.key)

    def told(self, genome: Genome) -> Evaluation | None:
        """Return the evaluation of a genome, of any status, as the last finished run had it.

        What a later run that was killed has written since is left aside.
        """
        return self._at_last_end.get(genome.key)

    def keep(self, genome: Genome, evaluation: Evaluation) -> None:
        """Write an evaluation to the file."""
        fields = {name: getattr(evaluation, name) for name in _FIELDS}
        blob = io.BytesIO()
        if evaluation.predictions is not None:
            np.save(blob, evaluation.predictions, allow_pickle=False)
        record = {"kind": "evaluation", "genome": genome.key, **fields}
        self._append(record, blob.getvalue())

    def keep_effort(self, effort: dict[str, Any]) -> None:
        """Write what the time budget of the first run decided."""
        self.effort = effort
        self._append({"kind": "effort", "effort": effort})

    def keep_step(self, step: dict[str, Any]) -> None:
        """Write what was told: an evaluation that is there already, which is the dear part."""
        self._append({"kind": "step", "step": step}, sync=False)

    def keep_steps(self, n_kept: int) -> None:
        """Write that only the first steps could be told again, and the others do not count."""
        if n_kept < len(self.steps):
            self._append({"kind": "steps", "kept": n_kept}, sync=False)

    def keep_end(self, decisions: dict[str, Any]) -> None:
        """Write how a run ended."""
        self._append({"kind": "end", **decisions})

    def _append(self, fields: dict[str, Any], blob: bytes = b"", *, sync: bool = True) -> None:
        """Write a record; if that fails, say so once and go on without the journal."""
        if self._full:
            return
        try:
            self._file.append(fields, blob, sync=sync)
        except (OSError, struct.error) as error:  # the latter: 4 GiB of predictions
            # Not the loss of the search that the journal is there to protect. No more records:
            # one that is missing in the middle would make the replay of this run impossible.
            self._full = True
            warn(
                f"The journal {self.path} could not be written ({error}); the fit goes on, but "
                "what it evaluates from here on cannot be resumed. Make room on that disk."
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _restored(record: StoredRecord) -> Evaluation:
    values = {name: record.fields[name] for name in _FIELDS}
    for name in ("scores", "fit_seconds", "score_seconds", "warnings"):
        values[name] = tuple(values[name])
    predictions = np.load(io.BytesIO(record.blob), allow_pickle=False) if record.blob else None
    return Evaluation(**values, predictions=predictions)
