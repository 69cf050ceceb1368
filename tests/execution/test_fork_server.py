"""Workers made by a fork server: as good as fresh interpreters, and cheap to replace."""

import contextlib
import logging
import os
import pathlib
import signal
import sys
import textwrap
import time

import numpy as np
import pytest
from processes import PATIENCE, is_running, wait_until

from evolearn.execution.local import fork_server, worker, worker_cache
from evolearn.execution.local.pool import WorkerPool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has fork servers")

LIGHT = ("colorsys",)  # any module will do


@pytest.fixture(autouse=True)
def no_workers_of_former_tests(monkeypatch):
    """Start without idle workers and fork servers, and end those of the test."""
    monkeypatch.setattr(worker_cache.WORKER_CACHE, "_idle", [])
    monkeypatch.setattr(fork_server.FORK_SERVERS, "_servers", {})
    yield
    for idle in worker_cache.WORKER_CACHE._idle:
        idle.kill()
    fork_server.FORK_SERVERS.kill_all()


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Return a function that writes a module which the workers can import."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, text):
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(text))
        return [name]

    return write


def run_one(pool, task=None, timeout=PATIENCE):
    pool.submit(0, task, timeout=timeout)
    [outcome] = pool.collect()
    return outcome


def parentage(pool):
    """Return the number of the worker's process and of the one that made it."""
    pool.install(lambda _: (os.getpid(), os.getppid()))
    outcome = run_one(pool)
    assert outcome.status == "done", outcome
    return outcome.value


def lose(pool, number=signal.SIGKILL):
    """Have the worker of a pool killed and return what the pool says of it."""
    pool.install(lambda number: os.kill(os.getpid(), number))
    outcome = run_one(pool, number)
    assert outcome.status == "died"
    return outcome.reason


def test_all_workers_of_a_setting_are_forks_of_one_server(tmp_path, module):
    name = module("imported_once", f"open({str(tmp_path / 'log')!r}, 'a').write('x')")
    makers = set()
    with WorkerPool(2, preload=name) as pool, WorkerPool(1, preload=name) as other:
        for _ in range(3):
            pid, maker = parentage(pool)
            makers |= {maker, parentage(other)[1]}
            lose(pool)
            assert not is_running(pid)
    assert (tmp_path / "log").read_text() == "x"
    [maker] = makers
    assert maker != os.getpid()


def test_without_modules_to_import_a_worker_is_a_fresh_interpreter():
    with WorkerPool(1) as pool:
        assert parentage(pool)[1] == os.getpid()


@pytest.mark.parametrize("way", ["timeout", "cancel"])
def test_a_killed_worker_is_replaced_by_a_fork(way):
    with WorkerPool(1, preload=LIGHT) as pool:
        before = parentage(pool)
        pool.install(time.sleep)
        if way == "timeout":
            assert run_one(pool, 600, timeout=0.2).status == "timed_out"
        else:
            pool.submit(0, 600)
            assert [outcome.status for outcome in pool.cancel()] == ["cancelled"]
        after = parentage(pool)
    assert after[0] != before[0]
    assert after[1] == before[1] != os.getpid()


def test_a_forked_worker_is_kept_for_the_next_pool_with_these_imports():
    with WorkerPool(1, preload=LIGHT) as pool:
        pid, _ = parentage(pool)
    with WorkerPool(1, preload=["wave"]) as pool:
        assert parentage(pool)[0] != pid
    with WorkerPool(1, preload=LIGHT) as pool:
        assert parentage(pool)[0] == pid


def test_a_fork_server_that_ends_during_a_request_is_not_needed_and_is_replaced(caplog, module):
    caplog.set_level(logging.DEBUG, logger="evolearn")
    slow = module("slow_to_import", "import time\ntime.sleep(0.5)")
    with WorkerPool(1, preload=slow) as pool:
        [first] = wait_for_fork_servers()
        os.kill(first, signal.SIGKILL)
        assert parentage(pool)[1] == os.getpid()
        assert "A worker is started without a fork server" in caplog.text
        lose(pool)
        assert parentage(pool)[1] not in (first, os.getpid())


def test_a_fork_server_that_ended_costs_no_task_and_is_replaced(caplog):
    caplog.set_level(logging.DEBUG, logger="evolearn")
    with WorkerPool(1, preload=LIGHT) as pool:
        pid, first = parentage(pool)
        pool.install(lambda seconds: (time.sleep(seconds), os.getpid())[1])
        pool.submit(0, 0.5)
        assert pool.collect(timeout=0.2) == []
        [known] = fork_server.FORK_SERVERS._servers.values()
        os.kill(first, signal.SIGKILL)
        assert [outcome.value for outcome in pool.collect()] == [pid]
        assert wait_until(lambda: known.ended)
        lose(pool)
        assert parentage(pool)[1] not in (first, os.getpid())
    assert "A fork server has ended; another one is started." in caplog.text


def wait_for_fork_servers():
    known = fork_server.FORK_SERVERS._servers
    assert wait_until(lambda: known)
    return [each._process.pid for each in known.values()]


def test_how_a_worker_ended_is_unknown_once_its_fork_server_has_ended():
    with WorkerPool(1, preload=LIGHT) as pool:
        _, maker = parentage(pool)
        os.kill(maker, signal.SIGKILL)
        assert "the fork server that knew how has ended too" in lose(pool)


def test_a_fork_server_that_cannot_fork_is_not_needed(caplog, module):
    caplog.set_level(logging.DEBUG, logger="evolearn")
    text = """
        import os, sys
        if "fork_server_program" in sys.argv[0]:
            def fork():
                raise BlockingIOError(11, "none")
            os.fork = fork
        """
    with WorkerPool(1, preload=module("forbids_forks", text)) as pool:
        assert parentage(pool)[1] == os.getpid()
    assert "[Errno 11] Resource temporarily unavailable" in caplog.text


def test_a_fork_server_with_a_second_thread_never_forks(caplog, module):
    caplog.set_level(logging.DEBUG, logger="evolearn")
    text = "import threading\nthreading.Thread(target=threading.Event().wait).start()"
    with WorkerPool(2, preload=module("starts_a_thread", text)) as pool:
        for _ in range(2):
            assert parentage(pool)[1] == os.getpid()
            lose(pool)
        [maker] = wait_for_fork_servers()
        assert wait_until(lambda: not is_running(maker))
    assert "have started threads (2 in all)" in caplog.text


def test_a_fork_server_that_is_stuck_is_given_up(tmp_path, module, monkeypatch):
    monkeypatch.setattr(fork_server, "ANSWER_SECONDS", 0.5)
    text = f"""
        import pathlib, time
        try:
            pathlib.Path({str(tmp_path / "been_here")!r}).touch(exist_ok=False)
        except FileExistsError:
            pass
        else:
            time.sleep(600)
        """
    with WorkerPool(1, preload=module("stuck_once", text)) as pool:
        assert parentage(pool)[1] == os.getpid()
        [maker] = wait_for_fork_servers()
        assert wait_until(lambda: not is_running(maker))


def test_settings_too_large_for_a_fork_server_are_no_obstacle(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, "x" * 2**20])
    with WorkerPool(1, preload=LIGHT) as pool:
        assert parentage(pool)[1] == os.getpid()


def test_a_task_waits_for_its_worker_and_can_be_cancelled_before(module):
    slow = module("slow_to_import", "import time\ntime.sleep(1)")
    with WorkerPool(2, preload=slow) as pool:
        pool.install(lambda _: "slow_to_import" in sys.modules)
        pool.submit(0, None)
        assert pool.collect(timeout=0.1) == []
        assert [outcome.status for outcome in pool.cancel()] == ["cancelled"]
        outcome = run_one(pool, timeout=0.9)
        assert (outcome.status, outcome.value) == ("done", True)
        [maker] = wait_for_fork_servers()
        children = pathlib.Path(f"/proc/{maker}/task/{maker}/children")
        # The one that was cancelled is made and killed: two places, two workers.
        assert wait_until(lambda: len(children.read_text().split()) <= 2)


def test_a_fork_server_ends_when_nobody_needs_it(monkeypatch):
    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.5)
    with WorkerPool(1, preload=LIGHT) as pool:
        pid, maker = parentage(pool)
        time.sleep(1.2)
        assert is_running(maker)
        assert parentage(pool) == (pid, maker)
        [known] = fork_server.FORK_SERVERS._servers.values()
    assert wait_until(lambda: not is_running(pid) and known.ended)
    with WorkerPool(1, preload=LIGHT) as pool:
        assert parentage(pool)[1] not in (maker, os.getpid())


def numerical_work(_):
    import threadpoolctl
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(300, 300))
    product = matrix @ np.linalg.inv(matrix)
    X = rng.normal(size=(500, 3))
    y = X[:, 0] > 0
    score = HistGradientBoostingClassifier(max_iter=5).fit(X, y).score(X, y)
    threads = {each["num_threads"] for each in threadpoolctl.threadpool_info()}
    return os.getppid(), threads, np.allclose(product, np.eye(300)), score


def test_openmp_and_blas_work_in_forks_made_before_and_after(monkeypatch):
    for name in worker.THREAD_VARIABLES:
        monkeypatch.setenv(name, "2")
    preload = ["sklearn.ensemble"]
    with WorkerPool(2, preload=preload) as pool:
        for _ in range(2):
            pool.install(numerical_work)
            for key in range(2):
                pool.submit(key, None, timeout=PATIENCE)
            outcomes = [*pool.collect(), *pool.collect()]
            assert [outcome.status for outcome in outcomes] == ["done", "done"]
            for maker, n_threads, inverts, score in (outcome.value for outcome in outcomes):
                assert maker in wait_for_fork_servers()
                assert n_threads == {1}
                assert inverts
                assert score > 0.9
            lose(pool)


def test_global_random_numbers_differ_between_workers():
    def draw(_):
        import random

        time.sleep(0.2)
        return random.random(), float(np.random.random_sample())  # noqa: NPY002

    with WorkerPool(2, preload=["numpy"]) as pool:
        pool.install(draw)
        for key in range(2):
            pool.submit(key, None)
        [first, second] = [*pool.collect(), *pool.collect()]
    assert first.value[0] != second.value[0]
    assert first.value[1] != second.value[1]


def test_a_fork_works_in_the_present_folder_with_the_present_environment(tmp_path, monkeypatch):
    with WorkerPool(1, preload=LIGHT) as pool:
        _, maker = parentage(pool)
        lose(pool)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVOLEARN_TEST_VARIABLE", "set")
    monkeypatch.delenv("JE_ARROW_MALLOC_CONF", raising=False)

    def look(_):
        allocator = os.environ.get("JE_ARROW_MALLOC_CONF")
        folder = str(pathlib.Path.cwd())
        return os.getppid(), folder, os.environ["EVOLEARN_TEST_VARIABLE"], allocator

    with WorkerPool(1, preload=LIGHT) as pool:
        pool.install(look)
        assert run_one(pool).value == (maker, str(tmp_path), "set", None)


def test_a_worker_holds_no_file_of_the_fork_server_or_of_others():
    def open_files(_):
        found = []
        for entry in pathlib.Path("/proc/self/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                found.append(str(entry.readlink()).split(":")[0])
        return sorted(found)

    with WorkerPool(2, preload=LIGHT) as pool:
        pool.install(open_files)
        for key in range(2):
            pool.submit(key, None)
        for outcome in [*pool.collect(), *pool.collect()]:
            kinds = [kind for kind in outcome.value if not kind.startswith("/proc")]
            assert kinds == ["/dev/null"] * 4 + ["pipe"] * 2
