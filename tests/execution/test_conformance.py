"""The contract of a pool, for every kind of executor."""

import functools
import multiprocessing
import subprocess
import sys
import threading
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import joblib
import pytest
from joblib.parallel import ThreadingBackend

from evolearn.execution.local.pool import WorkerPool
from evolearn.testing.executors import N_WORKERS, ExecutorConformance


class TestFreshWorkers(ExecutorConformance):
    @pytest.fixture
    def executor(self):
        return None


class TestForkedWorkers(TestFreshWorkers):
    @pytest.fixture
    def pool(self):
        with WorkerPool(N_WORKERS, preload=("colorsys",)) as pool:
            yield pool


class TestThreads(ExecutorConformance):
    runs_in_processes = False

    @pytest.fixture
    def executor(self):
        return functools.partial(ThreadPoolExecutor, N_WORKERS)


class TestProcesses(ExecutorConformance):
    @pytest.fixture
    def executor(self):
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["evolearn.execution.remote.serialized_function"])
        return functools.partial(ProcessPoolExecutor, N_WORKERS, mp_context=context)


class TestDask(ExecutorConformance):
    @pytest.fixture
    def executor(self, current):
        return "dask"


class Elsewhere(ThreadingBackend):
    """Stands for a joblib backend of another library."""


class TestJoblib(ExecutorConformance):
    runs_in_processes = False

    @pytest.fixture
    def executor(self):
        joblib.register_parallel_backend("elsewhere", Elsewhere)
        with joblib.parallel_config(backend="elsewhere"):
            yield None


class OneThreadPerCall(Executor):
    """An executor as another package may define it."""

    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        future.set_running_or_notify_cancel()

        def call():
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        threading.Thread(target=call, daemon=True).start()
        return future


class TestExecutorOfAnotherPackage(ExecutorConformance):
    runs_in_processes = False

    @pytest.fixture
    def executor(self):
        return OneThreadPerCall


def test_the_package_does_not_need_pytest():
    script = "import sys; sys.modules['pytest'] = None; import evolearn"
    subprocess.run([sys.executable, "-c", script], check=True)
