"""The command ``report`` reports a search from its checkpoint, also one that still runs."""

import json
import sqlite3
from pathlib import Path

import pytest
from sklearn.datasets import make_regression

from evolearn import EvolutionaryRegressor
from evolearn.checkpoint.files import WriterLock
from evolearn.command_line import report
from evolearn.command_line.main import FAILED, main
from evolearn.report.of_checkpoint import find_checkpoint, pipeline_of, read_search
from evolearn.results.numbers import error_text

pytest.importorskip("jinja2")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    model = EvolutionaryRegressor(
        search_space=["ridge", "decision_tree"],
        time_budget=None,
        n_evaluations=8,
        population_size=4,
        cv=3,
        random_state=0,
        journal=tmp_path_factory.mktemp("runs"),
    )
    return model.fit(*make_regression(80, 4, noise=5.0, random_state=0))


@pytest.fixture
def running(model):
    """A checkpoint that is being written, as long as the lock is held."""
    path = find_checkpoint(model.journal)
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    lock = WriterLock(path.with_suffix(".lock"))
    yield lock
    writer.close()
    lock.release()


def test_a_finished_search_is_reported_and_its_folder_left_as_it_is(model, tmp_path, capsys):
    before = sorted(path.name for path in model.journal.iterdir())
    assert main(["report", str(model.journal), "--out", str(tmp_path / "a.html")]) == 0
    assert "8 candidates" in capsys.readouterr().out
    page = (tmp_path / "a.html").read_text()
    assert page.count("<section") == 11
    assert str(model.estimate_).splitlines()[0] in page
    assert "Best cross-validated RMSE" in page
    assert f"baseline {error_text(model.baseline_fitness_)}" in page
    assert sorted(path.name for path in model.journal.iterdir()) == before


def test_the_errors_are_those_of_the_leaderboard(model, tmp_path):
    main(["report", str(model.journal), "--out", str(tmp_path / "a.json")])
    sections = json.loads((tmp_path / "a.json").read_text())["sections"]
    columns = sections[4]["blocks"][0]["columns"]
    board = model.leaderboard_
    ranked = board["rank"] > 0
    assert columns["error"] == pytest.approx(board["fitness"][ranked])
    assert columns["candidate"] == board["candidate"][ranked].tolist()
    steps = [text.partition("(")[0] for text in board["pipeline"][ranked][0].split(" -> ")]
    assert columns["pipeline"][0].startswith(steps[0])


def test_a_search_that_runs_is_read_again_until_it_ends(
    model, running, tmp_path, monkeypatch, capsys
):
    assert read_search(find_checkpoint(model.journal)).is_running
    out, pages = tmp_path / "a.html", []

    def wait(seconds):
        pages.append(out.read_text())
        running.release()

    monkeypatch.setattr(report.time, "sleep", wait)
    assert main(["report", str(model.journal), "--out", str(out), "--watch"]) == 0
    assert 'http-equiv="refresh"' in pages[0]
    assert 'http-equiv="refresh"' not in out.read_text()
    assert "does not run" in capsys.readouterr().out


def test_a_folder_without_a_search_is_refused(tmp_path, capsys):
    out = tmp_path / "a.html"
    for folder, reason in (
        (tmp_path, "has no search"),
        (tmp_path / "no", "There is no folder"),
        (Path(__file__), "is a file; pass the folder"),
    ):
        assert main(["report", str(folder), "--out", str(out)]) == FAILED
        message = capsys.readouterr().err
        assert reason in message
        assert message.count("\n") == 1
    assert not out.exists()


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path, capsys):
    (tmp_path / "a.sqlite").write_bytes(b"no database" * 100)
    assert main(["report", str(tmp_path), "--out", str(tmp_path / "a.html")]) == FAILED
    assert "is no checkpoint of evolearn" in capsys.readouterr().err


def test_a_path_that_cannot_be_written_is_refused(model, tmp_path, capsys):
    assert (
        main(["report", str(model.journal), "--out", str(tmp_path / "no" / "a.html")]) == FAILED
    )
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("genome", "text"),
    [
        ("estimator=svm(kernel=RBF(length_scale=1)) | parent=ab12", "svm"),
        ("imputer=simple_imputer(strategy='a | b') | estimator=ridge(alpha=1.0)", "ridge"),
        ("", "unknown"),
    ],
)
def test_genomes_of_any_text_have_a_pipeline(genome, text):
    assert pipeline_of(genome) == text
