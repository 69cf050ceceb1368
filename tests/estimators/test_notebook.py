"""evolearn in a notebook: cells run one after another by a kernel without a window."""

import pytest

nbformat = pytest.importorskip("nbformat")
nbconvert_preprocessors = pytest.importorskip("nbconvert.preprocessors")
pytest.importorskip("ipykernel")

CELLS = [
    """
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from evolearn import EvolutionaryClassifier, Float

X, y = load_iris(return_X_y=True, as_frame=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
""",
    """
class MyClassifier(ClassifierMixin, BaseEstimator):
    # Defined in the notebook: the workers have no module to import it from.
    def __init__(self, C=1.0):
        self.C = C

    def fit(self, X, y):
        self.model_ = LogisticRegression(C=self.C, max_iter=1000).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)

    def predict_proba(self, X):
        return self.model_.predict_proba(X)
""",
    """
model = EvolutionaryClassifier(
    search_space=[(MyClassifier(), {"C": Float(0.01, 100, log=True)}), "decision_tree"],
    time_budget=None, n_evaluations=8, population_size=4, n_jobs=2, random_state=0,
)
model.fit(X_train, y_train)
""",
    """
leaderboard = pd.DataFrame(model.leaderboard_)
assert len(leaderboard) > 0
tried = {params["estimator"] for params in model.cv_results_["params"]}
assert len(tried) == 2, tried
leaderboard
""",
    """
assert model.predict(X_test).shape == y_test.shape
assert model.score(X_test, y_test) > 0.8
model
""",
]


# Jupyter's own libraries warn of things that are no affair of evolearn's.
@pytest.mark.filterwarnings("ignore")
def test_a_notebook_fits_looks_and_predicts_with_a_class_of_its_own(tmp_path):
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source.strip()) for source in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    run = nbconvert_preprocessors.ExecutePreprocessor(timeout=240, kernel_name="python3")
    run.preprocess(notebook, {"metadata": {"path": str(tmp_path)}})
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output["output_type"] == "error"]
    shown = "".join(str(output.get("data", {})) for output in outputs)
    assert "EvolutionaryClassifier" in shown
    assert "evolearn: 8 candidates" in shown  # the summary that takes the place of the progress
    assert not [output for output in outputs if output["output_type"] == "stream"]
