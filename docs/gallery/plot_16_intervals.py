"""
How sure is a single prediction?
================================

``estimate_`` is about the error of a model. ``predict_interval`` is about one row: between
these two values lies its target, with a probability that you choose.
"""

import matplotlib.pyplot as plt
import numpy as np

from evolearn import EvolutionaryRegressor

rng = np.random.default_rng(0)
x = np.sort(rng.uniform(0, 10, 700))
# The noise grows from left to right.
y = 5 * np.sin(x) + rng.normal(0, 0.2 + 0.3 * x)
X = x.reshape(-1, 1)
train = rng.random(len(x)) < 0.7

model = EvolutionaryRegressor(
    time_budget=None,
    n_evaluations=15,
    n_iter_no_change=None,
    search_space=["gradient_boosting", "nearest_neighbors", "extra_trees"],
    cv=3,
    random_state=0,
)
model.fit(X[train], y[train])

# %%
# The interval is wider where the target is less certain. It holds about nine of ten rows that
# ``fit`` has not seen.
interval = model.predict_interval(X, coverage=0.9)
figure, ax = plt.subplots(figsize=(7, 4))
ax.fill_between(x, *interval.T, alpha=0.3, label="90 % interval")
ax.plot(x, model.predict(X), label="prediction")
ax.plot(x[~train], y[~train], ".", color="black", label="new rows")
ax.set(xlabel="x", ylabel="y")
ax.legend()
low, high = interval[~train].T
print(f"inside: {np.mean((low <= y[~train]) & (y[~train] <= high)):.0%} of new rows")
