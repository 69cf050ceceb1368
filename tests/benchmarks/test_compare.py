"""What the comparison says of results: ratios, intervals, failures, and what is marked."""

import json
import math
import os
import sys
import time
from argparse import Namespace
from types import SimpleNamespace

import numpy as np
import pytest

if sys.platform != "linux":
    pytest.skip("benchmarks look into /proc", allow_module_level=True)

import compare
import ratios
from apart import TOKEN, Apart, carrying
from curve import curves, draw_curve
from fit_one import measured
from races import core_groups, planned, race
from systems import pickled_size


def row(system, name, err, *, split=0, budget=60.0, task="regression", **more):
    run = {"system": system, "name": name, "split": split, "budget": budget, "n_jobs": 1}
    return {**run, "task": task, "ok": True, "err": err, "fit_s": 57.0, **more}


def failure(system, name, **more):
    run = {"system": system, "name": name, "split": 0, "budget": 60.0, "n_jobs": 1}
    return {**run, "ok": False, "fit_s": 300.0, "note": "ended by force", **more}


def written(tmp_path, rows, name="results.jsonl"):
    path = tmp_path / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def print_table(path, capsys, **changed):
    given = {"budgets": [], "n_jobs": None, "systems": None, "of": "evolearn", "suite": None}
    compare.table(Namespace(results=[path], **{**given, **changed}))
    return capsys.readouterr().out


# -- numbers --------------------------------------------------------------------------------


def test_errors_are_floored_and_failures_are_as_bad_as_the_worst():
    cells = ratios.errors(
        [
            row("evolearn", "solved", 1e-7, task="binary"),
            row("flaml", "solved", 0.002, task="binary"),
            row("evolearn", "hard", 2.0),
            row("flaml", "hard", 3.0),
            failure("tpot", "hard"),
            row("gama", "hard", float("nan")),
            failure("tpot", "hopeless"),
        ]
    )
    assert cells == {
        ("solved", 0): {"evolearn": 5e-4, "flaml": 0.002},
        ("hard", 0): {"evolearn": 2.0, "flaml": 3.0, "tpot": 3.0, "gama": 3.0},
    }


def test_every_table_counts_the_same_however_many_splits_it_has():
    rows = [row("a", "many", 4.0, split=split) for split in range(3)]
    rows += [row("b", "many", 1.0, split=split) for split in range(3)]
    rows += [row("a", "one", 1.0), row("b", "one", 1.0)]
    logs = ratios.log_ratios(ratios.errors(rows), "a", "b")
    assert ratios.geometric_mean(logs) == pytest.approx(2.0)


def test_intervals_hold_the_mean_and_narrow_with_more_tables():
    rng = np.random.default_rng(0)
    few, many = ({i: list(rng.normal(0.1, 0.2, 3)) for i in range(n)} for n in (5, 100))
    for logs in (few, many):
        low, high = ratios.interval(logs)
        assert low < ratios.geometric_mean(logs) < high
        assert (low, high) == ratios.interval(logs), "the same each time"
    assert np.ptp(ratios.interval(many)) < 0.5 * np.ptp(ratios.interval(few))


def test_intervals_are_those_of_the_mean_of_tables():
    logs = {i: [x] for i, x in enumerate(np.random.default_rng(0).normal(0, 1, 200))}
    low, high = np.log(ratios.interval(logs))
    assert high - low == pytest.approx(2 * 1.645 / math.sqrt(200), rel=0.15)


@pytest.mark.parametrize(
    ("splits", "marked"),
    [
        ([1.15, 1.1, 1.2], True),
        ([1.02, 1.05, 1.03], False),  # worse for sure, but not by much
        ([1.9, 0.9, 0.8], False),  # worse by chance
        ([1.5], False),  # who knows
    ],
)
def test_tables_are_marked_where_the_ratio_is_high_and_not_by_chance(splits, marked):
    assert ratios.worse(np.log(splits)) == marked


def test_equal_errors_share_their_rank():
    cells = {("a", 0): {"x": 1.0, "y": 2.0, "z": 2.0}, ("b", 0): {"x": 1.0}}
    assert ratios.mean_ranks(cells, ["x", "y", "z"]) == {"x": 1.0, "y": 2.5, "z": 2.5}


# -- what is printed ------------------------------------------------------------------------


def test_the_table_tells_ratios_failures_and_marks(tmp_path, capsys):
    rows = []
    for split, noise in enumerate((0.99, 1.0, 1.01)):
        rows += [
            row("evolearn", "good", 0.8 * noise, split=split, predict_s=0.5, test_rows=250),
            row("flaml", "good", 1.0, split=split, size_bytes=3_000_000),
            row("evolearn", "bad", 1.2 * noise, split=split, predict_s=0.5, test_rows=250),
            row("flaml", "bad", 1.0, split=split, size_bytes=3_000_000),
        ]
    rows[1] = failure("flaml", "good")
    lines = print_table(written(tmp_path, rows), capsys).splitlines()
    by_table = {line.split()[0]: line.split() for line in lines if line.startswith(("b", "g"))}
    assert by_table["bad"][1:3] == ["3", "1.200"]
    assert by_table["bad"][-1].endswith("!")
    assert by_table["good"][-1].endswith("f"), "a failure is told where it counts"
    assert "1 marked with !" in lines
    systems = [line.split() for line in lines if line.startswith(("evolearn ", "flaml "))]
    assert systems[2][2:] == ["6", "0", "0.95", "0.95", "2.0000", "-"]
    assert systems[3][2:] == ["6", "1", "0.95", "5.00", "-", "3.00"]


def test_lines_without_sizes_and_tasks_of_failures_can_be_read(tmp_path, capsys):
    rows = [row("evolearn", "a", 1.0), failure("evolearn", "b"), row("flaml", "a", 2.0)]
    rows += [row("flaml", "b", 2.0), row("evolearn", "b", 1.0)]  # the last of a run counts
    assert len(ratios.read_results([written(tmp_path, rows)])) == 4
    assert "0.500-0.500" in print_table(written(tmp_path, rows), capsys)


def test_budgets_side_by_side_are_told_apart(tmp_path, capsys):
    rows = [row("evolearn", "a", 1.0, budget=10.0), row("flaml", "a", 2.0)]
    out = print_table(written(tmp_path, rows), capsys)
    assert "evolearn@10" in out
    assert "flaml@60" in out
    out = print_table(written(tmp_path, rows), capsys, budgets=[60.0])
    assert "evolearn" not in out.splitlines()[2]


def test_results_of_different_cores_are_not_mixed():
    rows = [row("evolearn", "a", 1.0), {**row("evolearn", "a", 1.0), "n_jobs": 2}]
    with pytest.raises(SystemExit, match="n_jobs"):
        ratios.selected(rows)
    assert len(ratios.selected(rows, n_jobs=2)) == 1


def test_a_curve_is_of_the_tables_that_have_all_its_points(tmp_path):
    rows = [row("histgb", name, 1.0) for name in "abc"]
    rows += [row("evolearn", name, 0.9, budget=10.0) for name in "abc"]
    rows += [row("evolearn", name, 0.81) for name in "ab"]
    drawn, cells = curves(rows)
    first, last = drawn["evolearn"]
    assert [name for name, _ in cells] == ["a", "b"]
    assert (first.budget, first.change) == (10.0, None)
    assert first.ratio == pytest.approx(0.9)
    assert last.change == pytest.approx(0.9)
    assert last.change_bounds == pytest.approx((0.9, 0.9))
    pytest.importorskip("matplotlib")
    draw_curve(rows, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").stat().st_size > 10_000


# -- runs -----------------------------------------------------------------------------------


def fitted_data():
    return SimpleNamespace(task="regression", y_test=np.array([1.0, 2.0]), n_classes=0)


def steps(predicted, model):
    yield "note"
    yield predicted
    yield pickled_size(model)


def test_what_a_system_does_is_measured():
    result = measured(steps([[1.0], [4.0]], {}), fitted_data())
    assert result["err"] == pytest.approx(math.sqrt(2))
    assert (result["ok"], result["note"], result["test_rows"]) == (True, "note", 2)
    assert result["size_bytes"] > 0
    assert measured(steps([1, 2], lambda: None), fitted_data())["size_bytes"] is None


@pytest.mark.parametrize("predicted", [[1.0, math.nan], [1.0], "nonsense"])
def test_what_a_system_does_wrong_is_a_failure(predicted):
    result = measured(steps(predicted, {}), fitted_data())
    assert not result["ok"]
    assert result["note"]
    assert result["fit_s"] >= 0


def test_a_run_that_takes_too_long_is_ended_with_all_that_it_started():
    script = "import subprocess, sys; subprocess.Popen(['sleep', '60'], start_new_session=True)"
    apart = Apart([sys.executable, "-c", f"{script}.wait()"], budget=-39.9, n_jobs=1)
    while not apart.over():
        time.sleep(0.01)
    result = apart.end()
    assert not result["ok"]
    assert "ended by force" in result["note"]
    assert not carrying(TOKEN, apart._folder)
    assert not apart._folder.exists()


def test_runs_are_resumed(tmp_path):
    described = {"datasets": [{"name": "a"}, {"name": "b"}]}
    (tmp_path / "suite.json").write_text(json.dumps(described))
    args = Namespace(
        suite=tmp_path, out=tmp_path / "out.jsonl", names="", splits="0", budgets="60",
        n_jobs=1, slots=1,
    )  # fmt: skip
    assert [run["name"] for run in planned(args, ["evolearn"])] == ["a", "b"]
    args.out.write_text(json.dumps(row("evolearn", "a", 1.0)) + "\n")
    told = 'import os; print(\'{"err": 0.5, "fit_s": 1, "note": "", "cores": %d}\' % len('
    command = [sys.executable, "-c", f"{told}os.sched_getaffinity(0)))"]
    race(args, ["evolearn"], lambda run: command)
    rows = [json.loads(line) for line in args.out.read_text().splitlines()]
    assert [row["name"] for row in rows] == ["a", "b"]
    assert (rows[1]["ok"], rows[1]["err"], rows[1]["cores"]) == (True, 0.5, 1)


def test_slots_share_no_core():
    n_cores = len(os.sched_getaffinity(0))
    groups = core_groups(n_cores, 1)
    assert len({core for group in groups for core in group}) == n_cores
    with pytest.raises(SystemExit, match="cores"):
        core_groups(n_cores, 2)
