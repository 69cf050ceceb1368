"""The store of a checkpoint: what survives, what is refused, what others can read."""

import errno
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
import warnings
from contextlib import closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evolearn.checkpoint import files
from evolearn.checkpoint.errors import CheckpointError
from evolearn.checkpoint.store import CheckpointStore
from evolearn.checkpoint.tables import Step, insertion
from evolearn.checkpoint.validation import read_array
from evolearn.evaluation.tasks import Evaluation
from evolearn.exceptions import EvolearnWarning
from evolearn.pipeline.genome import Allele, Genome

IDENTITY = {"fingerprint": "abc", "seed": 3}


@pytest.fixture(scope="module", autouse=True)
def local_disk(tmp_path_factory):
    """Let all disks be local, as also in a chroot, where the one of / has no mount."""
    mounts = tmp_path_factory.mktemp("proc") / "mounts"
    mounts.write_text("21 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "MOUNTS", mounts)
        yield


def store_at(path, **changes):
    return closing(CheckpointStore(path, **(IDENTITY | changes)))


def genome(n):
    return Genome((("estimator", Allele("ridge", (("alpha", float(n)),))),))


def evaluation(n, rows=60):
    error = 1 / (n + 3)
    predictions = np.random.default_rng(n).normal(size=rows)
    return Evaluation((error,), "scored", error, (0.1,), (0.2,), predictions)


def step(n, status="scored"):
    schedule = {"seconds": 3.0, "portfolio_first": False, "measured_from": None}
    return Step(n, n + 4, genome(n).key, status, schedule)


def fill(path, numbers, *, end=True):
    with store_at(path) as store:
        if store.effort is None:
            store.save_effort({"n_folds": 3})
        for n in numbers:
            store.add_evaluation(n, genome(n), evaluation(n))
            store.add_step(step(n))
        if end:
            store.finish_run({"stop_reason": "time_budget"}, store.steps)


def equal(first, second):
    for name in ("scores", "fit_seconds", "score_seconds"):
        assert np.array_equal(getattr(first, name), getattr(second, name), equal_nan=True)
    for name in ("status", "error", "failure", "warnings", "rounds", "retrained", "transient"):
        assert getattr(first, name) == getattr(second, name)
    assert (first.predictions is None) == (second.predictions is None)
    if first.predictions is not None:
        assert first.predictions.dtype == second.predictions.dtype
        assert first.predictions.tobytes() == second.predictions.tobytes()


def content(path, n_most=20):
    """Everything that a store gives back, or None if it is refused."""
    try:
        with store_at(path) as store:
            found = [store.find(genome(n)) for n in range(n_most)]
            last = [store.find_at_last_end(genome(n)) for n in range(n_most)]
            return found, last, store.effort, store.steps, store.finished_runs
    except CheckpointError as error:
        named = str(path) in str(error) and "another folder as journal" in str(error)
        return None if named else error


def check_prefix(whole, found):
    """Check that a store gives back what it was given, up to some transaction."""
    n_found = sum(one is not None for one in found[0])
    for first, second in zip(whole[0], found[0][:n_found], strict=False):
        equal(first, second)
    assert found[0][n_found:] == [None] * (len(found[0]) - n_found)
    assert found[2] in (whole[2], None)
    assert found[3] == whole[3][: len(found[3])]
    assert found[4] == whole[4][: len(found[4])]
    return n_found


# -- what comes back ---------------------------------------------------------------------------


floats = st.floats(allow_nan=True, allow_infinity=False)
CONTROL = ["Cc", "Cf", "Zl", "Zp"]  # escaped, see below
texts = st.text(st.characters(exclude_categories=["Cs", *CONTROL]), max_size=20)
ends = st.floats(allow_nan=False, allow_infinity=False).map(lambda error: ("scored", error))
evaluations = st.builds(
    lambda end, **values: Evaluation(status=end[0], error=end[1], **values),
    end=st.sampled_from([("raced", None), ("failed", None)]) | ends,
    scores=st.lists(floats, max_size=3).map(tuple),
    fit_seconds=st.lists(st.floats(0, 1e9), max_size=3).map(tuple),
    score_seconds=st.lists(st.floats(0, 1e9), max_size=3).map(tuple),
    predictions=st.none() | st.lists(floats, max_size=9).map(np.array),
    failure=texts,
    warnings=st.lists(
        st.text(st.characters(exclude_categories=CONTROL), max_size=9), max_size=3
    ).map(tuple),
    rounds=st.none() | st.integers(0, 10**6),
    retrained=st.booleans(),
    reused_fit_seconds=st.floats(0, 1e9),
    reused_score_seconds=st.floats(0, 1e9),
)


@given(st.lists(evaluations, max_size=5), st.integers(0, 5))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
def test_evaluations_come_back_bit_for_bit(tmp_path_factory, made, n_first):
    path = tmp_path_factory.mktemp("checkpoint") / "some" / "file.sqlite"
    for part in (range(len(made))[:n_first], range(len(made))[n_first:]):
        with store_at(path) as store:
            for n in part:
                store.add_evaluation(n, genome(n), made[n])
    with store_at(path) as store:
        assert len(store) == len(made)
        for n, one in enumerate(made):
            equal(one, store.find(genome(n)))


def test_texts_that_are_no_unicode_and_numbers_of_numpy_are_stored(tmp_path):
    path = tmp_path / "file.sqlite"
    made = Evaluation(
        (np.float32(0.5),), "failed", failure="no file \udcff\x00", warnings=("\udc80",)
    )
    with store_at(path) as store:
        store.add_evaluation(0, genome(0), made)
        store.save_effort({"n_folds": np.int64(3)})
        store.finish_run({"stop_reason": "time_budget", "best": [np.int64(1), None]}, [])
    with store_at(path) as store:
        assert store.find(genome(0)).failure == "no file \\udcff\\x00"
        assert store.find(genome(0)).scores == (0.5,)
        assert store.effort == {"n_folds": 3}
        assert store.finished_runs[0]["best"] == [1, None]


def test_steps_come_back_and_may_be_replaced(tmp_path):
    path = tmp_path / "file.sqlite"
    fill(path, range(6))
    with store_at(path) as store:
        assert store.steps == [step(n) for n in range(6)]
        store.replace_steps([step(0), step(1), step(7)])
        store.add_step(step(8))
    with store_at(path) as store:
        assert store.steps == [step(0), step(1), step(7), step(8)]
        assert store.finished_runs[0]["steps"] == [step(n) for n in range(6)]


@pytest.mark.parametrize("status", ["timed_out", "died", "out_of_memory"])
def test_what_was_stopped_from_outside_is_tried_again(tmp_path, status):
    with store_at(tmp_path / "file.sqlite") as store:
        store.add_evaluation(0, genome(0), Evaluation((), status, failure="a reason"))
    with store_at(tmp_path / "file.sqlite") as store:
        assert store.find(genome(0)) is None
        assert store.find_latest(genome(0)).failure == "a reason"
        assert store.find_at_last_end(genome(0)) is None  # no run has ended


def test_what_failed_for_a_passing_reason_is_tried_again(tmp_path):
    failed = [
        Evaluation((), "failed", failure="OSError: disk full", transient=True),
        Evaluation((), "failed", failure="ValueError: too few columns"),
    ]
    with store_at(tmp_path / "file.sqlite") as store:
        for n, one in enumerate(failed):
            store.add_evaluation(n, genome(n), one)
    with store_at(tmp_path / "file.sqlite") as store:
        assert store.find(genome(0)) is None
        assert store.failed_transiently(step(0))
        assert store.find(genome(1)).failure == "ValueError: too few columns"
        assert not store.failed_transiently(step(1))


def test_a_replay_finds_what_the_finished_run_had(tmp_path):
    with store_at(tmp_path / "file.sqlite") as store:
        store.add_evaluation(0, genome(0), Evaluation((), "timed_out", failure="a reason"))
        store.finish_run({"stop_reason": "time_budget"}, [])
        store.add_evaluation(0, genome(0), Evaluation((0.5,), "scored", 0.5))  # then killed
    with store_at(tmp_path / "file.sqlite") as store:
        assert store.find_at_last_end(genome(0)).failure == "a reason"
        assert store.find(genome(0)).error == 0.5


def test_predictions_are_read_when_they_are_needed(tmp_path):
    path = tmp_path / "file.sqlite"
    with store_at(path) as store:
        for n in range(20):
            store.add_evaluation(n, genome(n), evaluation(n, rows=50_000))
    code = f"""
import resource
from pathlib import Path
from evolearn.checkpoint.store import CheckpointStore
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
CheckpointStore(Path({str(path)!r}), fingerprint="abc", seed=3).close()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    pytest.importorskip("resource")
    grown = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert path.stat().st_size > 8e6
    assert int(grown.stdout) < 6_000  # kilobytes


def test_control_characters_come_back_as_escapes(tmp_path):
    path = tmp_path / "file.sqlite"
    with store_at(path) as store:
        store.add_evaluation(0, genome(0), Evaluation((), "failed", failure="\x1b[31mred"))
    forge(path, "evaluations", failure="\x9b2J", warnings='["\\u001b]0;title\\u0007 \\u202e"]')
    with store_at(path) as store:
        found = store.find(genome(0))
    assert found.failure == "\\x9b2J"
    assert found.warnings == ("\\x1b]0;title\\x07 \\u202e",)


# -- what others can read ----------------------------------------------------------------------


def test_another_process_reads_while_the_writer_writes(tmp_path):
    path = tmp_path / "file.sqlite"
    code = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=0)
print(connection.execute("SELECT count(*), min(error) FROM evaluations").fetchone())
sys.stdout.flush()
sys.stdin.readline()
"""
    with store_at(path) as store:
        for n in range(3):
            store.add_evaluation(n, genome(n), evaluation(n))
        with subprocess.Popen(
            [sys.executable, "-c", code, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as reader:
            assert reader.stdout.readline() == f"(3, {evaluation(2).error})\n"
            store.add_evaluation(3, genome(3), evaluation(3))  # it is still there
            reader.stdin.write("\n")
    assert sum(one is not None for one in content(path)[0]) == 4


def test_pandas_reads_it_and_finds_the_columns_explained(tmp_path):
    fill(tmp_path / "file.sqlite", range(5))
    with closing(sqlite3.connect(tmp_path / "file.sqlite")) as connection:
        table = pd.read_sql("SELECT * FROM evaluations ORDER BY error", connection)
        ((schema,),) = connection.execute(
            "SELECT sql FROM sqlite_master WHERE name = 'evaluations'"
        ).fetchall()
        meta = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    assert table["candidate"].tolist() == [4, 3, 2, 1, 0]
    assert table["estimator"].unique().tolist() == ["ridge"]
    assert pd.to_datetime(table["finished_at"]).notna().all()
    assert "-- mean over the folds" in schema
    assert {"format", "evolearn", "fingerprint", "seed", "created", "effort"} == set(meta)


def test_nobody_else_may_read_it_and_one_file_remains(tmp_path):
    path = tmp_path / "folder" / "file.sqlite"
    fill(path, range(2))
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_others_could_read_becomes_private_and_its_folder_stays(tmp_path):
    tmp_path.chmod(0o755)
    path = tmp_path / "file.sqlite"
    fill(path, range(2))
    path.chmod(0o644)
    with store_at(path) as store:
        store.add_evaluation(2, genome(2), evaluation(2))
        modes = {one.suffix: one.stat().st_mode & 0o777 for one in tmp_path.iterdir()}
    assert modes.keys() >= {".sqlite", ".lock"}
    assert set(modes.values()) == {0o600}
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_new_folders_are_written_through_to_the_disk(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(
        files.os, "fsync", lambda opened: synced.append(os.fstat(opened).st_ino)
    )
    fill(tmp_path / "some" / "folder" / "file.sqlite", range(1))
    folders = tmp_path, tmp_path / "some", tmp_path / "some" / "folder"
    assert set(synced) == {folder.stat().st_ino for folder in folders}


# -- what is damaged ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """The bytes of a store and what it gives back."""
    path = tmp_path_factory.mktemp("filled") / "file.sqlite"
    fill(path, range(8))
    return path.read_bytes(), content(path)


@given(st.data())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300
)
def test_flipped_bits_are_found_or_harmless(tmp_path_factory, filled, data):
    whole, expected = filled
    path = tmp_path_factory.mktemp("damaged") / "file.sqlite"
    damaged = bytearray(whole)
    damaged[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(damaged)
    found = content(path)
    if found is None:
        assert path.read_bytes() == damaged
    else:
        assert check_prefix(expected, found) == 8


@pytest.mark.parametrize("filler", [b"\0", b"\xff"])
def test_a_page_of_zeros_is_found(tmp_path, filled, filler):
    whole, expected = filled
    path = tmp_path / "file.sqlite"
    for start in range(0, len(whole), 4096):
        path.write_bytes(whole[:start] + filler * 4096 + whole[start + 4096 :])
        found = content(path)
        assert found is None or check_prefix(expected, found) == 8
        assert start > 0 or found is None


@pytest.mark.parametrize("share", [0.01, 0.2, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(tmp_path, filled, share):
    whole, _ = filled
    path = tmp_path / "file.sqlite"
    path.write_bytes(whole[: int(share * len(whole))])
    before = path.read_bytes()
    assert content(path) is None
    assert path.read_bytes() == before


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The files of a store whose writer was killed: the end is in the log alone."""
    folder = tmp_path_factory.mktemp("killed")
    with store_at(folder / "file.sqlite") as store:
        store.save_effort({"n_folds": 3})
        for n in range(8):
            store.add_evaluation(n, genome(n), evaluation(n))
        copy = shutil.copytree(folder, folder.with_name("copy"))
    (copy / "file.lock").unlink()
    return copy, content(folder / "file.sqlite")


@given(st.floats(0, 1), st.booleans())
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
def test_a_torn_log_gives_whole_transactions(tmp_path_factory, killed, share, zeros):
    folder = shutil.copytree(killed[0], tmp_path_factory.mktemp("torn") / "copy")
    (folder / "file.sqlite-shm").unlink()
    log = folder / "file.sqlite-wal"
    data = log.read_bytes()
    kept = data[: int(share * len(data))]
    log.write_bytes(kept + bytes(len(data) - len(kept)) if zeros else kept)
    found = content(folder / "file.sqlite")
    n_found = check_prefix(killed[1], found)
    assert n_found == 8 or share < 1
    if n_found:
        assert found[2] == {"n_folds": 3}


@pytest.mark.parametrize(
    ("suffix", "tail"),
    [
        *(("", bytes(4096)), ("", bytes(10)), ("", b"\xff" * 5000)),
        *(("-journal", bytes(600)), ("-journal", b"something else" * 50)),
        *(("-wal", bytes(5000)), ("-wal", b"\xff" * 100), ("-shm", b"\x55" * 40_000)),
    ],
    ids=lambda value: str(value[:20]),
)
def test_what_stands_after_the_last_record_is_left_out(tmp_path, filled, killed, suffix, tail):
    folder, expected = shutil.copytree(killed[0], tmp_path / "copy"), killed[1]
    path = folder / "file.sqlite"
    if suffix in ("", "-journal"):  # of a store that was closed
        shutil.rmtree(folder)
        folder.mkdir()
        path.write_bytes(filled[0])
        expected = filled[1]
    with path.with_name(path.name + suffix).open("ab" if suffix != "-shm" else "wb") as file:
        file.write(tail)
    assert check_prefix(expected, content(path)) == 8


@pytest.mark.parametrize("byte", [1, 8, 3000])
def test_a_wrong_byte_near_the_end_of_the_log_costs_the_last_transaction(
    tmp_path, killed, byte
):
    folder = shutil.copytree(killed[0], tmp_path / "copy")
    log = folder / "file.sqlite-wal"
    data = bytearray(log.read_bytes())
    data[-byte] ^= 1
    log.write_bytes(data)
    assert check_prefix(killed[1], content(folder / "file.sqlite")) == 7


WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_store import evaluation, genome, store_at
with store_at(Path(sys.argv[1])) as store:
    print("open", flush=True)
    for n in range(100_000):
        store.add_evaluation(n, genome(n), evaluation(n, rows=2_000))
        print(n, flush=True)
"""


@pytest.mark.parametrize("seed", range(3))
def test_a_writer_that_is_killed_loses_nothing_that_it_has_stored(tmp_path, seed):
    path = tmp_path / "file.sqlite"
    arguments = [sys.executable, "-c", WRITER, path, Path(__file__).parent]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
        writer.stdout.readline()
        time.sleep(random.Random(seed).uniform(0, 0.3))
        writer.kill()
        stored = [int(line) for line in writer.stdout.read().split("\n")[:-1] if line]
    n_stored = len(stored)
    with store_at(path) as store:  # there is no lock that would be in the way
        assert n_stored <= len(store) <= n_stored + 1
        for n in range(len(store)):
            equal(store.find(genome(n)), evaluation(n, rows=2_000))


# -- what cannot be ----------------------------------------------------------------------------


def forge(path, table, **changes):
    """Change the first row of a table, and its digest so that it is right."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.row_factory = sqlite3.Row
        query = f"SELECT * FROM {table} LIMIT 1"
        row = dict(connection.execute(query).fetchone()) | changes
        statement, values = insertion(table, tuple(row.values())[:-1])
        connection.execute(statement.replace("INSERT", "REPLACE"), values)


def decisions(**changes):
    return json.dumps({"stop_reason": "time_budget", "steps": [asdict(step(0)) | changes]})


IMPOSSIBLE = {
    "evaluations": [
        *({"candidate": value} for value in (-1, 2**40, "many")),
        *({"status": value} for value in ("fine", "failed", 3)),
        *({"error": value} for value in (None, "small", float("inf"))),
        *({"scores": value} for value in ('["a"]', "[1e999]", "{", "[" * 100_000, b"[]")),
        *({"fit_seconds": value} for value in ("[-1]", "[1e300]", "7", "[null]")),
        *({"rounds": value} for value in (10**9, -1, 0.5)),
        *({"failure": b"text"}, {"warnings": '{"a": 1}'}, {"warnings": "[1]"}),
        *({"retrained": 2}, {"transient": "no"}, {"genome": 5}, {"reused_fit_seconds": -1.0}),
    ],
    "steps": [
        *({"asked_before": value} for value in (10**9, 0, 2**62, "all")),
        *({"candidate": value} for value in (99, -1)),
        *({"status": "fine"}, {"genome": b"key"}, {"schedule": "{}"}, {"schedule": "[]"}),
        {"schedule": '{"seconds": "few", "portfolio_first": false, "measured_from": null}'},
        {"schedule": '{"seconds": 1, "portfolio_first": 0, "measured_from": null}'},
        {"schedule": '{"seconds": 1, "portfolio_first": false, "measured_from": -1}'},
    ],
    "runs": [
        *({"decisions": value} for value in ("[]", "{}", "null", '{"steps": [1]}')),
        *({"decisions": decisions(**one)} for one in ({"asked_before": 10**9}, {"more": 1})),
        {"decisions": decisions().replace("time_budget", "\x1b[31m")},
        {"n_evaluations": -3},
    ],
    "meta": [{"value": "["}],  # the first one is the effort
}


@pytest.mark.parametrize(
    ("table", "changes"), [(table, one) for table, many in IMPOSSIBLE.items() for one in many]
)
def test_values_that_cannot_be_are_refused_whatever_their_digest(tmp_path, table, changes):
    path = tmp_path / "file.sqlite"
    fill(path, range(3))
    if table == "meta":
        changes = changes | {"name": "effort"}
    forge(path, table, **changes)
    with pytest.raises(CheckpointError, match="damaged"):
        CheckpointStore(path, **IDENTITY)


def header(shape, dtype="<f8", length=16):
    text = repr({"descr": dtype, "fortran_order": False, "shape": shape})
    return (
        b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode() + bytes(length)
    )


@pytest.mark.parametrize(
    "data",
    [
        *(header((10**12,)), header((2**62, 4)), header((-2,)), header((3,)), header(())),
        *(header((2,), "|O"), header((1,), "<c16"), header((2,), [("a", "<f8")])),
        *(b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00\xff\xff" + bytes(16), header("a"), "text"),
    ],
)
def test_arrays_that_are_not_what_they_claim_are_refused(data):
    with pytest.raises(ValueError):  # noqa: PT011, of NumPy, too
        read_array(data)


@pytest.mark.parametrize("shape", [(59,), (60, 2), (0,)])
def test_predictions_of_another_shape_are_refused(tmp_path, shape):
    with store_at(tmp_path / "file.sqlite") as store:
        made = replace(evaluation(0), predictions=np.zeros(shape))
        store.add_evaluation(0, genome(0), made)
        store.add_evaluation(1, genome(1), evaluation(1))
    with store_at(tmp_path / "file.sqlite") as store:
        store.expect(n_folds=1, n_rows=60, width=1)
        equal(store.find(genome(1)), evaluation(1))
        with pytest.raises(CheckpointError, match=r"shape of the predictions of candidate 0"):
            store.find(genome(0))


def test_scores_of_other_folds_are_refused(tmp_path):
    fill(tmp_path / "file.sqlite", range(2))
    with store_at(tmp_path / "file.sqlite") as store:
        store.expect(n_folds=1, n_rows=60, width=1)
        with pytest.raises(CheckpointError, match="candidate 0 has 1 scores for 3 folds"):
            store.expect(n_folds=3, n_rows=60, width=1)


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"something else", b"x", bytes(5000), b"SQLite format 3\0"])
def test_a_foreign_file_is_refused_and_left_untouched(tmp_path, data):
    path = tmp_path / "file.sqlite"
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        CheckpointStore(path, **IDENTITY)
    assert path.read_bytes() == data


def test_a_foreign_database_is_refused_and_left_untouched(tmp_path):
    path = tmp_path / "file.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE accounts (name TEXT)")
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="no checkpoint"):
        CheckpointStore(path, **IDENTITY)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("ALTER TABLE runs ADD COLUMN more TEXT", "another fit.*runs"),
        ("DROP TABLE steps", "another fit.*steps"),
        (
            "CREATE TRIGGER more AFTER INSERT ON steps BEGIN DELETE FROM runs; END",
            "another fit.*triggers",
        ),
        ("UPDATE evaluations SET error = 0.0 WHERE candidate = 2", "damaged.*candidate 2"),
        ("DELETE FROM evaluations WHERE candidate = 2", "damaged.*evaluations"),
        ("DELETE FROM evaluations WHERE candidate > 2", "damaged.*missing"),
        ("UPDATE meta SET value = '{}' WHERE name = 'effort'", "damaged.*effort"),
    ],
)
def test_a_database_that_was_changed_is_refused(tmp_path, statement, message):
    path = tmp_path / "file.sqlite"
    fill(path, range(5))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)
    with pytest.raises(CheckpointError, match=message):
        CheckpointStore(path, **IDENTITY)


def test_damaged_predictions_are_named(tmp_path):
    path = tmp_path / "file.sqlite"
    fill(path, range(5))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE predictions SET array = zeroblob(9) WHERE evaluation = 3")
    with store_at(path) as store:
        equal(store.find(genome(1)), evaluation(1))
        with pytest.raises(CheckpointError, match=r"damaged.*predictions of candidate 2"):
            store.find(genome(2))


def test_the_store_of_another_fit_is_refused(tmp_path):
    path = tmp_path / "file.sqlite"
    fill(path, range(2))
    with pytest.raises(CheckpointError, match=r"another fit .seed differ"):
        CheckpointStore(path, fingerprint="abc", seed=4)


def test_two_writers_at_once_are_refused(tmp_path):
    path = tmp_path / "file.sqlite"
    with store_at(path), pytest.raises(CheckpointError, match="another fit"):
        CheckpointStore(path, **IDENTITY)
    CheckpointStore(path, **IDENTITY).close()


def test_a_journal_that_is_no_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="journal must be a folder"):
        CheckpointStore(tmp_path / "file" / "a.sqlite", **IDENTITY)


@pytest.mark.parametrize("name", ["a.sqlite", "a.sqlite-wal", "a.sqlite-journal", "a.lock"])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("elsewhere")])
def test_a_pipe_or_a_link_in_place_of_a_file_is_refused(tmp_path, name, make):
    (tmp_path / "folder").mkdir()
    make(tmp_path / "folder" / name)
    with pytest.raises(CheckpointError, match=f"{name} is no checkpoint"):
        CheckpointStore(tmp_path / "folder" / "a.sqlite", **IDENTITY)
    assert [path.name for path in tmp_path.glob("**/*")] == ["folder", name]


# -- disks and processes -----------------------------------------------------------------------


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK])
def test_a_file_system_without_locks_has_checkpoints_all_the_same(tmp_path, monkeypatch, code):
    def refuse(*given):
        raise OSError(code, "no locks")

    monkeypatch.setattr(files.fcntl, "flock", refuse)
    fill(tmp_path / "file.sqlite", range(3))
    assert (
        check_prefix(content(tmp_path / "file.sqlite"), content(tmp_path / "file.sqlite")) == 3
    )


@pytest.mark.parametrize("kind", ["ext4", "nfs4", "fuse.sshfs"])
def test_network_disks_have_no_write_ahead_log(tmp_path, monkeypatch, kind):
    mounts = tmp_path / "mounts"
    name = str(tmp_path / "some disk").replace(" ", "\\040")
    mounts.write_text(
        f"21 1 8:1 / / rw - ext4 /dev/sda1 rw\n22 1 0:43 / {name} rw,relatime - {kind} x rw\n"
    )
    monkeypatch.setattr(files, "MOUNTS", mounts)
    path = tmp_path / "some disk" / "a" / "file.sqlite"
    with store_at(path) as store:
        store.add_evaluation(0, genome(0), evaluation(0))
        logs = [
            one.suffix for one in path.parent.iterdir() if one.suffix.startswith(".sqlite-")
        ]
        assert (".sqlite-wal" in logs) == (kind == "ext4")
    # Carried from a local disk to a network disk it gets along too.
    monkeypatch.setattr(files, "MOUNTS", tmp_path / "nowhere")
    fill(path, [1])
    assert sum(one is not None for one in content(path)[0]) == 2


def test_a_fork_that_outlives_its_parent_does_not_hold_the_lock(tmp_path):
    store = CheckpointStore(tmp_path / "file.sqlite", **IDENTITY)
    (reading, writing), (ready, tells) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:  # it stays until it is told to go
        os.close(writing)
        store.add_evaluation(0, genome(0), evaluation(0))
        store.close()
        os.write(tells, b"here")
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    os.read(ready, 4)
    try:
        store.add_evaluation(1, genome(1), evaluation(1))
        store.close()
        with store_at(tmp_path / "file.sqlite") as again:  # nobody else has it
            assert len(again) == 1
    finally:
        os.close(writing)
        os.waitpid(child, 0)


@pytest.mark.parametrize("local", [True, False])
def test_a_full_disk_is_told_once_and_keeps_what_it_has(
    tmp_path, small_disk, monkeypatch, local
):
    if not local:
        monkeypatch.setattr(files, "MOUNTS", tmp_path / "nowhere")
    path = tmp_path / "file.sqlite"
    fill(path, [0], end=False)
    with store_at(path) as store:
        with (
            small_disk(),
            pytest.warns(EvolearnWarning, match=r"could not be written .* the fit goes on"),
        ):
            store.add_evaluation(1, genome(1), evaluation(1, rows=5_000))
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            store.add_evaluation(2, genome(2), evaluation(2))
            store.finish_run({"stop_reason": "there is a gap before it"}, [])
        equal(store.find(genome(0)), evaluation(0))
    with store_at(path) as store:
        assert (len(store), store.effort, store.finished_runs) == (1, {"n_folds": 3}, [])


def test_a_disk_that_is_full_at_once_is_told(tmp_path, small_disk):
    with small_disk(), pytest.warns(EvolearnWarning, match="could not be written"):
        store = CheckpointStore(tmp_path / "file.sqlite", **IDENTITY)
    store.add_evaluation(0, genome(0), evaluation(0))
    store.close()


def remove(folder):
    shutil.rmtree(folder)


def empty(folder):
    for path in folder.iterdir():
        os.truncate(path, 0)


def exchange(folder):
    data = (folder / "file.sqlite").read_bytes()
    (folder / "file.sqlite").unlink()
    (folder / "file.sqlite").write_bytes(data)


@pytest.mark.parametrize(
    ("change", "local"),
    [(remove, True), (remove, False), (empty, True), (empty, False), (exchange, True)],
)
@pytest.mark.parametrize("reads", [True, False])
def test_files_that_vanish_are_noticed_and_told_once(
    tmp_path, monkeypatch, change, local, reads
):
    if not local:
        monkeypatch.setattr(files, "MOUNTS", tmp_path / "nowhere")
    path = tmp_path / "folder" / "file.sqlite"
    fill(path, range(2))
    with store_at(path) as store:
        store.add_evaluation(2, genome(2), evaluation(2))
        change(path.parent)
        with pytest.warns(EvolearnWarning, match=r"removed|cut off"):
            store.find(genome(1)) if reads else store.add_step(step(3))
        store.add_evaluation(3, genome(3), evaluation(3))  # warnings are errors here
        assert store.find(genome(1)) is None  # to be evaluated again


@pytest.mark.parametrize("code", [errno.EIO, errno.EROFS, errno.EACCES, errno.ENOSPC])
@pytest.mark.parametrize("call", ["open", "mkdir", "lstat"])
def test_a_failing_system_call_while_opening_is_one_error(tmp_path, monkeypatch, call, code):
    def fail(*given, **more):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(*((os, call) if call == "open" else (Path, call)), fail)
    with pytest.raises(CheckpointError, match=rf"cannot be opened .*{os.strerror(code)}"):
        CheckpointStore(tmp_path / "folder" / "file.sqlite", **IDENTITY)


@contextmanager
def reopened(path, flags):
    """Let the open file descriptors of a file allow less, so that system calls fail."""
    descriptors = [
        int(one.name)
        for one in Path("/proc/self/fd").iterdir()
        if one.exists() and one.resolve() == path
    ]
    assert descriptors
    kept = [os.dup(one) for one in descriptors]
    weaker = os.open(path, flags)
    try:
        for one in descriptors:
            os.dup2(weaker, one)
        yield
    finally:
        for one, whole in zip(descriptors, kept, strict=True):
            os.dup2(whole, one)
            os.close(whole)
        os.close(weaker)


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
def test_a_write_that_fails_is_told_once_and_keeps_what_there_is(tmp_path):
    path = tmp_path / "file.sqlite"
    with store_at(path) as store:
        store.add_evaluation(0, genome(0), evaluation(0))
        with (
            reopened(tmp_path / "file.sqlite-wal", os.O_RDONLY),
            pytest.warns(EvolearnWarning, match=r"could not be written .* the fit goes on"),
        ):
            store.add_evaluation(1, genome(1), evaluation(1))
        store.add_evaluation(2, genome(2), evaluation(2))
    with store_at(path) as store:
        assert len(store) == 1
        equal(store.find(genome(0)), evaluation(0))


@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
def test_a_read_that_fails_is_one_error(tmp_path):
    path = tmp_path / "file.sqlite"
    fill(path, range(2))
    with (
        store_at(path) as store,
        reopened(path, os.O_WRONLY),
        pytest.raises(CheckpointError, match="cannot be opened"),
    ):
        store.find(genome(1))


def test_a_folder_that_vanishes_after_the_last_record_is_told(tmp_path):
    path = tmp_path / "folder" / "file.sqlite"
    store = CheckpointStore(path, **IDENTITY)
    store.add_evaluation(0, genome(0), evaluation(0))
    shutil.rmtree(path.parent)
    with pytest.warns(EvolearnWarning, match="removed"):
        store.close()


def test_a_replay_from_a_file_that_vanishes_is_one_error(tmp_path):
    path = tmp_path / "folder" / "file.sqlite"
    fill(path, range(2))
    with store_at(path) as store:
        shutil.rmtree(path.parent)
        with (
            pytest.warns(EvolearnWarning, match="removed"),
            pytest.raises(CheckpointError, match="removed or cut off while it was read"),
        ):
            store.find_at_last_end(genome(0))


@pytest.mark.skipif(sys.platform != "linux", reason="there is no such folder")
def test_a_folder_that_cannot_be_written_is_one_error():
    with pytest.raises(CheckpointError, match="cannot be opened"):
        CheckpointStore(Path("/proc/file.sqlite"), **IDENTITY)
