"""The file of records behind the journal: what survives, what is refused."""

import errno
import os
import signal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evolearn.checkpoint import records as record_files
from evolearn.checkpoint.journal import EvaluationJournal
from evolearn.checkpoint.records import DamagedRecords, RecordFile
from evolearn.evaluation.tasks import Evaluation
from evolearn.exceptions import EvolearnWarning
from evolearn.execution.interruption import Interruption
from evolearn.execution.local.memory import default_memory_limit
from evolearn.pipeline.genome import Gene, Genome

HEADER = {"fingerprint": "abc", "seed": 3}
fields = st.dictionaries(
    st.text(max_size=5), st.one_of(st.integers(-5, 5), st.text(max_size=9)), max_size=3
)
records = st.lists(st.tuples(fields, st.binary(max_size=200)), max_size=5)


def write(path, content):
    with RecordFile(path, HEADER) as file:
        for named, blob in content:
            file.append(named, blob)


def read(path, header=HEADER):
    with RecordFile(path, header) as file:
        return [tuple(record) for record in file.stored], file.torn


@given(records)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_records_come_back_as_they_were_written(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("journal") / "some" / "file"
    write(path, content[:2])
    write(path, content[2:])
    assert read(path) == (content, False)


@given(records.filter(bool), st.floats(0, 1, exclude_max=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_torn_last_record_is_cut_off_and_the_others_survive(tmp_path_factory, content, share):
    path = tmp_path_factory.mktemp("journal") / "file"
    write(path, content[:-1])
    whole = path.stat().st_size
    write(path, content[-1:])
    data = path.read_bytes()
    path.write_bytes(data[: whole + int(share * (len(data) - whole))])
    found, torn = read(path)
    assert found == content[:-1]
    assert torn == (share * (len(data) - whole) >= 1)
    write(path, content[-1:])
    assert read(path) == (content, False)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_file_damaged_before_its_last_record_is_refused_and_left_untouched(
    tmp_path_factory, data
):
    path = tmp_path_factory.mktemp("journal") / "file"
    write(path, [({"a": 1}, b"first")])
    middle = path.stat().st_size
    write(path, [({"b": 2}, b"second")])
    damaged = bytearray(path.read_bytes())
    damaged[data.draw(st.integers(0, middle - 1))] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(DamagedRecords, match=str(path)):
        RecordFile(path, HEADER)
    assert path.read_bytes() == damaged


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"something else", "no journal"), (b"x", "no journal"), (None, "seed")],
)
def test_a_foreign_file_is_refused_and_left_untouched(tmp_path, content, message):
    path = tmp_path / "file"
    if content is None:
        RecordFile(path, {**HEADER, "seed": 4}).close()
    else:
        path.write_bytes(content)
    before = path.read_bytes()
    with pytest.raises(DamagedRecords, match=message):
        RecordFile(path, HEADER)
    assert path.read_bytes() == before


def test_two_writers_at_once_are_refused(tmp_path):
    with (
        RecordFile(tmp_path / "file", HEADER),
        pytest.raises(DamagedRecords, match="another fit"),
    ):
        RecordFile(tmp_path / "file", HEADER)
    RecordFile(tmp_path / "file", HEADER).close()


@pytest.mark.parametrize("size", range(1, 19))
def test_a_first_write_that_was_cut_short_is_begun_anew(tmp_path, size):
    path = tmp_path / "file"
    write(path, [])
    path.write_bytes(path.read_bytes()[:size])
    write(path, [({"a": 1}, b"")])
    assert read(path)[0] == [({"a": 1}, b"")]


def test_evaluations_come_back_bit_for_bit(tmp_path):
    genome = Genome((("estimator", Gene("ridge", (("alpha", 0.1),))),))
    predictions = np.random.default_rng(0).normal(size=(7, 3))
    made = Evaluation(
        (0.1, float("nan")), "scored", 1 / 3, (0.1,), (0.2,), predictions, "", ("a warning",)
    )
    journal = EvaluationJournal(tmp_path / "file", HEADER)
    journal.keep(genome, made)
    journal.keep_end({"stop_reason": "time_budget"})
    journal.close()
    again = EvaluationJournal(tmp_path / "file", HEADER)
    found = again.find(genome)
    assert found.error == made.error
    assert np.array_equal(found.scores, made.scores, equal_nan=True)
    assert np.array_equal(found.predictions, predictions)
    assert found.warnings == made.warnings
    assert again.ends[0]["stop_reason"] == "time_budget"
    again.close()


@pytest.mark.parametrize("status", ["timed_out", "died", "out_of_memory"])
def test_what_was_stopped_from_outside_is_tried_again(tmp_path, status):
    genome = Genome((("estimator", Gene("ridge")),))
    journal = EvaluationJournal(tmp_path / "file", HEADER)
    journal.keep(genome, Evaluation((), status, failure="a reason"))
    journal.close()
    again = EvaluationJournal(tmp_path / "file", HEADER)
    assert again.find(genome) is None
    assert again.told(genome) is None  # no run has ended
    again.close()


def test_a_replay_finds_what_the_finished_run_was_told(tmp_path):
    genome = Genome((("estimator", Gene("ridge")),))
    journal = EvaluationJournal(tmp_path / "file", HEADER)
    journal.keep(genome, Evaluation((), "timed_out", failure="a reason"))
    journal.keep_end({"stop_reason": "time_budget"})
    journal.keep(genome, Evaluation((0.5,), "scored", 0.5))  # a later run, then killed
    journal.close()
    again = EvaluationJournal(tmp_path / "file", HEADER)
    assert again.told(genome).failure == "a reason"
    assert again.find(genome).error == 0.5
    again.close()


@pytest.fixture
def sigint():
    """Handle SIGINT as Python does, also where the tests run in the background, without it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_the_first_interrupt_is_a_wish_and_the_second_an_exception(sigint):
    before = signal.getsignal(signal.SIGINT)
    with Interruption() as interruption:
        assert interruption.caught
        signal.raise_signal(signal.SIGINT)
        assert interruption.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_no_interrupt_is_caught():
    from threading import Thread

    caught = []

    def enter():
        with Interruption() as interruption:
            caught.append(interruption.caught)

    thread = Thread(target=enter)
    thread.start()
    thread.join()
    assert caught == [False]


def test_the_memory_limit_comes_from_the_tighter_of_machine_and_control_group(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9000 kB\nMemAvailable: 8000 kB\n")
    assert default_memory_limit(2, tmp_path) == int(0.8 * 8000 * 1024 / 2)
    group = tmp_path / "sys/fs/cgroup"
    group.mkdir(parents=True)
    (group / "memory.max").write_text("max\n")
    (group / "memory.current").write_text("500\n")
    assert default_memory_limit(2, tmp_path) == int(0.8 * 8000 * 1024 / 2)
    (group / "memory.max").write_text("4000000\n")
    assert default_memory_limit(1, tmp_path) == int(0.8 * (4000000 - 500))
    assert default_memory_limit(1, tmp_path / "nowhere") is None


@pytest.mark.parametrize("where", ["job", "."])
@pytest.mark.parametrize("version", [1, 2])
def test_the_memory_limit_of_a_batch_job_is_that_of_its_group_or_one_around_it(
    tmp_path, version, where
):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/meminfo").write_text("MemAvailable: 8000 kB\n")
    line = "0::/slice/job\n" if version == 2 else "3:cpu,memory:/slice/job\n"
    (tmp_path / "proc/self/cgroup").write_text(line)
    root = tmp_path / ("sys/fs/cgroup" if version == 2 else "sys/fs/cgroup/memory")
    group = root / "slice" / where
    (root / "slice/job").mkdir(parents=True)
    names = ("memory.max", "memory.current")
    names = names if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    for name, text in zip(names, ("4000000", "500"), strict=True):
        (group / name).write_text(text)
    assert default_memory_limit(1, tmp_path) == int(0.8 * (4000000 - 500))


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.ENOLCK])
def test_a_file_system_without_locks_has_journals_all_the_same(tmp_path, monkeypatch, code):
    def refuse(*given):
        raise OSError(code, "no locks")

    monkeypatch.setattr(record_files.fcntl, "flock", refuse)
    with RecordFile(tmp_path / "journal", HEADER) as file:
        file.append({"number": 1})


def test_a_journal_that_is_no_folder_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DamagedRecords, match="journal must be a folder"):
        RecordFile(tmp_path / "file" / "a.journal", HEADER)


def test_a_fork_that_outlives_its_parent_does_not_hold_the_lock(tmp_path):
    file = RecordFile(tmp_path / "journal", HEADER)
    (reading, writing), (told, tells) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:  # it stays until it is told to go
        os.close(writing)
        os.write(tells, b"here")
        os.read(reading, 1)
        os._exit(0)
    os.close(reading)
    os.read(told, 4)
    try:
        file.close()
        RecordFile(tmp_path / "journal", HEADER).close()  # nobody else has it
    finally:
        os.close(writing)
        os.waitpid(child, 0)


def test_a_record_that_a_full_disk_cannot_hold_leaves_no_part_of_itself(tmp_path, small_disk):
    path = tmp_path / "journal"
    with small_disk(), RecordFile(path, HEADER) as file:
        file.append({"number": 1})
        with pytest.raises(OSError, match="File too large"):
            file.append({"number": 2}, bytes(5000))
        file.append({"number": 3})
    assert read(path) == ([({"number": 1}, b""), ({"number": 3}, b"")], False)


def test_a_journal_on_a_full_disk_says_so_once_and_keeps_what_it_has(tmp_path, small_disk):
    path = tmp_path / "journal"
    journal = EvaluationJournal(path, HEADER)
    journal.keep_effort({"n_folds": 3})
    with (
        small_disk(),
        pytest.warns(EvolearnWarning, match="could not be written .* the fit goes on"),
    ):
        journal.keep_end({"stop_reason": "x" * 3000})
    journal.keep_end({"stop_reason": "small enough, but there is a gap before it"})
    journal.close()
    again = EvaluationJournal(path, HEADER)
    assert (again.effort, again.ends, again.torn) == ({"n_folds": 3}, [], False)
    again.close()
