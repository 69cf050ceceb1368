"""The fitted attributes are those that the docstrings document."""

import inspect
import re

import pandas as pd
import pytest

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor


def documented(estimator):
    """Return the names in the section on attributes of a docstring."""
    section = inspect.getdoc(estimator).partition("Attributes\n----------\n")[2]
    section = section.partition("\nSee Also\n")[0]
    return set(re.findall(r"^(\w+_) : ", section, flags=re.MULTILINE))


@pytest.mark.parametrize("estimator", [EvolutionaryClassifier, EvolutionaryRegressor])
def test_every_fitted_attribute_is_documented(estimator):
    X = pd.DataFrame({"a": range(60), "b": [i % 7 for i in range(60)]})
    space = ["logistic_regression", "ridge", "decision_tree"]
    space.remove("ridge" if estimator is EvolutionaryClassifier else "logistic_regression")
    model = estimator(time_budget=None, n_evaluations=3, search_space=space, random_state=0)
    model.fit(X, X.b % 2)
    known = {*vars(model), *(name for name in dir(estimator) if name[0] != "_")}
    fitted = {name for name in known if name.endswith("_") and name[0] != "_"}
    assert fitted == documented(estimator)
    assert all(hasattr(model, name) for name in documented(estimator))
