"""Checkpoints as users have them: resume, extend, replay."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import warnings
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_regression
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer
from sklearn.model_selection import KFold, PredefinedSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from evolearn import (
    Component,
    EvolearnWarning,
    EvolutionaryRegressor,
    SearchError,
    SearchSpace,
)
from evolearn.checkpoint.tables import digest_of
from evolearn.ensemble import planner
from evolearn.fit.checkpoints import fingerprint_of
from evolearn.fit.data import read_data
from evolearn.fit.settings import Settings
from evolearn.policy import DEFAULT_POLICY, Policy
from evolearn.search.loop import SearchLoop

X, Y = make_regression(120, 5, noise=5.0, random_state=0)
SETTINGS = {
    "time_budget": None,
    "n_evaluations": 12,
    "population_size": 4,
    "cv": 3,
    "search_space": ["ridge", "decision_tree", "elastic_net"],
    "random_state": 0,
}


def model(policy=DEFAULT_POLICY, **changes):
    estimator = EvolutionaryRegressor(**(SETTINGS | changes))
    estimator._policy = policy
    return estimator


def file_of(folder):
    (file,) = folder.glob("*.sqlite")
    return file


def query(folder, *statements):
    """Run statements on a checkpoint as another process would; return the rows of the last."""
    with closing(sqlite3.connect(file_of(folder))) as connection, connection:
        for statement in statements:
            rows = connection.execute(statement).fetchall()
    return rows


def count(folder, table="evaluations"):
    return query(folder, f"SELECT count(*) FROM {table}")[0][0]


def same(first, second):
    assert first.best_params_ == second.best_params_
    assert np.array_equal(first.predict(X), second.predict(X))
    scores = [fitted.cv_results_["mean_test_score"] for fitted in (first, second)]
    assert np.array_equal(*scores, equal_nan=True)


@pytest.fixture(scope="module")
def whole():
    """A model fitted without a journal, in one go."""
    return model().fit(X, Y)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A model fitted with a journal, and the folder with that; not to be changed by tests."""
    folder = tmp_path_factory.mktemp("finished")
    return model(journal=folder).fit(X, Y), folder


@pytest.fixture
def journal(tmp_path, finished):
    """A folder like that, for one test."""
    return shutil.copytree(finished[1], tmp_path / "journal")


def test_a_second_fit_evaluates_nothing_again_and_gives_the_same_model(
    journal, finished, whole
):
    assert count(journal) == 12
    second = model(journal=str(journal)).fit(X, Y)
    assert count(journal) == 12
    same(finished[0], second)
    same(finished[0], whole)


def test_times_are_kept_and_counted_on(tmp_path):
    first = model(journal=tmp_path, n_evaluations=6).fit(X, Y).cv_results_
    longer = model(journal=tmp_path, n_evaluations=8).fit(X, Y).cv_results_
    for name in ("start_seconds", "end_seconds", "worker"):
        assert longer[name][:6].tolist() == first[name].tolist()
    assert (longer["start_seconds"][6:] > first["end_seconds"].max()).all()


def test_a_finished_run_can_be_extended(tmp_path, whole):
    model(journal=tmp_path, n_evaluations=6).fit(X, Y)
    longer = model(journal=tmp_path, n_evaluations=12).fit(X, Y)
    assert count(tmp_path) == 12
    same(longer, whole)


@pytest.mark.parametrize(
    "change", [{"random_state": 1}, {"cv": 4}, {"scoring": "r2"}, {"population_size": 3}]
)
def test_other_settings_have_a_file_of_their_own(journal, change):
    model(journal=journal, n_evaluations=4, **change).fit(X, Y)
    assert len(list(journal.glob("*.sqlite"))) == 2


def test_splits_that_differ_in_a_few_of_many_rows_have_files_of_their_own(tmp_path):
    rng = np.random.default_rng(0)
    table, rows = rng.normal(size=(2_500, 2)), np.arange(2_500)
    half = rows % 2 == 0
    moved = np.where((rows >= 1_000) & (rows < 1_500), ~half, half)
    for test in (half, moved):
        splits = [(rows[~test], rows[test])]
        model(journal=tmp_path, n_evaluations=1, cv=splits).fit(table, table[:, 0])
    assert len(list(tmp_path.glob("*.sqlite"))) == 2


def test_clones_on_other_rows_do_not_clash(tmp_path):
    settings = {"journal": tmp_path, "n_evaluations": 4}
    model(**settings).fit(X[:100], Y[:100])
    clone(model(**settings)).fit(X[20:], Y[20:])
    assert len(list(tmp_path.glob("*.sqlite"))) == 2


def test_without_a_random_state_a_checkpoint_is_found_again(tmp_path):
    for _ in range(2):
        model(journal=tmp_path, random_state=None, n_evaluations=4).fit(X, Y)
    assert count(tmp_path) == 4


SCRIPT = """
import sys
from sklearn.datasets import make_regression
from evolearn import EvolutionaryRegressor
from evolearn.search.loop import SearchLoop

keep, number, limit = SearchLoop._take, 0, int(sys.argv[2])
def take(self, outcome):
    global number
    keep(self, outcome)
    number += 1
    if number == limit:
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
SearchLoop._take = take
X, y = make_regression(120, 5, noise=5.0, random_state=0)
EvolutionaryRegressor(
    time_budget=None, n_evaluations=12, population_size=4, cv=3, random_state=0,
    search_space=["ridge", "decision_tree", "elastic_net"], journal=sys.argv[1],
).fit(X, y)
"""


@pytest.mark.parametrize("killed_after", [1, 7])
def test_a_fit_that_was_killed_goes_on_where_it_was(tmp_path, killed_after, whole):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path), str(killed_after)], check=False
    )
    assert done.returncode == -9
    assert count(tmp_path) == killed_after
    resumed = model(journal=tmp_path).fit(X, Y)
    assert count(tmp_path) == 12
    same(resumed, whole)


def test_a_torn_transaction_is_left_out_and_done_again(tmp_path, whole):
    subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path), "7"], check=False)
    (log,) = tmp_path.glob("*.sqlite-wal")
    log.write_bytes(log.read_bytes()[:-5])
    assert count(tmp_path) == 6
    same(model(journal=tmp_path).fit(X, Y), whole)


@pytest.mark.parametrize("damage", ["seconds", "predictions"])
def test_a_damaged_checkpoint_is_refused_by_name_and_left_untouched(journal, damage):
    if damage == "seconds":
        ((text,),) = query(journal, "SELECT fit_seconds FROM evaluations WHERE candidate = 3")
        part = text.encode()
    else:
        ((part,),) = query(journal, "SELECT array FROM predictions WHERE evaluation = 4")
        part = part[200:260]
    before = file_of(journal).read_bytes()
    assert before.count(part) == 1
    data = before.replace(part, part[:-3] + bytes([part[-3] ^ 4]) + part[-2:])
    file_of(journal).write_bytes(data)
    with pytest.raises(ValueError, match=r"damaged .*candidate 3.*left as it is") as error:
        model(journal=journal).fit(X, Y)
    assert str(file_of(journal)) in str(error.value)
    assert file_of(journal).read_bytes() == data


POLICIES = {"ordered": DEFAULT_POLICY, "free": Policy(ordered_share=0.0)}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_a_timed_run_is_replayed_whatever_the_clock_says(tmp_path, policy):
    timed = {"journal": tmp_path, "n_evaluations": None, "n_iter_no_change": None}
    timed["policy"] = policy
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvolearnWarning)  # three seconds may be short
        first = model(**timed, time_budget=3.0).fit(X, Y)
    before = file_of(tmp_path).read_bytes()
    again = model(**timed, time_budget=0.001, replay=True).fit(X, Y)
    same(first, again)
    assert again.stop_reason_ == first.stop_reason_ == "time_budget"
    assert again.history_["n_evaluations"].tolist() == first.history_["n_evaluations"].tolist()
    assert file_of(tmp_path).read_bytes() == before


def timed_fit(folder, seconds=3.0, **changes):
    settings = {"journal": folder, "n_evaluations": None, "n_iter_no_change": None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvolearnWarning)  # three seconds may be short
        return model(**(settings | {"time_budget": seconds} | changes)).fit(X, Y)


def told(fitted):
    return [repr(params) for params in fitted.cv_results_["params"]]


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
@pytest.mark.parametrize("seconds", [3.0, 6.0])
def test_a_timed_run_goes_on_where_the_one_before_had_ended(tmp_path, policy, seconds):
    first = timed_fit(tmp_path, population_size=3, policy=policy)
    second = timed_fit(tmp_path, seconds, population_size=3, policy=policy)
    n_before = len(told(first))
    assert told(second)[:n_before] == told(first)
    assert len(told(second)) > n_before
    assert second.best_fitness_ <= first.best_fitness_
    before = [first.cv_results_[name] for name in ("fitness", "candidate", "generation")]
    after = [second.cv_results_[name] for name in ("fitness", "candidate", "generation")]
    for one, other in zip(before, after, strict=True):
        assert np.array_equal(one, other[:n_before], equal_nan=True)
    assert len(set(told(second))) == len(told(second))
    same(second, timed_fit(tmp_path, 0.001, population_size=3, replay=True))


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_timed_run_that_was_killed_loses_what_was_running_alone(tmp_path, share):
    first = timed_fit(tmp_path)
    n_told = int(share * count(tmp_path, "steps"))
    query(
        tmp_path,
        "DELETE FROM runs",
        f"DELETE FROM steps WHERE position > {n_told}",
        f"DELETE FROM evaluations WHERE id > {n_told + 2}",
        f"DELETE FROM predictions WHERE evaluation > {n_told + 2}",
    )
    second = timed_fit(tmp_path)
    assert 0 < n_told < len(told(first))
    assert told(second)[:n_told] == told(first)[:n_told]
    assert len(told(second)) > n_told
    same(second, timed_fit(tmp_path, 0.001, replay=True))


@pytest.mark.parametrize("population_size", [3, 4])
def test_a_timed_run_that_goes_on_keeps_to_its_limits(tmp_path, population_size):
    first = timed_fit(tmp_path, 20.0, target_fitness=1e6, population_size=population_size)
    assert len(told(first)) < 7
    second = timed_fit(tmp_path, 20.0, n_evaluations=7, population_size=population_size)
    assert second.n_evaluations_ == 7
    assert second.stop_reason_ == "n_evaluations"
    same(second, timed_fit(tmp_path, replay=True, population_size=population_size))


def test_a_timed_run_goes_on_from_one_without_a_budget(tmp_path):
    timed_fit(tmp_path, 20.0, n_evaluations=4)
    whole = model(journal=tmp_path, n_evaluations=30).fit(X, Y)
    longer = timed_fit(tmp_path)
    assert told(longer)[: len(told(whole))] == told(whole)
    assert len(told(longer)) > len(told(whole)) > 4
    last = timed_fit(tmp_path)
    assert told(last)[: len(told(longer))] == told(longer)


def test_a_timed_run_that_was_good_enough_is_so_again(tmp_path):
    first = timed_fit(tmp_path, 20.0, target_fitness=1e6)
    second = timed_fit(tmp_path, 20.0, target_fitness=1e6)
    assert first.stop_reason_ == second.stop_reason_ == "target_fitness"
    same(first, second)


def empty(folder):
    for file in folder.iterdir():
        os.truncate(file, 0)


@pytest.mark.parametrize("change", [shutil.rmtree, empty])
def test_a_fit_goes_on_without_a_checkpoint_that_vanishes(tmp_path, monkeypatch, whole, change):
    take, taken = SearchLoop._take, []

    def take_and_change(run, outcome):
        take(run, outcome)
        taken.append(outcome)
        if len(taken) == 4:
            change(tmp_path / "runs")

    monkeypatch.setattr(SearchLoop, "_take", take_and_change)
    with pytest.warns(EvolearnWarning, match=r"(removed|cut off).*the fit goes on") as caught:
        fitted = model(journal=tmp_path / "runs").fit(X, Y)
    assert len(caught) == 1
    same(fitted, whole)


class LicenceError(RuntimeError):
    pass


class NeedsFile(Ridge):
    """Fails until a file is there: as on a full disk, or in another way."""

    def __init__(self, path="", fault="disk", alpha=1.0):
        super().__init__(alpha=alpha)
        self.path = path
        self.fault = fault

    def fit(self, X, y, sample_weight=None):
        if not Path(self.path).exists():
            self.fail()
        return super().fit(X, y, sample_weight)

    def fail(self):
        match self.fault:
            case "disk":
                raise OSError(28, "No space left on device")
            case "memory":
                raise MemoryError
            case "library":
                raise ImportError("libmissing.so.1: cannot open shared object file")
            case "server":
                try:
                    raise ConnectionRefusedError
                except OSError as error:
                    raise LicenceError("the licence server is away") from error
            case "killed":
                os.kill(os.getpid(), signal.SIGKILL)


def needs_file(path, fault="disk"):
    return Component("needs_file", NeedsFile(str(path), fault), {"alpha": (0.01, 100.0)})


FAULTS = {
    "disk": "No space left",
    "memory": "MemoryError",
    "library": "libmissing",
    "server": "the licence server is away",
    "killed": "SIGKILL",
}


@pytest.mark.parametrize("seconds", [None, 600.0])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_search_that_failed_for_a_passing_reason_is_mended_by_the_next_fit(
    tmp_path, fault, seconds
):
    space = SearchSpace([needs_file(tmp_path / "mended", fault)])
    settings = {"journal": tmp_path / "runs", "search_space": space, "n_evaluations": 4}
    settings |= {"time_budget": seconds, "n_iter_no_change": None}
    with pytest.raises(SearchError, match=FAULTS[fault]):
        model(**settings).fit(X, Y)
    (tmp_path / "mended").touch()
    mended = model(**settings).fit(X, Y)
    assert set(mended.cv_results_["status"]) == {"scored"}
    same(mended, model(**settings | {"journal": None}).fit(X, Y))
    again = model(**settings).fit(X, Y)
    assert told(again) == told(mended)
    same(again, mended)


@pytest.mark.parametrize("seconds", [None, 600.0])
def test_what_failed_for_a_reason_of_its_own_is_not_tried_again(tmp_path, seconds):
    settings = {"journal": tmp_path, "search_space": [Ridge(alpha=-1.0), "ridge"]}
    settings |= {"n_evaluations": 4, "time_budget": seconds, "n_iter_no_change": None}
    for _ in range(2):
        fitted = model(**settings).fit(X, Y)
    assert "failed" in fitted.cv_results_["status"]
    assert count(tmp_path) == 4


def test_a_mended_search_that_was_killed_loses_nothing(tmp_path):
    space = SearchSpace.default("regression").only("ridge", "decision_tree")
    space = space.extended(needs_file(tmp_path / "mended"))
    settings = {"search_space": space, "n_evaluations": 12, "seconds": 600.0}
    first = timed_fit(tmp_path / "runs", **settings)
    n_failed = list(first.cv_results_["status"]).count("failed")
    (tmp_path / "mended").touch()
    timed_fit(tmp_path / "runs", **settings)
    # As if the second one had been killed after some results.
    n_steps = 12 - n_failed + 1
    query(
        tmp_path / "runs",
        "DELETE FROM runs WHERE run > 1",
        f"DELETE FROM steps WHERE position > {n_steps}",
    )
    third = timed_fit(tmp_path / "runs", **settings)
    assert n_failed > 1
    assert set(third.cv_results_["status"]) <= {"scored", "raced"}
    assert len(set(third.cv_results_["candidate"])) == len(told(third)) == 12
    assert count(tmp_path / "runs") == 12 + n_failed


def test_a_timed_search_tries_again_what_failed_for_a_passing_reason(tmp_path):
    space = SearchSpace.default("regression").only("ridge", "decision_tree")
    space = space.extended(needs_file(tmp_path / "mended"))
    first = timed_fit(tmp_path / "runs", search_space=space)
    failed = {
        p
        for p, s in zip(told(first), first.cv_results_["status"], strict=True)
        if s == "failed"
    }
    assert failed
    (tmp_path / "mended").touch()
    second = timed_fit(tmp_path / "runs", search_space=space)
    scored = [one for one in told(first) if one not in failed]
    assert told(second)[: len(scored)] == scored
    again = dict(zip(told(second), second.cv_results_["status"], strict=True))
    assert {again[one] for one in failed} <= {"scored", "raced"}
    same(second, timed_fit(tmp_path / "runs", 0.001, search_space=space, replay=True))


def forge(folder, table, column, change):
    """Change a value of the first row of a table, and the digest so that it is right."""
    with closing(sqlite3.connect(file_of(folder))) as connection, connection:
        connection.row_factory = sqlite3.Row
        where = "name = 'effort'" if table == "meta" else "rowid = 1"
        row = dict(connection.execute(f"SELECT * FROM {table} WHERE {where}").fetchone())
        row[column] = change(row[column])
        digest = digest_of(table, tuple(row.values())[:-1])
        connection.execute(
            f"UPDATE {table} SET {column} = ?, digest = ? WHERE {where}", (row[column], digest)
        )


def changed_json(**changes):
    return lambda text: json.dumps(json.loads(text) | changes)


@pytest.mark.parametrize(
    ("table", "column", "change", "replay"),
    [
        ("meta", "value", changed_json(n_folds=10**9), False),
        ("meta", "value", changed_json(n_folds=0), False),
        ("meta", "value", changed_json(training_rows=-1), False),
        ("meta", "value", changed_json(fit_limit="long"), False),
        ("meta", "value", changed_json(more=1), False),
        ("meta", "value", lambda text: "7", False),
        ("evaluations", "scores", lambda text: "[0.5]", False),
        ("evaluations", "fit_seconds", lambda text: "[0.1, 0.1, 0.1, 0.1]", False),
        ("runs", "decisions", changed_json(best=[99, None]), True),
        ("runs", "decisions", changed_json(best=[0, 7]), True),
        ("runs", "decisions", changed_json(best="ridge"), True),
        ("runs", "decisions", changed_json(members=[["heavy", 0, None]]), True),
        ("runs", "decisions", changed_json(sharpness=None), True),
        ("runs", "decisions", changed_json(stacking=3), True),
    ],
)
def test_forged_values_are_refused_before_they_are_used(journal, table, column, change, replay):
    forge(journal, table, column, change)
    with pytest.raises(ValueError, match=r"The checkpoint .* is damaged"):
        model(journal=journal, replay=replay).fit(X, Y)


def test_what_cannot_be_told_again_is_left_and_the_search_goes_on(tmp_path):
    timed_fit(tmp_path)
    # As if the rules of variation had changed.
    changed = Policy(crossover_probability=0.9)
    second = timed_fit(tmp_path, policy=changed)
    third = timed_fit(tmp_path, policy=changed)
    assert told(third)[: len(told(second))] == told(second)
    same(third, timed_fit(tmp_path, 0.001, replay=True, policy=changed))


def test_a_search_goes_on_if_final_models_took_less_time_than_was_set_aside(
    tmp_path, monkeypatch
):
    rounds = []
    prepare = SearchLoop.prepare_to_continue
    monkeypatch.setattr(
        SearchLoop,
        "prepare_to_continue",
        lambda loop: (rounds.append(len(loop.record)), prepare(loop)),
    )

    # As if the final fits of two candidates were expected to take all the time there is, and
    # then took none. The clock decides nothing: the budget is long, and the number of
    # candidates ends the second round.
    def reserved(costs, budget_seconds, *_):
        is_over = rounds or any(cost.is_fitted for cost in costs)
        return budget_seconds if len(costs) >= 2 and not is_over else 0.0

    monkeypatch.setattr(planner, "reserved_seconds", reserved)
    timed = {"journal": tmp_path, "n_iter_no_change": None}
    first = model(**timed, n_evaluations=24, time_budget=600.0).fit(X, Y)
    assert len(rounds) == 1
    assert first.n_evaluations_ > rounds[0] >= 2
    best = int(np.argmin(first.cv_results_["rank_test_score"]))
    assert first.cv_results_["params"][best] == first.best_params_
    same(first, model(**timed, n_evaluations=24, time_budget=0.001, replay=True).fit(X, Y))


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"journal": None}, "journal is None"), ({"random_state": 5}, "no finished run")],
)
def test_a_replay_without_a_run_is_refused(tmp_path, changes, message):
    settings = {"journal": tmp_path, "replay": True} | changes
    with pytest.raises(ValueError, match=message):
        model(**settings).fit(X, Y)


def name_of(**settings):
    estimator = model(**settings)
    return fingerprint_of(
        Settings.of(estimator), read_data(Settings.of(estimator), X, Y, None, None)
    )


def test_other_splits_are_another_checkpoint():
    halves = np.arange(len(X)) % 2
    changed = halves.copy()
    changed[50:60] = 1 - halves[50:60]  # in the middle, where texts of arrays are abridged
    splitters = [PredefinedSplit(halves), PredefinedSplit(changed), KFold(3), KFold(4), 3]

    names = [name_of(cv=cv) for cv in splitters]
    assert len(set(names)) == len(names)
    assert name_of(cv=PredefinedSplit(halves.copy())) == names[0]


def scorer_of(q, weight=1, mean=np.mean):
    def loss(y, predicted):
        return weight * mean(np.maximum(q * (y - predicted), (q - 1) * (y - predicted)))

    return make_scorer(loss, greater_is_better=False)


class Quantile:
    """A scorer that is an object, and one that is its method."""

    __slots__ = ("high", "low", "middle")

    def __init__(self, *parts):
        self.low, self.middle, self.high = parts

    def __call__(self, estimator, X, y):
        return self.score(estimator, X, y)

    def score(self, estimator, X, y):
        errors = np.abs(estimator.predict(X) - y)
        return -np.quantile(errors, [self.low, self.middle, self.high]).mean()


def several(q, estimator, X, y):
    return Quantile(q, q, q)(estimator, X, y)


SCORERS = {
    "closure": lambda: scorer_of(1, 2),
    "closure, its values swapped": lambda: scorer_of(2, 1),
    "closure, a value twice": lambda: scorer_of(1, 1),
    "closure over another function": lambda: scorer_of(1, 2, np.median),
    "object": lambda: Quantile(1, 0, 1),
    "object, its values swapped": lambda: Quantile(1, 0, 0),
    "method": lambda: Quantile(1, 0, 1).score,
    "method of another object": lambda: Quantile(0, 0, 1).score,
    "partial": lambda: partial(several, 0.5),
    "partial of another value": lambda: partial(several, 0.6),
    "name": lambda: "r2",
    "none": lambda: None,
}


def test_other_scorers_are_another_checkpoint():
    names = [name_of(scoring=make()) for make in SCORERS.values()]

    assert len(set(names)) == len(names)
    assert [name_of(scoring=make()) for make in SCORERS.values()] == names


def written(**attributes):
    """An estimator of a class that a user has written, and may have changed since."""
    return type("Own", (Ridge,), attributes)()


SPACES = {
    "class": written,
    "class with a method": lambda: written(fit=lambda self, X, y: self),
    "class with another one": lambda: written(fit=lambda self, X, y: None),
    "class with a static method": lambda: written(f=staticmethod(lambda: 1)),
    "class with another static method": lambda: written(f=staticmethod(lambda: 2)),
    "class with a property": lambda: written(f=property(lambda self: 1)),
    "class with another property": lambda: written(f=property(lambda self: 2)),
    "class with a constant": lambda: written(rate=1),
    "class with another constant": lambda: written(rate=2),
    "function": lambda: FunctionTransformer(lambda X: X),
    "another function": lambda: FunctionTransformer(lambda X: 2 * X),
    "function in a dict": lambda: FunctionTransformer(kw_args={"f": lambda X: X}),
    "another function in a dict": lambda: FunctionTransformer(kw_args={"f": lambda X: 2 * X}),
    "function in a list": lambda: ColumnTransformer([("a", "drop", lambda X: [0])]),
    "another function in a list": lambda: ColumnTransformer([("a", "drop", lambda X: [1])]),
}


def test_other_code_in_a_space_is_another_checkpoint():
    def names():
        return [
            name_of(search_space=[make_pipeline(make(), Ridge())]) for make in SPACES.values()
        ]

    assert len(set(names())) == len(SPACES)
    assert names() == names()


def test_a_scorer_has_the_same_checkpoint_in_another_process(run_script, monkeypatch):
    source = """
        from sklearn.datasets import make_regression
        from sklearn.linear_model import Ridge
        from evolearn import EvolutionaryRegressor
        from evolearn.fit.data import read_data
        from evolearn.fit.settings import Settings
        from evolearn.fit.checkpoints import fingerprint_of

        def scoring(estimator, X, y):
            return float(type(y).__name__ in {"list", "tuple", "ndarray", "Series"})

        class Own(Ridge):
            names = {"alpha", "beta", "gamma"}

            def fit(self, X, y, known={"alpha", "beta", "gamma"}):
                return super().fit(X, y)

        X, y = make_regression(20, 2, random_state=0)
        estimator = EvolutionaryRegressor(
            random_state=0, scoring=scoring, search_space=[Own()]
        )
        settings = Settings.of(estimator)
        print(fingerprint_of(settings, read_data(settings, X, y, None, None)))
        """
    names = []
    for seed in "123":
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        names.append(run_script(source).communicate()[0])
    assert names[0].strip()
    assert len(set(names)) == 1
