"""
Where does the model err?
=========================

A mean error hides that a model may be good for most rows and bad for some. In this table,
the target is hardly predictable in one of four towns.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from evolearn import EvolutionaryRegressor

rng = np.random.default_rng(0)
n = 800
X = pd.DataFrame(
    {
        "town": rng.choice(["Hof", "Ulm", "Jena", "Kiel"], n),
        "age": rng.integers(18, 90, n),
        "income": rng.gamma(4, 800, n).round(),
    }
)
noise = rng.normal(0, 1, n) * np.where(X.town == "Jena", 30, 5)
y = X.age + X.income / 100 + noise
model = EvolutionaryRegressor(
    time_budget=None,
    n_evaluations=8,
    search_space=["ridge", "decision_tree"],
    cv=3,
    random_state=0,
)
model.fit(X, y)

# %%
# Segments of the table with a high error are found by themselves, and are confirmed on
# other rows.
print(model.insights_.segments)

# %%
# The residuals of held-out rows, summarised. The model keeps no rows.
print(model.insights_.errors)

# %%
# For each column that matters, the change of the mean prediction with its value.
curves = model.insights_.dependence
figure, axes = plt.subplots(1, len(curves), figsize=(8, 2.8), layout="constrained", sharey=True)
for ax, curve in zip(axes, curves, strict=True):
    ax.plot([str(point) for point in curve.points], curve.effect, "o-")
    ax.tick_params(axis="x", rotation=60)
    ax.set(title=curve.column)
axes[0].set(ylabel="change of the prediction")
