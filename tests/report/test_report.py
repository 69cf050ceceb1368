"""The report of a fitted model: content, page, files, and what is refused."""

import copy
import json
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_regression
from sklearn.exceptions import NotFittedError

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor
from evolearn.results import Leaderboard
from evolearn.results.insights import Insights

pandas = pytest.importorskip("pandas")
pytest.importorskip("jinja2")

KEYS = [
    "verdict",
    "expected",
    "table",
    "model",
    "leaderboard",
    "errors",
    "columns",
    "search",
    "trade_offs",
    "failures",
    "use",
]
HOSTILE = '</script><script>alert("x")</script>'
ONE_MEGABYTE = 1_000_000


def rows(seed=0):
    X, y = make_regression(90, 3, noise=5.0, random_state=seed)
    table = pandas.DataFrame(X, columns=["area", HOSTILE, "rooms & baths"])
    return table.assign(same=1.0), y


def search(kind=EvolutionaryRegressor, **changes):
    settings = {
        "search_space": ["ridge", "decision_tree"],
        "time_budget": None,
        "n_evaluations": 8,
        "population_size": 4,
        "cv": 3,
        "random_state": 0,
    }
    return kind(**(settings | changes))


@pytest.fixture(scope="module")
def regressor():
    return search().fit(*rows())


@pytest.fixture(scope="module")
def classifier():
    X, y = rows()
    space = ["logistic_regression", "decision_tree"]
    labels = np.where(y > 0, "<b>high</b>", "low")
    return search(EvolutionaryClassifier, search_space=space).fit(X, labels)


@pytest.fixture(params=["regressor", "classifier"])
def model(request):
    return request.getfixturevalue(request.param)


def blocks(report, key):
    (section,) = [one for one in report.json()["sections"] if one["key"] == key]
    return section["blocks"]


def test_the_sections_are_complete_in_their_order_and_json(model):
    content = model.report().json()
    assert [section["key"] for section in content["sections"]] == KEYS
    assert all(section["blocks"] for section in content["sections"])
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_the_page_needs_no_other_file_and_no_script(model):
    page = model.report().html()
    assert not re.findall(r'(?:src|href|action)="(?!#|data:)', page)
    assert not re.findall(r"url\(|@import", page)
    assert "default-src 'none'" in page
    without_scripts = re.sub(r"<script>.*?</script>", "", page, flags=re.S)
    for text in (model.estimate_.sentence(), "Leaderboard", "decision_tree"):
        assert text in without_scripts


def test_every_picture_has_a_text(model):
    page = model.report().html()
    pictures = re.findall(r"<svg[^>]*>", page)
    assert len(pictures) >= 5
    assert all(re.search(r'role="img" aria-label="[^"]{10,}"', one) for one in pictures)


def test_texts_of_the_user_are_escaped(regressor, classifier):
    for model in (regressor, classifier):
        page = model.report().html()
        assert page.count("<script>") == 1
        assert "&lt;script&gt;alert" in page
    assert "<b>high</b>" not in classifier.report().html()


def test_a_report_of_500_candidates_is_below_a_megabyte(regressor):
    n_times = 63  # of 8 candidates
    many = copy.copy(regressor)
    board = regressor.leaderboard_
    scored = np.flatnonzero(board["rank"] > 0)
    columns = {name: np.tile(column[scored], n_times) for name, column in board.items()}
    params = [board["params"][i] for i in scored] * n_times
    # Numbers are unique.
    columns["candidate"] += 8 * np.repeat(np.arange(n_times), len(scored))
    many.leaderboard_ = Leaderboard(columns, board.metric, params)
    many.cv_results_ = {
        name: column * n_times if isinstance(column, list) else np.tile(column, n_times)
        for name, column in regressor.cv_results_.items()
    }
    many.cv_results_["candidate"] += 8 * np.repeat(np.arange(n_times), 8)
    assert many.leaderboard_.n_rows > 400
    report = many.report()
    assert len(report.html().encode()) < ONE_MEGABYTE
    assert len(json.dumps(report.json())) < ONE_MEGABYTE


def test_held_out_rows_are_reported(regressor):
    X, y = rows(seed=1)
    report = regressor.report(X, y)
    found = next(one for one in blocks(report, "expected") if one["kind"] == "table")
    error = np.sqrt(np.mean((regressor.predict(X) - y) ** 2))
    assert found["columns"]["held_out"][-1] == pytest.approx(error)
    assert "Prediction of a row" in report.html()
    importances = next(one for one in blocks(report, "columns") if one["kind"] == "intervals")
    assert set(importances["rows"]) == set(X.columns)
    texts = [one["text"] for one in blocks(report, "columns") if one["kind"] == "text"]
    assert any(f"by {len(X)} rows" in text for text in texts)


def test_the_best_single_model_has_its_script(regressor):
    codes = [
        one["code"] for one in blocks(regressor.report(), "model") if one["kind"] == "code"
    ]
    assert codes[1:] == [regressor.to_code("best", verify=False)]
    assert f"model.to_code({regressor.best_index_})" in regressor.report().html()


def test_missing_values_and_doubts_are_told_for_the_table():
    X, y = rows()
    X.loc[:8, "area"] = np.nan
    report = search(n_evaluations=2).fit(X.assign(copy_of_y=y), y).report()
    table, doubts = (
        one["columns"] for one in blocks(report, "table") if one["kind"] == "table"
    )
    assert table["missing"] == pytest.approx([0.1, 0, 0, 0, 0])
    assert ("leak", "copy_of_y") in list(zip(doubts["kind"], doubts["columns"], strict=True))
    assert "10 %" in report.html()


def test_no_row_of_the_table_is_in_it(regressor):
    X, _ = rows()
    text = json.dumps(regressor.report().json())
    assert not [value for value in X["area"] if repr(float(value)) in text]


@pytest.mark.parametrize("changes", [{"final_model": "single"}, {"n_evaluations": 1}])
def test_every_fitted_model_has_a_report(changes):
    report = search(**changes).fit(*rows()).report()
    assert [section["key"] for section in report.json()["sections"]] == KEYS
    assert report.html()


def test_parts_that_are_absent_have_a_sentence_with_the_reason(regressor):
    bare = copy.copy(regressor)
    bare.insights_ = Insights(absent={"all": "there was no time"})
    for key in ("errors", "columns", "search"):
        assert any(
            "there was no time" in one.get("text", "") for one in blocks(bare.report(), key)
        )
    assert bare.report().html()


def test_only_one_of_table_and_target_is_refused(regressor):
    with pytest.raises(ValueError, match="both X_test and y_test"):
        regressor.report(rows()[0])
    with pytest.raises(NotFittedError):
        search().report()


@pytest.mark.parametrize(
    ("place", "reason"),
    [("nowhere/report.html", "there is no folder"), (".", "it is a folder")],
)
def test_a_path_that_cannot_be_written_is_refused(regressor, tmp_path, place, reason):
    with pytest.raises(ValueError, match=reason):
        regressor.report().write_html(tmp_path / place)


def test_a_failure_leaves_the_earlier_file(regressor, tmp_path, monkeypatch):
    path = tmp_path / "report.json"
    path.write_text("earlier")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match=r"cannot be written to .*: No space left"):
        regressor.report().write_json(path)
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_files_and_notebooks_get_the_same_page(regressor, tmp_path):
    report = regressor.report()
    path = report.write_html(str(tmp_path / "report.html"))
    assert path.read_text(encoding="utf-8") == report.html()
    assert json.loads(report.write_json(tmp_path / "report.json").read_text()) == report.json()
    assert report._repr_html_().startswith("<iframe")
    assert "write_html" in repr(report)


def test_without_jinja2_the_extra_is_named(regressor, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    with pytest.raises(ImportError, match=r"evolearn-automl\[report\]"):
        regressor.report().html()
    assert regressor.report().json()
