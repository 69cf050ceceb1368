"""The notebook for newcomers runs from the first cell to the last, without a window."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbconvert_preprocessors = pytest.importorskip("nbconvert.preprocessors")
for library in ("ipykernel", "jinja2", "pandas"):
    pytest.importorskip(library)

NOTEBOOK = Path(__file__).parents[2] / "docs" / "examples" / "first_steps.ipynb"
BUDGET = "time_budget=30"
SHORT = 'time_budget=None, n_evaluations=6, search_space=["ridge", "decision_tree"], cv=3'


# Jupyter's own libraries warn of things that are no affair of evolearn's.
@pytest.mark.filterwarnings("ignore")
def test_the_notebook_runs_and_writes_a_report(tmp_path):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert sum(BUDGET in cell.source for cell in notebook.cells) == 1
    for cell in notebook.cells:
        cell.source = cell.source.replace(BUDGET, SHORT)
    run = nbconvert_preprocessors.ExecutePreprocessor(timeout=240, kernel_name="python3")
    run.preprocess(notebook, {"metadata": {"path": str(tmp_path)}})
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output["output_type"] == "error"]
    shown = "".join(str(output) for output in outputs)
    for text in ("Expected error on new rows", "Parameters and steps", "iframe"):
        assert text in shown
    assert "Prediction of a row" in (tmp_path / "report.html").read_text(encoding="utf-8")
