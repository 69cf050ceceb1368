"""Export of a stacking layer, which reads columns of its members' predictions."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from evolearn import ColumnPreparer
from evolearn.ensemble.stacking import BLEND, FirstLayer, StackingLayer, stacked
from evolearn.export.onnx.exporting import export
from evolearn.tasks import get_task

X = np.random.default_rng(0).normal(size=(90, 3))
SUMS = X[:, 0] + X[:, 1] ** 2


@pytest.mark.parametrize("case", ["number", "two", "three"])
def test_stacking(case, tmp_path):
    y = {"number": SUMS, "two": SUMS > 0.5, "three": np.digitize(SUMS, [0.0, 1.0])}[case]
    models = (LogisticRegression(), DecisionTreeClassifier(max_depth=3))
    name = "classification"
    if case == "number":
        name, models = "regression", (Ridge(), DecisionTreeRegressor(max_depth=3))
    values, task = get_task(name).from_target(y)
    first = FirstLayer(
        ColumnPreparer().fit(X), [(model.fit(X, values), False) for model in models], task, 3
    )
    second = type(models[0])().fit(first.transform(X), values)
    layer = StackingLayer({BLEND: 0.4, "linear": 0.6}, {"linear": second}, sharpness=1.3)
    ensemble = stacked(first, [0.3, 0.7], 0.8, layer)
    path = export(ensemble, ensemble, tmp_path / "model.onnx", X + 0.1, {})
    assert path.stat().st_size > 0
