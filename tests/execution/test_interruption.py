"""Ctrl-C during a search, and the memory that its workers may take."""

import signal

import pytest

from evolearn.execution.interruption import Interruption
from evolearn.execution.local.memory import default_memory_limit


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


def test_a_handler_of_the_user_is_called_as_well(sigint):
    called = []

    def handle(number, frame):
        called.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handle)
    with Interruption() as interruption:
        signal.raise_signal(signal.SIGINT)
        assert interruption.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert called == [signal.SIGINT] * 2
    assert signal.getsignal(signal.SIGINT) is handle


@pytest.mark.parametrize("before", [signal.SIG_DFL, lambda number, frame: None])
def test_sigterm_is_a_request_where_the_user_asks_for_it(before):
    original = signal.signal(signal.SIGTERM, before)
    try:
        with Interruption("best") as interruption:
            signal.raise_signal(signal.SIGTERM)
            assert interruption.requested
            assert interruption.exception().code == 128 + signal.SIGTERM
            with pytest.raises(SystemExit):
                signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is before
        with Interruption():
            assert signal.getsignal(signal.SIGTERM) is before
    finally:
        signal.signal(signal.SIGTERM, original)


def test_a_process_that_ignores_sigterm_keeps_doing_so():
    original = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with Interruption("best") as interruption:
            signal.raise_signal(signal.SIGTERM)
            assert not interruption.requested
    finally:
        signal.signal(signal.SIGTERM, original)


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
