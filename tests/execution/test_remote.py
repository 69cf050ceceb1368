"""Candidates on a Dask cluster, on any executor and on the user's joblib backend."""

import functools
import multiprocessing
import os
import pickle
import re
import signal
import sys
import threading
import time
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from at_gate import WaitsAtGate, events, gates, wait_at_gate
from joblib.parallel import ThreadingBackend
from processes import PATIENCE
from scipy import sparse
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_info

from evolearn import EvolutionaryRegressor, SearchError
from evolearn.execution.local.pool import WorkerPool
from evolearn.execution.opening import open_pool
from evolearn.execution.process_settings import one_thread, quiet_process
from evolearn.execution.remote import pending_task
from evolearn.execution.remote import pool as remote_pool
from evolearn.execution.remote.dask_pool import DaskPool
from evolearn.execution.remote.joblib_executor import active_backend
from evolearn.execution.remote.pool import ExecutorPool
from evolearn.execution.remote.serialized_function import SerializedFunction, run
from evolearn.execution.shared import share

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")


GUIDE = Path(__file__).parents[2] / "docs" / "clusters.md"


class Dies(RegressorMixin, BaseEstimator):
    """A mean that takes its process along: each time, or as long as a file is missing."""

    def __init__(self, once=None, level=1.0):
        self.once = once
        self.level = level

    def fit(self, X, y):
        if self.once is None or not Path(self.once).exists():
            if self.once is not None:
                Path(self.once).touch()
            os.kill(os.getpid(), signal.SIGKILL)
        self.mean_ = self.level * float(np.mean(y))
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    return X, X[:, 0] - 2 * X[:, 1] + rng.normal(0, 0.3, 90)


@pytest.fixture(scope="module")
def settings():
    return {
        "time_budget": None,
        "n_evaluations": 12,
        "n_iter_no_change": None,
        "population_size": 4,
        "cv": 3,
        "search_space": ["ridge", "decision_tree"],
        "random_state": 0,
    }


def outcome_of(model, X):
    """Return what a search has found, to the bit."""
    columns = ("mean_test_score", "generation", "parents", "failure", "params")
    return {
        **{name: [repr(entry) for entry in model.cv_results_[name]] for name in columns},
        "best": repr(model.best_params_),
        "predictions": model.predict(X).tobytes(),
    }


@pytest.fixture(scope="module")
def local_outcome(settings, table):
    X, y = table
    return outcome_of(EvolutionaryRegressor(n_jobs=2, **settings).fit(X, y), X)


def processes(n_workers):
    """Return an executor whose processes start with their imports done."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["evolearn.execution.remote.serialized_function"])
    return ProcessPoolExecutor(n_workers, mp_context=context)


def pool_on(open_executor, n_workers=2):
    return ExecutorPool(open_executor(), open_executor, n_workers)


def gather(pool, n_outcomes):
    outcomes = []
    while len(outcomes) < n_outcomes:
        outcomes += pool.collect(timeout=PATIENCE)
    return {outcome.key: outcome for outcome in outcomes}


# -- the same result as on this machine ------------------------------------------------------


def test_dask_gives_the_local_outcome_and_scatters_the_data_once(
    current, settings, table, local_outcome, monkeypatch
):
    X, y = table
    scattered, sent = [], []
    scatter, submit = distributed.Client.scatter, distributed.Client.submit

    def counted_scatter(self, data, **options):
        scattered.append(data)
        return scatter(self, data, **options)

    def counted_submit(self, function, *arguments, **options):
        sent.append(len(pickle.dumps(arguments[1:])))
        return submit(self, function, *arguments, **options)

    monkeypatch.setattr(distributed.Client, "scatter", counted_scatter)
    monkeypatch.setattr(distributed.Client, "submit", counted_submit)
    wide = np.column_stack([X, np.zeros((len(X), 200))])
    model = EvolutionaryRegressor(executor="dask", **settings)
    assert outcome_of(model.fit(X, y), X) == local_outcome
    model.fit(wide, y)
    assert len(scattered) == 2, "one for each fit"
    assert len(sent) > 2 * settings["n_evaluations"]
    assert max(sent) < wide.nbytes / 10


def test_joblibs_dask_backend_means_the_same_cluster(current, settings, table, local_outcome):
    X, y = table
    with joblib.parallel_config(backend="dask", client=current):
        with open_pool(None, None, WorkerPool) as pool:
            assert (type(pool), pool.n_workers) == (DaskPool, 2)
        model = EvolutionaryRegressor(**settings).fit(X, y)
    assert outcome_of(model, X) == local_outcome


@pytest.mark.parametrize(("n_jobs", "tasks"), [(None, 2), (-1, 2), (-2, 1), (5, 5)], ids=str)
def test_n_jobs_counts_the_threads_of_a_dask_cluster(current, n_jobs, tasks):
    for executor in ("dask", current.get_executor):
        with open_pool(executor, n_jobs, WorkerPool) as pool:
            assert pool.n_workers == tasks


# -- losing workers --------------------------------------------------------------------------


def test_losing_a_dask_worker_in_the_middle_loses_no_result(current, settings, table, tmp_path):
    X, y = table
    marker = tmp_path / "has died"
    # Far more time than it takes: a result that Dask loses must fail the test, not hang it.
    settings = {
        **settings,
        "search_space": ["ridge", Dies(once=str(marker))],
        "time_budget": 150,
    }
    before = set(current.scheduler_info()["workers"])
    there = EvolutionaryRegressor(executor="dask", **settings).fit(X, y)
    assert marker.exists()
    assert before - set(current.scheduler_info()["workers"])
    here = EvolutionaryRegressor(n_jobs=2, **settings).fit(X, y)  # nothing dies any more
    assert outcome_of(there, X) == outcome_of(here, X)


def test_a_candidate_that_kills_every_dask_worker_fails_alone(current, settings, table):
    X, y = table
    # Far more time than it takes: a result that Dask loses must fail the test, not hang it.
    space = ["ridge", "decision_tree", Dies()]
    settings = {**settings, "search_space": space, "time_budget": 150, "n_evaluations": 4}
    there = EvolutionaryRegressor(executor="dask", **settings).fit(X, y)
    here = EvolutionaryRegressor(n_jobs=2, **settings).fit(X, y)
    assert list(there.cv_results_["status"]) == list(here.cv_results_["status"])
    assert sorted(there.cv_results_["status"]) == ["died", "scored", "scored", "scored"]
    assert repr(there.cv_results_["mean_test_score"]) == repr(
        here.cv_results_["mean_test_score"]
    )


def die_of_13(task):
    if task == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return -task


def test_only_the_task_that_breaks_an_executor_is_lost():
    opened = []

    def open_executor():
        opened.append(processes(2))
        return opened[-1]

    with pool_on(open_executor) as pool:
        pool.install(die_of_13)
        outcomes, tasks = {}, [1, 13, 2, 3, 13, 4]
        for key, task in enumerate(tasks):
            while not pool.idle:
                outcomes |= gather(pool, 1)
            pool.submit(key, task)
        outcomes |= gather(pool, len(tasks) - len(outcomes))
    for key, task in enumerate(tasks):
        if task == 13:
            assert outcomes[key].status == "died"
            assert "BrokenProcessPool" in outcomes[key].reason
        else:
            assert outcomes[key].value == -task
    assert len(opened) > 1


def test_an_executor_that_never_works_ends_the_search_with_its_reason(settings, table):
    closed = ThreadPoolExecutor(1)
    closed.shutdown()
    model = EvolutionaryRegressor(executor=lambda: closed, **settings)
    with pytest.raises(SearchError, match="cannot schedule new futures after shutdown"):
        model.fit(*table)


class Absent(ExecutorPool):
    """Stands for a cluster that has lost all its workers and finds others after some looks."""

    def __init__(self, n_looks):
        gone = ThreadPoolExecutor(1)
        gone.shutdown()
        super().__init__(gone, functools.partial(ThreadPoolExecutor, 1), 1)
        self.n_looks = n_looks

    def _replace_executor(self):
        self.n_looks -= 1
        return self.n_looks < 0 and super()._replace_executor()


@pytest.mark.parametrize(("n_looks", "status"), [(3, "done"), (10**6, "died")])
def test_a_cluster_without_workers_is_waited_for_but_not_for_ever(monkeypatch, n_looks, status):
    monkeypatch.setattr(remote_pool, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(remote_pool, "REPAIR_SECONDS", 0.5)
    with Absent(n_looks) as pool:
        pool.install(abs)
        pool.submit(0, -7)
        outcome = gather(pool, 1)[0]
    assert outcome.status == status
    assert outcome.value == 7 or "no worker is left to run it" in outcome.reason


# -- limits ----------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch):
    """Limits without the allowances for slow networks."""
    monkeypatch.setattr(pending_task, "TRANSFER_SECONDS", 0.2)
    monkeypatch.setattr(remote_pool, "STUCK_SECONDS", 0.2)


@pytest.fixture
def gate():
    """A gate for threads of this process, which opens when the test is over."""
    gates[0] = threading.Event()
    yield gates[0]
    gates[0].set()


def test_a_task_past_its_limit_holds_its_slot_until_it_ends(impatient, gate):
    with pool_on(functools.partial(ThreadPoolExecutor, 2)) as pool:
        pool.install(wait_at_gate)
        pool.submit(0, "wait", timeout=0.1)
        [outcome] = pool.collect(timeout=PATIENCE)
        assert (outcome.status, outcome.reason) == ("timed_out", "exceeded its limit of 0.1 s")
        assert pool.idle == 1
        pool.submit(1, "go on", timeout=PATIENCE)
        assert gather(pool, 1)[1].value == "go on"
        gate.set()
        until = time.monotonic() + PATIENCE
        while pool.idle < 2 and time.monotonic() < until:
            assert pool.collect(timeout=0.05) == []
        assert pool.idle == 2


def test_once_all_slots_are_stuck_there_is_another_executor(impatient, gate):
    with pool_on(functools.partial(ThreadPoolExecutor, 1), n_workers=1) as pool:
        pool.install(wait_at_gate)
        for key in (0, 2):
            pool.submit(key, "wait", timeout=0.1)
            assert gather(pool, 1)[key].status == "timed_out"
            until = time.monotonic() + PATIENCE
            while not pool.idle and time.monotonic() < until:
                pool.collect(timeout=0.05)
            pool.submit(key + 1, "go on")
            assert gather(pool, 1)[key + 1].value == "go on"


def test_a_fit_ends_although_candidates_go_on(settings, table, gate):
    X, y = table
    settings = {**settings, "time_budget": 3.0, "search_space": ["ridge", WaitsAtGate()]}
    settings["n_evaluations"] = None
    events.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # how far it gets in three seconds is not the point
        model = EvolutionaryRegressor(
            executor=functools.partial(ThreadPoolExecutor, 2), n_jobs=2, **settings
        ).fit(X, y)
    assert set(events) == {"begins"}, "fit has not waited for their end"
    assert model.stop_reason_ == "time_budget"
    assert np.isfinite(model.predict(X)).all()


def test_an_unlimited_memory_limit_is_owned_up_to(settings, table):
    model = EvolutionaryRegressor(
        executor=functools.partial(ThreadPoolExecutor, 1), memory_limit=2**30, **settings
    )
    with pytest.warns(UserWarning, match="memory_limit is not enforced"):
        model.fit(*table)


# -- threads, and fits inside of tasks -------------------------------------------------------


def threads_of(task):
    libraries = {info["user_api"]: info["num_threads"] for info in threadpool_info()}
    warnings.warn("of a task", UserWarning, stacklevel=1)
    return libraries, joblib.effective_n_jobs(-1)


def test_an_interruption_of_a_workers_process_is_no_failure_of_its_task():
    def interrupted(task):
        raise KeyboardInterrupt

    reply = run(SerializedFunction.of(interrupted), pickle.dumps(None))
    assert reply.interrupted
    assert not run(SerializedFunction.of(len), pickle.dumps(3)).interrupted


def test_warnings_are_as_they_were_after_threads_that_overlap():
    before, shown = list(warnings.filters), warnings.showwarning
    inside, leave = threading.Event(), threading.Event()

    def task():
        with one_thread():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=task)
    with quiet_process():
        thread.start()
        inside.wait(10)
    leave.set()  # the task, begun after, ends last
    thread.join()
    assert warnings.filters == before
    assert warnings.showwarning is shown
    with pytest.warns(UserWarning, match="hello"):
        warnings.warn("hello", stacklevel=1)


def test_tasks_have_one_thread_and_leave_the_process_as_it_was():
    before = threadpool_info(), list(warnings.filters), warnings.showwarning
    with pool_on(functools.partial(ThreadPoolExecutor, 2)) as pool:
        pool.install(threads_of)
        for key in range(2):
            pool.submit(key, None)
        for outcome in gather(pool, 2).values():
            libraries, n_jobs = outcome.value
            assert set(libraries.values()) == {1}
            assert n_jobs == 1
    assert (threadpool_info(), list(warnings.filters), warnings.showwarning) == before


def fit_inside(settings, X, y, executor):
    model = EvolutionaryRegressor(executor=executor, n_jobs=-1, **settings).fit(X, y)
    return outcome_of(model, X), open_pool(executor, -1, lambda n_workers: n_workers)


def test_a_fit_inside_of_a_dask_task_has_one_local_worker(
    current, settings, table, local_outcome
):
    # As many as the cluster has threads: tasks of their own would wait for ever.
    # Dask pickles functions of modules by their name, whatever is registered; not a lambda.
    futures = [
        current.submit(
            lambda *given: fit_inside(*given), settings, *table, executor, pure=False
        )
        for executor in (None, "dask")
    ]
    for outcome, n_workers in current.gather(futures):
        assert outcome == local_outcome
        assert n_workers == 1


def test_a_grid_search_on_dask_holds_fits_with_local_workers(current, settings, table):
    X, y = table
    model = EvolutionaryRegressor(executor="dask", n_jobs=-1, **settings)
    grid = {"final_model": ["single", "ensemble"]}
    with joblib.parallel_config(backend="dask", client=current):
        search = GridSearchCV(model, grid, cv=2, refit=False, error_score="raise").fit(X, y)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


class Elsewhere(ThreadingBackend):
    """Stands for a backend of another library."""

    n_calls = 0

    def retrieve_result_callback(self, out):
        type(self).n_calls += 1
        return super().retrieve_result_callback(out)


@pytest.fixture
def elsewhere(monkeypatch):
    monkeypatch.setattr(Elsewhere, "n_calls", 0)
    joblib.register_parallel_backend("elsewhere", Elsewhere)
    return Elsewhere


def test_a_joblib_backend_of_the_user_runs_the_candidates(
    elsewhere, settings, table, local_outcome
):
    X, y = table
    with joblib.parallel_config(backend="elsewhere", n_jobs=2):
        model = EvolutionaryRegressor(**settings).fit(X, y)
    assert elsewhere.n_calls > settings["n_evaluations"]
    assert outcome_of(model, X) == local_outcome


def test_a_joblib_backend_does_not_count_inside_of_its_own_tasks(elsewhere):
    with joblib.parallel_config(backend="elsewhere", n_jobs=2):
        assert active_backend() is not None
        inside = joblib.Parallel()(joblib.delayed(active_backend)() for _ in range(2))
    assert inside == [None, None]


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_joblib_backends_of_this_machine_only_count_the_workers(backend):
    with joblib.parallel_config(backend=backend, n_jobs=3):
        assert open_pool(None, None, lambda n_workers: n_workers) == 3
        assert open_pool(None, 2, lambda n_workers: n_workers) == 2


# -- what can be passed ----------------------------------------------------------------------


def test_an_open_executor_is_refused(settings, table):
    with ThreadPoolExecutor(1) as executor:
        model = EvolutionaryRegressor(executor=executor, **settings)
        with pytest.raises(TypeError, match=r"open ThreadPoolExecutor.*pass a callable"):
            model.fit(*table)


def test_an_open_dask_client_is_refused(client, settings, table):
    model = EvolutionaryRegressor(executor=client, **settings)
    with pytest.raises(TypeError, match=r"Dask Client.*pass 'dask'"):
        model.fit(*table)


@pytest.mark.parametrize(
    ("executor", "message"),
    [
        ("spark", "must be None, 'dask' or a callable.*got 'spark'"),
        (4, "must be None, 'dask' or a callable.*got 4"),
        (dict, r"must return a concurrent\.futures\.Executor, got dict"),
    ],
    ids=str,
)
def test_anything_else_is_refused(settings, table, executor, message):
    with pytest.raises((TypeError, ValueError), match=message):
        EvolutionaryRegressor(executor=executor, **settings).fit(*table)


def test_dask_without_a_client_is_an_error(settings, table):
    model = EvolutionaryRegressor(executor="dask", **settings)
    with pytest.raises(RuntimeError, match=r"no active Dask client.*Client\(address\)"):
        model.fit(*table)


def test_dask_without_workers_is_an_error(settings, table):
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty,
        distributed.Client(empty),
        pytest.raises(RuntimeError, match="has no workers"),
    ):
        EvolutionaryRegressor(executor="dask", **settings).fit(*table)


def test_dask_that_is_not_installed_is_an_error(settings, table, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match="the package distributed; install it"):
        EvolutionaryRegressor(executor="dask", **settings).fit(*table)


@pytest.mark.parametrize("executor", ["dask", functools.partial(ThreadPoolExecutor, 2)])
def test_estimators_with_an_executor_can_be_cloned_and_pickled(executor, settings, table):
    model = EvolutionaryRegressor(executor=executor, **settings)
    assert repr(clone(model).executor) == repr(executor)
    assert repr(pickle.loads(pickle.dumps(model)).executor) == repr(executor)


def test_a_fitted_model_keeps_nothing_of_the_executor(settings, table):
    X, y = table
    executor = functools.partial(ThreadPoolExecutor, 1)
    model = EvolutionaryRegressor(executor=executor, **settings).fit(X, y)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


# -- values sent along -----------------------------------------------------------------------

VALUES = {
    "array": np.arange(12.0).reshape(4, 3),
    "columns first": np.asfortranarray(np.arange(12.0).reshape(4, 3)),
    "every other": np.arange(24.0)[::2],
    "objects": np.array(["a", None, "b"], dtype=object),
    "unsorted sparse": sparse.csr_matrix(
        (np.array([1.0, 2.0, 3.0]), np.array([2, 0, 0]), np.array([0, 3]))
    ),
    "frame": pd.DataFrame({"a": [1.0, 2.0], "b": ["x", None]}),
    "nothing": None,
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES.keys())
def test_an_inline_value_is_what_a_mapped_one_is(value, tmp_path):
    mapped = share(value, tmp_path, "value").load()
    serialized = SerializedFunction.of(share(value, None, "value").load)
    serialized = pickle.loads(pickle.dumps(serialized))
    inline = serialized.function()
    assert serialized.function() is inline
    assert type(inline) is type(mapped)
    if isinstance(value, np.ndarray):
        np.testing.assert_array_equal(inline, mapped)
        assert inline.flags.f_contiguous == mapped.flags.f_contiguous
        assert not inline.flags.writeable
    elif sparse.issparse(value):
        for part in ("data", "indices", "indptr"):
            np.testing.assert_array_equal(getattr(inline, part), getattr(mapped, part))
            assert not getattr(inline, part).flags.writeable
        assert inline.has_canonical_format
    elif value is not None:
        pd.testing.assert_frame_equal(inline, mapped)


# -- the user guide --------------------------------------------------------------------------


def test_the_code_of_the_user_guide_runs():
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    names = {"__name__": "guide"}
    for block in blocks:
        exec(compile(block, str(GUIDE), "exec"), names)
