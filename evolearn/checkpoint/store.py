"""The store of a checkpoint: an SQLite database with every evaluation of a search.

`evolearn.checkpoint.tables` has the tables; docs/checkpoints.md explains them, and who may read
them when. Predictions are the only large values: they are read when they are needed.
"""

import ctypes
import os
import sqlite3
import time
import weakref
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from evolearn._version import __version__
from evolearn.checkpoint.errors import CheckpointError, reading
from evolearn.checkpoint.files import (
    PLAIN,
    WatchedFiles,
    WriterLock,
    allows_shared_memory,
    is_plain,
    make_folder,
    make_private,
    sync_folder,
)
from evolearn.checkpoint.tables import (
    FORMAT,
    SCHEMA,
    Row,
    Statement,
    Step,
    Stored,
    bytes_of,
    decisions_of,
    digest_of,
    digest_of_bytes,
    insertion,
    json_of,
    now,
    restored,
    step_of,
    step_row,
    values_of,
)
from evolearn.checkpoint.validation import check_sizes, read_array, read_json
from evolearn.evaluation.tasks import Evaluation
from evolearn.pipeline.genome import Genome
from evolearn.user_warnings import warn

# A candidate that was stopped from outside (too slow, killed) may do better in another run.
FINAL = ("scored", "raced", "failed")
# A candidate that was killed, or took the memory that others had left, may do better in any
# run. One that was too slow would be so again with the same time budget.
PASSING = ("died", "out_of_memory")
# Seconds to wait for a reader that blocks the writer. Without a write-ahead log one may.
BUSY_SECONDS = 5.0
# Transactions are written through to the disk at most once in so many seconds: only a power
# failure can lose those in between. Each time takes 0.2 to 5 ms on an SSD, which is more than
# the rest of a transaction (0.1 to 0.3 ms with 1,000 predictions).
SYNCHRONIZED_SECONDS = 1.0
# The database, its write-ahead log, and the shared memory that indexes the log.
SUFFIXES = ("", "-wal", "-shm")
# The log of disks without shared memory.
ROLLBACK_SUFFIX = "-journal"
# Bytes of the smallest page that a database can have.
SMALLEST_DATABASE = 512


class CheckpointStore:
    """Stores every evaluation as it is made, and the decisions of every finished run.

    It finds the evaluations that the file had when it was opened.

    Parameters
    ----------
    path : Path
        The database; created, with its folder, if it does not exist.
    fingerprint : str
        Identifies data and settings. The database of another fit is refused.
    seed : int
        The seed of the search.

    Attributes
    ----------
    effort : dict or None
        What the time budget of the first run decided about folds and space.
    steps : list of Step
        The results of all runs with a time budget, each one continuing the one before.
    finished_runs : list of dict
        How earlier runs ended: steps, stop reason, best candidate and members.

    Raises
    ------
    CheckpointError
        If the file is no checkpoint, is damaged, belongs to another fit, is in use by another
        fit, or cannot be opened.
    """

    def __init__(self, path: Path, *, fingerprint: str, seed: int) -> None:
        self.path = path
        self.effort: dict[str, Any] | None = None
        self._has_error = False
        self.steps: list[Step] = []
        self.finished_runs: list[dict[str, Any]] = []
        self._latest: dict[str, Stored] = {}
        self._at_last_end: dict[str, Stored] = {}
        self._n_evaluations = 0
        self._shapes: set[tuple[int, ...]] = set()  # of predictions; empty: any
        self._is_writable = True
        self._synchronized = float("-inf")
        self._files = WatchedFiles([path.with_name(path.name + end) for end in SUFFIXES])
        self._connection: sqlite3.Connection | None = None
        self._lock = self._take_lock()
        _OPEN.add(self)
        try:
            self._open({"format": FORMAT, "fingerprint": fingerprint, "seed": str(seed)})
        except BaseException:
            self.close()
            raise

    def __len__(self) -> int:
        return len(self._latest)

    # -- reading ------------------------------------------------------------------------------

    def find(self, genome: Genome) -> Evaluation | None:
        """Return an evaluation of a genome that may be used again, None if there is none."""
        stored = self._latest.get(genome.key)
        if stored is None or stored.evaluation.status not in FINAL:
            return None
        return None if stored.evaluation.transient else self._with_predictions(stored)

    def find_latest(self, genome: Genome) -> Evaluation | None:
        """Return the last evaluation of a genome, of any status."""
        return self._with_predictions(self._latest.get(genome.key))

    def find_at_last_end(self, genome: Genome) -> Evaluation | None:
        """Return the evaluation that the last finished run had of a genome, of any status.

        A later run that was killed may have evaluated it again.
        """
        stored = self._at_last_end.get(genome.key)
        evaluation = self._with_predictions(stored)
        if stored is not None and evaluation is None:
            raise CheckpointError.vanished(self.path)
        return evaluation

    def failed_transiently(self, step: Step) -> bool:
        """Whether the candidate of a step failed for a reason that may have passed.

        Also if it was evaluated again since then, with another outcome.
        """
        stored = self._latest.get(step.genome)
        if stored is None:
            return False
        evaluation = stored.evaluation
        failed = step.status not in ("scored", "raced")
        may_pass = evaluation.transient or evaluation.status in PASSING
        return may_pass or (failed and evaluation.status != step.status)

    def expect(self, n_folds: int, n_rows: int, width: int) -> None:
        """Check the sizes of what is stored, and later of predictions that are read.

        Raises
        ------
        CheckpointError
            If an evaluation has not `n_folds` scores.
        """
        self._shapes = {(n_rows, width), (n_rows,)} if width == 1 else {(n_rows, width)}
        with reading(self.path):
            for stored in (*self._latest.values(), *self._at_last_end.values()):
                check_sizes(stored.candidate, stored.evaluation, n_folds)

    def _with_predictions(self, stored: Stored | None) -> Evaluation | None:
        if stored is None or stored.predictions_digest is None:
            return None if stored is None else stored.evaluation
        try:
            self._files.check()
        except OSError as error:
            self._stop_writing(error)
        if self._connection is None:  # the file has vanished: to be evaluated again
            return None
        query = "SELECT array FROM predictions WHERE evaluation = ?"
        with reading(self.path):
            row = self._connection.execute(query, (stored.id,)).fetchone()
            name = f"the predictions of candidate {stored.candidate}"
            if row is None or digest_of_bytes(row[0]) != stored.predictions_digest:
                raise CheckpointError.damaged(self.path, name)
            predictions = read_array(row[0])
            if self._shapes and predictions.shape not in self._shapes:
                raise CheckpointError.damaged(self.path, f"the shape of {name}")
            return replace(stored.evaluation, predictions=predictions)

    # -- writing ------------------------------------------------------------------------------

    def add_evaluation(self, number: int, genome: Genome, evaluation: Evaluation) -> None:
        """Store the evaluation of a candidate."""
        id_, digest, arrays = self._n_evaluations + 1, None, []
        if evaluation.predictions is not None:
            array = bytes_of(evaluation.predictions)
            digest = digest_of_bytes(array)
            arrays = [("INSERT INTO predictions VALUES (?, ?)", (id_, array))]
        row = (id_, *values_of(number, genome, evaluation), now(), digest)
        if self._write(insertion("evaluations", row), *arrays):
            self._n_evaluations = id_

    @property
    def seconds(self) -> float:
        """End of the last evaluation that the file had when it was opened, in seconds."""
        stored = self._latest.values()
        return max((one.evaluation.run.end_seconds for one in stored), default=0.0)

    def save_effort(self, effort: dict[str, Any]) -> None:
        """Store what the time budget of the first run decided."""
        self.effort = effort
        self._write(insertion("meta", ("effort", json_of(effort))))

    def save_error(self, name: str, baseline: float | None) -> None:
        """Store the name of the error and the baseline's, for those who read the file."""
        if not self._has_error:
            self._has_error = True
            content = json_of({"name": name, "baseline": baseline})
            self._write(insertion("meta", ("error", content)))

    def add_step(self, step: Step) -> None:
        """Store the order of a result."""
        self.steps.append(step)
        self._write(insertion("steps", step_row(len(self.steps), step)))

    def replace_steps(self, steps: Sequence[Step]) -> None:
        """Store another history: that which this run continues."""
        pairs = zip(steps, self.steps, strict=False)
        same = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
        rows = [step_row(n, step) for n, step in enumerate(steps[same:], same + 1)]
        if rows or same < len(self.steps):
            delete = "DELETE FROM steps WHERE position > ?", (same,)
            self._write(delete, *(insertion("steps", row) for row in rows))
        self.steps = list(steps)

    def finish_run(self, decisions: dict[str, Any], steps: Iterable[Step]) -> None:
        """Store how a run ended."""
        run = len(self.finished_runs) + 1
        whole = {**decisions, "steps": [asdict(step) for step in steps]}
        row = (run, now(), decisions["stop_reason"], self._n_evaluations, json_of(whole))
        self._write(insertion("runs", row))

    def _write(self, *statements: Statement) -> bool:
        """Run statements in one transaction; return whether that was possible.

        If it fails, warn once and stop writing: one missing evaluation in the middle would make
        a replay impossible. The search itself goes on.
        """
        if not self._is_writable or self._connection is None:
            return False
        try:
            self._files.check()
            started = time.monotonic()
            is_due = started >= self._synchronized + SYNCHRONIZED_SECONDS
            self._connection.execute(f"PRAGMA synchronous={'FULL' if is_due else 'NORMAL'}")
            with self._connection:  # commits, or rolls back
                self._connection.execute("BEGIN IMMEDIATE")
                for statement in statements:
                    self._connection.execute(*statement)
            self._synchronized = started if is_due else self._synchronized
            self._files.note()
        except (sqlite3.Error, OSError, UnicodeError) as error:
            self._stop_writing(error)
        return self._is_writable

    def close(self) -> None:
        """Close the file and let others write to it."""
        try:
            if self._connection is not None:
                self._files.check()
                self._connection.close()
                self._connection = None
        except (sqlite3.Error, OSError) as error:
            self._stop_writing(error)
        finally:
            self._abandon()

    def _stop_writing(self, error: Exception) -> None:
        if isinstance(error, OSError):  # of `_files`: they are not what they were
            self._abandon()
        if not self._is_writable:
            return
        self._is_writable = False
        warn(
            f"The checkpoint {self.path} could not be written ({error}); the fit goes on, but "
            "what it evaluates from here on cannot be resumed. Make room on that disk, or pass "
            "another folder as journal."
        )

    def _abandon(self) -> None:
        """Leave the connection as it is, for ever, and drop the lock.

        In the child of a fork, or when its files have vanished, SQLite must not even close it:
        it could roll back what the parent is writing, or touch memory that is gone.
        """
        if self._connection is not None:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(self._connection))
            self._connection = None
        self._lock.release()

    # -- opening ------------------------------------------------------------------------------

    def _take_lock(self) -> WriterLock:
        """Create the folder and take the lock."""
        folder, lock = self.path.parent, self.path.with_suffix(".lock")
        names = [self.path.name + end for end in (*SUFFIXES, ROLLBACK_SUFFIX)]
        with reading(self.path):
            try:
                make_folder(folder)
                # A link leads to a file elsewhere, and a pipe is read for ever.
                for path in (*map(self.path.with_name, names), lock):
                    if not is_plain(path):
                        raise CheckpointError.foreign(path)
                return WriterLock(lock)
            except FileExistsError:
                msg = f"journal must be a folder, but {folder} is a file; pass another path."
                raise CheckpointError(msg) from None
            except BlockingIOError:
                msg = (
                    f"The checkpoint {self.path} is being written by another fit on the same "
                    "data and settings; wait for it, or give this one another folder as "
                    "journal."
                )
                raise CheckpointError(msg) from None

    def _open(self, expected: dict[str, str]) -> None:
        options = "mode=rw" if self._lock.is_held else "mode=rw&nolock=1"
        with reading(self.path):
            os.close(os.open(self.path, os.O_RDWR | PLAIN, 0o600))
            if 0 < self.path.stat().st_size < SMALLEST_DATABASE:  # to SQLite, one byte is none
                raise CheckpointError.foreign(self.path)
            self._connection = connection = sqlite3.connect(
                f"{self.path.absolute().as_uri()}?{options}",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            # Text that is damaged is found by its digest, which names it.
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("PRAGMA cell_size_check=ON")
            found = dict(connection.execute("SELECT name, sql FROM sqlite_master"))
            if found:
                self._check_schema(found)
                self._load(expected)
            for end in SUFFIXES:
                make_private(self.path.with_name(self.path.name + end))
        self._set_journal_mode(connection, is_new=not found)
        if not found:
            self._create(expected)
        self._files.note()

    def _set_journal_mode(self, connection: sqlite3.Connection, *, is_new: bool) -> None:
        """Use a write-ahead log, beside which others can read, where the disk allows it."""
        local = self._lock.is_held and allows_shared_memory(self.path)
        self._files.have_inodes = local
        try:
            query = f"PRAGMA journal_mode={'WAL' if local else 'TRUNCATE'}"
            if connection.execute(query).fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode=TRUNCATE")
        except sqlite3.Error as error:
            if not is_new:
                raise CheckpointError.unusable(self.path, error) from None
            self._stop_writing(error)

    def _create(self, expected: dict[str, str]) -> None:
        tables = [(statement, ()) for statement in SCHEMA.values()]
        meta = {**expected, "evolearn": __version__, "created": now()}
        self._write(*tables, *(insertion("meta", item) for item in meta.items()))
        sync_folder(self.path.parent)

    def _check_schema(self, found: dict[str, str | None]) -> None:
        """Refuse a database that is not ours, and triggers, which would run anybody's code."""
        if "meta" not in found or "evaluations" not in found:
            raise CheckpointError.foreign(self.path)
        different = [f"table {name}" for name, sql in SCHEMA.items() if found.get(name) != sql]
        statements = [sql.upper() for sql in found.values() if sql]
        if any(sql.startswith("CREATE TRIGGER") for sql in statements):
            different.append("triggers")
        if different:
            raise CheckpointError.of_another_fit(self.path, ", ".join(different))

    def _load(self, expected: dict[str, str]) -> None:
        meta: dict[str, str] = dict(self._rows("meta"))
        different = [name for name, value in expected.items() if meta.get(name) != value]
        if different:
            raise CheckpointError.of_another_fit(self.path, ", ".join(different))
        self.effort = read_json("effort", meta["effort"]) if "effort" in meta else None
        self._has_error = "error" in meta
        runs = list(self._rows("runs"))
        self.finished_runs = [decisions_of(row) for row in runs]
        n_at_last_end = runs[-1][3] if runs else 0
        for row in self._rows("evaluations"):
            self._n_evaluations = row[0]
            self._latest[row[2]] = stored = restored(row)
            if row[0] <= n_at_last_end:
                self._at_last_end[row[2]] = stored
        if self._n_evaluations < n_at_last_end:
            raise CheckpointError.damaged(self.path, f"evaluation {n_at_last_end} is missing")
        self.steps = [step_of(row) for row in self._rows("steps")]

    def _rows(self, table: str) -> Iterator[Row]:
        """Read all rows of a table, without their digests, and check these."""
        assert self._connection is not None
        for n, row in enumerate(self._connection.execute(f"SELECT * FROM {table}"), 1):
            if row[-1] != digest_of(table, row[:-1]):
                is_known = table in ("evaluations", "steps") and type(row[1]) is int
                of = f", candidate {row[1]}" if is_known else ""
                name = str(row[0])[:40] if table == "meta" else n
                raise CheckpointError.damaged(self.path, f"row {name} of table {table}{of}")
            if table != "meta" and row[0] != n:
                raise CheckpointError.damaged(self.path, f"row {n} of table {table} is missing")
            yield row[:-1]


_OPEN: weakref.WeakSet[CheckpointStore] = weakref.WeakSet()


def _abandon_in_fork() -> None:
    for store in list(_OPEN):
        store._abandon()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_abandon_in_fork)
