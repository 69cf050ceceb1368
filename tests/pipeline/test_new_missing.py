"""Numbers that are missing in new rows only: the median to estimators that know no better."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from evolearn import SearchSpace
from evolearn.data import prepare_table
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.problem import Problem

FEW = {
    "catboost": {"catboost__iterations": 20},
    "lightgbm": {"lightgbm__n_estimators": 20},
    "xgboost": {"xgboost__n_estimators": 20},
    "decision_tree": {},
}


@pytest.mark.parametrize("kind", [None, "category"])
@pytest.mark.parametrize("name", FEW)
def test_a_number_missing_for_the_first_time_is_the_median(name, kind):
    if name != "decision_tree":
        pytest.importorskip(name)
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"complete": rng.normal(5, 1, 200), "learned": rng.normal(size=200)})
    X["kind"] = (
        pd.Series(rng.choice(list("ab"), 200), dtype="category") if kind else 1.0 * X.index
    )
    X.loc[::3, "learned"] = np.nan
    y = X["complete"] ** 2 + 10.0 * X["learned"].isna()
    prepared, space = prepare_table(X), SearchSpace.default("regression")
    problem = Problem("regression", prepared.schema)
    genome = space.genome({"estimator": name, **FEW[name]})
    model = build_pipeline(genome, space, problem, 0).fit(prepared.matrix, y)

    new, filled = X.copy(), X.copy()
    new["complete"], filled["complete"] = np.nan, X["complete"].median()
    predicted = model.predict(prepared.preparer.transform(new))
    assert_array_equal(predicted, model.predict(prepared.preparer.transform(filled)))
    assert np.ptp(predicted) > 5  # missing values of the other column mean what they meant
