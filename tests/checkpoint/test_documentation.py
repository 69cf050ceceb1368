"""The page docs/checkpoints.md does what it says."""

import re
import shlex
import sqlite3
from contextlib import closing, redirect_stdout
from io import StringIO
from pathlib import Path

import numpy as np
import pytest

from evolearn import EvolutionaryRegressor
from evolearn.checkpoint.tables import SCHEMA

PAGE = Path(__file__).parents[2] / "docs" / "checkpoints.md"
SECTION = PAGE.read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", SECTION, flags=re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the checkpoint of a fit that is called "runs", as in the examples."""
    folder = tmp_path_factory.mktemp("documented")
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = EvolutionaryRegressor(
        time_budget=None,
        n_evaluations=6,
        search_space=["ridge", "decision_tree"],
        cv=3,
        journal=folder / "runs",
        random_state=0,
    )
    model.fit(X, X[:, 0])
    return folder, model


def test_the_query_on_the_command_line_gives_the_best_of_each_type(folder):
    (command,) = blocks("sh")
    _, pattern, query = shlex.split(command)
    (file,) = folder[0].glob(pattern)
    with closing(sqlite3.connect(file)) as connection:
        rows = connection.execute(query).fetchall()
    results = folder[1].cv_results_
    assert {row[0] for row in rows} == set(results["param_estimator"])
    assert sum(row[1] for row in rows) == 6
    assert rows[0][2] == min(results["fitness"])


def test_the_example_with_pandas_runs(folder, monkeypatch):
    monkeypatch.chdir(folder[0])
    example = blocks("python")[1]
    with redirect_stdout(StringIO()) as printed:
        exec(compile(example, "example", "exec"), {})
    assert "Empty DataFrame" in printed.getvalue()
    (file,) = Path("runs").glob("*.sqlite")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE evaluations SET status = 'failed', failure = 'OSError'")
    with redirect_stdout(StringIO()) as printed:
        exec(compile(example, "example", "exec"), {})
    assert re.search(r"failed +OSError +6", printed.getvalue())
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE evaluations SET status = 'scored', failure = ''")


def test_tables_and_columns_are_those_of_the_file():
    rows = re.findall(r"^\| `(\w+)` \|.*?\|(.*)\|$", SECTION, flags=re.MULTILINE)
    assert {name for name, _ in rows} == set(SCHEMA)
    for name, columns in rows:
        for column in re.findall(r"`(\w+)`", columns):
            assert re.search(rf"\b{column}\b", SCHEMA[name]), f"{name}.{column}"
