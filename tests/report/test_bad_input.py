"""Bad input to what shows results: one clear line each, and nothing is overwritten."""

import pytest
from sklearn.datasets import make_regression
from sklearn.exceptions import NotFittedError
from sklearn.metrics import RocCurveDisplay

from evolearn import EvolutionaryRegressor, plots
from evolearn.report.of_checkpoint import find_checkpoint

pandas = pytest.importorskip("pandas")
pytest.importorskip("jinja2")
pytest.importorskip("matplotlib")


def rows():
    X, y = make_regression(60, 3, noise=5.0, random_state=0)
    return pandas.DataFrame(X, columns=["area", "rooms", "baths"]), y


X, Y = rows()
RENAMED = X.rename(columns={"rooms": "chambers"})


@pytest.fixture(scope="module")
def model():
    return EvolutionaryRegressor(
        search_space=["ridge"], time_budget=None, n_evaluations=2, cv=2, random_state=0
    ).fit(X, Y)


#: The call with a fitted model and a folder that holds the file "report.html".
CASES = {
    "display of an unfitted model": (
        lambda model, folder: plots.ParetoDisplay.from_estimator(EvolutionaryRegressor()),
        NotFittedError,
        "EvolutionaryRegressor instance is not fitted yet",
    ),
    "display for classifiers": (
        lambda model, folder: RocCurveDisplay.from_estimator(model, X, Y),
        ValueError,
        "classifier.*EvolutionaryRegressor",
    ),
    "display of made columns where there are none": (
        lambda model, folder: plots.MadeColumnsDisplay.from_estimator(model),
        ValueError,
        "No candidate of this search made columns",
    ),
    "report of an unfitted model": (
        lambda model, folder: EvolutionaryRegressor().report(),
        NotFittedError,
        "not fitted yet",
    ),
    "report with a target alone": (
        lambda model, folder: model.report(y_test=Y),
        ValueError,
        "Pass both X_test and y_test",
    ),
    "report with other columns": (
        lambda model, folder: model.report(RENAMED, Y),
        ValueError,
        "rooms",
    ),
    "report into a folder": (
        lambda model, folder: model.report().write_html(folder),
        ValueError,
        "it is a folder",
    ),
    "report below a file": (
        lambda model, folder: model.report().write_html(folder / "report.html" / "new.html"),
        ValueError,
        "there is no folder",
    ),
    "report into a folder that there is not": (
        lambda model, folder: model.report().write_json(folder / "no" / "report.json"),
        ValueError,
        "there is no folder",
    ),
    "checkpoint folder without a search": (
        lambda model, folder: find_checkpoint(folder),
        ValueError,
        "has no search: there is no checkpoint",
    ),
    "candidate that there is not": (
        lambda model, folder: model.refit(99, X, Y),
        ValueError,
        "There is no candidate 99; pass a number",
    ),
    "refit with other columns": (
        lambda model, folder: model.refit(0, RENAMED, Y),
        ValueError,
        "rooms",
    ),
    "reason of an unknown name": (
        lambda model, folder: model.why_not("extra trees of mine"),
        ValueError,
        "There is no estimator, gene or option 'extra trees of mine'",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_gets_one_line_and_changes_no_file(case, model, tmp_path):
    call, error, message = CASES[case]
    (tmp_path / "report.html").write_text("earlier")
    with pytest.raises(error, match=message) as raised:
        call(model, tmp_path)
    assert "\n" not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    assert (tmp_path / "report.html").read_text() == "earlier"
