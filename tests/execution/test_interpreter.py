"""Frozen programs and embedded interpreters: the program itself is never started again."""

import multiprocessing.spawn
import os
import pathlib
import subprocess
import sys
import time

import pytest
from processes import PATIENCE

import evolearn
from evolearn import EvolearnWarning, EvolutionaryRegressor
from evolearn.execution.local import interpreter
from evolearn.execution.local.interpreter import NoInterpreterError, find_interpreter

PACKAGE = pathlib.Path(evolearn.__file__).parent
posix = pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")


@pytest.fixture(autouse=True)
def nothing_is_known():
    interpreter._first_interpreter.cache_clear()
    yield
    interpreter._first_interpreter.cache_clear()


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Return a function that makes a program the executable of this process."""

    def make(text="exit 0", *, frozen=False):
        path = tmp_path / "server"
        path.write_text(f"#!/bin/sh\necho x >> {tmp_path}/starts\n{text}\n")
        path.chmod(0o755)
        pretend(str(path), frozen=frozen)

    def pretend(path, *, frozen=False):
        monkeypatch.setattr(sys, "executable", path)
        monkeypatch.setattr(sys, "frozen", frozen, raising=False)
        monkeypatch.setattr(sys, "exec_prefix", str(tmp_path / "none"))
        monkeypatch.setattr(multiprocessing.spawn, "_python_exe", path and os.fsencode(path))

    make.pretend = pretend
    return make


def starts(folder):
    path = folder / "starts"
    return len(path.read_text().split()) if path.exists() else 0


def test_the_interpreter_is_that_of_multiprocessing():
    assert find_interpreter() == os.fsdecode(multiprocessing.spawn.get_executable())


@posix
def test_a_frozen_program_is_never_started(program, tmp_path):
    program(frozen=True)
    with pytest.raises(NoInterpreterError, match=r"sys\.executable is .*server"):
        find_interpreter()
    assert starts(tmp_path) == 0


@posix
@pytest.mark.parametrize("text", ["exit 1", "echo 3.11", "sleep 60"])
def test_another_program_is_asked_once(program, tmp_path, monkeypatch, text):
    monkeypatch.setattr(interpreter, "ANSWER_SECONDS", 0.5)
    program(text)
    for _ in range(2):
        with pytest.raises(NoInterpreterError):
            find_interpreter()
    assert starts(tmp_path) == 1


@pytest.mark.parametrize("path", [None, "", "nowhere/python", "/", "a\0b"])
def test_without_a_program_there_is_none(program, path):
    program.pretend(path)
    with pytest.raises(NoInterpreterError):
        find_interpreter()


@posix
def test_where_python_is_embedded_the_installation_has_one(program, monkeypatch, tmp_path):
    real = sys.exec_prefix
    program("exit 1")
    monkeypatch.setattr(sys, "exec_prefix", real)
    path = find_interpreter()
    assert path.startswith(real)
    assert starts(tmp_path) == 0
    ran = subprocess.run([path, "-c", "print(1)"], capture_output=True, check=True)
    assert ran.stdout.split() == [b"1"]


@posix
def test_a_frozen_program_may_name_an_interpreter(program, monkeypatch):
    real = multiprocessing.spawn.get_executable()
    program(frozen=True)
    monkeypatch.setattr(multiprocessing.spawn, "_python_exe", real)
    assert find_interpreter() == os.fsdecode(real)


@posix
def test_a_program_that_was_started_by_mistake_ends(program, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, types\n"
        "sys.modules['evolearn'] = types.ModuleType('evolearn')\n"  # quicker than all of it
        f"sys.modules['evolearn'].__path__ = [{str(PACKAGE)!r}]\n"
        "from evolearn.execution.local.pool import WorkerPool\n"
        "WorkerPool(1)\n"
    )
    program(f"exec {sys.executable} {script}")
    began = time.monotonic()
    with pytest.raises(NoInterpreterError):
        find_interpreter()
    assert starts(tmp_path) == 1
    assert time.monotonic() - began < PATIENCE


@posix
def test_a_system_that_allows_no_process_is_no_missing_interpreter(monkeypatch):
    def refuse(*args, **options):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with pytest.raises(OSError, match=r"No worker process can be started .*raise the limits"):
        find_interpreter()


def test_files_that_are_packed_cannot_be_run(monkeypatch, tmp_path):
    monkeypatch.setattr(interpreter, "WORKER_PROGRAM", tmp_path / "program.zip" / "worker.py")
    with pytest.raises(NoInterpreterError, match=r"program\.zip.*is packed into a program"):
        find_interpreter()


def test_fit_works_in_threads_and_names_the_limits_that_do_not_hold(program, fast, regression):
    program.pretend(None)
    settings = {**fast, "search_space": ["ridge"], "n_jobs": 2, "memory_limit": 10**9}
    with pytest.warns(EvolearnWarning) as caught:
        model = EvolutionaryRegressor(**settings).fit(*regression)
    [warning] = caught
    assert "memory_limit is not enforced" in str(warning.message)
    assert set(model.cv_results_["status"]) == {"scored"}
