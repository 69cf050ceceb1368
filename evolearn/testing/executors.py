"""Conformance tests of executors.

The parameter `executor` takes a callable that returns a new `concurrent.futures.Executor` each
time; a class is such a callable. Only ``submit``, which must not wait for the call, and
``shutdown`` are used. Calls, results and what they contain are pickled with cloudpickle before
they reach the executor, so that its workers need evolearn but not the script of the user.

Examples
--------
>>> import threading
>>> from concurrent.futures import Executor, Future
>>> from evolearn import EvolutionaryRegressor
>>> class OneThreadPerCall(Executor):
...     def submit(self, fn, /, *args, **kwargs):
...         future = Future()
...         future.set_running_or_notify_cancel()
...         def call():
...             try:
...                 future.set_result(fn(*args, **kwargs))
...             except BaseException as error:
...                 future.set_exception(error)
...         threading.Thread(target=call, daemon=True).start()
...         return future
>>> model = EvolutionaryRegressor(executor=OneThreadPerCall, n_jobs=2)

A package checks its executor with one class in its tests:

>>> import pytest
>>> from evolearn.testing.executors import ExecutorConformance
>>> class TestOneThreadPerCall(ExecutorConformance):
...     runs_in_processes = False
...
...     @pytest.fixture
...     def executor(self):
...         return OneThreadPerCall
"""

import functools
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

from evolearn import EvolutionaryRegressor
from evolearn.execution.local.pool import WorkerPool
from evolearn.execution.opening import open_pool
from evolearn.execution.pool import Outcome, Pool
from evolearn.execution.serialization import import_cloudpickle
from evolearn.execution.shared import share

# Workers need not import this module, and pytest, for the functions in it.
import_cloudpickle().register_pickle_by_value(sys.modules[__name__])

N_WORKERS = 2
REGRESSOR: Any = EvolutionaryRegressor  # it has no type hints
PATIENCE = 60.0  # seconds for something that takes none, on a busy machine


class _CannotBePickled:
    def __reduce__(self) -> Any:
        raise TypeError("not this one")


class _CannotBeUnpickled:
    def __reduce__(self) -> Any:
        return pickle.loads, (b"only here",)


def _call(function: Callable[[], Any]) -> Any:
    return function()


def _adds(number: int) -> Callable[[int], int]:
    return lambda task: task + number


def _raises(error: BaseException) -> Callable[[], Any]:
    def call() -> Any:
        raise error

    return call


def _waits_for(path: Path) -> Callable[[], str]:
    """Make a task that ends when a file is there, in any process of this machine."""

    def call() -> str:
        end = time.monotonic() + PATIENCE
        while not path.exists() and time.monotonic() < end:
            time.sleep(0.01)
        return "waited"

    return call


def _gather(pool: Pool, n_outcomes: int) -> dict[int, Outcome]:
    """Outcomes of so many tasks by their keys."""
    outcomes: list[Outcome] = []
    end = time.monotonic() + PATIENCE
    while len(outcomes) < n_outcomes and time.monotonic() < end:
        outcomes += pool.collect(timeout=PATIENCE)
    return {outcome.key: outcome for outcome in outcomes}


def _run(pool: Pool, *tasks: Any) -> dict[int, Outcome]:
    """Submit tasks as workers become idle, and return their outcomes by position."""
    outcomes: dict[int, Outcome] = {}
    for key, task in enumerate(tasks):
        _wait_until_idle(pool, 1, outcomes)
        pool.submit(key, task)
    return outcomes | _gather(pool, len(tasks) - len(outcomes))


def _wait_until_idle(pool: Pool, n_workers: int, outcomes: dict[int, Outcome]) -> None:
    end = time.monotonic() + PATIENCE
    while pool.idle < n_workers and time.monotonic() < end:
        outcomes.update({outcome.key: outcome for outcome in pool.collect(timeout=0.05)})


def _search(executor: Any, n_jobs: int) -> dict[str, Any]:
    """Run a small search, and return its results to the bit."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    y = X[:, 0] - 2 * X[:, 1] + rng.normal(0, 0.3, 90)
    model = REGRESSOR(
        time_budget=None,
        n_evaluations=12,
        n_iter_no_change=None,
        population_size=4,
        cv=3,
        search_space=["ridge", "decision_tree"],
        random_state=0,
        executor=executor,
        n_jobs=n_jobs,
    ).fit(X, y)
    columns = ("mean_test_score", "generation", "parents", "failure", "params")
    return {
        **{name: [repr(entry) for entry in model.cv_results_[name]] for name in columns},
        "best": repr(model.best_params_),
        "predictions": model.predict(X).tobytes(),
    }


@functools.cache
def _local_search() -> dict[str, Any]:
    with joblib.parallel_config(backend="loky"):  # whatever backend the tests have set
        return _search(None, 1)


TASKS_THAT_FAIL: dict[str, tuple[Any, str]] = {
    "exception": (_raises(ValueError("a\n b")), "ValueError: a b"),
    "system exit": (_raises(SystemExit("enough")), "SystemExit: enough"),
    "task that cannot be pickled": (
        _CannotBePickled(),
        "the task could not be pickled: TypeError: not this one",
    ),
    "task that cannot be unpickled": (
        _CannotBeUnpickled(),
        "the task could not be unpickled in the worker: ",
    ),
    "result that cannot be pickled": (
        _CannotBePickled,
        "the result could not be pickled: TypeError: not this one",
    ),
    "result that cannot be unpickled": (
        _CannotBeUnpickled,
        "the result could not be unpickled: ",
    ),
}


class ExecutorConformance:
    """Tests that every executor passes; subclass it and define the fixture `executor`.

    Attributes
    ----------
    runs_in_processes : bool, default=True
        Whether tasks run in other processes, of which one may end without harm to the others.
    """

    runs_in_processes = True

    @pytest.fixture
    def executor(self) -> Any:
        """Return the value of the parameter `executor`."""
        raise NotImplementedError("Define the fixture `executor` in the subclass.")

    @pytest.fixture
    def pool(self, executor: Any) -> Iterator[Pool]:
        """Open a pool of two workers."""
        with open_pool(executor, N_WORKERS, WorkerPool) as pool:
            yield pool

    def test_every_task_has_its_outcome(self, pool: Pool) -> None:
        """More tasks than workers come back under their keys."""
        assert (pool.n_workers, pool.idle) == (N_WORKERS, N_WORKERS)
        pool.install(lambda task: task * task)
        outcomes = _run(pool, *range(7))
        assert {key: outcome.value for key, outcome in outcomes.items()} == {
            key: key * key for key in range(7)
        }
        for outcome in outcomes.values():
            assert (outcome.status, outcome.reason) == ("done", "")
            assert outcome.seconds >= 0
        assert pool.idle == N_WORKERS
        assert pool.collect() == []

    def test_functions_can_be_replaced(self, pool: Pool) -> None:
        """Tasks run with the function that is installed when they are submitted."""
        with pytest.raises(RuntimeError, match="call install before submit"):
            pool.submit(0, None)
        for number in range(3):
            pool.install(_adds(number))
            assert _run(pool, 10)[0].value == 10 + number
        pool.install(None)
        with pytest.raises(RuntimeError, match="call install before submit"):
            pool.submit(0, None)

    def test_functions_and_classes_may_come_from_a_script(self, pool: Pool) -> None:
        """Code that no worker can import is sent; results are instances of its classes."""

        class Box:
            def __init__(self, content: int) -> None:
                self.content = content

        pool.install(lambda box: Box(box.content + 1))
        value = _run(pool, Box(1))[0].value
        assert isinstance(value, Box)
        assert value.content == 2

    def test_large_functions_tasks_and_results_pass(self, pool: Pool) -> None:
        """Megabytes pass in both directions."""
        part = os.urandom(2**22)
        pool.install(lambda task: task + part)
        assert _run(pool, part)[0].value == part + part

    def test_large_values_are_shared(self, pool: Pool) -> None:
        """A handle is small, or sent with the function once; its value is read-only."""
        table = np.arange(100_000.0).reshape(-1, 10)
        handle = share(table, pool.shared_folder, "table")
        pool.install(lambda row: (handle.load()[row].sum(), handle.load().flags.writeable))
        outcomes = _run(pool, 0, 1, 2)
        assert [outcomes[row].value for row in range(3)] == [
            (table[row].sum(), False) for row in range(3)
        ]

    @pytest.mark.parametrize("way", TASKS_THAT_FAIL)
    def test_a_failure_is_the_outcome_of_one_task(self, pool: Pool, way: str) -> None:
        """Errors come back as text on one line, and the next tasks are done."""
        task, reason = TASKS_THAT_FAIL[way]
        pool.install(_call)
        outcomes = _run(pool, task, lambda: "fine", lambda: "fine too")
        assert (outcomes[0].status, outcomes[0].value) == ("raised", None)
        assert outcomes[0].reason.startswith(reason)
        assert "\n" not in outcomes[0].reason
        assert [outcomes[key].value for key in (1, 2)] == ["fine", "fine too"]

    def test_a_function_that_cannot_be_pickled_is_refused(self, pool: Pool) -> None:
        """The error is raised at once."""
        with pytest.raises(TypeError, match=r"cannot be sent .* not this one"):
            pool.install(_CannotBePickled())  # type: ignore[arg-type]

    def test_a_function_that_cannot_be_unpickled_fails_all_tasks(self, pool: Pool) -> None:
        """Every outcome has the reason."""
        pool.install(_CannotBeUnpickled())  # type: ignore[arg-type]
        for outcome in _run(pool, 0, 1).values():
            assert outcome.status == "raised"
            assert "the function could not be unpickled in the worker: " in outcome.reason

    def test_a_time_limit_costs_one_task(self, pool: Pool) -> None:
        """A task past its limit has timed out; others are done, on all workers."""
        pool.install(_call)
        _run(pool, int, int)  # workers have started
        pool.submit(0, lambda: time.sleep(0.5), timeout=0.1)
        pool.submit(1, lambda: "fine", timeout=PATIENCE)
        outcomes = _gather(pool, 2)
        assert (outcomes[0].status, outcomes[0].value) == ("timed_out", None)
        assert outcomes[0].reason == "exceeded its limit of 0.1 s"
        assert outcomes[0].seconds >= 0.1
        assert (outcomes[1].status, outcomes[1].value) == ("done", "fine")
        _wait_until_idle(pool, N_WORKERS, outcomes)
        assert [outcome.value for outcome in _run(pool, str, str).values()] == ["", ""]

    def test_a_lost_worker_costs_one_task(self, pool: Pool) -> None:
        """A task that ends its process has died; all others are done."""
        if not self.runs_in_processes:
            pytest.skip("tasks share the process of the tests")

        def end_process_at_13(task: int) -> int:
            if task == 13:
                os._exit(3)
            return -task

        pool.install(end_process_at_13)
        outcomes = _run(pool, 1, 13, 2, 3)
        assert (outcomes[1].status, outcomes[1].value) == ("died", None)
        assert outcomes[1].reason
        assert [outcomes[key].value for key in (0, 2, 3)] == [-1, -2, -3]

    def test_a_busy_pool_refuses_tasks_and_functions(self, pool: Pool, tmp_path: Path) -> None:
        """`idle` says how many tasks can be submitted."""
        pool.install(_call)
        for key in range(N_WORKERS):
            pool.submit(key, _waits_for(tmp_path / "gate"))
        assert pool.idle == 0
        with pytest.raises(RuntimeError, match=f"All {N_WORKERS} workers are busy"):
            pool.submit(N_WORKERS, int)
        with pytest.raises(RuntimeError, match="while tasks run"):
            pool.install(None)
        (tmp_path / "gate").touch()
        assert len(_gather(pool, N_WORKERS)) == N_WORKERS

    def test_collect_waits_no_longer_than_its_timeout(self, pool: Pool, tmp_path: Path) -> None:
        """It returns without an outcome while the only task goes on."""
        pool.install(_call)
        pool.submit(0, _waits_for(tmp_path / "gate"))
        start = time.monotonic()
        assert pool.collect(timeout=0) == []
        assert pool.collect(timeout=0.2) == []
        assert time.monotonic() - start >= 0.2
        (tmp_path / "gate").touch()
        assert _gather(pool, 1)[0].value == "waited"

    def test_cancel_loses_no_outcome(self, pool: Pool, tmp_path: Path) -> None:
        """Running tasks are cancelled, the outcome of others remains, the pool goes on."""
        pool.install(_call)
        pool.submit(0, _waits_for(tmp_path / "gate"))
        pool.submit(1, _CannotBePickled())
        statuses = {outcome.key: outcome.status for outcome in pool.cancel()}
        assert statuses == {0: "cancelled", 1: "raised"}
        assert pool.cancel() == []
        (tmp_path / "gate").touch()
        outcomes: dict[int, Outcome] = {}
        _wait_until_idle(pool, N_WORKERS, outcomes)
        assert outcomes == {}
        pool.install(lambda task: task)
        assert _run(pool, "again")[0].value == "again"

    def test_tasks_use_one_thread(self, pool: Pool) -> None:
        """Numerical libraries and joblib use the thread of the task only."""

        def count(task: Any) -> tuple[set[int], int]:
            import joblib
            import numpy  # noqa: F401, for its linear algebra
            import threadpoolctl

            libraries = {info["num_threads"] for info in threadpoolctl.threadpool_info()}
            return libraries, joblib.effective_n_jobs(-1)

        pool.install(count)
        for outcome in _run(pool, 0, 1).values():
            assert outcome.value == ({1}, 1)

    def test_a_closed_pool_is_refused(self, pool: Pool) -> None:
        """Closing it again does no harm, and the next pool works."""
        pool.close()
        pool.close()
        for use in (pool.collect, pool.cancel, lambda: pool.install(len)):
            with pytest.raises(RuntimeError, match="closed"):
                use()

    def test_pools_can_be_opened_one_after_the_other(self, executor: Any) -> None:
        """Each fit opens one pool and closes it."""
        for number in range(2):
            with open_pool(executor, N_WORKERS, WorkerPool) as pool:
                pool.install(_adds(number))
                assert _run(pool, 1)[0].value == 1 + number

    def test_a_search_gives_the_result_of_local_workers(self, executor: Any) -> None:
        """Scores, parents, genomes and predictions are the same to the last bit."""
        assert _search(executor, N_WORKERS) == _local_search()
