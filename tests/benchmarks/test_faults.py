"""The benchmark of faults still tells good from bad."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "faults.py"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")


def run(out, *names):
    command = [sys.executable, BENCHMARK, "--out", out, "--names", ",".join(names)]
    return subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)


def test_a_candidate_that_crashes_and_a_parent_that_is_killed_pass(tmp_path):
    out = tmp_path / "faults.jsonl"
    process = run(out, "segfault", "kill")
    assert process.returncode == 0, process.stdout + process.stderr
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [(row["name"], row["verdict"], row["left"]) for row in rows] == [
        ("segfault", "PASS", []),
        ("kill", "PASS", []),
    ]
    assert "died: its process was killed by signal SIGSEGV" in rows[0]["happened"]
    assert run(out, "segfault", "kill").returncode == 0
    assert len(out.read_text().splitlines()) == 2, "what is done is not repeated"


def test_a_case_that_failed_is_told_by_the_exit_code(tmp_path):
    out = tmp_path / "faults.jsonl"
    row = {"name": "segfault", "budget": 7.0, "verdict": "FAIL"}
    out.write_text(json.dumps(row) + "\n")
    assert run(out, "segfault").returncode == 1
