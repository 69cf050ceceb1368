"""The notebooks for newcomers run from the first cell to the last, without a window."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbconvert_preprocessors = pytest.importorskip("nbconvert.preprocessors")
for library in ("ipykernel", "jinja2", "matplotlib", "pandas", "skops"):
    pytest.importorskip(library)

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
BUDGET = "time_budget=30"
SHORT = 'time_budget=None, n_evaluations=6, search_space=["{}", "decision_tree"], cv=3'


def run_briefly(name, model, folder):
    """Run a notebook with a small search; return the text of what its cells show."""
    notebook = nbformat.read(EXAMPLES / name, as_version=4)
    assert sum(BUDGET in cell.source for cell in notebook.cells) == 1
    for cell in notebook.cells:
        cell.source = cell.source.replace(BUDGET, SHORT.format(model))
    run = nbconvert_preprocessors.ExecutePreprocessor(timeout=240, kernel_name="python3")
    run.preprocess(notebook, {"metadata": {"path": str(folder)}})
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output["output_type"] == "error"]
    return "".join(str(output) for output in outputs)


# Jupyter's own libraries warn of things that are no affair of evolearn's.
@pytest.mark.filterwarnings("ignore")
def test_the_first_steps_write_a_report(tmp_path):
    shown = run_briefly("first_steps.ipynb", "ridge", tmp_path)
    for text in ("Expected error on new rows", "Parameters and steps", "iframe"):
        assert text in shown
    assert "Prediction of a row" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore")
def test_the_tour_reads_a_messy_table_and_saves_a_model(tmp_path):
    shown = run_briefly("tour.ipynb", "logistic_regression", tmp_path)
    for text in ("datetime (day, month, year as text)", "currency €", "constant"):
        assert text in shown
    assert "'text/plain': 'True'" in shown  # the loaded model predicts the same
    assert "high    format" in shown
    assert "Prediction of a row" in (tmp_path / "returns.html").read_text(encoding="utf-8")
