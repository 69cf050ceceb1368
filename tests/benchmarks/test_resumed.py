"""Benchmarks that are run again go on where they stopped."""

import sys
from types import SimpleNamespace

import pytest

if sys.platform != "linux":
    pytest.skip("benchmarks look into /proc", allow_module_level=True)

from resumed import resumed

CELLS = [{"name": name, "seed": seed} for name in ("a", "b") for seed in (0, 1)]


@pytest.fixture
def args(tmp_path):
    return SimpleNamespace(out=tmp_path / "rows.jsonl", table=False)


def test_only_what_is_missing_is_measured(args, monkeypatch):
    monkeypatch.setattr("resumed.commit", lambda: "abc1234")  # a copy of the files has none
    measured = []

    def measure(name, seed):
        measured.append((name, seed))
        if len(measured) == 3:
            raise KeyboardInterrupt
        return {"error": float(seed)}

    with pytest.raises(KeyboardInterrupt):
        resumed(args, CELLS, measure)
    rows = resumed(args, CELLS, measure)
    assert measured == [("a", 0), ("a", 1), ("b", 0), ("b", 0), ("b", 1)]
    assert [(row["name"], row["seed"], row["error"]) for row in rows] == [
        ("a", 0, 0.0), ("a", 1, 1.0), ("b", 0, 0.0), ("b", 1, 1.0)
    ]  # fmt: skip
    assert {row["commit"] for row in rows} == {"abc1234"}


def test_a_table_measures_nothing(args):
    rows = resumed(args, CELLS[:1], lambda name, seed: {"error": 0.0})
    args.table = True
    assert resumed(args, CELLS, None) == rows


def test_what_was_told_otherwise_is_measured_again(args):
    def error(name, seed):
        return {"error": 10 * args.budget + seed}

    args.budget = 1
    assert [row["error"] for row in resumed(args, CELLS[:2], error)] == [10, 11]
    args.budget = 2
    assert [row["error"] for row in resumed(args, CELLS[:2], error)] == [20, 21]
    args.budget, args.table = 1, True
    assert [row["error"] for row in resumed(args, CELLS[:2], None)] == [10, 11]
