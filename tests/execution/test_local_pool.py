"""The pool of workers: whatever a task does, it costs its own worker its own limit."""

import contextlib
import ctypes
import importlib
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import pytest
from processes import PATIENCE, is_running, wait_until

from evolearn.execution.local import worker, worker_cache, worker_slot
from evolearn.execution.local.pool import WorkerPool
from evolearn.execution.local.worker_program import DONE

LIMIT = 1.0  # for tasks that would never end


class Unpicklable:
    def __reduce__(self):
        raise TypeError("not this one")


class UnpicklableThere:
    def __reduce__(self):
        return _raise, (KeyError("only here"),)


class FussyError(Exception):
    def __init__(self, one, two):
        super().__init__(Unpicklable())

    def __str__(self):
        return "fussy message"


class SpeechlessError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def _raise(error):
    raise error


def _loop():
    while True:
        pass


def _stubborn_loop():
    while True:
        with contextlib.suppress(BaseException):
            _loop()


def _c_loop_without_the_gil():
    threading.Lock().acquire(blocking=True), threading.Event().wait()


def _segfault():
    ctypes.string_at(0)


def _flood(descriptor):
    for _ in range(160):
        os.write(descriptor, b"x" * 2**16)
    return "flooded"


def _python_flood():
    print("x" * 10_000_000, flush=True)
    sys.stderr.write("y" * 10_000_000)
    return "flooded"


def _fork_and_return_twice():
    os.fork()
    return "came back"


def _fork_and_die():
    if os.fork() == 0:
        time.sleep(600)
    os._exit(3)


def _hog():
    chunks = []
    while True:
        chunks.append(np.ones(2**21))  # 16 MiB
        time.sleep(0.005)


def _deep():
    return _deep()


def _call(function):
    return function()


WAYS = {
    "well": (lambda: 42, "done", ""),
    "python_loop": (_loop, "timed_out", "exceeded its limit of 1 s"),
    "loop_that_swallows_everything": (_stubborn_loop, "timed_out", "limit"),
    "c_loop_holding_the_gil": (
        lambda: re.match(r"(a+)+$", "a" * 40 + "b"),
        "timed_out",
        "limit",
    ),
    "sleep": (lambda: time.sleep(600), "timed_out", "limit"),
    "deadlock": (_c_loop_without_the_gil, "timed_out", "limit"),
    "segfault": (_segfault, "died", "killed by signal SIGSEGV"),
    "abort": (os.abort, "died", "killed by signal SIGABRT"),
    "os_exit": (lambda: os._exit(3), "died", "exited with code 3"),
    "os_exit_zero": (lambda: os._exit(0), "died", "exited with code 0"),
    "external_kill": (
        lambda: os.kill(os.getpid(), signal.SIGKILL),
        "died",
        "killed by signal SIGKILL",
    ),
    "terminated": (lambda: os.kill(os.getpid(), signal.SIGTERM), "died", "SIGTERM"),
    "real_time_signal": (lambda: os.kill(os.getpid(), 40), "died", "signal 40"),
    "closes_all_files": (lambda: (os.closerange(0, 99), time.sleep(60)), "died", "its process"),
    "sys_exit": (lambda: sys.exit("enough"), "raised", "SystemExit: enough"),
    "keyboard_interrupt": (lambda: _raise(KeyboardInterrupt()), "raised", "KeyboardInterrupt"),
    "sigint": (lambda: os.kill(os.getpid(), signal.SIGINT), "done", ""),
    "exception": (lambda: _raise(ValueError("a\n b")), "raised", "ValueError: a b"),
    "recursion": (_deep, "raised", "RecursionError"),
    "memory_error": (lambda: np.ones(2**50), "raised", "Unable to allocate"),
    "unpicklable_task": (Unpicklable(), "raised", "task could not be pickled: TypeError: not"),
    "task_lost_on_the_way": (UnpicklableThere(), "raised", "task could not be unpickled"),
    "unpicklable_result": (Unpicklable, "raised", "result could not be pickled: TypeError"),
    "result_lost_on_the_way": (UnpicklableThere, "raised", "result could not be unpickled"),
    "unpicklable_exception": (
        lambda: _raise(FussyError(1, 2)),
        "raised",
        "FussyError: fussy message",
    ),
    "exception_without_message": (
        lambda: _raise(SpeechlessError()),
        "raised",
        "SpeechlessError",
    ),
    "stdout_flood": (lambda: _flood(1), "done", ""),
    "stderr_flood": (lambda: _flood(2), "done", ""),
    "python_flood": (_python_flood, "done", ""),
    "reads_stdin": (lambda: sys.stdin.read(), "done", ""),
    "fork_and_return_twice": (_fork_and_return_twice, "done", ""),
    "fork_and_die": (_fork_and_die, "died", "exited with code 3"),
    "memory_hog": (_hog, "out_of_memory", "exceeded its limit of 300 MiB of memory"),
}
ENDLESS = {name for name, (_, status, _) in WAYS.items() if status == "timed_out"}


@pytest.fixture(scope="module", params=[(), ("colorsys",)], ids=["fresh", "forked"])
def crowd(request):
    with WorkerPool(2, memory_limit=300 * 2**20, preload=request.param) as pool:
        pool.install(_call)
        yield pool


def collect_all(pool):
    outcomes = {}
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and (batch := pool.collect(timeout=PATIENCE)):
        outcomes.update({outcome.key: outcome for outcome in batch})
    return outcomes


@pytest.mark.parametrize("way", WAYS)
def test_a_task_may_do_anything_and_its_neighbour_succeeds(crowd, way):
    task, status, reason = WAYS[way]
    crowd.submit(1, task, timeout=LIMIT if way in ENDLESS else PATIENCE)
    crowd.submit(2, lambda: 6 * 7, timeout=PATIENCE)
    outcomes = collect_all(crowd)
    assert (outcomes[2].status, outcomes[2].value) == ("done", 42)
    outcome = outcomes[1]
    assert outcome.status == status, outcome
    assert reason in outcome.reason
    assert "\n" not in outcome.reason
    assert (outcome.reason == "") == (status == "done")
    assert 0 <= outcome.seconds < PATIENCE
    assert crowd.idle == crowd.n_workers


@pytest.fixture
def pool():
    with WorkerPool(1) as pool:
        yield pool


def run(pool, function, *tasks, timeout=PATIENCE):
    """Run a function on tasks one after the other and return its values."""
    pool.install(function)
    values = []
    for key, task in enumerate(tasks):
        pool.submit(key, task, timeout=timeout)
        [outcome] = pool.collect()
        assert outcome.status == "done", outcome
        assert outcome.key == key
        values.append(outcome.value)
    return values


def test_a_worker_is_reused_by_the_next_pool():
    with WorkerPool(1) as pool:
        first = run(pool, lambda _: os.getpid(), 0, 1)
    with WorkerPool(1) as pool:
        second = run(pool, lambda _: os.getpid(), 0)
    assert len({*first, *second}) == 1


def test_a_kept_worker_forgets_the_function_and_learns_path_and_environment(
    monkeypatch, tmp_path
):
    with WorkerPool(1) as pool:
        run(pool, lambda _: None, 0)
    (tmp_path / "only_lately_importable.py").write_text("answer = 42")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("EVOLEARN_TEST_VARIABLE", "set")
    with WorkerPool(1) as pool:
        with pytest.raises(RuntimeError, match="call install"):
            pool.submit(0, None)

        def look(_):
            import only_lately_importable

            return only_lately_importable.answer, os.environ["EVOLEARN_TEST_VARIABLE"]

        assert run(pool, look, 0) == [(42, "set")]


def test_a_module_that_was_edited_is_read_again(tmp_path, monkeypatch):
    path = tmp_path / "edited_module.py"
    path.write_text("def answer(task):\n    return 'old'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("edited_module")
    for text, expected in (("old", "old"), ("old", "old"), ("quite new", "quite new")):
        path.write_text(f"def answer(task):\n    return {text!r}\n")
        importlib.invalidate_caches()
        importlib.reload(module)
        with WorkerPool(1) as pool:
            assert run(pool, module.answer, None) == [expected]
    del sys.modules["edited_module"]


def test_a_kept_worker_that_died_is_replaced_silently():
    with WorkerPool(1) as pool:
        [pid] = run(pool, lambda _: os.getpid(), 0)
    os.kill(pid, signal.SIGKILL)
    with WorkerPool(1) as pool:
        [other] = run(pool, lambda _: os.getpid(), 0)
    assert other != pid


@pytest.mark.parametrize("pause", [0.0, 0.5])
def test_a_worker_that_died_between_two_tasks_costs_no_task(pool, pause):
    pool.install(lambda _: os.getpid())
    for key in range(5):
        pool.submit(key, None)
        [outcome] = pool.collect()
        assert outcome.status == "done"
        os.kill(outcome.value, signal.SIGKILL)
        if key == 0:
            time.sleep(pause)


def test_kept_workers_end_when_nobody_needs_them(monkeypatch):
    monkeypatch.setattr(worker, "IDLE_SECONDS", 0.2)
    with WorkerPool(1) as pool:
        [pid] = run(pool, lambda _: os.getpid(), 0)
        time.sleep(0.5)
        assert run(pool, lambda _: os.getpid(), 0) == [pid]
    assert wait_until(lambda: not is_running(pid))


def test_a_restarted_worker_gets_the_function_again(pool):
    big = np.arange(1_000_000)
    pool.install(lambda task: os._exit(1) if task is None else int(big[task]))
    for key, task in enumerate([5, None, 6, None, 7]):
        pool.submit(key, task)
        [outcome] = pool.collect()
        assert (outcome.status, outcome.value) == ("died" if task is None else "done", task)


class KillsOnArrival:
    def __reduce__(self):
        return os._exit, (7,)

    def __call__(self, task):
        return task


def test_a_function_that_kills_every_worker_on_arrival_ends_as_died(pool):
    pool.install(KillsOnArrival())
    pool.submit(0, None)
    [outcome] = pool.collect()
    assert outcome.status == "died"
    assert outcome.reason == "its process exited with code 7 before it started the task"


class SleepsOnArrival:
    def __reduce__(self):
        return time.sleep, (600,)

    def __call__(self, task):
        return task


def test_a_worker_that_never_gets_ready_is_given_up(pool, monkeypatch):
    monkeypatch.setattr(worker_slot, "START_SECONDS", 1.0)
    pool.install(SleepsOnArrival())
    pool.submit(0, None)
    [outcome] = pool.collect()
    assert outcome.status == "died"
    assert "not ready within 1 s" in outcome.reason


def test_the_start_of_a_worker_does_not_count_against_the_limit_of_a_task(
    tmp_path, monkeypatch
):
    (tmp_path / "slow_to_import.py").write_text("import time\ntime.sleep(1)")
    monkeypatch.syspath_prepend(tmp_path)
    with WorkerPool(1, preload=["slow_to_import", "no_such_module"]) as pool:
        assert run(pool, lambda _: "slow_to_import" in sys.modules, 0, timeout=0.9) == [True]


def test_preload_passes_over_what_cannot_be_imported(tmp_path, monkeypatch):
    (tmp_path / "broken_module.py").write_text("1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    with WorkerPool(1, preload=["broken_module", "colorsys"]) as pool:
        assert run(pool, lambda _: "colorsys" in sys.modules, 0) == [True]


def test_cancel_kills_what_runs_and_loses_no_result():
    with WorkerPool(3) as pool:
        pool.install(lambda task: (time.sleep(task), os.getpid())[1])
        pool.submit(0, 0)
        [quick] = pool.collect()
        assert pool.idle == 3
        pool.submit(1, 0)
        pool.submit(2, 600)
        pool.submit(3, Unpicklable())
        wait_until(lambda: pool._inbox.qsize() > 0)
        outcomes = {outcome.key: outcome for outcome in pool.cancel()}
        assert {key: outcome.status for key, outcome in outcomes.items()} == {
            1: "done",
            2: "cancelled",
            3: "raised",
        }
        assert pool.idle == 3
        assert pool.collect() == []
        assert pool.cancel() == []
        assert run(pool, lambda _: "again", 0) == ["again"]
    assert quick.status == "done"


def test_a_pool_needs_a_worker():
    with pytest.raises(ValueError, match="n_workers must be at least 1, got 0"):
        WorkerPool(0)


def test_close_kills_what_runs_and_removes_the_shared_folder():
    with WorkerPool(2) as pool:
        pool.install(_write_and_sleep)
        for key in range(2):
            pool.submit(key, pool.shared_folder / str(key))
        assert wait_until(lambda: len(list(pool.shared_folder.glob("*"))) == 2)
        pids = [int(file.name.split("-")[1]) for file in pool.shared_folder.glob("*-*")]
        assert pool.shared_folder.stat().st_mode & 0o777 == 0o700
    assert not pool.shared_folder.exists()
    assert wait_until(lambda: not any(is_running(pid) for pid in pids))


def _write_and_sleep(path):
    path.with_name(f"{path.name}-{os.getpid()}").write_bytes(b"x" * 1000)
    time.sleep(600)


def _leave_children(task):
    """Fork processes that sleep on, and come back, die or hang."""
    way, path = task
    for number in range(2):
        if (pid := os.fork()) == 0:
            time.sleep(600)
        path.with_name(f"{way}-{number}-{pid}").touch()
    if way == "die":
        os._exit(1)
    if way == "hang":
        time.sleep(600)


@pytest.mark.parametrize("way", ["come back", "die", "hang"])
def test_what_a_task_has_forked_goes_with_the_pool(tmp_path, way):
    with WorkerPool(1) as pool:
        pool.install(_leave_children)
        pool.submit(0, (way, tmp_path / "x"), timeout=LIMIT)
        pool.collect()
    pids = [int(path.name.split("-")[2]) for path in tmp_path.iterdir()]
    assert len(pids) == 2
    assert wait_until(lambda: not any(is_running(pid) for pid in pids))


def _start_session(path):
    """Start a daemon: a process in a session of its own, whose parent ends at once."""
    code = (
        "import os, pathlib, time\n"
        "if os.fork(): os._exit(0)\n"
        "os.setsid()\n"
        f"pathlib.Path({str(path)!r}).write_text(str(os.getpid()))\n"
        "time.sleep(600)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    while not (path.exists() and path.read_text()):
        time.sleep(0.01)


def _start_session_and(task):
    way, path = task
    _start_session(path)
    if way == "die":
        os.abort()
    if way == "hang":
        time.sleep(600)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux knows the descendants")
@pytest.mark.parametrize("way", ["come back", "die", "hang"])
def test_processes_in_sessions_of_their_own_go_with_the_pool(tmp_path, way):
    with WorkerPool(1, preload=["colorsys"]) as pool:
        pool.install(_start_session_and)
        pool.submit(0, (way, tmp_path / "pid"), timeout=2 * LIMIT)
        pool.collect()
    pid = int((tmp_path / "pid").read_text())
    assert wait_until(lambda: not is_running(pid))


def _hog_shared_memory():
    import mmap

    with mmap.mmap(-1, 2**30) as shared:  # anonymous, shared with forks
        for start in range(0, 2**30, 2**22):
            shared[start : start + 2**22] = bytes(2**22)
            time.sleep(0.005)


def _hog_in_children():
    """Take half of the limit in each of three children."""
    code = "x = bytearray(150 * 2**20); import time; time.sleep(60)"
    children = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
    time.sleep(60)
    return children


def _fork_children_that_take_nothing():
    kept = np.ones(25 * 2**20)  # 200 MiB, in common with the forks
    children = []
    for _ in range(4):
        if (pid := os.fork()) == 0:
            time.sleep(600)
        children.append(pid)
    time.sleep(0.5)
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return float(kept[0])


@pytest.mark.skipif(sys.platform != "linux", reason="memory is known on Linux only")
@pytest.mark.parametrize(
    ("task", "status"),
    [
        (_hog_shared_memory, "out_of_memory"),
        (_hog_in_children, "out_of_memory"),
        (_fork_children_that_take_nothing, "done"),
    ],
    ids=["shared mapping", "children", "forks with common pages"],
)
def test_memory_of_children_and_shared_memory_count(task, status):
    with WorkerPool(1, memory_limit=300 * 2**20) as pool:
        pool.install(_call)
        pool.submit(0, task, timeout=PATIENCE)
        [outcome] = pool.collect()
    assert outcome.status == status, outcome


@pytest.mark.skipif(
    not pathlib.Path("/dev/shm").is_dir(), reason="needs a file system in memory"
)
def test_files_of_the_shared_folder_do_not_count_where_they_are_in_memory(monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", "/dev/shm")

    def read(path):
        total = float(np.load(path, mmap_mode="r").sum())
        time.sleep(0.2)
        return total

    with WorkerPool(1, memory_limit=50 * 2**20) as pool:
        path = pool.shared_folder / "matrix.npy"
        np.save(path, np.ones(15 * 2**20))  # 120 MiB
        assert run(pool, read, path, path) == [15 * 2**20] * 2


@pytest.mark.skipif(sys.platform != "linux", reason="the score is Linux's")
def test_a_worker_is_killed_before_the_parent_but_not_before_a_process_that_fills_the_memory():
    def score(_):
        return int(pathlib.Path("/proc/self/oom_score_adj").read_text())

    with WorkerPool(1) as pool:
        [worker_score] = run(pool, score, None)
    assert score(None) < worker_score < 1000 or score(None) == 1000


@pytest.mark.parametrize("pause", [0.0, 0.2])
def test_a_second_reply_to_a_task_is_never_the_reply_to_the_next_one(pool, pause):
    class Twice:
        def __call__(self, task):
            import gc

            if task == 1:
                [server] = [o for o in gc.get_objects() if type(o).__name__ == "Server"]
                server._reply(DONE, b"N.")
                time.sleep(pause)  # the parent sends the next task before the second reply
            return task

    pool.install(Twice())
    values = []
    for key, task in enumerate([1, 7, 8]):
        pool.submit(key, task, timeout=PATIENCE)
        values += [(outcome.key, outcome.value) for outcome in pool.collect()]
    assert values == [(0, None), (1, 7), (2, 8)]


def test_a_removed_shared_folder_is_an_error(pool):
    pool.check_shared_folder()
    shutil.rmtree(pool.shared_folder)
    with pytest.raises(FileNotFoundError, match=r"was removed while.*set.*TMPDIR"):
        pool.check_shared_folder()


def test_death_is_noticed_though_a_daemon_of_the_task_holds_the_pipe(pool, tmp_path):
    def daemonise(path):
        if (pid := os.fork()) == 0:
            os.setsid()
            time.sleep(600)
        path.write_text(str(pid))
        time.sleep(0.5)
        os._exit(5)

    pool.install(daemonise)
    pool.submit(0, tmp_path / "pid")
    try:
        [outcome] = pool.collect(timeout=PATIENCE)
    finally:
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert outcome.reason == "its process exited with code 5"


def test_a_worker_with_threads_left_running_is_replaced(pool):
    def leave_thread(_):
        threading.Thread(target=_loop).start()
        return os.getpid()

    pids = run(pool, leave_thread, 0, 0)
    assert pids[0] != pids[1]
    assert wait_until(lambda: not is_running(pids[0]))


def test_a_worker_that_leaks_is_replaced_before_it_costs_another_task_its_life():
    kept = []

    def leak(megabytes):
        kept.append(np.ones(megabytes * 2**17))
        return os.getpid()

    with WorkerPool(1, memory_limit=200 * 2**20) as pool:
        pids = run(pool, leak, *[30] * 20)
    assert 2 <= len(set(pids)) <= 10


def test_threads_are_limited_in_the_environment_and_in_loaded_libraries(monkeypatch):
    names = worker.THREAD_VARIABLES
    for name in names:
        monkeypatch.setenv(name, "2")

    def look(_):
        import threadpoolctl

        np.ones((2, 2)) @ np.ones((2, 2))
        loaded = [library["num_threads"] for library in threadpoolctl.threadpool_info()]
        return [os.environ[name] for name in names], loaded

    with WorkerPool(1) as pool:
        [(variables, loaded)] = run(pool, look, 0)
    assert set(variables) == {"1"}
    assert set(loaded) <= {1}


def test_hashes_of_strings_are_the_same_in_every_worker():
    with WorkerPool(2) as pool:
        pool.install(lambda _: (hash("evolearn"), time.sleep(0.2))[0])
        for key in range(2):
            pool.submit(key, None)
        hashes = {outcome.value for outcome in collect_all(pool).values()}
    assert len(hashes) == 1


def test_two_threads_use_two_pools_at_the_same_time():
    results = {}

    def work(number):
        with WorkerPool(2) as pool:
            pool.install(lambda task: task * number)
            for key in range(2):
                pool.submit(key, key)
            outcomes = collect_all(pool)
            results[number] = [outcomes[key].value for key in range(2)]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: [0, number] for number in range(4)}


def test_a_worker_that_ends_before_it_has_a_pool_costs_no_task(pool, monkeypatch):
    take = worker_cache.WORKER_CACHE.take

    def take_too_late(*args):
        taken = take(*args)
        taken.kill()
        assert wait_until(lambda: taken.returncode is not None)
        monkeypatch.undo()
        return taken

    pool.install(lambda task: task)
    os.kill(run(pool, lambda _: os.getpid(), 0)[0], signal.SIGKILL)
    assert wait_until(lambda: pool._slots[0].worker.returncode is not None)
    monkeypatch.setattr(worker_cache.WORKER_CACHE, "take", take_too_late)
    assert run(pool, lambda task: task, 7) == [7]


def test_a_pool_without_any_thread_left_says_so(pool, monkeypatch):
    pool.install(os._exit)
    monkeypatch.setattr(worker_cache.WORKER_CACHE, "_idle", [])
    start = threading.Thread.start

    def refuse_writers(thread):
        if thread._target.__name__ == "_write":
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse_writers)
    for key in range(2):
        pool.submit(key, 1)
        [outcome] = pool.collect()
        assert outcome.status == "died"
    assert "no worker could be started: RuntimeError: can't start new" in outcome.reason
    monkeypatch.undo()
    assert run(pool, lambda _: "recovered", 0) == ["recovered"]


def test_a_pool_without_any_process_left_says_so(pool, monkeypatch):
    pool.install(os._exit)
    monkeypatch.setattr(worker_cache.WORKER_CACHE, "_idle", [])
    monkeypatch.setattr(
        subprocess, "Popen", lambda *_, **__: _raise(BlockingIOError(11, "none"))
    )
    for key in range(2):
        pool.submit(key, 1)
        [outcome] = pool.collect()
        assert outcome.status == "died"
    assert "no worker could be started: BlockingIOError: [Errno 11] none" in outcome.reason
    monkeypatch.undo()
    assert run(pool, lambda _: "recovered", 0) == ["recovered"]
