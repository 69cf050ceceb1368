"""Fitted models that the tests of explanations share."""

import numpy as np
import pytest
from people import table_of

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor


@pytest.fixture(scope="session")
def regressor():
    """A regressor whose errors are large for the old in one city."""
    X, rng = table_of(600), np.random.default_rng(1)
    is_bad = (X["city"] == "Ulm") & (X["age"] > 50)
    y = 0.2 * X["age"] + 5.0 * (X["city"] == "Bonn") + rng.normal(size=600) * (1 + 9 * is_bad)
    return EvolutionaryRegressor(
        time_budget=None,
        n_evaluations=12,
        population_size=4,
        search_space=["ridge", "decision_tree"],
        cv=3,
        random_state=0,
    ).fit(X, y)


@pytest.fixture(scope="session")
def classifier():
    """A classifier of three classes."""
    X = table_of(150, seed=2)
    y = np.array(["low", "middle", "top"])[np.digitize(X["age"], [40, 65])]
    return EvolutionaryClassifier(
        time_budget=None, n_evaluations=3, search_space=["decision_tree"], cv=3, random_state=0
    ).fit(X, y)
