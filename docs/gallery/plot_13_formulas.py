"""
Columns that evolearn makes
===========================

Sometimes no column alone explains the target, but a formula of several does. evolearn
evolves formulas before the search, and cross-validation decides whether they are used.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from evolearn import EvolutionaryRegressor, SearchSpace
from evolearn.plots import MadeColumnsDisplay

rng = np.random.default_rng(0)
n = 400
X = pd.DataFrame(
    {
        "distance": rng.uniform(10, 500, n),
        "hours": rng.uniform(0.5, 6, n),
        "mass": rng.uniform(800, 2500, n),
        "year": rng.integers(1990, 2024, n),
    }
)
y = 0.5 * (X.distance / X.hours) + 0.002 * X.mass + rng.normal(0, 2, n)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
settings = {
    "time_budget": None,
    "n_evaluations": 16,
    "search_space": ["ridge", "decision_tree"],
    "cv": 3,
    "random_state": 0,
}
model = EvolutionaryRegressor(**settings).fit(X_train, y_train)

# %%
# The formulas that candidates used. The gain is the share of the error that goes away with
# a formula, where candidates with it and without it can be compared:
for made in model.insights_.made_columns:
    gain = "never compared" if made.gain is None else f"gain {made.gain:.0%}"
    print(f"{made.formula:24} {made.n_candidates:2} candidates, {gain}")
MadeColumnsDisplay.from_estimator(model).plot()

# %%
# Does it matter? The same search without formulas:
space = SearchSpace.default("regression").only("ridge", "decision_tree")
without = EvolutionaryRegressor(
    **{**settings, "search_space": space.without("constructed", "related")}
).fit(X_train, y_train)
print(f"R2 with formulas:    {model.score(X_test, y_test):.3f}")
print(f"R2 without formulas: {without.score(X_test, y_test):.3f}")
