"""
Go on later
===========

With a checkpoint, a fit that was killed continues, and a finished one can be extended. The
first fit ends after 16 candidates. The second one goes on to 40: it evaluates only the new
ones.
"""

import tempfile
import time

from sklearn.datasets import load_diabetes

from evolearn import EvolutionaryRegressor
from evolearn.plots import SearchProgressDisplay

X, y = load_diabetes(return_X_y=True)
folder = tempfile.TemporaryDirectory()
settings = {
    "time_budget": None,
    "n_iter_no_change": None,
    "search_space": ["ridge", "decision_tree", "nearest_neighbors"],
    "cv": 3,
    "journal": folder.name,
    "random_state": 0,
}
first = EvolutionaryRegressor(n_evaluations=16, **settings).fit(X, y)
print(f"{first.n_evaluations_} candidates, error {first.ensemble_fitness_:.2f}")

# %%
longer = EvolutionaryRegressor(n_evaluations=40, **settings).fit(X, y)
print(f"{longer.n_evaluations_} candidates, error {longer.ensemble_fitness_:.2f}")
SearchProgressDisplay.from_estimator(longer, x="candidates").plot()

# %%
# A run can be repeated: the same decisions and the same models, without evaluating
# anything.
start = time.perf_counter()
again = EvolutionaryRegressor(n_evaluations=40, replay=True, **settings).fit(X, y)
print(f"equal: {(again.predict(X) == longer.predict(X)).all()}")
folder.cleanup()
