"""However the parent ends, no process and no folder stays behind; and it may be any parent."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

import pytest
from processes import PATIENCE, is_running

import evolearn
from evolearn.execution.local.cleanup_process import CleanupProcess
from evolearn.execution.local.temporary_folder import make_folder, remove_folder

PACKAGE = pathlib.Path(evolearn.__file__).parent
# What the project promises for a parent that is killed.
GRACE = 5.0

# No main guard, and function and class live in __main__: as in a notebook or a quick script.
# The package itself is left empty: execution needs no other subpackage, and importing all of
# them, with scikit-learn, would be most of the time of these tests.
PREAMBLE = """
import os, re, signal, sys, threading, time, types
sys.modules["evolearn"] = types.ModuleType("evolearn")
sys.modules["evolearn"].__path__ = [PACKAGE]
from evolearn.execution.local.pool import WorkerPool

class Stuck:
    def __init__(self, path): self.path = path

def descendants(pid):
    folder = f"/proc/{pid}/task"
    children = []
    for task in os.listdir(folder):
        children += open(f"{folder}/{task}/children").read().split()
    return children + [pid for child in children for pid in descendants(child)]

def work(task):
    if isinstance(task, Stuck):
        if os.fork() == 0:
            time.sleep(600)
        open(task.path / f"grandchild-{os.getpid()}", "w").close()
        re.match(r"(a+)+$", "a" * 60 + "b")
    return task

def begin():
    pool = WorkerPool(2, preload=PRELOAD)
    pool.install(work)
    pool.submit(0, Stuck(pool.shared_folder))
    pool.submit(1, "fine")
    assert [outcome.value for outcome in pool.collect()] == ["fine"]
    while not list(pool.shared_folder.glob("grandchild*")):
        time.sleep(0.01)
    print("pids", *descendants(os.getpid()), flush=True)
    return pool
"""


def start(tmp_path, script, preload=()):
    folder = tmp_path / "tmp"
    folder.mkdir()
    path = tmp_path / "script.py"
    settings = f"PACKAGE = {str(PACKAGE)!r}; PRELOAD = {preload!r}"
    path.write_text(settings + PREAMBLE + textwrap.dedent(script))
    process = subprocess.Popen(
        # Later Pythons warn of any fork of a process with threads, which is meant here.
        [sys.executable, "-W", "ignore::DeprecationWarning", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
        start_new_session=True,
        # Where the tests run in the background, Ctrl-C is ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    return process, folder


def read_pids(process, preload=()):
    line = process.stdout.readline()
    assert line.startswith("pids"), process.communicate(timeout=PATIENCE)
    pids = [int(pid) for pid in line.split()[1:]]
    n_fork_servers = bool(preload) and sys.platform == "linux"
    assert len(pids) == 4 + n_fork_servers, (
        "two workers, the cleanup process and the fork of a task"
    )
    return pids


def left_behind(pids, folder):
    deadline = time.monotonic() + GRACE
    left = None
    while left != ([], []) and time.monotonic() < deadline:
        left = [pid for pid in pids if is_running(pid)], list(folder.iterdir())
        time.sleep(0.02)
    return left


# Workers are fresh interpreters without modules to import, else forks of a fork server.
with_and_without_fork_server = pytest.mark.parametrize(
    "preload", [(), ("colorsys",)], ids=["fresh", "forked"]
)


@with_and_without_fork_server
@pytest.mark.parametrize(
    "number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV, signal.SIGINT]
)
def test_nothing_is_left_when_a_signal_ends_the_parent(tmp_path, number, preload):
    process, folder = start(tmp_path, "pool = begin()\ntime.sleep(600)", preload)
    pids = read_pids(process, preload)
    assert len(list(folder.iterdir())) == 1
    process.send_signal(number)
    assert left_behind(pids, folder) == ([], [])
    process.communicate(timeout=PATIENCE)


@with_and_without_fork_server
def test_nothing_is_left_when_the_parent_of_a_fork_is_killed(tmp_path, preload):
    script = """
    pool = begin()
    if os.fork() == 0:
        time.sleep(600)
    print("forked", flush=True)
    time.sleep(600)
    """
    process, folder = start(tmp_path, script, preload)
    pids = read_pids(process, preload)
    assert process.stdout.readline() == "forked\n"
    process.kill()
    try:
        assert left_behind(pids, folder) == ([], [])
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=PATIENCE)


def test_the_next_pool_removes_the_folder_of_processes_that_were_all_killed_at_once(tmp_path):
    process, folder = start(tmp_path, "pool = begin()\ntime.sleep(600)", ("colorsys",))
    pids = [process.pid, *read_pids(process, ("colorsys",))]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            os.kill(pid, number)
    process.communicate(timeout=PATIENCE)
    [left] = folder.iterdir()
    (left / "matrix").write_bytes(b"x")
    script = f"""
    sys.modules["evolearn"] = types.ModuleType("evolearn")
    sys.modules["evolearn"].__path__ = [{str(PACKAGE)!r}]
    from evolearn.execution.local.temporary_folder import make_folder, remove_folder
    made = make_folder()
    print(made.name)
    remove_folder(made)
    """
    imports = "import sys, types"
    ran = subprocess.run(
        [sys.executable, "-c", imports + textwrap.dedent(script)],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() != [left.name]
    assert list(folder.iterdir()) == []


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Make a place for temporary folders."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


NEIGHBOURS = {
    "of another pool": lambda folder: make_folder(),
    "with another name": lambda folder: make_old(folder / "evolearn-models"),
    "empty and new": lambda folder: make(folder / f"evolearn-1-{'0' * 16}"),
    "a file": lambda folder: make_file(folder / f"evolearn-1-{'0' * 16}"),
    "a link": lambda folder: make_link(folder / f"evolearn-1-{'0' * 16}"),
}


def make(path):
    path.mkdir()
    return path


def make_old(path):
    make(path)
    (path / "file").touch()
    os.utime(path, (0, 0))
    return path


def make_file(path):
    path.touch()
    return path


def make_link(path):
    target = make_old(path.with_name("elsewhere"))
    path.symlink_to(target)
    return target / "file"


@pytest.mark.parametrize("make_neighbour", NEIGHBOURS.values(), ids=NEIGHBOURS)
def test_what_others_have_in_the_temporary_folder_stays(temporary, make_neighbour):
    neighbour = make_neighbour(temporary)
    remove_folder(make_folder())
    assert neighbour.exists()


def test_an_abandoned_folder_is_removed_though_its_number_lives_on(temporary):
    abandoned = make_old(temporary / f"evolearn-{os.getpid()}-{'0' * 16}")
    remove_folder(make_folder())
    assert not abandoned.exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may do all")
def test_a_folder_that_cannot_be_written_is_an_error_that_names_the_variable(temporary):
    temporary.chmod(0o500)
    with pytest.raises(PermissionError, match=r"cannot be used \(Permission.*set.*TMPDIR"):
        make_folder()


def test_without_a_temporary_folder_the_error_names_the_variable(monkeypatch):
    def find_none():
        raise FileNotFoundError(2, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", find_none)
    with pytest.raises(FileNotFoundError, match=r"no temporary folder .*set.*TMPDIR"):
        make_folder()


def test_the_cleanup_process_ends_on_sigterm_when_there_is_nothing_to_clean(temporary):
    cleanup = CleanupProcess()
    cleanup.register("folder", str(temporary / "folder"))
    first = cleanup._process
    first.terminate()
    with pytest.raises(subprocess.TimeoutExpired):
        first.wait(timeout=1.0)
    cleanup.unregister("folder", str(temporary / "folder"))
    while first.poll() is None:  # until it has read that
        first.terminate()
        time.sleep(0.01)
    assert first.returncode == 0
    cleanup.register("folder", str(temporary / "folder"))
    assert cleanup._process.pid != first.pid
    cleanup.finish()


ENDS = {
    "returns": "pool = begin()",
    "raises": "pool = begin()\nraise ValueError('the end')",
    "os_exit": "pool = begin()\nos._exit(0)",
    "closes": "pool = begin()\npool.close()",
    "with_block_raises": "with begin() as pool:\n    raise ValueError('the end')",
    "loses_its_cleanup_process": """
        from evolearn.execution.local.cleanup_process import CLEANUP_PROCESS
        pool = begin()
        CLEANUP_PROCESS._process.kill()
        CLEANUP_PROCESS._process.wait()
        WorkerPool(1)
        os._exit(0)
        """,
    "in_a_thread": """
        thread = threading.Thread(target=begin)
        thread.start()
        thread.join()
        """,
}


@with_and_without_fork_server
@pytest.mark.parametrize("end", ENDS)
def test_nothing_is_left_when_the_parent_ends(tmp_path, end, preload):
    process, folder = start(tmp_path, textwrap.dedent(ENDS[end]), preload)
    pids = read_pids(process, preload)
    assert process.wait(timeout=PATIENCE) == (1 if "raise" in end else 0)
    errors = process.communicate()[1]
    assert ("the end" in errors) if "raise" in end else not errors
    assert left_behind(pids, folder) == ([], [])


def test_nothing_is_left_when_the_parent_is_killed_while_a_fork_server_imports(tmp_path):
    (tmp_path / "slow.py").write_text("import time; time.sleep(600)")
    script = f"""
    sys.path.append({str(tmp_path)!r})
    pool = WorkerPool(2, preload=["slow"])
    pool.install(work)
    pool.submit(0, None)
    while len(descendants(os.getpid())) < 2:
        time.sleep(0.01)
    print("pids", *descendants(os.getpid()), flush=True)
    time.sleep(600)
    """
    process, folder = start(tmp_path, script)
    pids = [int(pid) for pid in process.stdout.readline().split()[1:]]
    process.kill()
    assert left_behind(pids, folder) == ([], [])
    process.communicate(timeout=PATIENCE)


def outcome_of(tmp_path, script, preload=()):
    process, folder = start(tmp_path, script, preload)
    output, errors = process.communicate(timeout=PATIENCE)
    assert (errors, process.returncode) == ("", 0)
    assert list(folder.iterdir()) == []
    return output


def test_close_leaves_kept_workers_alone_and_removes_the_folder(tmp_path):
    script = """
    with WorkerPool(1) as pool:
        pool.install(lambda _: os.getpid())
        pool.submit(0, None)
        [outcome] = pool.collect()
    os.kill(outcome.value, 0)
    print(pool.shared_folder.exists())
    """
    assert outcome_of(tmp_path, script) == "False\n"


@with_and_without_fork_server
def test_a_fork_of_the_parent_has_pools_of_its_own_and_spares_the_others(tmp_path, preload):
    script = """
    def square(number):
        return number * number, os.getpid()

    def use(pool):
        pool.install(square)
        pool.submit(0, 3)
        return pool.collect()[0].value

    first = WorkerPool(1, preload=PRELOAD)
    use(first)
    first.close()
    pool = WorkerPool(1, preload=PRELOAD)
    _, worker = use(pool)
    child = os.fork()
    if child == 0:
        try:
            pool.submit(1, 3)
        except RuntimeError as error:
            print(error, flush=True)
        pool.close()
        with WorkerPool(1, preload=PRELOAD) as own:
            value, own_worker = use(own)
        print(value, own_worker != worker, flush=True)
        sys.exit()
    os.waitpid(child, 0)
    print(use(pool)[1] == worker, pool.shared_folder.exists())
    """
    refused, own, spared = outcome_of(tmp_path, script, preload).splitlines()
    assert "cannot be used in a fork" in refused
    assert own == "9 True"
    assert spared == "True True"


@pytest.mark.skipif(sys.platform != "linux", reason="without fork servers it cannot be known")
def test_a_parent_that_ignores_the_end_of_its_children_learns_how_they_ended(tmp_path):
    script = """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with WorkerPool(1, preload=PRELOAD) as pool:
        pool.install(lambda _: os.kill(os.getpid(), signal.SIGSEGV))
        for key in range(2):
            pool.submit(key, None)
            print(pool.collect()[0].reason)
    """
    reason = "its process was killed by signal SIGSEGV\n"
    assert outcome_of(tmp_path, script, ("colorsys",)) == 2 * reason


def test_a_pool_works_inside_daemonic_and_joblib_workers(tmp_path):
    script = """
    from joblib import Parallel, delayed
    from multiprocessing.pool import Pool
    import multiprocessing

    def nested(number):
        if "evolearn" not in sys.modules:
            sys.modules["evolearn"] = types.ModuleType("evolearn")
            sys.modules["evolearn"].__path__ = [PACKAGE]
        from evolearn.execution.local.pool import WorkerPool
        with WorkerPool(1) as pool:
            pool.install(lambda x: x + 1)
            pool.submit(0, number)
            return pool.collect()[0].value

    print(Parallel(n_jobs=2)(delayed(nested)(number) for number in range(2)))
    with multiprocessing.get_context("fork").Pool(2) as processes:
        print(processes.map(nested, range(2)))
    """
    assert outcome_of(tmp_path, script) == "[1, 2]\n[1, 2]\n"


def test_objects_of_the_script_come_back_as_instances_of_its_classes(tmp_path):
    script = """
    class Box:
        def __init__(self, content): self.content = content

    with WorkerPool(1) as pool:
        pool.install(lambda box: Box(box.content + 1))
        pool.submit(0, Box(1))
        [outcome] = pool.collect()
        print(isinstance(outcome.value, Box), outcome.value.content)
    """
    assert outcome_of(tmp_path, script) == "True 2\n"


def test_ctrl_c_in_the_terminal_reaches_the_parent_alone(tmp_path):
    script = """
    pool = WorkerPool(1)
    pool.install(lambda _: (print("busy"), time.sleep(1), "finished")[2])
    pool.submit(0, None)
    pool.collect(timeout=0.5)
    try:
        os.killpg(0, signal.SIGINT)
        time.sleep(60)
    except KeyboardInterrupt:
        print(pool.collect()[0].value)
    """
    assert outcome_of(tmp_path, script) == "finished\n"
